"""Takeovers against finishing turns, over real connections: no word of the assistant after a person took over."""

import asyncio
from dataclasses import replace

from sqlalchemy import text

from answerable import answering, conversations, handoff
from answerable.answering import pipeline
from answerable.answering.values import Outcome, OutcomeKind, Reason
from answerable.conversations import Channel, ConversationId, NewMessage
from answerable.conversations.values import Author
from answerable.infra.db import Database, Db
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.knowledge.values import Language

RACES = 300


async def begin(database: Database, contact: Actor) -> ConversationId:
    new = NewMessage(text="Hello?", client_id=str(uuid7()), channel=Channel.WEB)
    async with database.tenant_session(contact) as db:
        conversation, _message = await answering.accept(db, new)
    return conversation.id


async def race(database: Database, acme: Actor, conversation_id: ConversationId) -> None:
    assistant = replace(acme, kind=ActorKind.ASSISTANT)
    async with database.tenant_session(assistant) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    greeting = Outcome(
        kind=OutcomeKind.REPLY, reason=Reason.GREETED, language=Language.ENGLISH, text="Hello!"
    )
    said = pipeline.disclose_failure(turn, greeting)

    async def finish() -> None:
        async with database.tenant_session(assistant) as db:
            await answering.apply(db, turn, said)

    async def take_over() -> None:
        async with database.tenant_session(acme) as db:
            await handoff.take_over(db, conversation_id)

    await asyncio.gather(finish(), take_over())


async def test_no_assistant_message_is_committed_after_a_takeover(database: Database, acme: Actor) -> None:
    contact = replace(acme, kind=ActorKind.CONTACT)
    conversation_ids = [await begin(database, contact) for _number in range(RACES)]

    for start in range(0, RACES, 4):
        await asyncio.gather(*(race(database, acme, one) for one in conversation_ids[start : start + 4]))

    first_words = 0
    async with database.tenant_session(acme) as db:
        for conversation_id in conversation_ids:
            log = await event_order(db, conversation_id)
            spoke = [position for position, kind in enumerate(log) if kind == "message.sent"]
            taken = log.index("conversation.taken_over")
            assert all(position < taken for position in spoke)
            dialogue = await conversations.view(db, conversation_id)
            words = [one for one in dialogue.messages if one.author is Author.ASSISTANT]
            assert len(words) == len(spoke)
            first_words += len(spoke)
    # Both sides must have won sometimes, or this was no race.
    assert 0 < first_words < RACES


async def event_order(db: Db, conversation_id: ConversationId) -> list[str]:
    statement = text(
        "SELECT e.type FROM audit_event e JOIN audit_queue q ON q.event_id = e.id"
        " WHERE e.conversation_id = :conversation ORDER BY q.seq"
    )
    return list(await db.scalars(statement, {"conversation": conversation_id}))
