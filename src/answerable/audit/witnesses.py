"""Who cosigns the heads of a log besides its signer: registered by its tenant, counted by a quorum.

A witness either is handed heads at its address (c2sp.org/tlog-witness), or fetches them itself with a token and
brings its cosignatures. What it says is believed once its signature fits a head that is stored.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from answerable import tlog
from answerable.audit.errors import (
    CosignatureRefused,
    QuorumUnreachable,
    WitnessKeyRefused,
    WitnessKnown,
    WitnessUnknown,
)
from answerable.audit.happenings import QuorumSet, WitnessAdded, WitnessRemoved
from answerable.audit.models import AuditCheckpointRow, AuditLogRow
from answerable.audit.service import append
from answerable.audit.values import ROOT, Digest, Event
from answerable.audit.witness_models import AuditCosignatureRow, AuditQuorumRow, AuditWitnessRow
from answerable.infra.db import Db, Unaudited
from answerable.infra.ids import TenantId, uuid7
from answerable.infra.tables import table_of
from answerable.tlog import Algorithm, Note, VerifierKey

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead of ours a witness's clock may be."""

TOKEN_PREFIX: Final = "awt_"  # noqa: S105 - how all of them begin
"""By which a witness's token is told from other tokens; its tenant follows, then the secret."""

_TOKEN: Final = re.compile(r"awt_([0-9a-f]{32})_[A-Za-z0-9_-]{43}")
_KINDS: Final = frozenset({Algorithm.ED25519_COSIGNATURE, Algorithm.ML_DSA_44_COSIGNATURE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A registered witness, and how far it has come."""

    id: UUID
    key: VerifierKey
    url: str | None
    """Where heads are handed in; None for one that fetches them."""
    added_at: datetime
    asked_at: datetime | None
    failure: str | None
    """The code of what went wrong when it was last asked."""
    size: int
    """Of the newest head that it has cosigned; 0 for none."""
    generation: int
    stated_at: datetime | None


async def add_witness(db: Db, key: str, *, url: str | None) -> tuple[UUID, str | None]:
    """Register a witness by its verifier key; its identifier, and a token for one that fetches heads itself.

    The token is shown this once: only its digest is kept.

    Errors:  WitnessKeyRefused, WitnessKnown.
    Effects: an event.
    """
    parsed = await _read_key(db, key)
    token = None if url else _new_token(db.actor.tenant_id)
    values = {
        "id": uuid7(),
        "key": str(parsed),
        "url": url,
        "token_digest": _digest(token) if token else None,
        "added_at": db.now,
    }
    added = insert(table_of(AuditWitnessRow)).values(values).on_conflict_do_nothing()
    identifier = await db.scalar(added.returning(AuditWitnessRow.id))
    if identifier is None:
        raise WitnessKnown(parsed.name)
    event = WitnessAdded(subject_id=db.actor.tenant_id, key=_key_digest(parsed), is_asked=url is not None)
    await _record(db, event)
    return identifier, token


async def remove_witness(db: Db, name: str) -> None:
    """Take a witness off, by the name that its key bears; what it has said stays.

    Errors:  WitnessUnknown; QuorumUnreachable while the quorum needs it.
    Effects: an event.
    """
    witnesses = await list_witnesses(db)
    named = [one for one in witnesses if one.key.name == name]
    if not named:
        raise WitnessUnknown(name)
    if len(witnesses) - len(named) < await get_quorum(db):
        raise QuorumUnreachable
    ids = [one.id for one in named]
    await db.execute(update(AuditWitnessRow).where(AuditWitnessRow.id.in_(ids)).values(removed_at=db.now))
    removed = [WitnessRemoved(subject_id=db.actor.tenant_id, key=_key_digest(one.key)) for one in named]
    await _record(db, *removed)


async def set_quorum(db: Db, threshold: int) -> None:
    """How many witnesses must have cosigned a head for it to count as witnessed by a quorum; 0 asks for none.

    Errors:  QuorumUnreachable when there are fewer.
    Effects: an event.
    """
    if not 0 <= threshold <= len(await list_witnesses(db)):
        raise QuorumUnreachable
    row = insert(table_of(AuditQuorumRow)).values(threshold=threshold)
    await db.execute(row.on_conflict_do_update(index_elements=["tenant_id"], set_={"threshold": threshold}))
    await _record(db, QuorumSet(subject_id=db.actor.tenant_id, threshold=threshold))


async def get_quorum(db: Db) -> int:
    """So many witnesses make a quorum; 0 when none is asked for."""
    return await db.scalar(select(AuditQuorumRow.threshold)) or 0


async def list_witnesses(db: Db) -> list[Witness]:
    """The witnesses that count, in the order in which they were added."""
    said = AuditCosignatureRow
    newest = (
        select(said.witness_id, said.generation, said.size, said.stated_at)
        .ext(distinct_on(said.witness_id))
        .order_by(said.witness_id, said.generation.desc(), said.size.desc())
        .subquery()
    )
    row = AuditWitnessRow
    statement = (
        select(
            row.id,
            row.key,
            row.url,
            row.added_at,
            row.asked_at,
            row.failure,
            func.coalesce(newest.c.size, 0).label("size"),
            func.coalesce(newest.c.generation, 0).label("generation"),
            newest.c.stated_at,
        )
        .outerjoin(newest, newest.c.witness_id == row.id)
        .where(row.removed_at.is_(None))
        .order_by(row.id)
    )
    found = (await db.execute(statement)).mappings()
    return [
        Witness(key=tlog.parse_key(one["key"]), **{name: one[name] for name in one if name != "key"})
        for one in found
    ]


def tenant_of(token: str) -> TenantId | None:
    """The tenant that a witness's token names; None for what is no such token."""
    found = _TOKEN.fullmatch(token)
    return TenantId(UUID(found[1])) if found else None


def _new_token(tenant_id: TenantId) -> str:
    return f"{TOKEN_PREFIX}{tenant_id.hex}_{secrets.token_urlsafe(32)}"


async def find_by_token(db: Db, token: str) -> UUID | None:
    """The witness that the token was given to, within the session's tenant."""
    return await db.scalar(
        select(AuditWitnessRow.id).where(
            AuditWitnessRow.token_digest == _digest(token), AuditWitnessRow.removed_at.is_(None)
        )
    )


async def take(db: Db, note: bytes, *, by: UUID | None = None) -> int:
    """Keep what witnesses have said of a stored head, and return how many of them have.

    With `by`, only what that witness has said is taken.

    Errors:  CosignatureRefused, with nothing kept.
    Effects: rows without an event: one about them would need to be witnessed as well.
    """
    try:
        parsed = tlog.parse_note(note)
        size = tlog.parse_checkpoint(parsed.text).size
        generation = await _find_generation(db, parsed, size)
        known = {one.key: one.id for one in await list_witnesses(db) if by in {None, one.id}}
        signers = tlog.verify_note(parsed, known)
    except tlog.Refused as error:
        raise CosignatureRefused(str(error)) from error
    rows: list[dict[str, object]] = []
    for signer in signers:
        stated_at = _plausible(signer.at or 0, db.now)
        line = next(
            one.line()
            for one in parsed.signatures
            if (one.name, one.key_id) == (signer.key.name, signer.key.key_id)
        )
        place = {"generation": generation, "size": size, "witness_id": known[signer.key]}
        rows.append({**place, "line": line, "stated_at": stated_at})
    db.unaudited(Unaudited.COSIGNATURE)
    await db.execute(insert(table_of(AuditCosignatureRow)).values(rows).on_conflict_do_nothing())
    await note_asked(db, [known[one.key] for one in signers], failure=None)
    return len(rows)


async def note_asked(db: Db, ids: list[UUID], *, failure: str | None) -> None:
    """Remember how it went when witnesses were last asked."""
    db.unaudited(Unaudited.COSIGNATURE)
    await db.execute(
        update(AuditWitnessRow).where(AuditWitnessRow.id.in_(ids)).values(asked_at=db.now, failure=failure)
    )


async def render_policy(db: Db) -> bytes:
    """Whose word counts for the log's newest generation, as a policy file (c2sp.org/tlog-policy)."""
    log = (
        await db.execute(
            select(AuditLogRow.log_key, AuditLogRow.clock_key)
            .order_by(AuditLogRow.generation.desc())
            .limit(1)
        )
    ).first()
    witnesses, threshold = await list_witnesses(db), await get_quorum(db)
    lines = [f"log {log.log_key}", f"witness clock {log.clock_key}"] if log else []
    names = [f"w{number}" for number in range(1, len(witnesses) + 1)]
    for name, one in zip(names, witnesses, strict=True):
        lines.append(" ".join(["witness", name, str(one.key), *([one.url] if one.url else [])]))
    if threshold:
        lines.append(f"group witnesses {threshold} {' '.join(names)}")
    lines.append("quorum witnesses" if threshold else "quorum none")
    return "".join(f"{line}\n" for line in lines).encode()


async def _record(db: Db, *events: Event) -> None:
    if db.actor.tenant_id == ROOT:
        db.unaudited(Unaudited.ROOT_WITNESS)
    else:
        await append(db, *events)


async def _read_key(db: Db, text: str) -> VerifierKey:
    try:
        key = tlog.parse_key(text.strip())
    except tlog.Refused as error:
        raise WitnessKeyRefused(str(error)) from error
    if key.algorithm not in _KINDS:
        raise WitnessKeyRefused("It signs logs and cosigns none.")
    clocks = await db.scalars(select(AuditLogRow.clock_key))
    if any(tlog.parse_key(one).public == key.public for one in clocks):
        raise WitnessKeyRefused("It is the signer's own.")
    return key


async def _find_generation(db: Db, note: Note, size: int) -> int:
    """Of which generation the head is, if it is stored as the witness has seen it.

    Errors:  tlog.Refused.
    """
    heads = await db.execute(
        select(AuditCheckpointRow.generation, AuditCheckpointRow.note).where(AuditCheckpointRow.size == size)
    )
    for generation, stored in heads:
        if tlog.parse_note(stored.encode()).text == note.text:
            return generation
    raise tlog.Refused(tlog.Finding.LOG_UNKNOWN, "no head of this log")


def _plausible(at: int, now: datetime) -> datetime:
    latest = now + CLOCK_TOLERANCE
    if at > latest.timestamp():
        raise CosignatureRefused("It states a time that has not come.")
    return datetime.fromtimestamp(at, UTC)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _key_digest(key: VerifierKey) -> Digest:
    return Digest(hashlib.sha256(str(key).encode()).digest())
