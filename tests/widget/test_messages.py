import asyncio
import io
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from answerable import answering, conversations, tenancy
from answerable.answering.values import OutcomeKind
from answerable.conversations import ConversationId, MessageId
from answerable.conversations.service import messages
from answerable.conversations.values import Author, Delivery
from answerable.infra.db import Database, Db, Unaudited
from answerable.infra.ids import Actor, ActorKind, uuid7
from factories.contacts import PATH, Contact, Seconds
from factories.inbox import settle
from factories.log import SECRET, find_canaries, read_lines


async def test_a_first_message_begins_a_conversation_that_its_token_opens(anna: Contact) -> None:
    accepted = await anna.write("Do you ship to Norway?")

    begun = accepted.json()
    assert accepted.status_code == 202
    assert set(begun) == {"conversation_id", "message_id", "conversation_token"}
    read = (await anna.read(begun["conversation_id"], token=begun["conversation_token"])).json()
    (message,) = read.pop("messages")
    assert read == {
        "conversation_id": begun["conversation_id"],
        "status": "open",
        "handler": "assistant",
        "people_here": False,
        "address_asked": False,
    }
    assert message.pop("created_at")
    assert message.pop("client_id")
    assert message == {
        "message_id": begun["message_id"],
        "position": 1,
        "author": "contact",
        "text": "Do you ship to Norway?",
        "delivery": "received",
        "citations": [],
        "rating": None,
    }


async def test_a_conversation_goes_on_with_its_token(anna: Contact) -> None:
    begun = (await anna.write("First")).json()

    accepted = await anna.write(
        "Second", token=begun["conversation_token"], conversation_id=begun["conversation_id"]
    )

    assert accepted.status_code == 202
    assert accepted.json()["conversation_token"] == begun["conversation_token"]
    read = await anna.read(begun["conversation_id"], token=begun["conversation_token"], after=1)
    assert [message["text"] for message in read.json()["messages"]] == ["Second"]


async def test_nobody_comes_into_a_conversation_without_its_token(anna: Contact, gus: Contact) -> None:
    hers = (await anna.write("Mine")).json()
    other = (await anna.write("Another of mine")).json()
    his = (await gus.write("His")).json()
    attempts: list[tuple[Contact, str, str | None]] = [
        (anna, hers["conversation_id"], None),
        (anna, hers["conversation_id"], ""),
        (anna, hers["conversation_id"], hers["conversation_token"].upper() + "x"),
        (anna, hers["conversation_id"], other["conversation_token"]),
        (anna, his["conversation_id"], his["conversation_token"]),
        (anna, his["conversation_id"], hers["conversation_token"]),
        (anna, str(uuid7()), hers["conversation_token"]),
        (gus, hers["conversation_id"], hers["conversation_token"]),
    ]

    for contact, conversation_id, token in attempts:
        wrote = await contact.write("Let me in", token=token, conversation_id=conversation_id)
        read = await contact.read(conversation_id, token=token)

        assert without_id(wrote) == without_id(read)
        assert (read.status_code, read.json()["code"]) == (404, "conversations.conversation_not_found")
    read = await anna.read(hers["conversation_id"], token=hers["conversation_token"])
    assert [message["text"] for message in read.json()["messages"]] == ["Mine"]


async def test_a_token_beyond_ascii_is_a_wrong_one(anna: Contact) -> None:
    begun = (await anna.write("Mine")).json()

    answer = await anna.client.get(
        PATH,
        params={"conversation_id": begun["conversation_id"]},
        headers=[(b"answerable-key", anna.key.encode()), (b"answerable-conversation", b"\xe4\xff")],
    )

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "key", [None, "", "x", "-" * 24, "A" * 24, "a" * 10_000, "shop", "\x00" * 24, "ä" * 24, "' OR 1=1 --"]
)
async def test_every_wrong_key_gets_the_same_answer(anna: Contact, key: str | None) -> None:
    headers = [] if key is None else [(b"answerable-key", key.encode())]

    answer = await anna.client.post(PATH, json={"text": "x", "client_id": str(uuid4())}, headers=headers)

    assert answer.status_code == 401
    assert without_id(answer) == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "code": "widget.key_unknown",
        "detail": "No workspace has this key.",
        "remedy": "Send the workspace's public key in the header `Answerable-Key`.",
    }


async def test_a_message_sent_twice_is_one(anna: Contact) -> None:
    client_id = str(uuid4())

    first = await anna.write("Hello", client_id=client_id)
    again = await anna.write("Hello", client_id=client_id)

    begun = first.json()
    assert again.json() == begun
    read = await anna.read(begun["conversation_id"], token=begun["conversation_token"])
    assert len(read.json()["messages"]) == 1


async def test_a_later_message_sent_twice_is_one(anna: Contact) -> None:
    begun = (await anna.write("Hello")).json()
    again: dict[str, Any] = {
        "client_id": str(uuid4()),
        "token": begun["conversation_token"],
        "conversation_id": begun["conversation_id"],
    }

    answers = [(await anna.write("More", **again)).json()["message_id"] for _ in range(2)]

    assert answers[0] == answers[1]


async def test_a_message_sent_twice_at_once_is_one(anna: Contact) -> None:
    client_id = str(uuid4())

    answers = await asyncio.gather(*(anna.write("Hello", client_id=client_id) for _ in range(4)))

    assert [answer.status_code for answer in answers] == [202] * 4
    assert len({answer.json()["message_id"] for answer in answers}) == 1


async def test_the_same_client_id_in_another_workspace_is_another_message(
    anna: Contact, gus: Contact
) -> None:
    client_id = str(uuid4())

    hers = (await anna.write("Hello", client_id=client_id)).json()
    his = (await gus.write("Hello", client_id=client_id)).json()

    assert hers["conversation_id"] != his["conversation_id"]


@pytest.mark.parametrize(
    "client_id", ["1", "", "00000000-0000-0000-0000-000000000000", "9e107d9d-372b-11ee-be56-0242ac120002", 7]
)
async def test_a_client_id_that_could_be_guessed_is_refused(anna: Contact, client_id: object) -> None:
    answer = await anna.write("Hello", client_id=client_id)

    assert (answer.status_code, answer.json()["code"]) == (422, "web.request_invalid")


async def test_the_longest_message_is_taken_whole(anna: Contact) -> None:
    longest = "ü🦊" * 4_000

    begun = (await anna.write(longest)).json()

    read = await anna.read(begun["conversation_id"], token=begun["conversation_token"])
    assert read.json()["messages"][0]["text"] == longest


async def test_a_longer_message_is_refused_with_its_remedy(anna: Contact) -> None:
    answer = await anna.write("x" * 8_001)

    assert (answer.status_code, answer.json()["code"]) == (422, "conversations.message_too_long")
    assert answer.json()["detail"] == "A message has at most 8,000 characters. This one has 8,001."


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (rb'{"text": "\ud800", "client_id": "%s"}', 422, "conversations.message_not_text"),
        (rb'{"text": "a\u0000b", "client_id": "%s"}', 202, None),
        (b'{"text": "a\x00b", "client_id": "%s"}', 400, "web.body_malformed"),
        (b'{"text": "a", "client_id": "%s", "conversation_id": "\\u0000"}', 422, "web.request_invalid"),
        (b'{"text": "a", "client_id": "%s", "tenant_id": "x"}', 422, "web.request_invalid"),
        (b'{"text": null, "client_id": "%s"}', 422, "web.request_invalid"),
        (b'{"text": NaN, "client_id": "%s"}', 422, "web.request_invalid"),
        (b'{"text": ' + b"[" * 50_000 + b', "client_id": "%s"}', 400, "web.body_malformed"),
        (b'["%s"]', 422, "web.request_invalid"),
        (b"", 422, "web.request_invalid"),
    ],
)
async def test_a_strange_body_is_refused_or_made_harmless(
    anna: Contact, body: bytes, status: int, code: str | None
) -> None:
    sent = body.replace(b"%s", str(uuid4()).encode())
    headers = {"Answerable-Key": anna.key, "Content-Type": "application/json"}

    answer = await anna.client.post(PATH, content=sent, headers=headers)

    assert (answer.status_code, answer.json().get("code")) == (status, code)


@pytest.mark.parametrize("after", ["-1", "2147483648", "x", "1e3", "\x00", ""])
async def test_a_position_that_is_none_is_refused(anna: Contact, after: str) -> None:
    begun = (await anna.write("Hello")).json()

    answer = await anna.read(begun["conversation_id"], token=begun["conversation_token"], after=after)

    assert answer.status_code == 422


async def test_a_closed_conversation_takes_no_message_but_can_be_read(
    anna: Contact, database: Database
) -> None:
    begun = (await anna.write("Hello")).json()
    async with database.tenant_session(anna.tenant) as db:
        await db.execute(
            text("UPDATE conversation SET status = 'closed' WHERE id = :id"), {"id": begun["conversation_id"]}
        )
        db.unaudited(Unaudited.ROW_LOCK)
    own = {"token": begun["conversation_token"], "conversation_id": begun["conversation_id"]}

    wrote = await anna.write("More", **own)
    read = await anna.read(**own)

    assert (wrote.status_code, wrote.json()["code"]) == (409, "conversations.conversation_closed")
    assert (read.status_code, read.json()["status"]) == (200, "closed")


async def test_a_contact_sees_what_was_sent_and_never_drafts(anna: Contact, database: Database) -> None:
    begun = (await anna.write("Hello")).json()
    conversation_id = ConversationId(UUID(begun["conversation_id"]))
    await settle(database, anna.tenant, conversation_id, kind=OutcomeKind.DRAFT)
    async with database.tenant_session(anna.tenant) as db:
        await say(db, conversation_id, "A reply", Delivery.DELIVERED)

    read = await anna.read(conversation_id, token=begun["conversation_token"])

    shown = [(each["author"], each["text"], each["delivery"]) for each in read.json()["messages"]]
    assert shown == [("contact", "Hello", "received"), ("member", "A reply", "delivered")]


async def test_a_contact_sees_the_assistants_answer(anna: Contact, database: Database) -> None:
    begun = (await anna.write("Hello")).json()
    conversation_id = ConversationId(UUID(begun["conversation_id"]))
    assistant = Actor(tenant_id=anna.tenant.tenant_id, kind=ActorKind.ASSISTANT)
    await answering.answer(answering.Desk(database=database, embedder=None), assistant, conversation_id)

    read = await anna.read(conversation_id, token=begun["conversation_token"], after=1)

    (message,) = read.json()["messages"]
    assert (message["author"], message["delivery"], message["position"]) == ("assistant", "delivered", 2)
    assert message["text"]


async def test_a_contact_reading_its_own_conversation_leaves_no_event(
    anna: Contact, database: Database
) -> None:
    begun = (await anna.write("Hello")).json()
    async with database.tenant_session(anna.tenant) as db:
        before = await count_events(db)

    for _ in range(3):
        await anna.read(begun["conversation_id"], token=begun["conversation_token"])

    async with database.tenant_session(anna.tenant) as db:
        assert await count_events(db) == before


async def test_what_a_contact_writes_stands_nowhere_but_in_its_conversation(
    anna: Contact, stream: io.StringIO
) -> None:
    begun = (await anna.write(SECRET)).json()
    own = {"token": begun["conversation_token"], "conversation_id": begun["conversation_id"]}

    answers = [
        await anna.write(SECRET, **own),
        await anna.write({"a": SECRET}, **own),
        await anna.write("x", **{**own, SECRET: SECRET}),
        await anna.write(SECRET * 1_000, **own),
        await anna.read(SECRET, token=SECRET, after=SECRET),
        await replace(anna, key="sk-canary-0123456789").write(SECRET),
    ]

    metrics = (await anna.client.get("/metrics")).text
    assert [answer.status_code for answer in answers] == [202, 422, 422, 422, 422, 401]
    assert find_canaries(stream.getvalue(), metrics, *(answer.text for answer in answers)) == []
    assert begun["conversation_token"] not in stream.getvalue()


async def test_the_log_names_workspace_and_kind_of_actor(anna: Contact, stream: io.StringIO) -> None:
    await anna.write("Hello")

    (line,) = [line for line in read_lines(stream) if line["event"] == "request.finished"]
    assert (line["tenant_id"], line["actor_kind"]) == (str(anna.tenant.tenant_id), "contact")
    assert (line["route"], line["status"]) == (PATH, 202)


async def test_a_conversation_takes_thirty_messages_a_minute(anna: Contact, seconds: Seconds) -> None:
    begun = (await anna.write("Hello")).json()
    own = {"token": begun["conversation_token"], "conversation_id": begun["conversation_id"]}
    statuses = [(await anna.write("More", **own)).status_code for _ in range(30)]

    refused = await anna.write("More", **own)
    seconds.now += 60
    later = await anna.write("More", **own)

    assert statuses == [202] * 30
    assert (refused.status_code, refused.json()["code"]) == (429, "rates.exceeded")
    assert refused.headers["Retry-After"] == "60"
    assert later.status_code == 202


async def test_an_address_posts_sixty_times_a_minute_whatever_its_right_to(
    anna: Contact, gus: Contact
) -> None:
    own = {"token": "wrong", "conversation_id": str(uuid4())}
    statuses = {(await anna.write("Hello", **own)).status_code for _ in range(60)}

    refused = await anna.write("Hello")
    elsewhere = await gus.write("Hello")

    assert statuses == {404}
    assert refused.status_code == 429
    assert elsewhere.status_code == 202


async def test_an_address_that_tries_keys_is_stopped_before_the_database_is_asked(
    anna: Contact, gus: Contact, seconds: Seconds
) -> None:
    stranger = replace(anna, key="A" * 24)
    statuses = [(await stranger.write("Hello")).status_code for _ in range(31)]

    refused = await gus.write("Hello")
    seconds.now += 60
    later = await gus.write("Hello")

    assert statuses == [401] * 30 + [429]
    assert refused.status_code == 429
    assert later.status_code == 202


async def say(db: Db, conversation_id: ConversationId, said: str, delivery: Delivery) -> None:
    # As a member: what the assistant says must have its record.
    conversation = await conversations.lock(db, conversation_id)
    moved = replace(conversation, last_position=conversation.last_position + 1)
    member_id = await tenancy.add_member(db, f"{uuid7().hex}@example.com", role=tenancy.Role.RESPONDER)
    extra: dict[str, Any] = {
        "author": Author.MEMBER.value,
        "delivery": delivery.value,
        "member_id": member_id,
    }
    await messages._store(db, moved, MessageId(uuid7()), said, extra)
    await conversations.save(db, moved)


async def count_events(db: Db) -> int:
    return await db.scalar(text("SELECT count(*) FROM audit_event"))


def without_id(answer: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "request_id"}
