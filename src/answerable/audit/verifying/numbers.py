"""Writers' numbers and the times of entries, followed through a log. Pure: entries in, findings out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from answerable.audit.verifying.bodies import Entry
from answerable.audit.verifying.values import Fault, Finding

OPEN_FOR: Final = timedelta(seconds=600)
"""For so long after a higher number a number may still be missing: its transaction may be open."""

TOLERANCE: Final = timedelta(seconds=300)
MOST_MISSING: Final = 100_000
"""More numbers than that at once are one finding, not as many."""


@dataclass(slots=True)
class _Writer:
    highest: int = 0
    missing: dict[int, datetime] = field(default_factory=dict[int, datetime])
    """Numbers below the highest that have not turned up, each with the time of the entry that showed it."""


class Numbers:
    """Whether every number of every writer is an entry or void, once."""

    def __init__(self) -> None:
        self._writers: dict[UUID, _Writer] = {}
        self._newest: datetime | None = None

    def follow(self, index: int, entry: Entry) -> Iterator[Finding]:
        """Take in an entry."""
        self._newest = max(entry.at, self._newest or entry.at)
        if entry.writer is None:
            return
        writer = self._writers.setdefault(entry.writer, _Writer())
        declared = [(writer, number) for number in (entry.number, *entry.void)]
        if entry.type == "writer.recovered":
            dead = self._writers.setdefault(UUID(entry.detail["writer"]), _Writer())
            declared += [(dead, number) for number in entry.detail["void"]]
        for whose, number in declared:
            if fault := self._account(whose, number, entry.at):
                detail = f"number {number} of a writer"
                yield Finding(finding=fault, detail=detail, leaf=index, event=entry.event_id)

    def end(self) -> Iterator[Finding]:
        """What is missing for good."""
        for writer_id, writer in self._writers.items():
            over = [
                number
                for number, since in writer.missing.items()
                if self._newest is not None and self._newest - since > OPEN_FOR
            ]
            if over:
                detail = (
                    f"{len(over)} numbers of writer {writer_id} are neither entries nor void, as {over[0]}"
                )
                yield Finding(finding=Fault.WRITER_GAP, detail=detail)

    @property
    def open(self) -> int:
        """How many numbers may still turn up."""
        return sum(len(writer.missing) for writer in self._writers.values())

    def _account(self, writer: _Writer, number: int, at: datetime) -> Fault | None:
        if number > writer.highest:
            if number - writer.highest > MOST_MISSING:
                writer.highest = number
                return Fault.WRITER_GAP
            for missing in range(writer.highest + 1, number):
                writer.missing[missing] = at
            writer.highest = number
            return None
        return None if writer.missing.pop(number, None) is not None else Fault.WRITER_CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSize:
    """How large the log was when its head was signed."""

    size: int
    at: datetime


class Times:
    """Whether each entry's time fits between the signed times around it.

    An entry cannot be younger than the head that covers it. It may be older than the head before it, where the
    sequencer was behind; but then those before it are as old.
    """

    def __init__(self, heads: Sequence[SignedSize]) -> None:
        self._heads = heads
        self._next = 0
        self._latest: datetime | None = None

    def follow(self, index: int, entry: Entry) -> Iterator[Finding]:
        """Take in an entry."""
        while self._next < len(self._heads) and self._heads[self._next].size <= index:
            self._next += 1
        before = self._heads[self._next - 1].at if self._next else None
        after = self._heads[self._next].at if self._next < len(self._heads) else None
        is_backdated = (
            before is not None
            and self._latest is not None
            and entry.at < min(before, self._latest) - TOLERANCE
        )
        if is_backdated or (after is not None and entry.at > after + TOLERANCE):
            detail = "its time is not one at which it can have been written"
            yield Finding(finding=Fault.TIME_BRACKET, detail=detail, leaf=index, event=entry.event_id)
        else:
            self._latest = max(entry.at, self._latest or entry.at)
