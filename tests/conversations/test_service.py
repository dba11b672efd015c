"""Receiving, following and viewing messages against a real Postgres."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from answerable import answering, conversations, vault
from answerable.answering import pipeline
from answerable.answering.values import Outcome, OutcomeKind, Reason
from answerable.conversations import Channel, Conversation, ConversationId, Dialogue, MessageId, NewMessage
from answerable.conversations.errors import (
    ClientIdInvalid,
    ConversationClosed,
    ConversationNotFound,
    MessageNotText,
    MessageTooLong,
)
from answerable.conversations.values import Author, Delivery, Handler, Status
from answerable.infra.db import Database, Unaudited
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.knowledge.values import Language
from answerable.tenancy import Role
from answerable.tenancy.errors import PermissionDenied

Received = tuple[Conversation, MessageId, bool]


def message(said: str = "Hello", *, client_id: str = "", within: ConversationId | None = None) -> NewMessage:
    return NewMessage(
        text=said, client_id=client_id or str(uuid7()), channel=Channel.WEB, conversation_id=within
    )


def contact_of(actor: Actor) -> Actor:
    return replace(actor, kind=ActorKind.CONTACT)


async def receive(database: Database, actor: Actor, new: NewMessage) -> Received:
    async with database.tenant_session(contact_of(actor)) as db:
        return await conversations.receive(db, new)


async def view(database: Database, actor: Actor, conversation_id: ConversationId) -> Dialogue:
    async with database.tenant_session(actor) as db:
        return await conversations.view(db, conversation_id)


async def follow(
    database: Database, actor: Actor, conversation_id: ConversationId, *, after: int = 0
) -> Dialogue:
    async with database.tenant_session(contact_of(actor)) as db:
        return await conversations.follow(db, conversation_id, after=after)


async def close(database: Database, actor: Actor, conversation_id: ConversationId) -> None:
    async with database.tenant_session(actor) as db:
        db.unaudited(Unaudited.PROGRESS)
        found = await conversations.lock(db, conversation_id)
        await conversations.save(db, replace(found, status=Status.CLOSED))


async def count(database: Database, actor: Actor, table: str) -> int:
    async with database.tenant_session(actor) as db:
        return await db.scalar(text(f"SELECT count(*) FROM {table}")) or 0


async def event_types(database: Database, actor: Actor) -> list[str]:
    async with database.tenant_session(actor) as db:
        return list(await db.scalars(text("SELECT type FROM audit_event ORDER BY id")))


async def test_a_first_message_begins_a_conversation_with_the_assistant(
    database: Database, acme: Actor
) -> None:
    conversation, message_id, is_new = await receive(database, acme, message("Grüße\r\n👍🏽"))

    dialogue = await view(database, acme, conversation.id)
    (stored,) = dialogue.messages
    assert is_new
    assert (dialogue.conversation.status, dialogue.conversation.handler) == (Status.OPEN, Handler.ASSISTANT)
    assert (stored.id, stored.position, stored.text) == (message_id, 1, "Grüße\n👍🏽")
    assert (stored.author, stored.delivery) == (Author.CONTACT, Delivery.RECEIVED)


async def test_what_begins_and_what_arrives_is_in_the_log(database: Database, acme: Actor) -> None:
    conversation, _message, _new = await receive(database, acme, message())
    await receive(database, acme, message(within=conversation.id))

    assert (await event_types(database, acme))[-3:] == [
        "conversation.opened",
        "message.received",
        "message.received",
    ]


async def test_messages_keep_the_order_in_which_they_arrived(database: Database, acme: Actor) -> None:
    conversation, _message, _new = await receive(database, acme, message("0"))
    for number in range(1, 4):
        await receive(database, acme, message(str(number), within=conversation.id))

    dialogue = await view(database, acme, conversation.id)

    assert [(one.position, one.text) for one in dialogue.messages] == [(1, "0"), (2, "1"), (3, "2"), (4, "3")]
    assert dialogue.conversation.last_position == 4


async def test_the_same_first_message_twice_is_one_conversation(database: Database, acme: Actor) -> None:
    new = message()

    first = await receive(database, acme, new)
    second = await receive(database, acme, new)

    assert (first[0].id, first[1]) == (second[0].id, second[1])
    assert (first[2], second[2]) == (True, False)
    assert [await count(database, acme, table) for table in ("contact", "conversation", "message")] == [
        1,
        1,
        1,
    ]


async def test_twins_of_a_first_message_that_arrive_at_once_are_one(database: Database, acme: Actor) -> None:
    new = message()

    received = await asyncio.gather(*(receive(database, acme, new) for _number in range(6)))

    assert len({(conversation.id, message_id) for conversation, message_id, _new in received}) == 1
    assert sum(is_new for _conversation, _message, is_new in received) == 1
    assert [await count(database, acme, table) for table in ("contact", "conversation", "message")] == [
        1,
        1,
        1,
    ]


async def test_twins_within_a_conversation_that_arrive_at_once_are_one(
    database: Database, acme: Actor
) -> None:
    conversation, _message, _new = await receive(database, acme, message())
    twin = message("twin", within=conversation.id)

    received = await asyncio.gather(*(receive(database, acme, twin) for _number in range(6)))

    assert len({message_id for _conversation, message_id, _new in received}) == 1
    assert sum(is_new for _conversation, _message, is_new in received) == 1
    assert await count(database, acme, "message") == 2


async def test_different_messages_that_arrive_at_once_are_all_kept(database: Database, acme: Actor) -> None:
    conversation, _message, _new = await receive(database, acme, message())

    await asyncio.gather(
        *(receive(database, acme, message(str(number), within=conversation.id)) for number in range(6))
    )

    dialogue = await view(database, acme, conversation.id)
    assert [one.position for one in dialogue.messages] == [1, 2, 3, 4, 5, 6, 7]
    assert {one.text for one in dialogue.messages[1:]} == set("012345")


async def test_the_same_client_id_in_two_tenants_is_two_messages(
    database: Database, acme: Actor, globex: Actor
) -> None:
    new = message()

    (one, _first, one_is_new), (other, _second, other_is_new) = (
        await receive(database, acme, new),
        await receive(database, globex, new),
    )

    assert one.id != other.id
    assert (one_is_new, other_is_new) == (True, True)


async def test_a_closed_conversation_takes_no_new_message_but_repeats_what_it_took(
    database: Database, acme: Actor
) -> None:
    new = message()
    conversation, message_id, _new = await receive(database, acme, new)
    await close(database, acme, conversation.id)

    with pytest.raises(ConversationClosed):
        await receive(database, acme, message(within=conversation.id))

    again = await receive(database, acme, replace(new, conversation_id=conversation.id))
    assert (again[1], again[2]) == (message_id, False)
    assert await count(database, acme, "message") == 1


async def test_another_tenants_conversation_is_not_found(
    database: Database, acme: Actor, globex: Actor
) -> None:
    conversation, _message, _new = await receive(database, acme, message())

    for unknown in (conversation.id, ConversationId(UUID(int=1))):
        with pytest.raises(ConversationNotFound):
            await receive(database, globex, message(within=unknown))
        with pytest.raises(ConversationNotFound):
            await follow(database, globex, unknown)
        with pytest.raises(ConversationNotFound):
            await view(database, globex, unknown)

    assert len((await view(database, acme, conversation.id)).messages) == 1


async def test_the_longest_message_is_kept_whole_and_a_longer_one_not_at_all(
    database: Database, acme: Actor
) -> None:
    longest = "ä" * 8_000

    conversation, _message, _new = await receive(database, acme, message(longest))
    with pytest.raises(MessageTooLong):
        await receive(database, acme, message(longest + "x"))

    assert (await view(database, acme, conversation.id)).messages[0].text == longest
    assert await count(database, acme, "conversation") == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [("a\x00b", "ab"), ("a\u202eb\u202c", "ab"), ("\ufeffa", "a"), ("\x00", "")],
    ids=["null byte", "reordering", "byte order mark", "nothing left"],
)
async def test_marks_that_hide_do_not_get_in(database: Database, acme: Actor, said: str, kept: str) -> None:
    conversation, _message, _new = await receive(database, acme, message(said))

    assert (await view(database, acme, conversation.id)).messages[0].text == kept


async def test_what_is_no_text_leaves_nothing_behind(database: Database, acme: Actor) -> None:
    before = await event_types(database, acme)

    with pytest.raises(MessageNotText):
        await receive(database, acme, message("a\ud800"))
    with pytest.raises(ClientIdInvalid):
        await receive(database, acme, message(client_id="no client id"))

    assert await count(database, acme, "contact") == 0
    assert await event_types(database, acme) == before


async def test_a_message_lies_sealed(database: Database, acme: Actor) -> None:
    await receive(database, acme, message("my secret"))

    async with database.tenant_session(acme) as db:
        sealed = await db.scalar(text("SELECT text_sealed FROM message"))
    assert isinstance(sealed, bytes)
    assert b"secret" not in sealed


async def test_a_contact_follows_what_is_behind_a_position(database: Database, acme: Actor) -> None:
    conversation, _message, _new = await receive(database, acme, message("one"))
    await receive(database, acme, message("two", within=conversation.id))

    seen = [
        [one.text for one in (await follow(database, acme, conversation.id, after=after)).messages]
        for after in (0, 1, 2, 99)
    ]

    assert seen == [["one", "two"], ["two"], [], []]


async def test_a_draft_is_shown_to_members_and_not_to_the_contact(database: Database, acme: Actor) -> None:
    conversation, _message, _new = await receive(database, acme, message("one"))
    async with database.tenant_session(replace(acme, kind=ActorKind.ASSISTANT)) as db:
        turn = await answering.load_turn(db, conversation.id)
        assert turn is not None
        draft = Outcome(
            kind=OutcomeKind.DRAFT, reason=Reason.NOT_AUTOMATIC, language=Language.ENGLISH, text="Draft."
        )
        await answering.apply(db, turn, pipeline.disclose_failure(turn, draft))

    to_the_contact = await follow(database, acme, conversation.id)
    to_a_member = await view(database, acme, conversation.id)

    assert [one.text for one in to_the_contact.messages] == ["one"]
    assert [one.text for one in to_a_member.messages] == ["one", "Draft."]
    assert to_the_contact.conversation.last_position == 2


async def test_following_ones_own_conversation_is_no_recorded_access(database: Database, acme: Actor) -> None:
    conversation, _message, _new = await receive(database, acme, message())
    before = await event_types(database, acme)

    await follow(database, acme, conversation.id)

    assert await event_types(database, acme) == before


async def test_every_look_of_another_is_in_the_log(database: Database, acme: Actor) -> None:
    conversation, _message, _new = await receive(database, acme, message())

    await view(database, acme, conversation.id)
    async with database.tenant_session(acme) as db:
        listed = await conversations.list_all(db)

    assert [one.id for one in listed] == [conversation.id]
    assert (await event_types(database, acme))[-2:] == [
        "access.conversation_viewed",
        "access.conversations_listed",
    ]


async def test_conversations_are_listed_newest_first_and_no_more_than_asked(
    database: Database, acme: Actor
) -> None:
    begun = [(await receive(database, acme, message()))[0].id for _number in range(4)]

    async with database.tenant_session(acme) as db:
        listed = await conversations.list_all(db, limit=3)

    assert [one.id for one in listed] == begun[:0:-1]


@pytest.mark.parametrize(
    "who",
    [
        {"kind": ActorKind.CONTACT},
        {"kind": ActorKind.ASSISTANT},
        {"kind": ActorKind.MEMBER, "role": Role.AUDITOR.value},
        {"kind": ActorKind.MEMBER, "role": "unheard of"},
        {"kind": ActorKind.KEY},
    ],
    ids=lambda who: "-".join(str(value) for value in who.values()),
)
async def test_who_may_not_view_conversations_sees_none(
    database: Database, acme: Actor, who: dict[str, ActorKind]
) -> None:
    conversation, _message, _new = await receive(database, acme, message())
    stranger = replace(acme, **who)  # pyright: ignore[reportArgumentType] - kind and role

    with pytest.raises(PermissionDenied):
        await view(database, stranger, conversation.id)
    with pytest.raises(PermissionDenied):
        async with database.tenant_session(stranger) as db:
            await conversations.list_all(db)


async def test_only_who_may_ask_sends_a_message(database: Database, acme: Actor) -> None:
    viewer = replace(acme, kind=ActorKind.MEMBER, role=Role.VIEWER.value)

    with pytest.raises(PermissionDenied):
        async with database.tenant_session(viewer) as db:
            await conversations.receive(db, message())


async def test_an_address_is_kept_once_and_sealed(database: Database, acme: Actor) -> None:
    conversation, _message, _new = await receive(database, acme, message())

    for _repetition in range(2):
        async with database.tenant_session(acme) as db:
            db.unaudited(Unaudited.PROGRESS)
            await conversations.keep_address(db, conversation, "anna@example.com")

    async with database.tenant_session(acme) as db:
        known = await conversations.has_address(db, conversation.contact_id)
        (sealed,) = await db.scalars(text("SELECT value_sealed FROM contact_address"))
    assert known
    assert b"anna" not in sealed
    assert (await event_types(database, acme)).count("contact.address_given") == 1


async def test_what_was_erased_is_a_message_without_a_text(database: Database, acme: Actor) -> None:
    conversation, message_id, _new = await receive(database, acme, message())
    async with database.tenant_session(acme) as db:
        db.unaudited(Unaudited.PROGRESS)
        await vault.destroy(db, vault.Subject(kind=vault.SubjectKind.CONTACT, id=conversation.contact_id))

    (left,) = (await view(database, acme, conversation.id)).messages

    assert (left.id, left.text) == (message_id, None)
