"""The signed heads of a log as they are stored, with what witnesses have said of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from answerable import tlog
from answerable.audit.errors import CheckpointNotFound
from answerable.audit.models import AuditCheckpointRow, AuditLogRow
from answerable.audit.witness_models import AuditCosignatureRow, AuditQuorumRow, AuditWitnessRow
from answerable.infra.db import Db

_SAID: Final = (AuditCosignatureRow.generation == AuditCheckpointRow.generation) & (
    AuditCosignatureRow.size == AuditCheckpointRow.size
)
_COSIGNATURES: Final = (
    select(
        func.string_agg(
            AuditCosignatureRow.line, aggregate_order_by(literal(""), AuditCosignatureRow.witness_id)
        )
    )
    .where(_SAID)
    .correlate(AuditCheckpointRow)
    .scalar_subquery()
)
_HEADS: Final = select(
    AuditCheckpointRow.generation,
    AuditCheckpointRow.size,
    AuditCheckpointRow.root,
    (AuditCheckpointRow.note + func.coalesce(_COSIGNATURES, "")).label("note"),
    AuditCheckpointRow.signed_at,
)
_NEWEST_GENERATION: Final = select(func.max(AuditLogRow.generation)).scalar_subquery()
_MOST_LOOKED_AT: Final = 1_000
"""Cosignatures, from the newest, among which the head with the most witnesses is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A signed checkpoint of a log."""

    generation: int
    size: int
    root: bytes
    note: str
    signed_at: datetime

    @property
    def text(self) -> bytes:
        """What was signed, without the signatures."""
        return tlog.parse_note(self.note.encode()).text


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Under which name and keys a log is signed now."""

    generation: int
    origin: str
    log_key: str
    clock_key: str
    receipt_key: str


async def find_head(db: Db, *, size: int | None = None, covering: int | None = None) -> Head | None:
    """The newest checkpoint with its cosignatures, or that of a size; of several generations the newest.

    With `covering`, the newest of those that hold that entry and have as many witnesses as any of them, up to
    the quorum: whoever vouches for a later one says nothing of this one.
    """
    row = AuditCheckpointRow
    statement = _HEADS.order_by(row.generation.desc())
    if size is not None:
        statement = statement.where(row.size == size)
    if covering is not None:
        chosen = await _find_witnessed(db, covering)
        of_size = row.size > covering if chosen is None else row.size == chosen
        statement = statement.where(of_size, row.generation == _NEWEST_GENERATION)
    found = (await db.execute(statement.order_by(row.size.desc()).limit(1))).mappings().first()
    return None if found is None else Head(**found)


async def _find_witnessed(db: Db, covering: int) -> int | None:
    said, witness = AuditCosignatureRow, AuditWitnessRow
    newest = (
        select(said.generation, said.size)
        .join(witness, witness.id == said.witness_id)
        .where(said.size > covering, said.generation == _NEWEST_GENERATION, witness.removed_at.is_(None))
        .order_by(said.generation.desc(), said.size.desc())
        .limit(_MOST_LOOKED_AT)
        .subquery()
    )
    enough = func.greatest(select(func.coalesce(func.max(AuditQuorumRow.threshold), 1)).scalar_subquery(), 1)
    statement = (
        select(newest.c.size)
        .group_by(newest.c.generation, newest.c.size)
        .order_by(newest.c.generation.desc(), func.least(func.count(), enough).desc(), newest.c.size.desc())
    )
    return await db.scalar(statement.limit(1))


async def list_heads(db: Db, *, after: int, limit: int) -> list[Head]:
    """Heads of the newest generation with more entries than `after`, smallest first, with their cosignatures."""
    row = AuditCheckpointRow
    statement = (
        _HEADS.where(row.generation == _NEWEST_GENERATION, row.size > after).order_by(row.size).limit(limit)
    )
    return [Head(**found) for found in (await db.execute(statement)).mappings()]


async def get_head(db: Db, *, size: int | None = None, covering: int | None = None) -> Head:
    """As `find_head`.

    Errors:  CheckpointNotFound.
    """
    head = await find_head(db, size=size, covering=covering)
    if head is None:
        raise CheckpointNotFound
    return head


async def find_names(db: Db) -> Names | None:
    """The name and the keys of the log; None before anything of it was signed."""
    statement = (
        select(
            AuditLogRow.generation,
            AuditLogRow.origin,
            AuditLogRow.log_key,
            AuditLogRow.clock_key,
            AuditLogRow.receipt_key,
        )
        .order_by(AuditLogRow.generation.desc())
        .limit(1)
    )
    row = (await db.execute(statement)).mappings().first()
    return None if row is None else Names(**row)
