"""Signals reach whom they concern after the commit, survive a lost connection, and carry no content."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from answerable.infra import roles, signals
from answerable.infra.db import Database, UnrecordedChange
from answerable.infra.ids import Actor
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.infra.signals import MOST_PENDING, Hub, Listener, Signal, Topic

SOON_S = 10


@pytest.fixture
def conninfo(server: Server, settings: Settings, database_name: str) -> str:
    password = roles.password_of(roles.APP, keys=settings.keys)
    return server.conninfo(role=roles.APP.name, password=password, database=database_name)


@pytest.fixture
async def hub(conninfo: str) -> AsyncGenerator[Hub]:
    hub = Hub()
    async with signals.listening(hub, conninfo) as listener:
        await asyncio.wait_for(listener.listening.wait(), SOON_S)
        yield hub


async def test_a_signal_arrives_after_the_commit_and_not_before(
    hub: Hub, database: Database, acme: Actor
) -> None:
    conversation_id = uuid4()
    async with hub.subscribe(acme.tenant_id) as wakes:
        async with database.tenant_session(acme) as db:
            await signals.notify(db, Topic.PROGRESS, conversation_id=conversation_id, word="check", count=3)
            before = await wakes.next(within_s=0.2)
        after = await wakes.next(within_s=SOON_S)

    assert before is None
    assert after == Signal(
        tenant_id=acme.tenant_id,
        topic=Topic.PROGRESS,
        conversation_id=conversation_id,
        word="check",
        count=3,
    )


async def test_what_was_rolled_back_wakes_nobody(hub: Hub, database: Database, acme: Actor) -> None:
    async with hub.subscribe(acme.tenant_id) as wakes:
        with pytest.raises(ZeroDivisionError):
            async with database.tenant_session(acme) as db:
                await signals.notify(db, Topic.MESSAGE, conversation_id=uuid4())
                raise ZeroDivisionError
        await signals.tell(database, acme, Topic.TYPING, conversation_id=uuid4())
        first = await wakes.next(within_s=SOON_S)

    assert first is not None
    assert first.topic is Topic.TYPING


async def test_another_tenant_and_another_conversation_hear_nothing(
    hub: Hub, database: Database, acme: Actor, globex: Actor
) -> None:
    mine, other = uuid4(), uuid4()
    async with (
        hub.subscribe(globex.tenant_id) as theirs,
        hub.subscribe(acme.tenant_id, conversation_id=other) as elsewhere,
        hub.subscribe(acme.tenant_id, conversation_id=mine) as here,
    ):
        await signals.tell(database, acme, Topic.TYPING, conversation_id=mine)
        heard = await here.next(within_s=SOON_S)

        assert heard is not None
        assert await theirs.next(within_s=0.1) is None
        assert await elsewhere.next(within_s=0.1) is None


async def test_a_signal_excuses_no_unrecorded_change(database: Database, acme: Actor) -> None:
    with pytest.raises(UnrecordedChange):
        async with database.tenant_session(acme) as db:
            await signals.notify(db, Topic.PROGRESS, conversation_id=uuid4())
            await db.execute(text("UPDATE tenant SET name = 'Another'"))


async def test_after_a_lost_connection_everybody_looks_again(
    hub: Hub, server: Server, database: Database, database_name: str, acme: Actor
) -> None:
    async with hub.subscribe(acme.tenant_id) as wakes:
        with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                # Of this test alone: another one beside it may listen on the same server.
                " WHERE application_name = 'answerable-signals' AND datname = %s",
                [database_name],
            )
        missed = await wakes.next(within_s=SOON_S)
        await signals.tell(database, acme, Topic.TYPING, conversation_id=uuid4())
        heard = await wakes.next(within_s=SOON_S)

    assert missed is not None
    assert missed.topic is Topic.MISSED
    assert heard is not None
    assert heard.topic is Topic.TYPING


async def test_a_database_that_is_away_is_tried_again() -> None:
    listener = Listener("host=/nowhere dbname=none", Hub())
    task = asyncio.create_task(listener.run())

    await asyncio.sleep(0.5)

    assert not task.done()
    assert not listener.listening.is_set()
    task.cancel()


async def test_equal_signals_are_one_and_too_many_become_one(acme: Actor) -> None:
    hub = Hub()
    async with hub.subscribe(acme.tenant_id) as wakes:
        twice = Signal(tenant_id=acme.tenant_id, topic=Topic.MESSAGE, conversation_id=uuid4())
        hub.publish(twice)
        hub.publish(twice)
        first, second = await wakes.next(), await wakes.next(within_s=0)
        for _ in range(MOST_PENDING + 1):
            hub.publish(Signal(tenant_id=acme.tenant_id, topic=Topic.STATE, conversation_id=uuid4()))
        many = await wakes.next()
        none = await wakes.next(within_s=0)

    assert (first, second, none) == (twice, None, None)
    assert many == Signal(tenant_id=acme.tenant_id, topic=Topic.MISSED)


async def test_subscriptions_end_when_the_process_drains(acme: Actor) -> None:
    hub = Hub()
    async with hub.subscribe(acme.tenant_id) as wakes:
        hub.publish(Signal(tenant_id=acme.tenant_id, topic=Topic.STATE))
        hub.drain()
        taken = [signal.topic async for signal in wakes]
    async with hub.subscribe(acme.tenant_id) as late:
        after = [signal async for signal in late]

    assert taken == [Topic.STATE]
    assert after == []
    assert hub.subscribers == 0


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "null",
        "[]",
        '{"tenant": 7}',
        '{"tenant": "x", "topic": "message"}',
        '{"tenant": "00000000000000000000000000000000", "topic": "content"}',
        '{"tenant": "00000000000000000000000000000000", "topic": "message", "conversation": 1}',
        "[" * 7000,
    ],
)
def test_what_is_no_signal_is_passed_over(payload: str) -> None:
    assert signals.unpack(payload) is None


def test_a_word_from_elsewhere_is_dropped() -> None:
    signal = signals.unpack(
        '{"tenant": "00000000000000000000000000000000", "topic": "typing", "word": "Anna Müller", "count": "x"}'
    )

    assert signal is not None
    assert (signal.word, signal.count) == (None, None)
