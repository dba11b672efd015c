"""Assigning, closing and reopening conversations."""

import asyncio
from dataclasses import replace

import pytest

from answerable import answering, handoff
from answerable.answering.values import OutcomeKind, Reason
from answerable.conversations import ConversationId
from answerable.conversations.errors import ConversationNotFound
from answerable.conversations.values import Handler, Status
from answerable.handoff.errors import AlreadyClosed, AssigneeUnfit, NotClosed
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind, MemberId, uuid7
from answerable.tenancy import Role
from answerable.tenancy.errors import PermissionDenied
from factories.desks import greet
from factories.inbox import hear, make_member, reply, settle
from handoff.conftest import ListEvents, Look


async def assign(database: Database, member: Actor, question: ConversationId, to: Actor | None) -> None:
    async with database.tenant_session(member) as db:
        await handoff.assign(db, question, MemberId(to.id) if to and to.id else None)


async def close(database: Database, member: Actor, question: ConversationId) -> None:
    async with database.tenant_session(member) as db:
        await handoff.close_conversation(db, question)


async def reopen(database: Database, member: Actor, question: ConversationId) -> None:
    async with database.tenant_session(member) as db:
        await handoff.reopen_conversation(db, question)


async def test_an_assigned_conversation_is_that_members_and_the_assistant_is_silent(
    database: Database,
    acme: Actor,
    anna: Actor,
    ben: Actor,
    question: ConversationId,
    look: Look,
    list_events: ListEvents,
) -> None:
    assistant = replace(acme, kind=ActorKind.ASSISTANT)
    async with database.tenant_session(assistant) as db:
        turn = await answering.load_turn(db, question)
    assert turn is not None

    await assign(database, anna, question, ben)
    async with database.tenant_session(assistant) as db:
        turn_id = await answering.apply(db, turn, await greet(turn))

    after = await look(question)
    assert (after.handler, after.assignee_id) == (Handler.PEOPLE, ben.id)
    async with database.tenant_session(acme) as db:
        record = await answering.view_record(db, turn_id)
    assert (record.outcome, record.reason) == (OutcomeKind.SUPERSEDED, Reason.TAKEN_OVER)
    assert "conversation.assigned" in await list_events(question)


async def test_an_assigned_conversation_goes_on_waiting_until_somebody_writes(
    database: Database, acme: Actor, anna: Actor, ben: Actor, question: ConversationId, look: Look
) -> None:
    await settle(database, acme, question, kind=OutcomeKind.HANDOFF)
    waiting_since = (await look(question)).waiting_since

    await assign(database, anna, question, ben)

    after = await look(question)
    assert (after.status, after.waiting_since) == (Status.WAITING, waiting_since)
    await reply(database, ben, after)
    assert (await look(question)).status is Status.OPEN


async def test_a_conversation_that_is_nobodys_again_waits_for_somebody(
    database: Database, anna: Actor, question: ConversationId, look: Look
) -> None:
    async with database.tenant_session(anna) as db:
        await handoff.take_over(db, question)

    await assign(database, anna, question, None)

    after = await look(question)
    assert (after.status, after.handler, after.assignee_id) == (Status.WAITING, Handler.PEOPLE, None)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
async def test_only_who_answers_contacts_can_be_given_one(
    database: Database, acme: Actor, anna: Actor, question: ConversationId, role: Role
) -> None:
    unfit = await make_member(database, acme, role=role)

    with pytest.raises(AssigneeUnfit):
        await assign(database, anna, question, unfit)


async def test_another_tenants_member_can_be_given_nothing(
    database: Database, globex: Actor, anna: Actor, question: ConversationId
) -> None:
    for stranger in (await make_member(database, globex), replace(anna, id=uuid7())):
        with pytest.raises(AssigneeUnfit):
            await assign(database, anna, question, stranger)


async def test_a_closed_conversation_is_silent_and_can_be_reopened_by_who_then_has_it(
    database: Database,
    acme: Actor,
    anna: Actor,
    question: ConversationId,
    look: Look,
    list_events: ListEvents,
) -> None:
    before = await look(question)
    await close(database, anna, question)
    closed = await look(question)
    await reopen(database, anna, question)

    after = await look(question)
    assert (closed.status, closed.turn_epoch) == (Status.CLOSED, before.turn_epoch + 1)
    assert (after.status, after.handler, after.assignee_id) == (Status.OPEN, Handler.PEOPLE, anna.id)
    assert (await list_events(question))[-2:] == ["conversation.closed", "conversation.reopened"]
    assert acme.tenant_id == anna.tenant_id


async def test_a_turn_under_way_says_nothing_into_a_closed_conversation(
    database: Database, acme: Actor, anna: Actor, question: ConversationId, look: Look
) -> None:
    assistant = replace(acme, kind=ActorKind.ASSISTANT)
    async with database.tenant_session(assistant) as db:
        turn = await answering.load_turn(db, question)
    assert turn is not None

    await close(database, anna, question)
    async with database.tenant_session(assistant) as db:
        await answering.apply(db, turn, await greet(turn))

    assert (await look(question)).last_position == 1


async def test_of_two_who_close_at_once_one_is_told(
    database: Database, anna: Actor, ben: Actor, question: ConversationId
) -> None:
    results = await asyncio.gather(
        close(database, anna, question), close(database, ben, question), return_exceptions=True
    )

    assert [type(one) for one in results].count(AlreadyClosed) == 1


async def test_what_is_not_closed_is_not_reopened(
    database: Database, anna: Actor, question: ConversationId
) -> None:
    with pytest.raises(NotClosed):
        await reopen(database, anna, question)


async def test_nothing_is_done_with_a_closed_conversation(
    database: Database, anna: Actor, question: ConversationId
) -> None:
    await close(database, anna, question)

    for change in (handoff.take_over, handoff.hand_back, handoff.close_conversation):
        with pytest.raises(AlreadyClosed):
            async with database.tenant_session(anna) as db:
                await change(db, question)
    with pytest.raises(AlreadyClosed):
        await assign(database, anna, question, anna)


async def test_another_tenants_conversation_is_not_found(
    database: Database, globex: Actor, question: ConversationId
) -> None:
    gus = await make_member(database, globex)

    for change in (close, reopen):
        with pytest.raises(ConversationNotFound):
            await change(database, gus, question)
    with pytest.raises(ConversationNotFound):
        await assign(database, gus, question, gus)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.PRIVACY_OFFICER])
async def test_only_who_answers_contacts_closes_and_assigns(
    database: Database, acme: Actor, question: ConversationId, role: Role
) -> None:
    member = await make_member(database, acme, role=role)

    for change in (close, reopen):
        with pytest.raises(PermissionDenied):
            await change(database, member, question)
    with pytest.raises(PermissionDenied):
        await assign(database, member, question, None)


async def test_a_message_after_closing_begins_a_new_conversation(
    database: Database, acme: Actor, anna: Actor, question: ConversationId
) -> None:
    await close(database, anna, question)

    assert await hear(database, acme) != question
