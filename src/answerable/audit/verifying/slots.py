"""Whether what entries commit to is there, is what was committed to, or is gone for a reason in the log."""

import hashlib
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from answerable import vault
from answerable.audit.rules import key_digest
from answerable.audit.verifying import reading
from answerable.audit.verifying.bodies import Entry, Slot
from answerable.audit.verifying.values import Fault, Finding, SlotState
from answerable.infra.db import Db
from answerable.infra.errors import AnswerableError
from answerable.vault.carried import keys_of

Found = Callable[[Finding], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one sealed value, for whoever writes it down."""

    event_id: UUID
    slot: Slot
    state: SlotState
    place: str | None = None
    """Table and column; none where the row is gone."""

    commitment: bytes | None = None
    key_id: UUID | None = None
    """Of an erased value."""


Tell = Callable[[Told], None]


def _keep_to_oneself(_told: Told) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A sealed value as an entry names it."""

    index: int
    event_id: UUID
    slot: Slot

    def recognises(self, key_id: UUID) -> bool:
        return key_digest(key_id, self.event_id) == b64decode(self.slot.key)


def destroyed_digest(key_id: UUID, event_id: UUID) -> bytes:
    """What an entry of a destruction says of a key: enough to recognise it, not enough to link others."""
    return hashlib.sha256(b"answerable/destroyed/v1\x00" + key_id.bytes + event_id.bytes).digest()


@dataclass(slots=True, kw_only=True)
class Slots:
    """Sealed values, followed through a log."""

    db: Db
    found: Found
    destroyed: dict[UUID, UUID]
    """Keys of which the database says that an entry tells their destruction."""

    opens: bool = False
    """Whether values are also opened with the keys at hand; nothing is shown."""

    tell: Tell = _keep_to_oneself
    states: Counter[str] = field(default_factory=Counter[str])
    absent: list[_Place] = field(default_factory=list[_Place])
    removed: set[UUID] = field(default_factory=set[UUID])
    told: dict[UUID, set[bytes]] = field(default_factory=dict[UUID, set[bytes]])
    """What each entry of a destruction names."""

    keyless: list[tuple[_Place, str, bytes]] = field(default_factory=list[tuple[_Place, str, bytes]])
    """Values whose key is gone."""

    async def follow(self, entries: Sequence[tuple[int, Entry]]) -> None:
        """Take in some entries."""
        places: list[_Place] = []
        for index, entry in entries:
            places += [_Place(index=index, event_id=entry.event_id, slot=slot) for slot in entry.slots]
            if entry.type == "key.destroyed":
                self.told[entry.event_id] = {b64decode(one) for one in entry.detail["keys"]}
            if replaced := entry.detail.get("replaces"):
                self.removed.add(UUID(replaced))
        if places:
            await self._look_up(places)

    def end(self) -> None:
        """Say what is gone without a reason."""
        for place in self.absent:
            key_id = next(
                (key for key in self.destroyed if place.recognises(key) and self._is_told(key)), None
            )
            if place.slot.record in self.removed:
                self._settle(place, SlotState.REMOVED)
            elif key_id is not None:
                self._settle(place, SlotState.ERASED, key_id=key_id)
            else:
                self._lose(place, "the row is gone, and nothing in the log says why")
        for place, where, envelope in self.keyless:
            key_id = _key_of(envelope)
            if self._is_told(key_id):
                self._settle(place, SlotState.ERASED, where, envelope, key_id=key_id)
            else:
                self._lose(place, "the key is gone, and nothing in the log says why")

    def _settle(
        self,
        place: _Place,
        state: SlotState,
        where: str | None = None,
        envelope: bytes | None = None,
        *,
        key_id: UUID | None = None,
    ) -> None:
        self.states[state] += 1
        self.tell(
            Told(
                event_id=place.event_id,
                slot=place.slot,
                state=state,
                place=where,
                commitment=envelope[17:49] if envelope else None,
                key_id=key_id,
            )
        )

    async def _look_up(self, places: Sequence[_Place]) -> None:
        records = {place.slot.record for place in places}
        envelopes = await reading.read_envelopes(self.db, records, whole=self.opens)
        matched: list[tuple[_Place, str, bytes]] = []
        for place in places:
            here = envelopes.get(place.slot.record)
            fitting = reading.find_fitting(place.slot.commitment, here or ())
            if fitting is not None:
                matched.append((place, *fitting))
            elif here is None:
                self.absent.append(place)
            else:
                self._mismatch(place, "the row holds another value than the entry commits to")
        key_ids = {_key_of(envelope) for _, _, envelope in matched}
        dead = await reading.list_dead_keys(self.db, key_ids)
        for place, where, envelope in matched:
            if _key_of(envelope) in dead:
                self.keyless.append((place, where, envelope))
            else:
                await self._accept(place, where, envelope)

    async def _accept(self, place: _Place, where: str, envelope: bytes) -> None:
        if not place.recognises(_key_of(envelope)):
            self._mismatch(place, "it is sealed under another key than the entry says")
            return
        if self.opens:
            stored = vault.Stored(record_id=place.slot.record, slot=where, envelope=envelope)
            try:
                await vault.open_one(self.db, keys_of(self.db), stored)
            except AnswerableError as error:
                self._mismatch(place, f"it does not open ({error.code})")
                return
        self._settle(place, SlotState.OPENED if self.opens else SlotState.SEALED, where, envelope)

    def _is_told(self, key_id: UUID) -> bool:
        event_id = self.destroyed.get(key_id)
        return event_id is not None and destroyed_digest(key_id, event_id) in self.told.get(event_id, ())

    def _lose(self, place: _Place, detail: str) -> None:
        self._settle(place, SlotState.MISSING)
        self._tell(Fault.SLOT_MISSING, place, detail)

    def _mismatch(self, place: _Place, detail: str) -> None:
        self._tell(Fault.COMMITMENT_MISMATCH, place, detail)

    def _tell(self, fault: Fault, place: _Place, detail: str) -> None:
        detail = f"{place.slot.name}: {detail}"
        self.found(Finding(finding=fault, detail=detail, leaf=place.index, event=place.event_id))


def _key_of(envelope: bytes) -> UUID:
    return UUID(bytes=envelope[1:17])
