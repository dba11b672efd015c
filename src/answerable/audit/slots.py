"""What has become of the sealed values that events commit to: read from their rows, without opening any."""

from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, Uuid, cast, column, func, select, table, text

from answerable.audit.rules import key_digest
from answerable.audit.values import EventId, SlotName
from answerable.infra.db import Db

PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        SlotName.ADDRESS: "contact_address.value_sealed",
        SlotName.EMAIL: "member.email_sealed",
        SlotName.INPUTS: "turn.inputs_sealed",
        SlotName.REASON: "message_rating.reason_sealed",
        SlotName.TEXT: "message.text_sealed",
    }
)
"""Where the value of a slot lies, by the slot's name."""

# Where a row is gone, its key can only be recognised by the digest in the body.
_DESTROYED = text(
    """
    SELECT asked.event_id, asked.slot FROM unnest(
        CAST(:events AS uuid[]), CAST(:slots AS text[]), CAST(:digests AS bytea[])
    ) AS asked (event_id, slot, digest)
    WHERE EXISTS (
        SELECT FROM subject_key WHERE destroyed_at IS NOT NULL AND asked.digest = substr(
            sha256('answerable/key/v1\\000'::bytea || uuid_send(id) || uuid_send(asked.event_id)), 1, 16
        )
    )
    """
)


class SlotState(StrEnum):
    """What has become of a sealed value."""

    SEALED = "sealed"
    """It lies in its row, under a living key."""

    ERASED = "erased"
    """Its key was destroyed: nobody can read it any more."""

    GONE = "gone"
    """Its row is not there, and no destroyed key explains it."""

    CHANGED = "changed"
    """Its row holds something other than what the event commits to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A sealed value that an event commits to."""

    event_id: EventId
    name: str
    record_id: UUID
    commitment: str
    """As the body spells it, base64."""

    state: SlotState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    event_id: EventId
    name: str
    record_id: UUID
    commitment: str
    key: str


async def list_slots(db: Db, bodies: Iterable[tuple[EventId, Mapping[str, Any]]]) -> list[Slot]:
    """The slots of events with their states, in the order given.

    Effects: one SELECT for each table that holds some; nothing is opened.
    """
    asked = [
        _Asked(
            event_id=event_id,
            name=name,
            record_id=UUID(slot["r"]),
            commitment=slot["c"],
            key=slot["k"],
        )
        for event_id, body in bodies
        for name, slot in sorted(body.get("slots", {}).items())
        if "r" in slot
    ]
    found = await _look(db, asked)
    lost = [one for one in asked if (one.name, one.record_id) not in found]
    erased = await _list_erased(db, lost)
    return [_slot(one, found.get((one.name, one.record_id)), erased) for one in asked]


def _slot(one: _Asked, row: tuple[bytes, bytes, bool] | None, erased: set[tuple[UUID, str]]) -> Slot:
    return Slot(
        event_id=one.event_id,
        name=one.name,
        record_id=one.record_id,
        commitment=one.commitment,
        state=_state(one, row, erased),
    )


def _state(one: _Asked, row: tuple[bytes, bytes, bool] | None, erased: set[tuple[UUID, str]]) -> SlotState:
    if row is None:
        return SlotState.ERASED if (one.event_id, one.name) in erased else SlotState.GONE
    key, commitment, is_destroyed = row
    if _spell(commitment) != one.commitment or _spell(key_digest(UUID(bytes=key), one.event_id)) != one.key:
        return SlotState.CHANGED
    return SlotState.ERASED if is_destroyed else SlotState.SEALED


async def _look(db: Db, asked: Sequence[_Asked]) -> dict[tuple[str, UUID], tuple[bytes, bytes, bool]]:
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for one in asked:
        wanted[one.name].add(one.record_id)
    found: dict[tuple[str, UUID], tuple[bytes, bytes, bool]] = {}
    for name, ids in wanted.items():
        if name in PLACES:
            found |= {(name, row[0]): (row[1], row[2], row[3]) for row in await _read(db, name, ids)}
    return found


async def _read(db: Db, name: str, ids: set[UUID]) -> list[tuple[UUID, bytes, bytes, bool]]:
    holder, _, sealed = PLACES[name].partition(".")
    row, key = (
        table(holder, column("id"), column(sealed)),
        table("subject_key", column("id"), column("destroyed_at")),
    )
    envelope = row.c[sealed]
    # An envelope begins with one byte of version, the key's id, and the commitment.
    key_bytes = func.substr(envelope, 2, 16)
    held = cast(func.encode(key_bytes, "hex"), Text)
    statement = (
        select(row.c.id, key_bytes, func.substr(envelope, 18, 32), key.c.destroyed_at.is_not(None))
        .select_from(row.outerjoin(key, key.c.id == cast(held, Uuid)))
        .where(row.c.id.in_(ids), envelope.is_not(None))
    )
    return [(one[0], bytes(one[1]), bytes(one[2]), one[3]) for one in await db.execute(statement)]


async def _list_erased(db: Db, lost: Sequence[_Asked]) -> set[tuple[UUID, str]]:
    if not lost:
        return set()
    asked = {
        "events": [one.event_id for one in lost],
        "slots": [one.name for one in lost],
        "digests": [b64decode(one.key) for one in lost],
    }
    return {(row[0], row[1]) for row in await db.execute(_DESTROYED, asked)}


def _spell(data: bytes) -> str:
    return b64encode(data).decode("ascii")
