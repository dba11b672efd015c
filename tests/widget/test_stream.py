"""The contact's stream over a real socket: what comes, in which order, to whom, and how it goes on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.pool import QueuePool

from answerable import handoff
from answerable.conversations import ConversationId
from answerable.conversations.values import Handler, Status
from answerable.infra import signals
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind
from answerable.infra.signals import Signal, Topic
from answerable.widget import stream as stream_module
from factories.contacts import Contact, make_contact
from factories.http import open_socket_client
from factories.inbox import make_member, reply, settle
from factories.serving import Place, Served, serve_web
from factories.streams import follow


@pytest.fixture(scope="module")
async def silent(place: Place) -> AsyncGenerator[Served]:
    """The web application without a worker: nobody answers but the test."""
    async with serve_web(place) as running:
        yield running


@pytest.fixture
async def quiet(silent: Served, database: Database, acme: Actor) -> AsyncGenerator[Contact]:
    """A contact whom only the test answers."""
    async with open_socket_client(silent.origin) as client:
        yield await make_contact(client, database, acme)


def lose(_signal: Signal) -> None:
    """A signal that reaches nobody."""


async def until_nobody_follows(served: Served) -> None:
    async with asyncio.timeout(10):
        while served.web.hub.subscribers:  # noqa: ASYNC110 - the hub tells nobody who left
            await asyncio.sleep(0.02)


async def test_a_stream_goes_on_after_the_last_event(quiet: Contact) -> None:
    begun = (await quiet.write("One")).json()
    own = {"token": begun["conversation_token"], "conversation_id": begun["conversation_id"]}
    async with follow(quiet.client, key=quiet.key, begun=begun) as events:
        first = await events.next("message")
    await quiet.write("Two", **own)
    await quiet.write("Three", **own)

    async with follow(quiet.client, key=quiet.key, begun=begun, last_event_id=first.id) as events:
        missed = [await events.next("message") for _ in range(2)]
    async with follow(quiet.client, key=quiet.key, begun=begun, after=2) as events:
        last = await events.next("message")

    assert [(event.id, event.data["text"]) for event in missed] == [(2, "Two"), (3, "Three")]
    assert last.data["text"] == "Three"


async def test_nobody_follows_a_conversation_without_its_token(
    quiet: Contact, database: Database, globex: Actor
) -> None:
    begun = (await quiet.write("Mine")).json()
    stranger = await make_contact(quiet.client, database, globex)
    theirs = (await stranger.write("Theirs")).json()
    attempts = [
        (quiet.key, begun["conversation_id"], theirs["conversation_token"]),
        (stranger.key, begun["conversation_id"], begun["conversation_token"]),
        (quiet.key, theirs["conversation_id"], theirs["conversation_token"]),
        (quiet.key, begun["conversation_id"], ""),
    ]

    for key, conversation_id, token in attempts:
        answer = await quiet.client.get(
            "/widget/v1/stream",
            params={"conversation_id": conversation_id},
            headers={"Answerable-Key": key, "Answerable-Conversation": token},
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "conversations.conversation_not_found")


async def test_a_takeover_a_reply_and_a_close_are_told_at_once(
    quiet: Contact, database: Database, acme: Actor
) -> None:
    member = await make_member(database, acme)
    begun = (await quiet.write("Hello?")).json()
    conversation_id = ConversationId(UUID(begun["conversation_id"]))
    async with follow(quiet.client, key=quiet.key, begun=begun) as events:
        before = await events.next("state")
        async with database.tenant_session(member) as db:
            conversation = await handoff.take_over(db, conversation_id)
        taken = await events.next("state")
        await reply(database, member, conversation, "I am on it.")
        said = await events.next("message")
        async with database.tenant_session(member) as db:
            await handoff.close_conversation(db, conversation_id)
        closed = await events.next("state")
        while closed.data["status"] != Status.CLOSED.value:
            closed = await events.next("state")

    assert (before.data["handler"], before.data["people_here"]) == (Handler.ASSISTANT.value, False)
    assert (taken.data["handler"], taken.data["people_here"]) == (Handler.PEOPLE.value, True)
    assert (said.data["author"], said.data["text"]) == ("member", "I am on it.")


async def test_a_draft_is_never_streamed(quiet: Contact, database: Database, acme: Actor) -> None:
    begun = (await quiet.write("How long?")).json()
    conversation_id = ConversationId(UUID(begun["conversation_id"]))
    async with follow(quiet.client, key=quiet.key, begun=begun) as events:
        await events.next("state")
        await settle(database, acme, conversation_id, said="A draft of 30 days.")
        waiting = await events.next("state")
        await quiet.write(
            "Still there?", token=begun["conversation_token"], conversation_id=begun["conversation_id"]
        )
        after = await events.next("message")

    assert waiting.data["status"] == Status.WAITING.value
    assert (after.id, after.data["text"]) == (3, "Still there?")


async def test_typing_of_a_member_is_told_and_the_contacts_own_is_not(
    quiet: Contact, database: Database, acme: Actor
) -> None:
    begun = (await quiet.write("Hello")).json()
    conversation_id = ConversationId(UUID(begun["conversation_id"]))
    headers = {"Answerable-Key": quiet.key, "Answerable-Conversation": begun["conversation_token"]}
    async with follow(quiet.client, key=quiet.key, begun=begun) as events:
        await events.next("state")
        own = await quiet.client.post(
            "/widget/v1/typing", json={"conversation_id": begun["conversation_id"]}, headers=headers
        )
        member = replace(acme, kind=ActorKind.MEMBER)
        await signals.tell(
            database, member, Topic.TYPING, conversation_id=conversation_id, word=ActorKind.MEMBER.value
        )
        told = await events.next()

    assert own.status_code == 204
    assert (told.name, told.data) == ("typing", {"author": "member"})


async def test_a_server_that_stops_ends_streams_and_the_next_one_goes_on(
    place: Place, database: Database, acme: Actor
) -> None:
    async with serve_web(place) as first, open_socket_client(first.origin) as client:
        contact = await make_contact(client, database, acme)
        begun = (await contact.write("Before")).json()
        async with follow(client, key=contact.key, begun=begun) as events:
            last = await events.next("message")
            first.web.hub.drain()
            await events.until_end()
    own = {"token": begun["conversation_token"], "conversation_id": begun["conversation_id"]}
    async with serve_web(place) as second, open_socket_client(second.origin) as client:
        contact = replace(contact, client=client)
        await contact.write("After", **own)
        async with follow(client, key=contact.key, begun=begun, last_event_id=last.id) as events:
            resumed = await events.next("message")

    assert resumed.data["text"] == "After"


async def test_a_conversation_has_eight_streams_and_a_closed_one_makes_room(
    quiet: Contact, silent: Served
) -> None:
    begun = (await quiet.write("Hello")).json()
    headers = {"Answerable-Key": quiet.key, "Answerable-Conversation": begun["conversation_token"]}
    wanted = {"conversation_id": begun["conversation_id"]}
    async with AsyncExitStack() as open_now:
        streams = [follow(quiet.client, key=quiet.key, begun=begun) for _ in range(8)]
        # Kept, since a stream that nobody holds is closed.
        kept = [await open_now.enter_async_context(each) for each in streams]
        for events in kept:
            await events.next("state")
        refused = await quiet.client.get("/widget/v1/stream", params=wanted, headers=headers)
    await until_nobody_follows(silent)
    async with follow(quiet.client, key=quiet.key, begun=begun) as events:
        again = await events.next("state")

    assert (refused.status_code, refused.json()["code"]) == (429, "rates.too_many_open")
    assert again.name == "state"


async def test_an_idle_stream_holds_no_connection_to_the_database(quiet: Contact, database: Database) -> None:
    begun = (await quiet.write("Hello")).json()

    async with follow(quiet.client, key=quiet.key, begun=begun) as events:
        await events.next("state")
        await asyncio.sleep(0.1)
        pool = database._app.pool
        assert isinstance(pool, QueuePool)
        held = pool.checkedout()

    assert held == 0


async def test_a_lost_signal_costs_a_heartbeat_and_nothing_else(
    place: Place, database: Database, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "HEARTBEAT_S", 0.2)
    async with serve_web(place) as served, open_socket_client(served.origin) as client:
        contact = await make_contact(client, database, acme)
        begun = (await contact.write("Hello")).json()
        async with follow(client, key=contact.key, begun=begun) as events:
            await events.next("state")
            monkeypatch.setattr(served.web.hub, "publish", lose)
            own = {"token": begun["conversation_token"], "conversation_id": begun["conversation_id"]}
            await contact.write("Did you hear?", **own)
            healed = await events.next("message")
            beat = await events.next()

    assert healed.data["text"] == "Did you hear?"
    assert beat.name == ""


@pytest.mark.parametrize("last", ["-1", "x", "2147483648"])
async def test_a_last_event_that_is_none_is_refused(quiet: Contact, last: str) -> None:
    begun = (await quiet.write("Hello")).json()
    headers = {
        "Answerable-Key": quiet.key,
        "Answerable-Conversation": begun["conversation_token"],
        "Last-Event-ID": last,
    }

    answer = await quiet.client.get(
        "/widget/v1/stream", params={"conversation_id": begun["conversation_id"]}, headers=headers
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "web.request_invalid")
