"""Writer sessions: each process numbers what it records in each tenant's log, so that a missing number shows.

A number is taken before its transaction ends. What was rolled back is declared void by the next event; what
may or may not have been committed is looked up before it. So every number is a leaf or void exactly once.
"""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID, uuid4

from answerable.audit.values import MAX_ITEMS, MAX_NUMBER, EventId, Number
from answerable.infra.db import Ending
from answerable.infra.ids import TenantId

WRITERS: Final = "audit.writers"
"""Where a session carries the process's writer sessions."""

DECLARED_WITHIN_S: Final = 120.0
"""What a session has not declared after so long is left to `recover_writers`, so that both never declare it."""

LONGEST_TRANSACTION_S: Final = 600.0
"""After so long nobody waits to hear how a transaction ended; it is looked up."""


@dataclass(slots=True, kw_only=True, eq=False)
class Taken:
    """The numbers of one append, and what it declares."""

    numbers: dict[EventId, int]
    void: tuple[int, ...]
    """Declared by the first of the events."""

    began: float = field(default_factory=time.monotonic)

    @property
    def first(self) -> EventId:
        """The event that declares."""
        return next(iter(self.numbers))


@dataclass(slots=True, kw_only=True)
class Writer:
    """The numbering of one process in one tenant."""

    id: UUID = field(default_factory=uuid4)
    pid: int = field(default_factory=os.getpid)
    last: int = 0
    taken_at: float = field(default_factory=time.monotonic)
    """When it last gave out a number."""

    void: set[int] = field(default_factory=set[int])
    """Rolled back and not declared yet."""

    open: list[Taken] = field(default_factory=list[Taken])
    """Of transactions that have not ended."""

    unknown: list[Taken] = field(default_factory=list[Taken])
    """Of transactions of which nobody knows whether they were committed."""

    has_declared: bool = False
    """Whether the log is known to hold the schemas of all that this process writes."""

    def take(self, events: Sequence[EventId]) -> Taken:
        """Number events that are about to be stored."""
        self.taken_at = time.monotonic()
        declared = tuple(sorted(self.void)[:MAX_ITEMS])
        self.void.difference_update(declared)
        numbers = {event: self.last + count for count, event in enumerate(events, 1)}
        self.last += len(events)
        taken = Taken(numbers=numbers, void=declared)
        self.open.append(taken)
        return taken

    def settle(self, taken: Taken, stored: Iterable[EventId]) -> None:
        """Free the numbers of events that were not stored, and what such an event would have declared."""
        kept = set(stored)
        self.void.update(number for event, number in taken.numbers.items() if event not in kept)
        if taken.first not in kept:
            self.void.update(taken.void)
        taken.numbers = {event: number for event, number in taken.numbers.items() if event in kept}
        if not taken.numbers and taken in self.open:
            self.open.remove(taken)

    def end(self, taken: Taken, ending: Ending) -> None:
        """Take note of how a transaction ended."""
        if taken not in self.open:
            return
        self.open.remove(taken)
        if ending is Ending.ROLLED_BACK:
            self.settle(taken, ())
        elif ending is Ending.UNKNOWN:
            self.unknown.append(taken)

    def end_declaring(self, ending: Ending) -> None:
        """Take note of how a transaction ended in which the schemas were there, or were declared."""
        self.has_declared = self.has_declared or ending is Ending.COMMITTED

    def forget_the_silent(self) -> None:
        """Count transactions that have been silent for too long among those of unknown end."""
        silent = [one for one in self.open if time.monotonic() - one.began > LONGEST_TRANSACTION_S]
        for taken in silent:
            self.end(taken, Ending.UNKNOWN)


class Writers:
    """The writer sessions of one process, one for each tenant it records in."""

    def __init__(self) -> None:
        self._of: dict[TenantId, Writer] = {}

    def of(self, tenant_id: TenantId, *, room: int) -> Writer:
        """The session in a tenant; a new one after a fork, and where the last one can declare no more."""
        writer = self._of.get(tenant_id)
        if writer is None or writer.pid != os.getpid() or _is_over(writer, room):
            writer = self._of[tenant_id] = Writer()
        return writer


def _is_over(writer: Writer, room: int) -> bool:
    owes = bool(writer.void or writer.unknown)
    is_silent = time.monotonic() - writer.taken_at > DECLARED_WITHIN_S
    return (owes and is_silent) or writer.last + room > MAX_NUMBER


def number_of(writer: Writer, taken: Taken, event: EventId) -> Number:
    """What the body of an event says of its writer."""
    void = taken.void if event == taken.first else ()
    return Number(writer=writer.id, number=taken.numbers[event], void=void)


def ender(writer: Writer, taken: Taken) -> partial[None]:
    """What a session calls when its transaction ends."""
    return partial(writer.end, taken)
