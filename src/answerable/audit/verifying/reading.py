"""SQL of verification: a log in steps, its heads, its receipts, and what it must not be without."""

from base64 import b64decode
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import LargeBinary, RowMapping, Table, func, select, text

from answerable.infra.db import Db
from answerable.infra.tables import Base, Protection

STEP: Final = 4_096
ENVELOPE_HEAD_BYTES: Final = 49
"""Version, key and commitment of a sealed value (see the vault's envelope)."""

_ENTRIES = text(
    "SELECT l.index, l.event_id, l.leaf_hash AS placed, e.body, e.type, e.at, e.subject_kind, e.subject_id,"
    " e.actor_kind, e.actor_id, e.conversation_id, e.writer_id, e.writer_number"
    " FROM audit_leaf l LEFT JOIN audit_event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id"
    " WHERE l.index >= :first AND l.index < :end ORDER BY l.index"
)
_TILES = text(
    "SELECT level, index, hashes FROM audit_tile"
    " WHERE (level, index) IN (SELECT * FROM unnest(CAST(:levels AS int[]), CAST(:indexes AS bigint[])))"
)
_LOGS = text("SELECT generation, origin, log_key, clock_key, receipt_key FROM audit_log ORDER BY generation")
_HEADS = text(
    "SELECT generation, size, root, note, signed_at FROM audit_checkpoint ORDER BY size, generation"
)
_TREE = text("SELECT size FROM audit_tree")
_ALARMS = text(
    "SELECT finding, signed_size, found_size, generation FROM audit_alarm WHERE settled_at IS NULL"
)
_ORPHANS = text(
    "SELECT e.id FROM audit_event e WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id)"
    " AND NOT EXISTS (SELECT FROM audit_queue q WHERE q.event_id = e.id) ORDER BY e.id LIMIT 100"
)
_LATE = text(
    "SELECT q.event_id FROM audit_queue q JOIN audit_event e ON e.id = q.event_id"
    " WHERE e.at < clock_timestamp() - make_interval(secs => :mmd) ORDER BY q.seq LIMIT 100"
)
_WAITING = text("SELECT count(*) FROM audit_queue")
_TWICE = text("SELECT event_id FROM audit_leaf GROUP BY event_id HAVING count(*) > 1 LIMIT 100")
_RECEIPTS = text(
    "SELECT r.event_id, r.note, r.signed_at, l.leaf_hash, l.index FROM audit_receipt r"
    " LEFT JOIN audit_leaf l ON l.event_id = r.event_id WHERE r.event_id > :after ORDER BY r.event_id LIMIT :most"
)
_SCHEMAS = text("SELECT DISTINCT digest, body FROM audit_schema")
_DESTROYED = text("SELECT key_id, event_id FROM audit_destroyed_key")
_REVIVED = text(
    "SELECT d.key_id, d.event_id FROM audit_destroyed_key d JOIN subject_key k ON k.id = d.key_id"
    " WHERE k.destroyed_at IS NULL"
)
_KEYS = text(
    "SELECT id, destroyed_at IS NOT NULL AS is_destroyed FROM subject_key WHERE id = ANY(CAST(:ids AS uuid[]))"
)
_MUTE = text(
    "SELECT m.id FROM message m WHERE m.author = 'assistant' AND NOT EXISTS (SELECT FROM audit_event e"
    " WHERE e.subject_kind = 'message' AND e.subject_id = m.id AND e.type = 'message.sent') LIMIT 100"
)
_UNDECIDED = text(
    "SELECT m.id FROM message m WHERE m.author = 'assistant' AND NOT EXISTS (SELECT FROM turn t"
    " JOIN audit_event e ON e.subject_kind = 'turn' AND e.subject_id = t.id AND e.type = 'turn.ended'"
    " WHERE t.message_id = m.id) LIMIT 100"
)
_UNDISCLOSED = text(
    "SELECT e.subject_id FROM audit_event e WHERE e.type = 'message.sent'"
    " AND position(CAST('\"draft\"\\:false' AS bytea) IN e.body) > 0 AND NOT EXISTS (SELECT FROM audit_event d"
    " WHERE d.type = 'disclosure.shown' AND d.conversation_id = e.conversation_id) LIMIT 100"
)
_UNTOLD = text(
    "SELECT o.id FROM key_opening o WHERE NOT EXISTS (SELECT FROM audit_event e WHERE e.id = o.event_id"
    " AND e.actor_kind = o.actor_kind AND e.actor_id IS NOT DISTINCT FROM o.actor_id) LIMIT 100"
)


async def list_entries(db: Db, size: int) -> AsyncGenerator[Sequence[RowMapping]]:
    """The first entries of a log in steps, with what is stored beside them."""
    for first in range(0, size, STEP):
        found = await db.execute(_ENTRIES, {"first": first, "end": min(first + STEP, size)})
        yield found.mappings().all()


async def read_full_tiles(db: Db, wanted: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
    """Stored tiles by level and index, as far as there are any."""
    asked = {"levels": [level for level, _ in wanted], "indexes": [index for _, index in wanted]}
    found = (await db.execute(_TILES, asked)).mappings()
    return {(row["level"], row["index"]): bytes(row["hashes"]) for row in found}


async def list_logs(db: Db) -> Sequence[RowMapping]:
    """The generations of the log with their names and keys."""
    return (await db.execute(_LOGS)).mappings().all()


async def list_heads(db: Db) -> Sequence[RowMapping]:
    """Every signed head, smallest first."""
    return (await db.execute(_HEADS)).mappings().all()


async def tree_size(db: Db) -> int:
    """How many leaves the tree says it has."""
    return await db.scalar(_TREE) or 0


async def count_waiting(db: Db) -> int:
    """How many events have no place yet."""
    return await db.scalar(_WAITING) or 0


async def list_alarms(db: Db) -> Sequence[RowMapping]:
    """What the signer refuses at present."""
    return (await db.execute(_ALARMS)).mappings().all()


async def list_orphans(db: Db, *, mmd_s: int) -> list[UUID]:
    """Events that are nowhere in the tree and do not wait for a place, or have waited too long."""
    lost = list(await db.scalars(_ORPHANS))
    return lost + list(await db.scalars(_LATE, {"mmd": mmd_s}))


async def list_twice(db: Db) -> list[UUID]:
    """Events with more than one place."""
    return list(await db.scalars(_TWICE))


async def list_receipts(db: Db) -> AsyncGenerator[Sequence[RowMapping]]:
    """Receipts in steps, with the leaf that each is about."""
    after = UUID(int=0)
    while found := (await db.execute(_RECEIPTS, {"after": after, "most": STEP})).mappings().all():
        yield found
        after = found[-1]["event_id"]


async def list_schemas(db: Db) -> dict[bytes, bytes]:
    """The declared schemas by their digest."""
    return {bytes(row["digest"]): bytes(row["body"]) for row in (await db.execute(_SCHEMAS)).mappings()}


async def list_destroyed(db: Db) -> dict[UUID, UUID]:
    """Destroyed keys, each with the event that says so."""
    return {row["key_id"]: row["event_id"] for row in (await db.execute(_DESTROYED)).mappings()}


async def list_revived(db: Db) -> list[tuple[UUID, UUID]]:
    """Keys that the log says are destroyed and that are there again, with the event that says so."""
    return [(row["key_id"], row["event_id"]) for row in (await db.execute(_REVIVED)).mappings()]


async def list_dead_keys(db: Db, ids: Collection[UUID]) -> set[UUID]:
    """Which of these keys are there no longer."""
    found = {
        row["id"]: row["is_destroyed"] for row in (await db.execute(_KEYS, {"ids": list(ids)})).mappings()
    }
    return {key for key in ids if found.get(key, True)}


async def list_unpaired(db: Db) -> dict[str, list[UUID]]:
    """What stands without its event: messages of the assistant, also without that of their turn, and looks."""
    return {
        "a message of the assistant without its event": list(await db.scalars(_MUTE)),
        "a message of the assistant without its turn's event": list(await db.scalars(_UNDECIDED)),
        "a reply, and nobody was told of the AI": list(await db.scalars(_UNDISCLOSED)),
        "a contact's key handed out without its event": list(await db.scalars(_UNTOLD)),
    }


def sealed_columns() -> list[tuple[Table, str]]:
    """Every table and column with sealed values."""
    return [
        (table, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.info["classification"]["protection"] == Protection.SEALED
    ]


def place_of(table: Table, column: str) -> str:
    """The place that a sealed value is bound to: table and column without its ending."""
    return f"{table.name}.{column.removesuffix('_sealed')}"


def find_fitting(commitment: str, envelopes: Iterable[tuple[str, bytes]]) -> tuple[str, bytes] | None:
    """The sealed value, with its place, that a commitment (base64) is one to; None where another lies there."""
    wanted = b64decode(commitment)
    return next(((where, envelope) for where, envelope in envelopes if envelope[17:49] == wanted), None)


async def read_envelopes(
    db: Db, records: Collection[UUID], *, whole: bool = False
) -> dict[UUID, list[tuple[str, bytes]]]:
    """Sealed values of rows, by row: their place, and their envelope or as much as says key and commitment."""
    found: dict[UUID, list[tuple[str, bytes]]] = {}
    for table, name in sealed_columns():
        column = table.c[name]
        shown = column if whole else func.substring(column, 1, ENVELOPE_HEAD_BYTES, type_=LargeBinary)
        statement = select(table.c.id, shown).where(table.c.id.in_(records), column.is_not(None))
        for record, envelope in await db.execute(statement):
            found.setdefault(record, []).append((place_of(table, name), bytes(envelope)))
    return found
