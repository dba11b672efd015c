"""Asking as a contact would, against a real database."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from answerable import answering
from answerable.answering import Desk, Record, pipeline
from answerable.answering.values import Outcome
from answerable.conversations import Channel, ConversationId, NewMessage
from answerable.infra.embedding import Vectors
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.knowledge.values import Retrieved

RETURNS = """---
title: Returns
language: en
---
# Returns

You have 30 days from receipt of the goods to send something back.
Sale items cannot be exchanged at all.
"""
QUESTION = "How long do I have to send something back?"


Miss = Callable[..., Awaitable[Record]]
"""Asks something to which no document has an answer."""


def contact_of(actor: Actor) -> Actor:
    return replace(actor, kind=ActorKind.CONTACT)


def assistant_of(actor: Actor) -> Actor:
    return replace(actor, kind=ActorKind.ASSISTANT)


async def write(
    desk: Desk, actor: Actor, said: str, *, conversation_id: ConversationId | None = None
) -> ConversationId:
    new = NewMessage(
        text=said, client_id=str(uuid7()), channel=Channel.WEB, conversation_id=conversation_id, language="en"
    )
    async with desk.database.tenant_session(contact_of(actor)) as db:
        conversation, _message = await answering.accept(db, new)
    return conversation.id


async def record_of(desk: Desk, actor: Actor, turn_id: answering.TurnId) -> Record:
    async with desk.database.tenant_session(actor) as db:
        return await answering.view_record(db, turn_id)


async def ask(desk: Desk, actor: Actor, said: str) -> Record:
    conversation_id = await write(desk, actor, said)
    turn_id = await answering.answer(desk, assistant_of(actor), conversation_id)
    assert turn_id is not None
    return await record_of(desk, actor, turn_id)


async def greet(turn: answering.Turn) -> Outcome:
    async def search(_question: str, _vector: Vectors | None) -> Retrieved:
        return Retrieved(terms=(), candidates=())

    async def stands(_quotes: Sequence[object]) -> bool:
        return True

    return await pipeline.run(
        turn, pipeline.Tools(search=search, stands=stands, embedder=None, threshold=0.5)
    )
