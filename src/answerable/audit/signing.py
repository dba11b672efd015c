"""Signing: heads of logs that have grown, if they continue what this signer itself signed before, and receipts.

Whatever the database says: a log that is shorter than it was, that has other leaves than it had, or that
grows while the clock goes back is refused, and the refusal is stored as an alarm.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import RowMapping, text

from answerable import tlog
from answerable.audit.heads import Head, held
from answerable.audit.rooting import add_heads
from answerable.audit.sequencing import STANDBY_S, pause
from answerable.audit.signer import Signer
from answerable.audit.tiles import Reads, prove_growth
from answerable.audit.trees import unpack_frontier
from answerable.audit.values import ROOT
from answerable.infra.db import DatabaseUnavailable, ServiceDatabase
from answerable.infra.ids import TenantId, uuid7
from answerable.tlog import Frontier

log = structlog.get_logger()

RECEIPTS_EVERY_S: Final = 0.2
CHECKPOINTS_EVERY_S: Final = 1.0
MOST_RECEIPTS: Final = 1_000
CLOCK_TOLERANCE_S: Final = 5

Now = Callable[[], float]
"""Seconds of POSIX time."""

_TREES = text(
    "SELECT tenant_id, size, frontier FROM audit_tree WHERE size > 0 AND (tenant_id = :root) = :of_root"
    " ORDER BY tenant_id"
)
_STORED_GENERATIONS = text(
    "SELECT tenant_id, max(generation) AS generation FROM audit_log"
    " WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) GROUP BY tenant_id"
)
_NAME_LOG = text(
    "INSERT INTO audit_log (tenant_id, generation, origin, log_key, clock_key, receipt_key, begins_with, begun_at)"
    " VALUES (:tenant, :generation, :origin, :log_key, :clock_key, :receipt_key, :size, :at)"
    " ON CONFLICT (tenant_id, generation) DO NOTHING"
)
_ADD_CHECKPOINT = text(
    "INSERT INTO audit_checkpoint (tenant_id, generation, size, root, note, signed_at)"
    " VALUES (:tenant, :generation, :size, :root, :note, :at)"
    " ON CONFLICT (tenant_id, generation, size) DO NOTHING RETURNING size"
)
_RAISE = text(
    "INSERT INTO audit_alarm (tenant_id, id, generation, finding, signed_size, found_size, raised_at)"
    " VALUES (:tenant, :id, :generation, :finding, :signed, :found, :at)"
    " ON CONFLICT (tenant_id, generation, finding) WHERE settled_at IS NULL DO NOTHING"
)
_SETTLE = text(
    "UPDATE audit_alarm SET settled_at = :at WHERE tenant_id = ANY(CAST(:tenants AS uuid[]))"
    " AND settled_at IS NULL"
)
_OPEN_ALARMS = text(
    "SELECT DISTINCT tenant_id FROM audit_alarm WHERE settled_at IS NULL AND (tenant_id = :root) = :of_root"
)
_PROMISES = text(
    "SELECT tenant_id, event_id, leaf_hash, at FROM audit_promise ORDER BY at, event_id LIMIT :most"
)
_KEEP_PROMISES = text(
    "WITH done AS (DELETE FROM audit_promise AS p USING unnest(CAST(:tenants AS uuid[]),"
    " CAST(:events AS uuid[])) AS d (tenant_id, event_id)"
    " WHERE p.tenant_id = d.tenant_id AND p.event_id = d.event_id)"
    " INSERT INTO audit_receipt (tenant_id, event_id, note, signed_at)"
    " SELECT r.*, CAST(:at AS timestamptz) FROM unnest(CAST(:tenants AS uuid[]),"
    " CAST(:events AS uuid[]), CAST(:notes AS text[])) AS r ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a head is not signed."""

    head: Head
    """What was signed last."""

    finding: str
    found_size: int


@asynccontextmanager
async def open_signer(folder: Path) -> AsyncGenerator[Signer | None]:
    """The signer of a folder, for as long as the block runs; nothing when another process is it.

    Errors:  SignerStateMissing, SignerKeyMissing, and those of key files.
    """
    with held(folder) as is_ours:
        if not is_ours:
            yield None
            return
        signer = Signer.open(folder)
        try:
            yield signer
        finally:
            signer.close()


async def run_signer(service: ServiceDatabase, folder: Path, stopping: asyncio.Event) -> None:
    """Sign what is due until told to stop; a lost database is waited for, and another signer too."""
    while not stopping.is_set():
        async with open_signer(folder) as signer:
            if signer is not None:
                log.info("log.signer_signs", installation=signer.installation)
                await _sign_until(signer, service, stopping)
        await pause(stopping, STANDBY_S)


async def _sign_until(signer: Signer, service: ServiceDatabase, stopping: asyncio.Event) -> None:
    due = 0.0
    while not stopping.is_set():
        try:
            await sign_receipts(signer, service)
            if time.monotonic() >= due:
                await sign_heads(signer, service)
                due = time.monotonic() + CHECKPOINTS_EVERY_S
        except DatabaseUnavailable as error:
            log.warning("log.signer_paused", code=error.code)
            await pause(stopping, STANDBY_S)
        await pause(stopping, RECEIPTS_EVERY_S)


async def sign_heads(signer: Signer, service: ServiceDatabase, *, now: Now = time.time) -> int:
    """Sign the head of every log that has grown, then that of the root log over them; how many without it.

    Effects: first the signer's own file, on disk; then rows of audit_log and audit_checkpoint. What a crash
             leaves between the two is stored the next time. Refusals become rows of audit_alarm.
    Errors:  DatabaseUnavailable.
    """
    count = await _sign_some(signer, service, of_root=False, now=now)
    await _sign_some(signer, service, of_root=True, now=now)
    return count


async def _sign_some(signer: Signer, service: ServiceDatabase, *, of_root: bool, now: Now) -> int:
    which = {"root": ROOT, "of_root": of_root}
    heads = _known(signer, of_root=of_root)
    async with service.transaction() as db:
        trees = {row["tenant_id"]: row for row in (await db.execute(_TREES, which)).mappings()}
        heads |= await _adopt(db, [TenantId(one) for one in trees if one not in heads])
        refused = [_missing(head) for head in heads.values() if head.tenant_id not in trees and head.size]
        signed: list[Head] = []
        for tenant_id, row in trees.items():
            outcome = await _sign_one(db, signer, heads[tenant_id], row, at=int(now()))
            if isinstance(outcome, Refusal):
                refused.append(outcome)
            elif outcome is not None:
                signed.append(outcome)
    signer.heads.save(signed)
    known = _known(signer, of_root=of_root).values()
    unstored = [one for one in known if one.signed_at and not one.is_stored]
    async with service.transaction() as db:
        await _store(db, signer, unstored)
        await _raise(db, refused, which, at=datetime.fromtimestamp(now(), UTC))
    signer.heads.save([replace(one, is_stored=True) for one in unstored])
    return len(signed)


def _known(signer: Signer, *, of_root: bool) -> dict[TenantId, Head]:
    return {tenant: head for tenant, head in signer.heads.newest().items() if (tenant == ROOT) == of_root}


async def sign_receipts(signer: Signer, service: ServiceDatabase) -> int:
    """Sign the receipts that are waited for, and return how many.

    Errors:  DatabaseUnavailable.
    """
    heads = signer.heads.newest()
    async with service.transaction() as db:
        rows = (await db.execute(_PROMISES, {"most": MOST_RECEIPTS})).mappings().all()
        known = [row for row in rows if row["tenant_id"] in heads]
        if not known:
            return 0
        notes = [
            signer.promise(
                row["tenant_id"],
                heads[row["tenant_id"]].generation,
                event=row["event_id"],
                leaf=bytes(row["leaf_hash"]),
                at=row["at"],
            )
            for row in known
        ]
        kept = {
            "tenants": [row["tenant_id"] for row in known],
            "events": [row["event_id"] for row in known],
            "notes": notes,
            "at": datetime.now(UTC),
        }
        await db.execute(_KEEP_PROMISES, kept)
        return len(known)


async def _adopt(db: Reads, tenants: list[TenantId]) -> dict[TenantId, Head]:
    """First heads, of size 0, for logs that this signer does not know.

    One that another signer has signed is no new log: it is refused until a recovery is declared.
    """
    if not tenants:
        return {}
    found = await db.execute(_STORED_GENERATIONS, {"tenants": tenants})
    stored = {row["tenant_id"]: row["generation"] for row in found.mappings()}
    return {tenant_id: empty_head(tenant_id, stored.get(tenant_id, 0)) for tenant_id in tenants}


def empty_head(tenant_id: TenantId, signed_by_others: int = 0) -> Head:
    """The head of a log of which nothing is signed yet; with a generation of others, one to refuse."""
    return Head(
        tenant_id=tenant_id,
        generation=signed_by_others or 1,
        size=-1 if signed_by_others else 0,
        root=tlog.EMPTY_ROOT,
        signed_at=0,
        note="",
    )


def _missing(head: Head) -> Refusal:
    return Refusal(head=head, finding="rollback", found_size=0)


async def _sign_one(
    db: Reads, signer: Signer, head: Head, row: RowMapping, *, at: int
) -> Head | Refusal | None:
    """The new head; nothing when it has not grown."""
    found = unpack_frontier(row["size"], bytes(row["frontier"]))
    if found.size == head.size and found.root == head.root:
        return None
    finding = _find_fault(head, found, at) or await _find_fork(db, head, found)
    if finding is not None:
        return Refusal(head=head, finding=finding, found_size=found.size)
    # A clock that was put right by a moment does not state an earlier time than before.
    return signer.sign(
        head.tenant_id, head.generation, size=found.size, root=found.root, at=max(at, head.signed_at)
    )


def _find_fault(head: Head, found: Frontier, at: int) -> str | None:
    if found.size < head.size:
        return "rollback"
    if head.size < 0 or found.size == head.size:
        return "fork"
    return "clock_went_back" if at < head.signed_at - CLOCK_TOLERANCE_S else None


async def _find_fork(db: Reads, head: Head, found: Frontier) -> str | None:
    try:
        await _require_continuation(db, head, found)
    except tlog.Refused:
        return "fork"
    return None


async def _require_continuation(db: Reads, head: Head, found: Frontier) -> None:
    proof = await prove_growth(db, head.tenant_id, head.size, found.size)
    tlog.verify_consistency(
        old_size=head.size, old_root=head.root, new_size=found.size, new_root=found.root, proof=proof
    )


async def _store(db: Reads, signer: Signer, heads: Iterable[Head]) -> None:
    new: list[Head] = []
    for head in heads:
        names = signer.names(head.tenant_id, head.generation)
        place = {"tenant": head.tenant_id, "generation": head.generation, "size": head.size}
        at = datetime.fromtimestamp(head.signed_at, UTC)
        keys = {
            "origin": names.origin,
            "log_key": names.log_key,
            "clock_key": names.clock_key,
            "receipt_key": names.receipt_key,
        }
        await db.execute(_NAME_LOG, {**place, **keys, "at": at})
        stored = await db.execute(_ADD_CHECKPOINT, {**place, "root": head.root, "note": head.note, "at": at})
        if stored.first() is not None and head.tenant_id != ROOT:
            new.append(head)
    # With the heads themselves, so that each of them is entered once.
    await add_heads(db, new)


async def _raise(db: Reads, refused: Iterable[Refusal], which: dict[str, Any], *, at: datetime) -> None:
    alarmed = {row["tenant_id"] for row in (await db.execute(_OPEN_ALARMS, which)).mappings()}
    for one in refused:
        if one.head.tenant_id not in alarmed:
            log.error("log.not_signed", finding=one.finding, tenant_id=str(one.head.tenant_id))
        await db.execute(
            _RAISE,
            {
                "tenant": one.head.tenant_id,
                "id": uuid7(),
                "generation": one.head.generation,
                "finding": one.finding,
                "signed": max(one.head.size, 0),
                "found": one.found_size,
                "at": at,
            },
        )
    over = alarmed - {one.head.tenant_id for one in refused}
    if over:
        await db.execute(_SETTLE, {"tenants": list(over), "at": at})


def declare_recovery(signer: Signer, tenant_id: TenantId, *, generation: int) -> Head:
    """Begin a new generation of a log, which the signer takes as it now is; the old one stays refused.

    `generation` is the newest that the database knows. The caller records the declaration in the log.
    """
    known = signer.heads.newest().get(tenant_id)
    after = max(generation, known.generation if known else 0)
    fresh = replace(empty_head(tenant_id), generation=after + 1)
    signer.heads.save([fresh])
    return fresh
