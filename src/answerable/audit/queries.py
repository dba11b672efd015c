"""SQL of the log: one statement to append, one to read."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, false, or_, select, text

from answerable.audit.models import AuditEventRow, AuditQueueRow, AuditSchemaRow
from answerable.audit.values import About, EventId, Leaf, NewEvent, StoredEvent
from answerable.infra.db import Db
from answerable.infra.ids import Actor, ActorKind

EVENT_COLUMNS = (
    AuditEventRow.id,
    AuditEventRow.type,
    AuditEventRow.at,
    AuditEventRow.actor_kind,
    AuditEventRow.actor_id,
    AuditEventRow.subject_kind,
    AuditEventRow.subject_id,
    AuditEventRow.conversation_id,
    AuditEventRow.body,
    AuditEventRow.leaf_hash,
)
_LOOKS = "access.%"

# Event and queue row in one statement: half of it cannot exist, and it costs one round trip. What is the same
# for all of a transaction's events is sent once; the database itself hashes the bytes.
_APPEND = text(
    """
    WITH appended AS (
        INSERT INTO audit_event (
            tenant_id, id, type, at, body, leaf_hash,
            subject_kind, subject_id, actor_kind, actor_id, conversation_id, idem_key,
            writer_id, writer_number
        )
        SELECT app_tenant(), e.id, e.type, CAST(:at AS timestamptz), e.body,
            sha256('\\x00'::bytea || e.body), e.subject_kind, e.subject_id,
            CAST(:actor_kind AS text), CAST(:actor_id AS uuid), e.conversation_id, CAST(:idem_key AS text),
            CAST(:writer_id AS uuid), e.writer_number
        FROM unnest(
            CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:bodies AS bytea[]),
            CAST(:subject_kinds AS text[]), CAST(:subject_ids AS uuid[]), CAST(:conversations AS uuid[]),
            CAST(:writer_numbers AS int[])
        ) AS e (id, type, body, subject_kind, subject_id, conversation_id, writer_number)
        ON CONFLICT (tenant_id, idem_key) WHERE idem_key IS NOT NULL DO NOTHING
        RETURNING tenant_id, id, leaf_hash, at
    ), promised AS (
        INSERT INTO audit_promise (tenant_id, event_id, leaf_hash, at)
        SELECT tenant_id, id, leaf_hash, at FROM appended WHERE id = ANY(CAST(:promised AS uuid[]))
    )
    INSERT INTO audit_queue (tenant_id, event_id, leaf_hash)
    SELECT tenant_id, id, leaf_hash FROM appended ORDER BY id
    RETURNING event_id
    """
)

_ADD_SCHEMAS = text(
    "INSERT INTO audit_schema (event_id, digest, body) SELECT CAST(:event AS uuid), s.* FROM"
    " unnest(CAST(:digests AS bytea[]), CAST(:bodies AS bytea[])) AS s"
)


async def insert_events(
    db: Db, rows: Sequence[NewEvent], *, actor: Actor, writer_id: UUID, idem_key: str | None
) -> list[EventId]:
    """Store events of one transaction and queue them for the tree, and return those that were new."""
    stored = await db.execute(
        _APPEND,
        {
            "at": db.now,
            "actor_kind": actor.kind.value,
            "actor_id": None if actor.kind is ActorKind.CONTACT else actor.id,
            "writer_id": writer_id,
            "idem_key": idem_key,
            "ids": [row.id for row in rows],
            "types": [row.type for row in rows],
            "bodies": [row.body for row in rows],
            "subject_kinds": [row.subject_kind for row in rows],
            "subject_ids": [row.subject_id for row in rows],
            "conversations": [row.conversation_id for row in rows],
            "writer_numbers": [row.writer_number for row in rows],
            "promised": [row.id for row in rows if row.is_promised],
        },
    )
    return [EventId(event_id) for (event_id,) in stored]


async def list_declared(db: Db, digests: Collection[bytes]) -> set[bytes]:
    """Return which of these schemas the tenant's log has declared."""
    found = await db.scalars(select(AuditSchemaRow.digest).where(AuditSchemaRow.digest.in_(digests)))
    return {bytes(digest) for digest in found}


async def insert_schemas(db: Db, event_id: EventId, schemas: Mapping[bytes, bytes]) -> None:
    """Store the schemas that an event declares."""
    asked = {"event": event_id, "digests": list(schemas), "bodies": list(schemas.values())}
    await db.execute(_ADD_SCHEMAS, asked)


async def list_stored(db: Db, events: Collection[EventId]) -> list[EventId]:
    """Return which of these events there are."""
    found = await db.scalars(select(AuditEventRow.id).where(AuditEventRow.id.in_(events)))
    return [EventId(event_id) for event_id in found]


async def find_repeated(db: Db, idem_key: str) -> EventId:
    """Return the event that has this key already."""
    return EventId(
        (await db.scalars(select(AuditEventRow.id).where(AuditEventRow.idem_key == idem_key))).one()
    )


async def list_leaves(db: Db, about: About, *, limit: int) -> list[Leaf]:
    """Return what happened, oldest first; looks are left out."""
    within = (
        AuditEventRow.at.between(about.since, about.until)
        if about.since is not None and about.until is not None
        else false()
    )
    queued = select(AuditQueueRow.seq).where(AuditQueueRow.event_id == AuditEventRow.id).exists()
    statement = (
        select(*EVENT_COLUMNS, queued.label("is_queued"))
        .where(
            AuditEventRow.conversation_id == about.conversation_id,
            AuditEventRow.type.not_like(_LOOKS),
            or_(AuditEventRow.subject_id.in_(about.subject_ids), within),
        )
        .order_by(AuditEventRow.id)
        .limit(limit)
    )
    rows = (await db.execute(statement)).mappings()
    return [Leaf(event=event_of(row), body=row["body"], is_queued=row["is_queued"]) for row in rows]


async def list_looks(db: Db, about: About, *, limit: int) -> list[StoredEvent]:
    """Return who opened any of these rows, newest first."""
    statement = (
        select(*EVENT_COLUMNS)
        .where(
            AuditEventRow.conversation_id == about.conversation_id,
            AuditEventRow.type.like(_LOOKS),
            AuditEventRow.subject_id.in_(about.subject_ids),
        )
        .order_by(AuditEventRow.id.desc())
        .limit(limit)
    )
    return [event_of(row) for row in (await db.execute(statement)).mappings()]


async def list_events(
    db: Db, *, limit: int, conversation_id: UUID | None = None, types: Collection[str] | None = None
) -> list[StoredEvent]:
    """Return the newest events, newest first."""
    statement = select(*EVENT_COLUMNS).order_by(AuditEventRow.at.desc(), AuditEventRow.id.desc()).limit(limit)
    if conversation_id is not None:
        statement = statement.where(AuditEventRow.conversation_id == conversation_id)
    if types is not None:
        statement = statement.where(AuditEventRow.type.in_(types))
    return [event_of(row) for row in (await db.execute(statement)).mappings()]


async def has_member_event_since(db: Db, least_id: UUID) -> bool:
    """Whether a member's event has an identifier from this one on; identifiers are ordered by time."""
    statement = select(AuditEventRow.id).where(
        AuditEventRow.actor_kind == ActorKind.MEMBER.value, AuditEventRow.id >= least_id
    )
    return await db.scalar(statement.limit(1)) is not None


def event_of(row: RowMapping) -> StoredEvent:
    """An event out of a row with `EVENT_COLUMNS`; one whose bytes were spoilt has an empty body."""
    fields = {column.key: row[column.key] for column in EVENT_COLUMNS if column.key != "body"}
    return StoredEvent(**fields, body=_parse(row["body"]))


def _parse(body: bytes) -> Mapping[str, Any]:
    try:
        return json.loads(body)
    except ValueError:
        # Whoever shows it compares bytes and leaf and says so; a page that fails would hide it.
        return {}
