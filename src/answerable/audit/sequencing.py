"""The sequencer: gives committed events their place in their log's tree, each exactly once.

One process leads, elected by an advisory lock. A batch is one transaction: events leave the queue and enter
the tree together, so whoever is killed has done nothing. A leader that lost its lock without noticing finds
the tree grown and gives its batch up.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text

from answerable.audit.errors import SequencerOvertaken
from answerable.audit.tiles import Reads, read_row
from answerable.audit.trees import FullTile, fill_tiles, pack_frontier, rows_needed, unpack_frontier
from answerable.infra.db import DatabaseUnavailable, ServiceDatabase
from answerable.tlog import Frontier

log = structlog.get_logger()

NAMESPACE: Final = 0x6C6F67
"""Of the advisory locks that elect leaders; the letters "log"."""

BATCH: Final = 2_000
SHORTEST_WAIT_S: Final = 0.05
LONGEST_WAIT_S: Final = 0.2
STANDBY_S: Final = 1.0

# By the rows' own addresses: a plan that joins would scan all that the queue has held since it was cleaned.
_TAKE = text(
    """
    WITH taken AS (
        DELETE FROM audit_queue WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM audit_queue
            WHERE :shards = 1 OR abs(hashtextextended(tenant_id::text, 0) % :shards) = :shard
            ORDER BY seq LIMIT :most
        ))
        RETURNING tenant_id, seq, event_id, leaf_hash
    )
    SELECT tenant_id, event_id, leaf_hash FROM taken ORDER BY tenant_id, seq
    """
)
_PLANT = text(
    "INSERT INTO audit_tree (tenant_id, size, frontier)"
    " SELECT tenant, 0, '' FROM unnest(CAST(:tenants AS uuid[])) AS tenant"
    " ON CONFLICT (tenant_id) DO NOTHING"
)
# In the order of tenants, so that two sequencers cannot wait for each other.
_LOCK_TREES = text(
    "SELECT tenant_id, size, frontier FROM audit_tree WHERE tenant_id = ANY(CAST(:tenants AS uuid[]))"
    " ORDER BY tenant_id FOR UPDATE"
)
_ADD_LEAVES = text(
    "INSERT INTO audit_leaf (tenant_id, index, event_id, leaf_hash, sequenced_at)"
    " SELECT l.*, CAST(:now AS timestamptz) FROM unnest(CAST(:tenants AS uuid[]),"
    " CAST(:indexes AS bigint[]), CAST(:events AS uuid[]), CAST(:leaves AS bytea[])) AS l"
)
_ADD_TILES = text(
    "INSERT INTO audit_tile (tenant_id, level, index, hashes, root)"
    " SELECT * FROM unnest(CAST(:tenants AS uuid[]), CAST(:levels AS smallint[]),"
    " CAST(:indexes AS bigint[]), CAST(:hashes AS bytea[]), CAST(:roots AS bytea[]))"
)
_GROW = text(
    "UPDATE audit_tree AS t SET size = g.new_size, frontier = g.frontier FROM unnest("
    " CAST(:tenants AS uuid[]), CAST(:olds AS bigint[]), CAST(:news AS bigint[]),"
    " CAST(:frontiers AS bytea[])) AS g (tenant_id, old_size, new_size, frontier)"
    " WHERE t.tenant_id = g.tenant_id AND t.size = g.old_size"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Growth:
    """What a batch adds to one tree."""

    tenant_id: UUID
    old: Frontier
    new: Frontier
    events: tuple[UUID, ...]
    leaves: tuple[bytes, ...]
    tiles: tuple[FullTile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """The part of all tenants that one sequencer leads."""

    number: int = 0
    of: int = 1


async def sequence_batch(service: ServiceDatabase, shard: Shard, *, most: int = BATCH) -> int:
    """Give the events that have waited longest their places, and return how many there were.

    Errors:  SequencerOvertaken, with nothing done; DatabaseUnavailable.
    """
    async with service.transaction() as db:
        asked = {"shards": shard.of, "shard": shard.number, "most": most}
        taken = (await db.execute(_TAKE, asked)).all()
        if not taken:
            return 0
        by_tenant = groupby(taken, key=lambda row: row.tenant_id)
        await grow_trees(
            db, {tenant: [(row.event_id, bytes(row.leaf_hash)) for row in rows] for tenant, rows in by_tenant}
        )
        return len(taken)


async def grow_trees(db: Reads, added: Mapping[UUID, Sequence[tuple[UUID, bytes]]]) -> None:
    """Add leaves to trees, within the caller's transaction: identifier and hash each, in order.

    Errors:  SequencerOvertaken.
    """
    tenants = list(added)
    await db.execute(_PLANT, {"tenants": tenants})
    trees = {
        row.tenant_id: unpack_frontier(row.size, bytes(row.frontier))
        for row in await db.execute(_LOCK_TREES, {"tenants": tenants})
    }
    await _store(
        db, [await _grow(db, trees[tenant_id], tenant_id, leaves) for tenant_id, leaves in added.items()]
    )


async def drain(service: ServiceDatabase) -> int:
    """Sequence until the queue is empty, and return how many events there were."""
    total = 0
    while done := await sequence_batch(service, Shard()):
        total += done
    return total


async def run_sequencer(
    service: ServiceDatabase, stopping: asyncio.Event, shard: Shard | None = None
) -> None:
    """Lead, or stand by until nobody else does, until told to stop; a lost database is waited for."""
    chosen = shard or Shard()
    while not stopping.is_set():
        try:
            async with service.leading(NAMESPACE, chosen.number) as leadership:
                if leadership is not None:
                    log.info("log.sequencer_leads", shard=chosen.number)
                    await _lead(service, leadership, stopping, chosen)
        except (DatabaseUnavailable, SequencerOvertaken) as error:
            log.warning("log.sequencer_paused", code=error.code)
        await pause(stopping, STANDBY_S)


async def _lead(service: ServiceDatabase, leadership: Reads, stopping: asyncio.Event, shard: Shard) -> None:
    wait_s, asked_at = SHORTEST_WAIT_S, time.monotonic()
    while not stopping.is_set():
        if time.monotonic() - asked_at > STANDBY_S:
            # A lock that ended with its connection would otherwise go unnoticed while others lead.
            await leadership.execute(text("SELECT 1"), {})
            asked_at = time.monotonic()
        done = await sequence_batch(service, shard)
        if done == BATCH:
            continue
        wait_s = SHORTEST_WAIT_S if done else min(2 * wait_s, LONGEST_WAIT_S)
        await pause(stopping, wait_s)


async def pause(stopping: asyncio.Event, wait_s: float) -> None:
    """Wait, or less when told to stop."""
    try:
        await asyncio.wait_for(stopping.wait(), wait_s)
    except TimeoutError:
        return


async def _grow(db: Reads, old: Frontier, tenant_id: UUID, added: Sequence[tuple[UUID, bytes]]) -> _Growth:
    leaves = tuple(leaf for _, leaf in added)
    before = {
        (level, first, end): await read_row(db, tenant_id, level, first, end)
        for level, first, end in rows_needed(old.size, old.size + len(leaves))
    }
    return _Growth(
        tenant_id=tenant_id,
        old=old,
        new=old.extended(leaves),
        events=tuple(event for event, _ in added),
        leaves=leaves,
        tiles=tuple(fill_tiles(old.size, leaves, before)),
    )


async def _store(db: Reads, growths: Sequence[_Growth]) -> None:
    grown = await db.execute(
        _GROW,
        {
            "tenants": [one.tenant_id for one in growths],
            "olds": [one.old.size for one in growths],
            "news": [one.new.size for one in growths],
            "frontiers": [pack_frontier(one.new) for one in growths],
        },
    )
    # Any: the driver's result, whose count the protocol of results does not show.
    if grown.rowcount != len(growths):  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        raise SequencerOvertaken
    await db.execute(
        _ADD_LEAVES,
        {
            "now": datetime.now(UTC),
            "tenants": [one.tenant_id for one in growths for _ in one.leaves],
            "indexes": [one.old.size + at for one in growths for at in range(len(one.leaves))],
            "events": [event for one in growths for event in one.events],
            "leaves": [leaf for one in growths for leaf in one.leaves],
        },
    )
    tiles = [(one.tenant_id, tile) for one in growths for tile in one.tiles]
    if tiles:
        await db.execute(
            _ADD_TILES,
            {
                "tenants": [tenant for tenant, _ in tiles],
                "levels": [tile.level for _, tile in tiles],
                "indexes": [tile.index for _, tile in tiles],
                "hashes": [tile.hashes for _, tile in tiles],
                "roots": [tile.root for _, tile in tiles],
            },
        )
