"""Waiting for an answer of the playground: by signals where they come, by looking once a second where not."""

import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from answerable import answering
from answerable.answering.values import Step, TurnHead
from answerable.conversations import ConversationId
from answerable.infra.ids import Actor
from answerable.infra.signals import Topic
from answerable.infra.web import Web

_LOOK_EVERY_S: Final = 1.0
_STEPS: Final = frozenset(step.value for step in Step)


async def find_turn(web: Web, actor: Actor, conversation_id: UUID) -> TurnHead | None:
    """What a question came to; None while it is being answered.

    Errors:  PermissionDenied, ConversationNotFound.
    """
    async with web.database.tenant_session(actor) as db:
        return await answering.find_last_turn(db, ConversationId(conversation_id))


async def await_news(
    web: Web, actor: Actor, conversation_id: UUID, *, done: Sequence[str], within_s: float
) -> tuple[TurnHead | None, tuple[str, ...]]:
    """What a question came to, or the steps that are finished, as soon as there is one more than `done`.

    Errors:  PermissionDenied, ConversationNotFound.
    Effects: waits as long as `within_s`; no transaction is held meanwhile.
    """
    until = time.monotonic() + within_s
    known = tuple(step for step in done if step in _STEPS)
    async with web.hub.subscribe(actor.tenant_id, conversation_id=conversation_id) as wakes:
        while True:
            # Subscribed first, looked second: what ends in between has left a signal.
            turn = await find_turn(web, actor, conversation_id)
            left_s = until - time.monotonic()
            if turn is not None or left_s <= 0 or wakes.ended:
                return turn, known
            signal = await wakes.next(within_s=min(left_s, _LOOK_EVERY_S))
            if (
                signal
                and signal.topic is Topic.PROGRESS
                and signal.word in _STEPS
                and signal.word not in known
            ):
                return None, (*known, signal.word)
