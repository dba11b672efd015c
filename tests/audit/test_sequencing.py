"""The sequencer: what was committed gets its place exactly once, whoever works beside it and whoever dies."""

import asyncio
import time
from uuid import UUID

import pytest
from sqlalchemy import text

from answerable import tlog
from answerable.audit.sequencing import Shard, drain, run_sequencer, sequence_batch
from answerable.audit.tiles import prove
from answerable.infra.ids import Actor
from factories.logbook import Logbook


async def leaves_of(logbook: Logbook, actor: Actor) -> list[tuple[int, UUID, bytes]]:
    async with logbook.database.tenant_session(actor) as db:
        rows = await db.execute(text("SELECT index, event_id, leaf_hash FROM audit_leaf ORDER BY index"))
        return [(row[0], row[1], bytes(row[2])) for row in rows]


async def events_of(logbook: Logbook, actor: Actor) -> dict[UUID, bytes]:
    async with logbook.database.tenant_session(actor) as db:
        rows = await db.execute(text("SELECT id, body FROM audit_event"))
        return {row[0]: bytes(row[1]) for row in rows}


async def await_leaf(logbook: Logbook, actor: Actor, event: UUID) -> None:
    deadline = time.monotonic() + 60
    while event not in {leaf[1] for leaf in await leaves_of(logbook, actor)}:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_every_committed_event_is_one_leaf_of_its_own_tenant(logbook: Logbook) -> None:
    actors = [await logbook.make_tenant() for _ in range(3)]
    for count in (1, 5, 2):
        for actor in actors:
            await logbook.record(actor, count)

    done = await drain(logbook.sequencer)

    assert done == sum([len(await events_of(logbook, actor)) for actor in actors])
    for actor in actors:
        leaves, events = await leaves_of(logbook, actor), await events_of(logbook, actor)
        assert [index for index, _, _ in leaves] == list(range(len(events)))
        assert {event: leaf for _, event, leaf in leaves} == {
            event: tlog.hash_leaf(body) for event, body in events.items()
        }


async def test_events_of_one_transaction_keep_their_order(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await drain(logbook.sequencer)
    recorded = await logbook.record(actor, 20)

    await drain(logbook.sequencer)

    assert [event for _, event, _ in await leaves_of(logbook, actor)][-20:] == recorded


async def test_what_was_rolled_back_has_no_leaf(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await drain(logbook.sequencer)
    before = await leaves_of(logbook, actor)

    with pytest.raises(LookupError):
        async with logbook.database.tenant_session(actor) as db:
            await db.execute(text("SELECT 1"))
            raise LookupError
    await drain(logbook.sequencer)

    assert await leaves_of(logbook, actor) == before


async def test_a_root_can_be_proved_across_filled_tiles_and_batches(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    for count in (200, 200, 300):
        await logbook.record(actor, count)
        await drain(logbook.sequencer)
    leaves = [leaf for _, _, leaf in await leaves_of(logbook, actor)]
    size = len(leaves)

    async with logbook.database.tenant_session(actor) as db:
        roots = [
            await prove(db, actor.tenant_id, at, lambda nodes, at=at: tlog.root_of(at, nodes))
            for at in (1, 255, 256, 257, 512, size)
        ]
        path = await prove(db, actor.tenant_id, size, lambda nodes: tlog.prove_inclusion(300, size, nodes))

    assert roots == [tlog.root_of(at, tlog.nodes_of(leaves[:at])) for at in (1, 255, 256, 257, 512, size)]
    tlog.verify_inclusion(leaves[300], index=300, size=size, proof=path, root=roots[-1])


async def test_two_sequencers_at_once_do_everything_once(logbook: Logbook) -> None:
    actors = [await logbook.make_tenant() for _ in range(4)]
    for _ in range(10):
        for actor in actors:
            await logbook.record(actor, 3)

    async def work() -> int:
        total = 0
        while done := await sequence_batch(logbook.sequencer, Shard(), most=7):
            total += done
        return total

    shares = await asyncio.gather(work(), work())

    left = await drain(logbook.sequencer)
    assert sum(shares) + left == sum([len(await events_of(logbook, actor)) for actor in actors])
    for actor in actors:
        assert len(await leaves_of(logbook, actor)) == len(await events_of(logbook, actor))


async def test_shards_share_the_tenants_among_them(logbook: Logbook) -> None:
    actors = [await logbook.make_tenant() for _ in range(6)]

    done = [await sequence_batch(logbook.sequencer, Shard(number=number, of=3)) for number in range(3)]

    assert sum(done) == sum([len(await leaves_of(logbook, actor)) for actor in actors])
    assert await drain(logbook.sequencer) == 0


async def test_one_leads_and_another_stands_by_until_it_is_gone(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    first, second = asyncio.Event(), asyncio.Event()
    leader = asyncio.create_task(run_sequencer(logbook.sequencer, first))
    for event in await events_of(logbook, actor):
        await await_leaf(logbook, actor, event)
    standby = asyncio.create_task(run_sequencer(logbook.sequencer, second))
    first.set()
    await leader

    recorded = await logbook.record(actor)
    await await_leaf(logbook, actor, recorded[0])
    second.set()
    await standby


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_leaf VALUES (app_tenant(), 0, app_tenant(), sha256(''), now())",
        "INSERT INTO audit_tree (size, frontier) VALUES (0, '')",
        "UPDATE audit_tree SET size = size + 1",
        "DELETE FROM audit_queue",
        "DELETE FROM audit_promise",
        "UPDATE audit_alarm SET settled_at = now()",
    ],
)
async def test_the_application_has_no_hand_in_the_tree(logbook: Logbook, statement: str) -> None:
    actor = await logbook.make_tenant()

    with pytest.raises(Exception, match="permission denied"):
        async with logbook.database.tenant_session(actor) as db:
            await db.execute(text(statement))


async def test_nobody_makes_a_tree_shorter(logbook: Logbook) -> None:
    await logbook.make_tenant()
    await drain(logbook.sequencer)

    for statement in (
        "UPDATE audit_tree SET size = size - 1",
        "DELETE FROM audit_tree",
        "DELETE FROM audit_leaf",
    ):
        with pytest.raises(Exception, match=r"append only|permission denied"):
            async with logbook.sequencer.transaction() as db:
                await db.execute(text(statement))
