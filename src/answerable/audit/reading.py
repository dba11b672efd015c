"""Reading a log as it is shown and proved: entries by their place, checkpoints, proofs, tiles, receipts.

Who may read is decided above this floor; each reader notes the look with `note_query`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Executable, Select, func, select

from answerable import tlog
from answerable.audit import queries, tiles
from answerable.audit.errors import (
    EventNotFound,
    EventNotIncluded,
    SizesUnordered,
    TileNotFound,
)
from answerable.audit.models import (
    AuditAlarmRow,
    AuditEventRow,
    AuditLeafRow,
    AuditQueueRow,
    AuditReceiptRow,
    AuditTreeRow,
)
from answerable.audit.queries import EVENT_COLUMNS, event_of
from answerable.audit.service import append
from answerable.audit.signed import Head, Names, find_head, find_names
from answerable.audit.tiles import prove, read_tiles
from answerable.audit.values import ROOT, EventId, LogQueried, StoredEvent
from answerable.audit.witness_models import AuditRootEntryRow
from answerable.infra.db import Db
from answerable.infra.ids import ActorKind, uuid7
from answerable.tlog import Nodes

Selected = Select[*tuple[Any, ...]]
"""A statement that is put together by parts; its columns' types play no part in that."""

_SLACK: Final = timedelta(hours=1)
"""An id tells when its event was recorded, and a transaction may have begun before that."""

_LAST_ID_NS: Final = (2**48 - 1) * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries somebody looks for; what is left out is not asked for."""

    types: tuple[str, ...] = ()
    conversation_ids: tuple[UUID, ...] | None = None
    actor_kind: str | None = None
    actor_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Up to and without this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event with its place in the log."""

    index: int | None
    """None while it waits for its place."""
    event: StoredEvent
    body: bytes
    """The bytes that its leaf is the hash of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that the signer refuses to sign."""

    finding: str
    signed_size: int
    found_size: int
    raised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a log is: what was recorded, what has its place, what is signed."""

    size: int
    waiting: int
    """Events without a place, at most `MOST_WAITING`."""
    oldest_waiting_at: datetime | None
    head: Head | None
    names: Names | None
    alarms: tuple[Alarm, ...]


MOST_WAITING: Final = 10_000
"""Events without a place are counted so far and no further."""


async def list_entries(
    db: Db, wanted: Wanted, *, after: int | None = None, before: int | None = None, limit: int
) -> list[Entry]:
    """Entries that have a place: those behind `after` in the log's order, else the newest first.

    With `before`, only those in front of that place.
    """
    statement = _where(_entries(), wanted).limit(limit)
    if before is not None:
        statement = statement.where(AuditLeafRow.index < before)
    if after is not None:
        statement = statement.where(AuditLeafRow.index > after).order_by(AuditLeafRow.index)
    else:
        statement = statement.order_by(AuditLeafRow.index.desc())
    return await _read(db, statement)


async def get_entry(db: Db, event_id: EventId) -> Entry:
    """One event, with its place if it has one.

    Errors:  EventNotFound.
    """
    found = await list_placed(db, [event_id])
    if not found:
        raise EventNotFound
    return found[0]


async def list_placed(db: Db, event_ids: Sequence[EventId]) -> list[Entry]:
    """Events, with their places as far as they have one, in the order in which they were recorded."""
    statement = (
        select(AuditLeafRow.index, *EVENT_COLUMNS)
        .select_from(AuditEventRow)
        .outerjoin(AuditLeafRow, AuditLeafRow.event_id == AuditEventRow.id)
        .where(AuditEventRow.id.in_(event_ids))
        .order_by(AuditEventRow.id)
    )
    return await _read(db, statement)


async def list_places(db: Db, indexes: Sequence[int]) -> list[Entry]:
    """The entries at these places, in the log's order."""
    statement = _entries().where(AuditLeafRow.index.in_(indexes)).order_by(AuditLeafRow.index)
    return await _read(db, statement)


async def _read(db: Db, statement: Executable) -> list[Entry]:
    rows = (await db.execute(statement)).mappings()
    return [Entry(index=row["index"], event=event_of(row), body=row["body"]) for row in rows]


async def list_about(db: Db, types: Sequence[str], subject_ids: Sequence[UUID]) -> list[Entry]:
    """Events of these types about these rows, with their places, in the order in which they were recorded."""
    statement = select(AuditEventRow.id).where(
        AuditEventRow.type.in_(types), AuditEventRow.subject_id.in_(subject_ids)
    )
    return await list_placed(db, [EventId(one) for one in await db.scalars(statement)])


async def list_receipts(db: Db, event_ids: Sequence[EventId]) -> dict[EventId, str]:
    """The receipts of events, as far as they are signed."""
    statement = select(AuditReceiptRow.event_id, AuditReceiptRow.note).where(
        AuditReceiptRow.event_id.in_(event_ids)
    )
    return {EventId(event_id): note for event_id, note in await db.execute(statement)}


async def prove_entry(db: Db, index: int | None, head: Head) -> bytes:
    """The proof that an entry stands in a checkpoint's tree, as a file (c2sp.org/tlog-proof).

    Errors:  EventNotIncluded; tlog.Refused when the tree has lost hashes.
    """
    if index is None or index >= head.size:
        raise EventNotIncluded

    def make(nodes: Nodes) -> tuple[bytes, ...]:
        return tlog.prove_inclusion(index, head.size, nodes)

    hashes = await prove(db, db.actor.tenant_id, head.size, make)
    return tlog.Proof(index=index, hashes=hashes, checkpoint=head.note.encode()).render()


async def find_proof(db: Db, index: int | None, head: Head | None) -> bytes | None:
    """As `prove_entry`; None where the head does not cover the entry, or the tree has lost hashes."""
    if head is None or index is None or index >= head.size:
        return None
    try:
        return await prove_entry(db, index, head)
    except tlog.Refused:
        return None


async def prove_growth(db: Db, old: int, new: int) -> tuple[bytes, ...]:
    """What shows that the log of one size continues that of another.

    Errors:  SizesUnordered, also when the newest checkpoint is smaller.
    """
    head = await find_head(db)
    if not 0 <= old <= new or head is None or new > head.size:
        raise SizesUnordered

    return await tiles.prove_growth(db, db.actor.tenant_id, old, new)


async def read_resource(db: Db, path: str) -> bytes:
    """A tile or a bundle of entries of the signed log, by its path below the log's address.

    Errors:  TileNotFound.
    Source:  c2sp.org/tlog-tiles, APIs.
    """
    try:
        tile = tlog.parse_path(path)
    except tlog.Refused as error:
        raise TileNotFound from error
    head = await find_head(db)
    signed = 0 if head is None else head.size >> (8 * (tile.level or 0))
    first = tile.index * tlog.WIDTH
    if first + tile.width > signed:
        raise TileNotFound
    if tile.level is None:
        return await _read_bundle(db, first, tile.width)
    hashes = (await read_tiles(db, db.actor.tenant_id, [tile]))[tile]
    if len(hashes) != tile.width:
        raise TileNotFound
    return tlog.encode_tile(hashes)


async def get_standing(db: Db) -> Standing:
    """How far the log is; nothing is counted that could be large."""
    size = await db.scalar(select(AuditTreeRow.size))
    few = select(AuditQueueRow.event_id).limit(MOST_WAITING).subquery()
    waiting = await db.scalar(select(func.count()).select_from(few))
    oldest = (
        select(AuditEventRow.at)
        .join(AuditQueueRow, AuditQueueRow.event_id == AuditEventRow.id)
        .order_by(AuditQueueRow.seq)
        .limit(1)
    )
    return Standing(
        size=size or 0,
        waiting=waiting or 0,
        oldest_waiting_at=await db.scalar(oldest) if waiting else None,
        head=await find_head(db),
        names=await find_names(db),
        alarms=await list_alarms(db),
    )


async def list_alarms(db: Db) -> tuple[Alarm, ...]:
    """What the signer refuses to sign now, longest first."""
    statement = (
        select(
            AuditAlarmRow.finding,
            AuditAlarmRow.signed_size,
            AuditAlarmRow.found_size,
            AuditAlarmRow.raised_at,
        )
        .where(AuditAlarmRow.settled_at.is_(None))
        .order_by(AuditAlarmRow.raised_at, AuditAlarmRow.id)
        .limit(10)
    )
    return tuple(Alarm(**row) for row in (await db.execute(statement)).mappings())


async def read_newest(db: Db, *, limit: int) -> list[StoredEvent]:
    """The newest events, newest first, with or without a place.

    Effects: an event, the same look once a minute.
    """
    found = await queries.list_events(db, limit=limit)
    await note_query(db, f"newest {limit}", returned=len(found))
    return found


async def note_query(db: Db, asked: str, *, returned: int) -> None:
    """Record that the log was read: the same question of the same actor once a minute, of a witness once an hour.

    Effects: an event, or nothing.
    """
    digest = hashlib.sha256(json.dumps([str(db.actor.id), db.actor.kind.value, asked]).encode()).hexdigest()
    window_s = 3_600 if db.actor.kind is ActorKind.KEY else 60
    key = f"log_queried:{digest[:32]}:{int(db.now.timestamp()) // window_s}"
    # The same question may be asked several times at once: without the lock the slower one would leave half a
    # row behind, and be refused for a change without an event.
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    await append(db, LogQueried(subject_id=db.actor.tenant_id, returned=returned), idem_key=key)


def _entries() -> Selected:
    columns = [AuditLeafRow.index, *EVENT_COLUMNS]
    return select(*columns).join(AuditEventRow, AuditEventRow.id == AuditLeafRow.event_id)


def _where(statement: Selected, wanted: Wanted) -> Selected:
    event = AuditEventRow
    conditions = [
        (wanted.types, event.type.in_(wanted.types)),
        (wanted.actor_kind, event.actor_kind == wanted.actor_kind),
        (wanted.actor_id, event.actor_id == wanted.actor_id),
    ]
    for given, condition in conditions:
        if given:
            statement = statement.where(condition)
    if wanted.conversation_ids is not None:
        statement = statement.where(event.conversation_id.in_(wanted.conversation_ids))
    # By the identifier as well, which is ordered by time and has an index.
    if wanted.since is not None:
        statement = statement.where(event.at >= wanted.since, event.id >= _id_at(wanted.since, -_SLACK))
    if wanted.until is not None:
        statement = statement.where(event.at < wanted.until, event.id < _id_at(wanted.until, _SLACK))
    return statement


def _id_at(at: datetime, slack: timedelta) -> UUID:
    whole_ns = round((at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC) + slack).total_seconds()) * 10**9
    return uuid7(unix_ns=min(max(whole_ns, 0), _LAST_ID_NS))


async def _read_bundle(db: Db, first: int, width: int) -> bytes:
    is_root = db.actor.tenant_id == ROOT
    body = AuditRootEntryRow.body if is_root else AuditEventRow.body
    identifier = AuditRootEntryRow.event_id if is_root else AuditEventRow.id
    statement = (
        select(body)
        .join(AuditLeafRow, AuditLeafRow.event_id == identifier)
        .where(AuditLeafRow.index >= first, AuditLeafRow.index < first + width)
        .order_by(AuditLeafRow.index)
    )
    bodies = [bytes(body) for body in await db.scalars(statement)]
    if len(bodies) != width:
        raise TileNotFound
    return tlog.encode_bundle(bodies)
