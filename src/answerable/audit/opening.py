"""Opening what an entry commits to, for whoever has to see that it is what was recorded."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from answerable import vault
from answerable.audit import reading
from answerable.audit.happenings import Purpose, SlotsOpened
from answerable.audit.reading import Entry
from answerable.audit.service import append
from answerable.audit.slots import Slot, SlotState, list_slots
from answerable.audit.values import EventId, SlotName
from answerable.audit.verifying.reading import find_fitting, read_envelopes
from answerable.infra.db import Db
from answerable.vault.carried import keys_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSlot:
    """A value that an entry commits to, as far as it can be opened."""

    slot: Slot
    place: str | None
    """What the commitment names as its place, such as `message.text`; None when it is not there."""

    content: bytes | None = field(repr=False)
    blind: bytes | None = field(repr=False)
    """What opens this commitment and no other, 32 bytes."""


async def open_slots(
    db: Db, event_id: EventId, *, names: Collection[SlotName], purpose: Purpose
) -> tuple[OpenedSlot, ...]:
    """Open values that an entry commits to; no names are all of them.

    Errors:  EventNotFound; PermissionDenied is the caller's to raise: who may look is decided above this floor.
    Effects: an event, which says what was opened and why.
    """
    entry = await reading.get_entry(db, event_id)
    opened = await open_entries(db, [entry], names=names)
    told = SlotsOpened(
        subject_id=db.actor.tenant_id,
        conversation_id=entry.event.conversation_id,
        entry=entry.event.id,
        slots=tuple(SlotName(one.slot.name) for one in opened if one.content is not None),
        purpose=purpose,
    )
    await append(db, told)
    return opened


async def open_entries(
    db: Db, entries: Sequence[Entry], *, names: Collection[SlotName] = ()
) -> tuple[OpenedSlot, ...]:
    """Open values that entries commit to, in their order; the caller appends the event that says so."""
    listed = await list_slots(db, [(one.event.id, one.event.body) for one in entries])
    slots = [one for one in listed if not names or one.name in names]
    whole = await read_envelopes(db, [one.record_id for one in slots], whole=True)
    stored = {
        (one.event_id, one.name): found
        for one in slots
        if (found := _stored(one, whole.get(one.record_id, []))) is not None
    }
    contents = await vault.open_with_blind(db, keys_of(db), list(stored.values()))
    opened = dict(zip(stored, contents, strict=True))
    return tuple(_opened(one, stored, opened) for one in slots)


def _opened(
    slot: Slot,
    stored: Mapping[tuple[EventId, str], vault.Stored],
    opened: Mapping[tuple[EventId, str], vault.Opened | vault.Erased],
) -> OpenedSlot:
    place, found = stored.get((slot.event_id, slot.name)), opened.get((slot.event_id, slot.name))
    is_open = isinstance(found, vault.Opened)
    return OpenedSlot(
        slot=slot,
        place=place.slot if place is not None else None,
        content=found.content if is_open else None,
        blind=found.blind if is_open else None,
    )


def _stored(slot: Slot, envelopes: Collection[tuple[str, bytes]]) -> vault.Stored | None:
    fitting = find_fitting(slot.commitment, envelopes) if slot.state is SlotState.SEALED else None
    if fitting is None:
        return None
    place, envelope = fitting
    return vault.Stored(record_id=slot.record_id, slot=place, envelope=envelope)
