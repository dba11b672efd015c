"""Lists and searches of conversations: their order, their filters, what they open and what the log says of it."""

from copy import copy
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from answerable import conversations, handoff
from answerable.answering.values import OutcomeKind
from answerable.conversations import ConversationId, Cursor, Filters
from answerable.conversations.errors import ConversationNotFound
from answerable.conversations.listing import Assigned, Found, Listed, Standing
from answerable.conversations.values import Channel, Handler, Searched
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from answerable.tenancy import Role
from answerable.tenancy.errors import PermissionDenied
from factories.inbox import hear, make_member, reply, settle


async def list_inbox(
    database: Database,
    actor: Actor,
    filters: Filters | None = None,
    *,
    after: Cursor | None = None,
    limit: int = 100,
) -> Listed:
    async with database.tenant_session(actor) as db:
        return await conversations.list_inbox(db, filters or Filters(), after=after, limit=limit)


async def view(database: Database, actor: Actor, conversation_id: ConversationId) -> None:
    async with database.tenant_session(actor) as db:
        await conversations.view(db, conversation_id)
        await conversations.mark_seen(db, await conversations.get(db, conversation_id))


async def search(database: Database, actor: Actor, query: str) -> Found:
    async with database.tenant_session(actor) as db:
        return await conversations.search(db, query)


async def close(database: Database, actor: Actor, conversation_id: ConversationId) -> None:
    async with database.tenant_session(actor) as db:
        await handoff.close_conversation(db, conversation_id)


async def looks(database: Database, actor: Actor, kind: str) -> list[dict[str, object]]:
    statement = text(
        "SELECT convert_from(body, 'UTF8')::jsonb -> 'd' FROM audit_event WHERE type = :type ORDER BY id"
    )
    async with database.tenant_session(actor) as db:
        return list(await db.scalars(statement, {"type": kind}))


def at(database: Database, seconds: int) -> Database:
    """The database, so many seconds after a full minute."""
    then = copy(database)
    then.clock = lambda: datetime(2026, 11, 21, 9, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    return then


def ids(listed: Listed | Found) -> list[ConversationId]:
    return [one.row.conversation.id for one in listed.previews]


async def test_who_waits_longest_comes_first_then_what_is_newest(
    database: Database, acme: Actor, anna: Actor
) -> None:
    older, newer = await hear(database, acme, "older"), await hear(database, acme, "newer")
    first, second = await hear(database, acme, "first"), await hear(database, acme, "second")
    for waiting in (first, second):
        await settle(database, acme, waiting, kind=OutcomeKind.HANDOFF)

    listed = await list_inbox(database, anna)

    assert ids(listed) == [first, second, newer, older]
    assert listed.next is None


async def test_a_list_shows_what_the_contact_wrote_last_and_whether_it_is_answered(
    database: Database, acme: Actor, anna: Actor
) -> None:
    asked = await hear(database, acme, "How long do I have?")
    answered = await hear(database, acme, "Hello")
    await settle(database, acme, answered, kind=OutcomeKind.REPLY, said="Hello!")

    shown = {one.row.conversation.id: one for one in (await list_inbox(database, anna)).previews}

    last = shown[asked].last
    assert last is not None
    assert (last.text, shown[asked].is_answered) == ("How long do I have?", False)
    assert shown[answered].is_answered


async def test_a_draft_answers_nobody_and_is_shown_as_one(
    database: Database, acme: Actor, anna: Actor
) -> None:
    asked = await hear(database, acme)
    await settle(database, acme, asked)

    (shown,) = (await list_inbox(database, anna)).previews

    assert (shown.row.has_draft, shown.is_answered) == (True, False)


async def test_a_contact_is_called_by_the_address_that_they_gave(
    database: Database, acme: Actor, anna: Actor
) -> None:
    asked = await hear(database, acme)
    async with database.tenant_session(acme) as db:
        await conversations.keep_address(db, await conversations.get(db, asked), "jana@example.com")

    (shown,) = (await list_inbox(database, anna)).previews

    assert shown.name == "jana@example.com"


async def test_pages_hold_every_conversation_once_across_the_groups(
    database: Database, acme: Actor, anna: Actor
) -> None:
    every = [await hear(database, acme, str(number)) for number in range(11)]
    for waiting in every[:4]:
        await settle(database, acme, waiting, kind=OutcomeKind.HANDOFF)
    for closed in every[4:7]:
        await close(database, anna, closed)

    found: list[ConversationId] = []
    after: Cursor | None = None
    for _page in range(4):
        listed = await list_inbox(database, anna, Filters(standing=Standing.ALL), after=after, limit=3)
        found += ids(listed)
        after = listed.next

    assert found == [*every[:4], *every[:6:-1], *every[6:3:-1]]
    assert after is None


async def test_a_page_of_a_list_that_changes_meanwhile_repeats_nothing(
    database: Database, acme: Actor, anna: Actor
) -> None:
    every = [await hear(database, acme, str(number)) for number in range(4)]
    first = await list_inbox(database, anna, limit=2)

    await hear(database, acme, "again", within=every[0])
    await hear(database, acme, "new")
    second = await list_inbox(database, anna, after=first.next, limit=2)

    assert ids(first) == [every[3], every[2]]
    assert ids(second) == [every[1]]


def name_of_case(value: Filters | set[str]) -> str:
    # A set's own text hangs on the process, and tests that run side by side must have the same names.
    return str(value) if isinstance(value, Filters) else "-".join(sorted(value)) or "nothing"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), {"waiting", "assistant", "mine"}),
        (Filters(standing=Standing.WAITING), {"waiting"}),
        (Filters(standing=Standing.OPEN), {"assistant", "mine"}),
        (Filters(standing=Standing.CLOSED), {"closed"}),
        (Filters(standing=Standing.ALL), {"waiting", "assistant", "mine", "closed"}),
        (Filters(handler=Handler.ASSISTANT), {"assistant"}),
        (Filters(handler=Handler.PEOPLE), {"waiting", "mine"}),
        (Filters(assigned=Assigned.ME), {"mine"}),
        (Filters(assigned=Assigned.NOBODY), {"waiting"}),
        (Filters(channel=Channel.COMMAND_LINE), set[str]()),
        (Filters(channel=Channel.PLAYGROUND), {"playground"}),
        (Filters(unread=True), {"waiting", "assistant"}),
        (Filters(language="en"), {"waiting"}),
        (Filters(language="de"), set[str]()),
    ],
    ids=name_of_case,
)
async def test_a_filter_leaves_what_it_names(
    database: Database, acme: Actor, anna: Actor, filters: Filters, expected: set[str]
) -> None:
    named = {name: await hear(database, acme, name) for name in ("waiting", "assistant", "mine", "closed")}
    named["playground"] = await hear(database, acme, channel=Channel.PLAYGROUND)
    await settle(database, acme, named["waiting"], kind=OutcomeKind.HANDOFF)
    async with database.tenant_session(anna) as db:
        await handoff.take_over(db, named["mine"])
    await close(database, anna, named["closed"])
    await view(database, anna, named["mine"])

    listed = await list_inbox(database, anna, filters)

    assert {name for name, one in named.items() if one in ids(listed)} == expected


async def test_counts_say_how_much_each_filter_would_leave(
    database: Database, acme: Actor, anna: Actor
) -> None:
    every = [await hear(database, acme, str(number)) for number in range(5)]
    await hear(database, acme, channel=Channel.PLAYGROUND)
    for waiting in every[:2]:
        await settle(database, acme, waiting, kind=OutcomeKind.HANDOFF)
    async with database.tenant_session(anna) as db:
        await handoff.take_over(db, every[2])
    await close(database, anna, every[3])
    await view(database, anna, every[2])

    async with database.tenant_session(anna) as db:
        counts = await conversations.count_inbox(db)

    assert (counts.waiting, counts.open, counts.closed) == (2, 2, 1)
    assert (counts.mine, counts.nobody, counts.unread) == (1, 2, 3)
    assert (counts.assistant, counts.people) == (1, 3)


async def test_a_conversation_is_unread_until_the_member_has_its_newest_message_before_them(
    database: Database, acme: Actor, anna: Actor, ben: Actor
) -> None:
    asked = await hear(database, acme)
    await view(database, anna, asked)
    seen = (await list_inbox(database, anna)).previews[0].row.unread

    await hear(database, acme, "More", within=asked)

    assert not seen
    assert (await list_inbox(database, anna)).previews[0].row.unread
    await view(database, anna, asked)
    assert not (await list_inbox(database, anna)).previews[0].row.unread
    assert (await list_inbox(database, ben)).previews[0].row.unread


async def test_a_list_is_recorded_with_what_it_opened_once_a_minute_for_each_page(
    database: Database, acme: Actor, anna: Actor, ben: Actor
) -> None:
    for number in range(3):
        await hear(database, acme, str(number))

    for seconds in (0, 20, 59):
        await list_inbox(at(database, seconds), anna)
    await list_inbox(at(database, 59), anna, Filters(standing=Standing.WAITING))
    await list_inbox(database, ben)

    assert sorted(await looks(database, acme, "access.conversations_listed"), key=str) == [
        {"previewed": 0, "returned": 0},
        {"previewed": 3, "returned": 3},
        {"previewed": 3, "returned": 3},
    ]


async def test_a_conversation_that_is_brought_up_to_date_is_one_look_a_minute(
    database: Database, acme: Actor, anna: Actor
) -> None:
    asked = await hear(database, acme)
    for seconds in (0, 20, 59):
        await view(at(database, seconds), anna, asked)
    within_a_minute = await looks(database, acme, "access.conversation_viewed")

    await view(at(database, 60), anna, asked)

    assert within_a_minute == [{"messages": 1}]
    assert len(await looks(database, acme, "access.conversation_viewed")) == 2


async def test_an_address_finds_its_contacts_conversations(
    database: Database, acme: Actor, globex: Actor, anna: Actor
) -> None:
    jana, other = await hear(database, acme, "a"), await hear(database, acme, "b")
    strange = await hear(database, globex, "c")
    for actor, asked, address in (
        (acme, jana, "jana@example.com"),
        (acme, other, "tom@example.com"),
        (globex, strange, "jana@example.com"),
    ):
        async with database.tenant_session(actor) as db:
            await conversations.keep_address(db, await conversations.get(db, asked), address)

    found = await search(database, anna, "  Jana@Example.COM ")

    assert (found.by, ids(found)) == (Searched.ADDRESS, [jana])
    assert await looks(database, acme, "access.conversations_searched") == [
        {"by": "address", "opened": 0, "returned": 1}
    ]


async def test_words_find_only_what_the_member_has_opened_before(
    database: Database, acme: Actor, anna: Actor, ben: Actor
) -> None:
    opened = await hear(database, acme, "Meine ÖSEN sind gerissen, Größe 42")
    await hear(database, acme, "Meine Ösen auch")
    await view(database, anna, opened)

    found, nothing = await search(database, anna, "ösen größe"), await search(database, ben, "ösen")

    assert (found.by, ids(found)) == (Searched.WORDS, [opened])
    assert (found.conversations, found.messages) == (1, 1)
    assert ids(nothing) == []
    assert await looks(database, acme, "access.conversations_searched") == [
        {"by": "words", "opened": 1, "returned": 1},
        {"by": "words", "opened": 0, "returned": 0},
    ]


@pytest.mark.parametrize("query", ["", "   ", "\x00", "%", "' OR true --", "x" * 10_000])
async def test_a_search_for_nothing_finds_nothing(
    database: Database, acme: Actor, anna: Actor, query: str
) -> None:
    await view(database, anna, await hear(database, acme))

    assert ids(await search(database, anna, query)) == []


async def test_what_is_known_of_a_contact_is_shown_with_its_event(
    database: Database, acme: Actor, anna: Actor
) -> None:
    asked = await hear(database, acme)
    async with database.tenant_session(acme) as db:
        await conversations.keep_address(db, await conversations.get(db, asked), "jana@example.com")

    async with database.tenant_session(anna) as db:
        contact = await conversations.view_contact(db, asked)

    assert [one.value for one in contact.addresses] == ["jana@example.com"]
    assert contact.conversations == 1
    assert await looks(database, acme, "access.contact_viewed") == [{"addresses": 1}]


async def test_another_tenant_lists_finds_and_opens_nothing(
    database: Database, acme: Actor, globex: Actor
) -> None:
    asked = await hear(database, acme, "Hello")
    gus = await make_member(database, globex)

    assert ids(await list_inbox(database, gus, Filters(standing=Standing.ALL))) == []
    assert ids(await search(database, gus, "Hello")) == []
    async with database.tenant_session(gus) as db:
        with pytest.raises(ConversationNotFound):
            await conversations.view_contact(db, asked)


async def test_an_auditor_sees_no_conversations(database: Database, acme: Actor) -> None:
    auditor = await make_member(database, acme, role=Role.AUDITOR)
    asked = await hear(database, acme)

    for look in (
        list_inbox(database, auditor),
        search(database, auditor, "x"),
        view(database, auditor, asked),
    ):
        with pytest.raises(PermissionDenied):
            await look
    async with database.tenant_session(auditor) as db:
        with pytest.raises(PermissionDenied):
            await conversations.count_inbox(db)


async def test_a_reply_is_no_word_of_the_contact(database: Database, acme: Actor, anna: Actor) -> None:
    asked = await hear(database, acme, "Hello")
    async with database.tenant_session(anna) as db:
        conversation = await conversations.get(db, asked)
    await reply(database, anna, conversation, "Hello yourself")

    (shown,) = (await list_inbox(database, anna)).previews

    assert shown.last is not None
    assert (shown.last.text, shown.is_answered) == ("Hello", True)
