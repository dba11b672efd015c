"""Conversations that change hands: who may, what is recorded, who answers afterwards."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from answerable import answering, conversations, handoff, tenancy
from answerable.answering import Desk, pipeline
from answerable.answering.values import Outcome, OutcomeKind, Reason
from answerable.conversations import Channel, Conversation, ConversationId, NewMessage
from answerable.conversations.errors import ConversationNotFound
from answerable.conversations.values import Author, Handler, Status
from answerable.handoff.errors import AlreadyClosed, NotWithPeople
from answerable.infra.db import Database, Unaudited
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.infra.postgres import Server
from answerable.knowledge.values import Language
from answerable.tenancy import Role
from answerable.tenancy.errors import PermissionDenied

CountJobs = Callable[[ConversationId], int]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database=database, embedder=HashingEmbedder())


@pytest.fixture
async def responder(database: Database, acme: Actor) -> Actor:
    async with database.tenant_session(acme) as db:
        member_id = await tenancy.add_member(db, "anna@example.com", role=Role.RESPONDER)
    return replace(acme, kind=ActorKind.MEMBER, id=member_id, role=Role.RESPONDER.value)


@pytest.fixture
async def conversation_id(database: Database, acme: Actor) -> ConversationId:
    return await write(database, acme, "Hello")


@pytest.fixture
def count_jobs(server: Server, database_name: str) -> CountJobs:
    def count(conversation_id: ConversationId) -> int:
        with psycopg.connect(server.conninfo(database=database_name)) as connection:
            found = connection.execute(
                "SELECT count(*) FROM jobs.procrastinate_jobs WHERE args ->> 'conversation_id' = %s",
                [str(conversation_id)],
            ).fetchone()
        assert found is not None
        return int(found[0])

    return count


async def write(
    database: Database, actor: Actor, said: str, *, conversation_id: ConversationId | None = None
) -> ConversationId:
    new = NewMessage(text=said, client_id=str(uuid7()), channel=Channel.WEB, conversation_id=conversation_id)
    async with database.tenant_session(replace(actor, kind=ActorKind.CONTACT)) as db:
        conversation, _message = await answering.accept(db, new)
    return conversation.id


async def take_over(database: Database, actor: Actor, conversation_id: ConversationId) -> Conversation:
    async with database.tenant_session(actor) as db:
        return await handoff.take_over(db, conversation_id)


async def hand_back(database: Database, actor: Actor, conversation_id: ConversationId) -> Conversation:
    async with database.tenant_session(actor) as db:
        return await handoff.hand_back(db, conversation_id)


async def close(database: Database, actor: Actor, conversation_id: ConversationId) -> None:
    async with database.tenant_session(actor) as db:
        db.unaudited(Unaudited.PROGRESS)
        found = await conversations.lock(db, conversation_id)
        await conversations.save(db, replace(found, status=Status.CLOSED, waiting_since=None))


async def get(database: Database, actor: Actor, conversation_id: ConversationId) -> Conversation:
    async with database.tenant_session(actor) as db:
        return await conversations.get(db, conversation_id)


async def answer(desk: Desk, actor: Actor, conversation_id: ConversationId) -> answering.Record:
    turn_id = await answering.answer(desk, replace(actor, kind=ActorKind.ASSISTANT), conversation_id)
    assert turn_id is not None
    async with desk.database.tenant_session(actor) as db:
        return await answering.view_record(db, turn_id)


async def count_words_of_the_assistant(
    database: Database, actor: Actor, conversation_id: ConversationId
) -> int:
    async with database.tenant_session(actor) as db:
        dialogue = await conversations.view(db, conversation_id)
    return sum(message.author is Author.ASSISTANT for message in dialogue.messages)


async def events(database: Database, actor: Actor, conversation_id: ConversationId) -> list[tuple[str, int]]:
    statement = text(
        "SELECT type, (convert_from(body, 'UTF8')::jsonb -> 'd' ->> 'epoch')::int AS epoch, actor_id"
        " FROM audit_event WHERE conversation_id = :id AND subject_kind = 'conversation'"
        " AND type IN ('conversation.taken_over', 'conversation.handed_back') ORDER BY id"
    )
    async with database.tenant_session(actor) as db:
        return [(row.type, row.epoch) for row in await db.execute(statement, {"id": conversation_id})]


async def test_a_member_who_takes_over_has_the_conversation(
    database: Database, responder: Actor, conversation_id: ConversationId
) -> None:
    before = await get(database, responder, conversation_id)

    await take_over(database, responder, conversation_id)

    after = await get(database, responder, conversation_id)
    assert (after.status, after.handler) == (Status.OPEN, Handler.PEOPLE)
    assert after.assignee_id == responder.id
    assert after.turn_epoch == before.turn_epoch + 1


async def test_who_is_no_member_takes_over_for_nobody(
    database: Database, acme: Actor, conversation_id: ConversationId
) -> None:
    taken = await take_over(database, acme, conversation_id)

    assert (taken.handler, taken.assignee_id) == (Handler.PEOPLE, None)


async def test_a_takeover_ends_the_wait(desk: Desk, responder: Actor, acme: Actor) -> None:
    conversation_id = await write(desk.database, acme, "I want to talk to a person")
    await answer(desk, acme, conversation_id)
    waiting = await get(desk.database, acme, conversation_id)

    taken = await take_over(desk.database, responder, conversation_id)

    assert (waiting.status, waiting.waiting_since is None) == (Status.WAITING, False)
    assert (taken.status, taken.waiting_since) == (Status.OPEN, None)


async def test_a_second_member_takes_over_from_the_first(
    database: Database, acme: Actor, responder: Actor, conversation_id: ConversationId
) -> None:
    async with database.tenant_session(acme) as db:
        second_id = await tenancy.add_member(db, "bert@example.com", role=Role.ADMIN)
    second = replace(responder, id=second_id, role=Role.ADMIN.value)

    await asyncio.gather(
        take_over(database, responder, conversation_id), take_over(database, second, conversation_id)
    )

    after = await get(database, acme, conversation_id)
    assert after.turn_epoch == 2
    assert after.assignee_id in {responder.id, second_id}


async def test_every_change_of_hands_is_in_the_log_with_its_epoch(
    database: Database, responder: Actor, conversation_id: ConversationId
) -> None:
    await take_over(database, responder, conversation_id)
    await hand_back(database, responder, conversation_id)
    await take_over(database, responder, conversation_id)

    assert await events(database, responder, conversation_id) == [
        ("conversation.taken_over", 1),
        ("conversation.handed_back", 2),
        ("conversation.taken_over", 3),
    ]


async def test_nobody_takes_over_a_closed_conversation_or_hands_it_back(
    database: Database, acme: Actor, conversation_id: ConversationId
) -> None:
    await take_over(database, acme, conversation_id)
    await close(database, acme, conversation_id)

    for change in (take_over, hand_back):
        with pytest.raises(AlreadyClosed):
            await change(database, acme, conversation_id)

    assert await events(database, acme, conversation_id) == [("conversation.taken_over", 1)]


async def test_what_the_assistant_has_cannot_be_handed_back(
    database: Database, acme: Actor, conversation_id: ConversationId
) -> None:
    with pytest.raises(NotWithPeople):
        await hand_back(database, acme, conversation_id)

    assert (await get(database, acme, conversation_id)).turn_epoch == 0
    assert await events(database, acme, conversation_id) == []


async def test_another_tenants_conversation_is_not_found(
    database: Database, acme: Actor, globex: Actor, conversation_id: ConversationId
) -> None:
    for change in (take_over, hand_back):
        for unknown in (conversation_id, ConversationId(UUID(int=1))):
            with pytest.raises(ConversationNotFound):
                await change(database, globex, unknown)

    assert (await get(database, acme, conversation_id)).turn_epoch == 0


@pytest.mark.parametrize(
    "who",
    [
        {"kind": ActorKind.CONTACT},
        {"kind": ActorKind.ASSISTANT},
        {"kind": ActorKind.SYSTEM},
        {"kind": ActorKind.KEY},
        {"kind": ActorKind.MEMBER, "role": Role.VIEWER.value},
        {"kind": ActorKind.MEMBER, "role": Role.AUDITOR.value},
        {"kind": ActorKind.MEMBER, "role": None},
    ],
    ids=lambda who: "-".join(str(value) for value in who.values()),
)
async def test_only_who_answers_contacts_may_take_over_and_hand_back(
    database: Database, acme: Actor, conversation_id: ConversationId, who: dict[str, ActorKind]
) -> None:
    await take_over(database, acme, conversation_id)
    stranger = replace(acme, **who)  # pyright: ignore[reportArgumentType] - kind and role

    for change in (take_over, hand_back):
        with pytest.raises(PermissionDenied):
            await change(database, stranger, conversation_id)

    assert (await get(database, acme, conversation_id)).turn_epoch == 1


async def test_what_a_contact_writes_to_people_starts_no_turn(
    database: Database, acme: Actor, conversation_id: ConversationId, count_jobs: CountJobs
) -> None:
    asked_before = count_jobs(conversation_id)
    await take_over(database, acme, conversation_id)

    await write(database, acme, "Are you there?", conversation_id=conversation_id)

    assert (asked_before, count_jobs(conversation_id)) == (1, 1)


async def test_a_turn_that_runs_although_people_have_the_conversation_says_nothing(
    desk: Desk, acme: Actor, conversation_id: ConversationId
) -> None:
    await take_over(desk.database, acme, conversation_id)

    record = await answer(desk, acme, conversation_id)

    assert (record.outcome, record.reason) == (OutcomeKind.SUPERSEDED, Reason.TAKEN_OVER)
    assert record.text is None
    assert await count_words_of_the_assistant(desk.database, acme, conversation_id) == 0


async def test_after_a_hand_back_the_assistant_answers_again(
    desk: Desk, acme: Actor, conversation_id: ConversationId, count_jobs: CountJobs
) -> None:
    await answer(desk, acme, conversation_id)
    await take_over(desk.database, acme, conversation_id)
    returned = await hand_back(desk.database, acme, conversation_id)

    await write(desk.database, acme, "Hello again", conversation_id=conversation_id)
    record = await answer(desk, acme, conversation_id)

    assert (returned.handler, returned.assignee_id, returned.turn_epoch) == (Handler.ASSISTANT, None, 2)
    # Two of the messages, and one of the hand-back, which answers what may have been left.
    assert count_jobs(conversation_id) == 3
    assert (record.outcome, record.reason) == (OutcomeKind.REPLY, Reason.GREETED)


async def test_a_turn_begun_before_a_takeover_stays_silent_after_the_hand_back(
    desk: Desk, acme: Actor, conversation_id: ConversationId
) -> None:
    assistant = replace(acme, kind=ActorKind.ASSISTANT)
    async with desk.database.tenant_session(assistant) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    await take_over(desk.database, acme, conversation_id)
    await hand_back(desk.database, acme, conversation_id)

    greeting = Outcome(
        kind=OutcomeKind.REPLY, reason=Reason.GREETED, language=Language.ENGLISH, text="Hello!"
    )
    outcome = pipeline.disclose_failure(turn, greeting)
    async with desk.database.tenant_session(assistant) as db:
        await answering.apply(db, turn, outcome)

    assert await count_words_of_the_assistant(desk.database, acme, conversation_id) == 0
