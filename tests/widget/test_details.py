"""What comes beside a message: a name, a page, an address, the wish for a person; and what contacts think."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from answerable import answering, audit, conversations, handoff
from answerable.conversations import ConversationId
from answerable.conversations.rules import clean_name, clean_page
from answerable.infra.db import Database
from answerable.infra.ids import uuid7
from factories.contacts import Contact
from factories.desks import assistant_of
from factories.inbox import make_member, reply

RATINGS = "/widget/v1/ratings"


def own(begun: dict[str, str]) -> dict[str, str]:
    return {"token": begun["conversation_token"], "conversation_id": begun["conversation_id"]}


def id_of(begun: dict[str, str]) -> ConversationId:
    return ConversationId(UUID(begun["conversation_id"]))


async def rate(
    contact: Contact, begun: dict[str, str], message_id: object, rating: str, **more: object
) -> Any:
    body = {
        "conversation_id": begun["conversation_id"],
        "message_id": str(message_id),
        "rating": rating,
        **more,
    }
    headers = {"Answerable-Key": contact.key, "Answerable-Conversation": begun["conversation_token"]}
    return await contact.client.post(RATINGS, json=body, headers=headers)


async def known_of(
    database: Database, contact: Contact, begun: dict[str, str]
) -> list[tuple[str, str | None]]:
    async with database.tenant_session(contact.tenant) as db:
        known = await conversations.view_contact(db, id_of(begun))
    return [(address.kind.value, address.value) for address in known.addresses]


async def test_name_page_and_address_are_kept_and_given_again_change_nothing(
    anna: Contact, database: Database
) -> None:
    said = {"name": " Anna\n <b>Müller</b> ", "page_url": "https://shop.example/tents?session=1#top"}
    begun = (await anna.write("Hello", email="Anna@Example.com", **said)).json()
    await anna.write("Again", **own(begun), **said)
    await anna.write("Elsewhere", **own(begun), page_url="https://shop.example/stoves")
    await anna.write("Back", **own(begun), **said)

    known = await known_of(database, anna, begun)

    assert known == [
        ("email", "anna@example.com"),
        ("name", "Anna <b>Müller</b>"),
        ("page", "https://shop.example/stoves"),
        ("page", "https://shop.example/tents"),
    ]


async def test_what_is_no_address_is_refused_and_nothing_is_stored(anna: Contact, database: Database) -> None:
    answer = await anna.write("Hello", email="anna at example")

    assert (answer.status_code, answer.json()["code"]) == (422, "conversations.address_invalid")
    async with database.tenant_session(anna.tenant) as db:
        assert await conversations.list_all(db) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://a.example/x?token=1#y", "https://a.example/x"),
        ("https://user:secret@a.example/x", "https://a.example/x"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://", None),
        ("https://a.example/\u202ex", None),
        ("https://a.example/" + "x" * 2_000, None),
        ("https://[", None),
        ("https://a.example:99999/", None),
    ],
)
def test_of_a_pages_address_only_the_page_is_kept(given: str, kept: str | None) -> None:
    assert clean_page(given) == kept


def test_a_name_is_one_line_without_marks_that_hide() -> None:
    assert clean_name("An\u202en\x00a\tM\n") == "Anna M"
    assert clean_name("\u200b \n") is None
    assert clean_name("x" * 500) == "x" * 120


async def test_the_button_for_a_person_is_understood_whatever_the_text_says(
    anna: Contact, database: Database, desk: answering.Desk
) -> None:
    begun = (await anna.write("What about returns?", wants_person=True, email="anna@example.com")).json()

    turn_id = await answering.answer(desk, assistant_of(anna.tenant), id_of(begun))

    assert turn_id is not None
    async with database.tenant_session(anna.tenant) as db:
        record = await answering.view_record(db, turn_id)
    assert (record.outcome.value, record.reason.value) == ("handoff", "requested")
    assert record.decisions[0].verdict == "person"
    assert record.decisions[0].inputs["messages"][0]["wants_person"] is True
    assert "within 24 hours" in (record.text or "")
    assert "e-mail address" not in (record.text or "")


async def test_a_rating_with_its_reason_is_sealed_and_the_newest_counts(
    anna: Contact, database: Database
) -> None:
    member = await make_member(database, anna.tenant)
    begun = (await anna.write("Hello?")).json()
    async with database.tenant_session(member) as db:
        conversation = await handoff.take_over(db, id_of(begun))
    message_id = await reply(database, member, conversation)

    first = await rate(anna, begun, message_id, "helped")
    second = await rate(anna, begun, message_id, "did_not_help", reason="It was <script>wrong</script>")

    read = (await anna.read(begun["conversation_id"], token=begun["conversation_token"])).json()
    assert (first.status_code, second.status_code) == (204, 204)
    assert [message["rating"] for message in read["messages"]] == [None, "did_not_help"]
    async with database.tenant_session(anna.tenant) as db:
        stored = await db.execute(text("SELECT rating, reason_sealed FROM message_rating ORDER BY id"))
        rows = stored.all()
        (newest, *_rest) = await audit.tail(db, limit=1)
    assert [row.rating for row in rows] == ["helped", "did_not_help"]
    assert rows[0].reason_sealed is None
    assert b"script" not in rows[1].reason_sealed
    assert newest.type == "message.rated"
    assert "script" not in str(newest.body)


async def test_only_what_a_contact_got_can_be_rated_and_only_by_them(
    anna: Contact, gus: Contact, database: Database
) -> None:
    member = await make_member(database, anna.tenant)
    begun = (await anna.write("Hello?")).json()
    other = (await anna.write("Another conversation")).json()
    his = (await gus.write("His")).json()
    async with database.tenant_session(member) as db:
        conversation = await handoff.take_over(db, id_of(begun))
    message_id = await reply(database, member, conversation)

    answers = [
        await rate(anna, begun, begun["message_id"], "helped"),
        await rate(anna, other, message_id, "helped"),
        await rate(gus, his, message_id, "helped"),
        await rate(anna, begun, uuid7(), "helped"),
        await rate(anna, {**begun, "conversation_token": "x"}, message_id, "helped"),
        await rate(anna, begun, message_id, "superb"),
        await rate(anna, begun, message_id, "helped", reason="x" * 8_001),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 404, 404, 422, 422]
    async with database.tenant_session(anna.tenant) as db:
        assert await db.scalar(text("SELECT count(*) FROM message_rating")) == 0
