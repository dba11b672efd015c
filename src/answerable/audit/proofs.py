"""What is known of an entry's proof, checked before it is shown: path, signatures, slots, receipt, state."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from answerable import tlog
from answerable.audit import reading, signed
from answerable.audit.reading import Alarm, Entry
from answerable.audit.signed import Head, Names
from answerable.audit.signer import MMD_S
from answerable.audit.slots import Slot, SlotState, list_slots
from answerable.audit.values import EventId
from answerable.audit.vouching import Vouching, assess
from answerable.audit.witnesses import list_witnesses
from answerable.infra.db import Db
from answerable.tlog import Note, VerifierKey

_VIOLATED: Final = frozenset({SlotState.CHANGED, SlotState.GONE})
_FORKED: Final = frozenset({"fork", "rollback"})
_MAY_GO: Final = frozenset({"address"})
"""Slots whose row a newer one may replace."""


class ProofState(StrEnum):
    """Where an entry stands."""

    CHECKPOINT = "checkpoint"
    """A signed checkpoint covers it."""

    WAITING = "waiting"
    """It is committed and waits for the next checkpoint."""

    LATE = "late"
    """It has waited longer than was promised."""

    VIOLATION = "violation"
    """What is stored is not what was recorded, or the signer refuses the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the path from a leaf to the root."""

    side: Literal["left", "right"]
    """On which side the given hash stands."""
    sibling: bytes
    result: bytes
    """The hash over both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature under a checkpoint."""

    name: str
    role: Literal["log", "clock", "witness"]
    line: str
    """The signature, base64."""
    at: datetime | None
    is_checked: bool
    """Whether its key is known here and fits; a witness's key is its own to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An entry with everything that its proof consists of."""

    entry: Entry
    state: ProofState
    head: Head | None
    """The checkpoint that covers it; None while it waits."""
    names: Names | None
    path: tuple[Step, ...]
    signatures: tuple[Signed, ...]
    slots: tuple[Slot, ...]
    receipt: str | None
    alarms: tuple[Alarm, ...]

    vouching: Vouching | None
    """Who vouches for the checkpoint; None while there is none."""

    cosigners: tuple[str, ...] = ()
    """Verifier keys of the registered witnesses that have cosigned it."""

    @property
    def assurance(self) -> str | None:
        """The same in one word."""
        return self.vouching.level.value if self.vouching else None


async def prove_event(db: Db, root: Db, event_id: EventId) -> Proven:
    """An entry's proof, as far as there is one, with each part checked; `root` is a session of the root log.

    Errors:  EventNotFound.
    """
    entry = await reading.get_entry(db, event_id)
    standing = await reading.get_standing(db)
    slots = await list_slots(db, [(entry.event.id, entry.event.body)])
    head = await signed.find_head(db, covering=entry.index) if _is_covered(entry, standing.head) else None
    path = await _path(db, entry, head) if head else ()
    state = _state(entry, head, slots, standing.alarms, now=db.now)
    signatures: tuple[Signed, ...] = ()
    registered = [one.key for one in await list_witnesses(db)] if head is not None else []
    if head is not None:
        signatures = signatures_of(head.note, standing.names, registered)
        if path is None or not any(one.is_checked for one in signatures):
            state = ProofState.VIOLATION
    return Proven(
        entry=entry,
        state=state,
        head=head,
        names=standing.names,
        path=path or (),
        signatures=signatures,
        slots=tuple(slots),
        receipt=(await reading.list_receipts(db, [event_id])).get(event_id),
        alarms=standing.alarms,
        vouching=await assess(db, root, head) if head is not None else None,
        cosigners=_cosigners(signatures, registered),
    )


async def list_states(
    db: Db, types: Sequence[str], subject_ids: Sequence[UUID]
) -> dict[UUID, tuple[EventId, ProofState]]:
    """For rows, the newest event of these types about each, and where it stands."""
    entries = await reading.list_about(db, types, subject_ids)
    return {
        entry.event.subject_id: (entry.event.id, state)
        for entry, state in zip(entries, await states_of(db, entries), strict=True)
    }


async def states_of(db: Db, entries: Sequence[Entry]) -> list[ProofState]:
    """Where entries stand, by what is stored of them; paths and signatures are not calculated."""
    head = await signed.find_head(db)
    alarms = await reading.list_alarms(db)
    slots: dict[EventId, list[Slot]] = {}
    for slot in await list_slots(db, [(one.event.id, one.event.body) for one in entries]):
        slots.setdefault(slot.event_id, []).append(slot)
    return [
        _state(one, head if _is_covered(one, head) else None, slots.get(one.event.id, ()), alarms, now=db.now)
        for one in entries
    ]


def walk(leaf: bytes, *, index: int, size: int, hashes: Sequence[bytes]) -> tuple[Step, ...]:
    """The path that hashes make, with the side of each.

    Source:  RFC 9162, section 2.1.3.2.
    """
    steps: list[Step] = []
    node, last, result = index, size - 1, leaf
    for sibling in hashes:
        is_left = bool(node & 1 or node == last)
        result = tlog.hash_node(sibling, result) if is_left else tlog.hash_node(result, sibling)
        steps.append(Step(side="left" if is_left else "right", sibling=sibling, result=result))
        while is_left and not node & 1 and node:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    return tuple(steps)


def _cosigners(signatures: Sequence[Signed], registered: Sequence[VerifierKey]) -> tuple[str, ...]:
    checked = {one.name for one in signatures if one.role == "witness" and one.is_checked}
    return tuple(str(key) for key in registered if key.name in checked)


def signatures_of(
    note: str, names: Names | None, registered: Sequence[VerifierKey] = ()
) -> tuple[Signed, ...]:
    """The signatures of a checkpoint; those of the log's own keys and of registered witnesses are checked."""
    try:
        parsed = tlog.parse_note(note.encode())
    except tlog.Refused:
        return ()
    keys = _keys(names) | {f"witness {key}": key for key in registered}
    return tuple(_signed(parsed, number, keys) for number in range(len(parsed.signatures)))


def _signed(note: Note, number: int, keys: Mapping[str, VerifierKey]) -> Signed:
    one = note.signatures[number]
    role = next(
        (role for role, key in keys.items() if (key.name, key.key_id) == (one.name, one.key_id)), None
    )
    alone = Note(text=note.text, signatures=(one,))
    at, is_checked = None, False
    if role is not None:
        try:
            at, is_checked = tlog.verify_note(alone, [keys[role]])[0].at, True
        except tlog.Refused:
            is_checked = False
    return Signed(
        name=one.name,
        role="log" if role == "log" else "clock" if role == "clock" else "witness",
        line=b64encode(one.payload).decode(),
        at=None if at is None else datetime.fromtimestamp(at, UTC),
        is_checked=is_checked,
    )


def _keys(names: Names | None) -> dict[str, VerifierKey]:
    if names is None:
        return {}
    return {"log": tlog.parse_key(names.log_key), "clock": tlog.parse_key(names.clock_key)}


def _is_covered(entry: Entry, head: Head | None) -> bool:
    return head is not None and entry.index is not None and entry.index < head.size


async def _path(db: Db, entry: Entry, head: Head) -> tuple[Step, ...] | None:
    """The path to the checkpoint's root; None when it leads elsewhere, or hashes are missing."""
    assert entry.index is not None
    leaf = tlog.hash_leaf(entry.body)
    try:
        hashes = tlog.parse_proof(await reading.prove_entry(db, entry.index, head)).hashes
        tlog.verify_inclusion(leaf, index=entry.index, size=head.size, proof=hashes, root=head.root)
    except tlog.Refused:
        return None
    return walk(leaf, index=entry.index, size=head.size, hashes=hashes)


def _state(
    entry: Entry, head: Head | None, slots: Sequence[Slot], alarms: Sequence[Alarm], *, now: datetime
) -> ProofState:
    is_whole = tlog.hash_leaf(entry.body) == entry.event.leaf_hash
    is_changed = any(one.state in _VIOLATED and one.name not in _MAY_GO for one in slots)
    if is_changed or not is_whole or any(one.finding in _FORKED for one in alarms):
        return ProofState.VIOLATION
    if head is not None:
        return ProofState.CHECKPOINT
    is_late = (now - entry.event.at).total_seconds() > MMD_S
    return ProofState.LATE if is_late else ProofState.WAITING
