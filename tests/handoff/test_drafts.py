"""Drafts of the assistant: a person sends, edits, discards or overtakes them, and each of it is recorded."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from answerable import handoff, vault
from answerable.conversations import ConversationId, MessageId
from answerable.conversations.errors import ConversationNotFound
from answerable.conversations.values import Author, Delivery, Handler, Status
from answerable.handoff.errors import AlreadyClosed, DraftNotFound, DraftSettled, DraftStale, ReplyOvertaken
from answerable.infra.db import Database, Unaudited
from answerable.infra.ids import Actor, ActorKind
from answerable.tenancy import Role
from answerable.tenancy.errors import PermissionDenied
from factories.inbox import hear, make_member, reply, sending, settle
from handoff.conftest import ListEvents, Look, Read


@pytest.fixture
async def draft(database: Database, acme: Actor, question: ConversationId) -> MessageId:
    return await settle(database, acme, question)


async def send(
    database: Database, member: Actor, question: ConversationId, draft: MessageId, look: Look
) -> None:
    async with database.tenant_session(member) as db:
        await handoff.send_draft(db, question, draft, sending(await look(question)))


async def discard(database: Database, member: Actor, question: ConversationId, draft: MessageId) -> None:
    async with database.tenant_session(member) as db:
        await handoff.discard_draft(db, question, draft)


async def restore(database: Database, member: Actor, question: ConversationId, draft: MessageId) -> None:
    async with database.tenant_session(member) as db:
        await handoff.restore_draft(db, question, draft)


async def became(read: Read, question: ConversationId, draft: MessageId) -> Delivery:
    return next(one.delivery for one in await read(question) if one.id == draft)


async def test_a_sent_draft_is_the_members_message_and_names_the_draft(
    database: Database,
    anna: Actor,
    question: ConversationId,
    draft: MessageId,
    look: Look,
    read: Read,
    told: Read,
) -> None:
    await send(database, anna, question, draft, look)

    (_question, said) = await told(question)
    assert (said.author, said.member_id, said.text) == (Author.MEMBER, anna.id, "You have 30 days.")
    assert said.draft_id == draft
    assert await became(read, question, draft) is Delivery.SENT


async def test_sending_a_draft_is_recorded_with_who_said_it(
    database: Database, anna: Actor, question: ConversationId, draft: MessageId, look: Look
) -> None:
    await send(database, anna, question, draft, look)

    async with database.tenant_session(anna) as db:
        rows = await db.execute(
            text(
                "SELECT type, actor_id, convert_from(body, 'UTF8')::jsonb -> 'd' AS d FROM audit_event"
                " WHERE conversation_id = :id AND actor_kind = 'member' ORDER BY id"
            ),
            {"id": question},
        )
        events = [(row.type, row.actor_id, row.d) for row in rows]
    assert [(type_, actor) for type_, actor, _d in events] == [
        ("draft.sent", anna.id),
        ("message.replied", anna.id),
    ]
    assert events[0][2]["edited"] is False
    assert events[1][2] == {"draft_id": str(draft), "anyway": False}


async def test_after_a_draft_was_sent_the_assistant_has_the_conversation_again(
    database: Database, anna: Actor, question: ConversationId, draft: MessageId, look: Look
) -> None:
    before = await look(question)

    await send(database, anna, question, draft, look)

    after = await look(question)
    assert (before.status, before.handler) == (Status.WAITING, Handler.PEOPLE)
    assert (after.status, after.handler, after.waiting_since) == (Status.OPEN, Handler.ASSISTANT, None)


async def test_after_a_draft_was_sent_the_conversation_stays_with_the_member_who_has_it(
    database: Database, anna: Actor, ben: Actor, question: ConversationId, draft: MessageId, look: Look
) -> None:
    async with database.tenant_session(anna) as db:
        await handoff.assign(db, question, ben.id)  # pyright: ignore[reportArgumentType]

    await send(database, anna, question, draft, look)

    after = await look(question)
    assert (after.status, after.handler, after.assignee_id) == (Status.OPEN, Handler.PEOPLE, ben.id)


async def test_an_edited_draft_is_replaced_by_what_the_member_wrote(
    database: Database,
    anna: Actor,
    question: ConversationId,
    draft: MessageId,
    look: Look,
    read: Read,
    told: Read,
) -> None:
    async with database.tenant_session(anna) as db:
        now = sending(await look(question))
        await handoff.edit_and_send_draft(db, question, draft, "You have 30 days, as a rule.", now)

    assert (await told(question))[-1].text == "You have 30 days, as a rule."
    assert await became(read, question, draft) is Delivery.REPLACED


async def test_a_draft_that_was_edited_into_itself_was_sent_as_it_was(
    database: Database, anna: Actor, question: ConversationId, draft: MessageId, look: Look, read: Read
) -> None:
    async with database.tenant_session(anna) as db:
        now = sending(await look(question))
        await handoff.edit_and_send_draft(db, question, draft, "You have 30 days.\r\n", now)

    assert await became(read, question, draft) is Delivery.SENT


async def test_a_discarded_draft_leaves_the_conversation_waiting_and_can_be_restored(
    database: Database,
    anna: Actor,
    question: ConversationId,
    draft: MessageId,
    look: Look,
    read: Read,
    list_events: ListEvents,
) -> None:
    await discard(database, anna, question, draft)
    discarded = await became(read, question, draft)
    await restore(database, anna, question, draft)

    assert discarded is Delivery.DISCARDED
    assert await became(read, question, draft) is Delivery.WITHHELD
    assert (await look(question)).status is Status.WAITING
    assert (await list_events(question))[-2:] == ["draft.discarded", "draft.restored"]


async def test_nothing_is_restored_once_somebody_answered(
    database: Database, anna: Actor, question: ConversationId, draft: MessageId, look: Look, acme: Actor
) -> None:
    await discard(database, anna, question, draft)
    await reply(database, anna, await look(question))
    await hear(database, acme, "And then?", within=question)

    with pytest.raises(DraftSettled):
        await restore(database, anna, question, draft)


async def test_nothing_is_restored_in_a_closed_conversation(
    database: Database, anna: Actor, question: ConversationId, draft: MessageId
) -> None:
    await discard(database, anna, question, draft)
    async with database.tenant_session(anna) as db:
        await handoff.close_conversation(db, question)

    with pytest.raises(AlreadyClosed):
        await restore(database, anna, question, draft)


@pytest.mark.parametrize("change", ["reply", "take_over", "hand_back", "close_conversation"])
async def test_a_draft_is_withdrawn_when_a_person_acts_without_it(
    database: Database,
    anna: Actor,
    question: ConversationId,
    draft: MessageId,
    look: Look,
    read: Read,
    list_events: ListEvents,
    change: str,
) -> None:
    if change == "reply":
        await reply(database, anna, await look(question))
    else:
        async with database.tenant_session(anna) as db:
            await getattr(handoff, change)(db, question)

    assert await became(read, question, draft) is Delivery.WITHDRAWN
    assert (await list_events(question))[-1] == "draft.withdrawn"


async def test_a_stale_draft_is_sent_only_by_who_says_so_and_leaves_the_conversation_waiting(
    database: Database,
    acme: Actor,
    anna: Actor,
    question: ConversationId,
    draft: MessageId,
    look: Look,
    told: Read,
) -> None:
    await hear(database, acme, "And the boots?", within=question)

    with pytest.raises(DraftStale):
        await send(database, anna, question, draft, look)
    async with database.tenant_session(anna) as db:
        await handoff.send_draft(db, question, draft, sending(await look(question), anyway=True))

    after = await look(question)
    assert [one.author for one in await told(question)][-1] is Author.MEMBER
    assert (after.status, after.handler) == (Status.WAITING, Handler.PEOPLE)


async def test_two_members_who_send_a_draft_at_once_say_it_once(
    database: Database,
    anna: Actor,
    ben: Actor,
    question: ConversationId,
    draft: MessageId,
    look: Look,
    told: Read,
) -> None:
    results = await asyncio.gather(
        send(database, anna, question, draft, look),
        send(database, ben, question, draft, look),
        return_exceptions=True,
    )

    (refused,) = [one for one in results if one is not None]
    assert isinstance(refused, ReplyOvertaken | DraftSettled)
    assert len(await told(question)) == 2


async def test_the_same_sending_twice_is_one_message(
    database: Database, anna: Actor, question: ConversationId, draft: MessageId, look: Look, told: Read
) -> None:
    once = sending(await look(question))
    for _attempt in range(2):
        async with database.tenant_session(anna) as db:
            await handoff.send_draft(db, question, draft, once)

    assert len(await told(question)) == 2


@pytest.mark.parametrize("act", [send, discard])
async def test_a_draft_is_decided_on_once(
    database: Database, anna: Actor, question: ConversationId, draft: MessageId, look: Look, act: object
) -> None:
    await discard(database, anna, question, draft)

    with pytest.raises(DraftSettled):
        await (
            send(database, anna, question, draft, look)
            if act is send
            else discard(database, anna, question, draft)
        )


async def test_what_is_no_draft_of_the_conversation_is_not_found(
    database: Database,
    acme: Actor,
    anna: Actor,
    question: ConversationId,
    draft: MessageId,
    read: Read,
    look: Look,
) -> None:
    elsewhere = await hear(database, acme)
    (contacts, _draft) = await read(question)

    for conversation_id, message_id in ((elsewhere, draft), (question, contacts.id)):
        with pytest.raises(DraftNotFound):
            await discard(database, anna, conversation_id, message_id)
        with pytest.raises(DraftNotFound):
            await send(database, anna, conversation_id, message_id, look)
        with pytest.raises(DraftNotFound):
            await restore(database, anna, conversation_id, message_id)


async def test_another_tenants_member_finds_no_draft(
    database: Database, globex: Actor, question: ConversationId, draft: MessageId, look: Look
) -> None:
    gus = await make_member(database, globex)

    with pytest.raises(ConversationNotFound):
        await discard(database, gus, question, draft)
    with pytest.raises(ConversationNotFound):
        await send(database, gus, question, draft, look)


async def test_a_viewer_decides_on_nothing(
    database: Database, acme: Actor, question: ConversationId, draft: MessageId, look: Look
) -> None:
    viewer = await make_member(database, acme, role=Role.VIEWER)

    for act in (discard, restore):
        with pytest.raises(PermissionDenied):
            await act(database, viewer, question, draft)
    with pytest.raises(PermissionDenied):
        await send(database, viewer, question, draft, look)


async def test_nobody_sends_the_draft_of_a_contact_who_was_erased(
    database: Database, anna: Actor, question: ConversationId, draft: MessageId, look: Look
) -> None:
    conversation = await look(question)
    async with database.tenant_session(replace(anna, kind=ActorKind.PLATFORM)) as db:
        db.unaudited(Unaudited.PROGRESS)
        contact = vault.Subject(kind=vault.SubjectKind.CONTACT, id=conversation.contact_id)
        await vault.destroy(db, contact)

    with pytest.raises(DraftNotFound):
        await send(database, anna, question, draft, look)
