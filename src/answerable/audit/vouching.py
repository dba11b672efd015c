"""Who vouches for a head besides its signer, in one word: the level of assurance that is shown with proofs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from answerable.audit import signed, witnesses
from answerable.audit.rooting import find_in_root, find_label_key
from answerable.audit.signed import Head
from answerable.audit.values import Assurance
from answerable.audit.witness_models import (
    AuditCosignatureRow,
    AuditTimestampRow,
    AuditWitnessRow,
)
from answerable.infra.db import Db


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """What stands behind a head."""

    level: Assurance
    cosigners: int
    """Registered witnesses of the tenant that have cosigned it."""
    quorum: int
    """So many it takes; 0 when none is asked for."""
    root_index: int | None
    """Its place in the root log; None while it has none there."""
    timestamped_at: datetime | None
    """The earliest time by which an authority has seen a root that covers it."""


async def assess(db: Db, root: Db, head: Head) -> Vouching:
    """What stands behind a head of the session's tenant; `root` is a session of the root log."""
    cosigners, quorum = await _count_cosigners(db, head), await witnesses.get_quorum(db)
    key = await find_label_key(db)
    index = None if key is None else await find_in_root(root, key, head)
    stamped = None if index is None else await _find_timestamp(root, index)
    is_met = bool(quorum) and cosigners >= quorum
    if is_met or (index is not None and await _is_root_witnessed(root, index)):
        level = Assurance.QUORUM_WITNESSED
    elif cosigners:
        level = Assurance.TENANT_WITNESSED
    else:
        level = Assurance.TIMESTAMPED if stamped else Assurance.SIGNED
    return Vouching(level=level, cosigners=cosigners, quorum=quorum, root_index=index, timestamped_at=stamped)


async def _count_cosigners(db: Db, head: Head) -> int:
    said = AuditCosignatureRow
    found = await db.scalar(
        select(func.count())
        .select_from(said)
        .join(AuditWitnessRow, AuditWitnessRow.id == said.witness_id)
        .where(
            said.generation == head.generation,
            said.size == head.size,
            AuditWitnessRow.removed_at.is_(None),
        )
    )
    return found or 0


async def _find_timestamp(root: Db, index: int) -> datetime | None:
    return await root.scalar(
        select(func.min(AuditTimestampRow.stated_at)).where(AuditTimestampRow.size > index)
    )


async def _is_root_witnessed(root: Db, index: int) -> bool:
    quorum = await witnesses.get_quorum(root)
    if not quorum:
        return False
    head = await signed.find_head(root, covering=index)
    return head is not None and await _count_cosigners(root, head) >= quorum
