"""The playground: a member asks as a contact would, by the very functions that answer contacts."""

from dataclasses import dataclass

from answerable import conversations, tenancy
from answerable.answering import queries
from answerable.answering.service import accept
from answerable.answering.values import TurnHead
from answerable.conversations import Channel, Conversation, ConversationId, NewMessage, Trial
from answerable.conversations.errors import ConversationNotFound
from answerable.infra.db import Db
from answerable.infra.ids import uuid7
from answerable.knowledge.values import Language
from answerable.tenancy import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedQuestion:
    """A question of the playground, and what it came to."""

    trial: Trial
    last: TurnHead | None
    """None while it is being answered."""


async def try_out(db: Db, question: str, *, language: Language | None) -> Conversation:
    """Ask a question as a contact would; it is answered and recorded like any, marked as the playground's.

    Errors:  PermissionDenied, MessageTooLong, MessageNotText.
    Effects: those of `accept`.
    """
    new = NewMessage(
        text=question,
        client_id=str(uuid7()),
        channel=Channel.PLAYGROUND,
        language=language.value if language else None,
    )
    conversation, _message_id = await accept(db, new)
    return conversation


async def find_last_turn(db: Db, conversation_id: ConversationId) -> TurnHead | None:
    """What a question of the playground came to; None while it is being answered.

    Errors:  PermissionDenied; ConversationNotFound, also for a conversation with a contact.
    """
    tenancy.require(db.actor, Permission.ASK)
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    conversation = await conversations.get(db, conversation_id)
    if conversation.channel is not Channel.PLAYGROUND:
        raise ConversationNotFound
    return (await queries.list_last_turns(db, [conversation_id])).get(conversation_id)


async def list_tried(db: Db, *, limit: int = 20) -> tuple[TriedQuestion, ...]:
    """What was asked in the playground lately, newest first; the look is recorded before anything is shown.

    Errors:  PermissionDenied.
    """
    trials = await conversations.list_trials(db, limit=limit)
    lasts = await queries.list_last_turns(db, [trial.conversation_id for trial in trials])
    return tuple(TriedQuestion(trial=trial, last=lasts.get(trial.conversation_id)) for trial in trials)
