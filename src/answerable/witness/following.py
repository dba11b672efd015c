"""How far a monitor has followed a log, and following it further. Pure but for what fetches.

Whoever follows a log keeps its frontier: the few hashes from which it grows. New leaves are taken in from
tiles, and the root that they lead to must be the one that was signed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from answerable import tlog
from answerable.tlog import Checkpoint, Frontier, Tile, VerifierKey

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets what lies at a path; raises MonitorRefused or MonitorUnreachable for what it does not get."""


class Alarm(StrEnum):
    """What a monitor raises alarm about."""

    FORK = "fork"
    """The log does not continue what was seen of it."""
    ROLLBACK = "rollback"
    """The log is shorter than it was."""
    RENAMED = "renamed"
    """It goes on under another name or key."""
    REFUSED = "refused"
    """Something has not the form or the signature that it must have."""
    HEAD_UNKNOWN = "head_unknown"
    """The root log holds a head of this log that was never shown."""
    HEAD_NOT_IN_ROOT = "head_not_in_root"
    """A signed head has not entered the root log in time."""
    STALE = "stale"
    """The newest head is older than asked for."""


FORKS: Final = frozenset({Alarm.FORK, Alarm.ROLLBACK, Alarm.RENAMED, Alarm.HEAD_UNKNOWN})


class Alarmed(Exception):
    """The look ends: what was seen stays as it was, and somebody has to be told."""

    def __init__(self, alarm: Alarm, detail: str) -> None:
        super().__init__(f"{alarm.value}: {detail}")
        self.alarm = alarm
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far one log was followed."""

    key: VerifierKey
    """Under which it signs; its name is the log's origin."""
    frontier: Frontier = field(default_factory=Frontier)
    note: bytes = b""
    """The newest head that was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one look at a log brought."""

    followed: Followed
    checkpoint: Checkpoint
    added: int
    roots: dict[int, bytes]
    """The roots at the sizes that were asked for."""


def read_signed(key: VerifierKey, note: bytes) -> Checkpoint:
    """The checkpoint of a note, if the log of this key has signed it.

    Errors:  Alarmed.
    """
    try:
        parsed = tlog.parse_note(note)
        checkpoint = tlog.parse_checkpoint(parsed.text)
        if checkpoint.origin != key.name:
            raise Alarmed(Alarm.RENAMED, f"it was {key.name} and is {checkpoint.origin}")
        tlog.verify_note(parsed, [key])
    except tlog.Refused as error:
        raise Alarmed(Alarm.REFUSED, f"a head: {error}") from error
    return checkpoint


def _read_head(followed: Followed, note: bytes) -> Checkpoint:
    """As `read_signed`, if it is no step back."""
    checkpoint = read_signed(followed.key, note)
    seen = followed.frontier
    if checkpoint.size < seen.size:
        raise Alarmed(Alarm.ROLLBACK, f"{checkpoint.size} entries, where there were {seen.size}")
    if checkpoint.size == seen.size and checkpoint.root != seen.root:
        raise Alarmed(Alarm.FORK, f"two roots over the same {seen.size} entries")
    return checkpoint


async def follow(followed: Followed, note: bytes, leaves: "Leaves", *, at: Collection[int] = ()) -> Step:
    """Follow a log to a signed head, and find the roots at sizes on the way that are larger than what was seen.

    Errors:  Alarmed, and those of fetching.
    """
    checkpoint = _read_head(followed, note)
    frontier, wanted, roots = followed.frontier, sorted(set(at)), dict[int, bytes]()
    async for some in leaves(frontier.size, checkpoint.size):
        first, end = frontier.size, frontier.size + len(some)
        stops = wanted[bisect_right(wanted, first) : bisect_left(wanted, end)]
        for stop in [*stops, end]:
            frontier = frontier.extended(some[frontier.size - first : stop - first])
            roots[stop] = frontier.root
    if (frontier.size, frontier.root) != (checkpoint.size, checkpoint.root):
        raise Alarmed(
            Alarm.FORK, f"{checkpoint.size} entries do not continue the {followed.frontier.size} seen"
        )
    kept = replace(followed, frontier=frontier, note=note)
    return Step(
        followed=kept, checkpoint=checkpoint, added=frontier.size - followed.frontier.size, roots=roots
    )


Leaves = Callable[[int, int], AsyncGenerator[list[bytes]]]
"""The hashes of a log's leaves from one place up to another, piece by piece."""


def hashes_from(fetch: Fetch, prefix: str) -> Leaves:
    """Leaves out of tiles of hashes, below an address of c2sp.org/tlog-tiles."""

    async def leaves(first: int, end: int) -> AsyncGenerator[list[bytes]]:
        for tile in _tiles(0, first, end):
            hashes = _decoded(tlog.decode_tile, await fetch(f"{prefix}/{tile.path()}"), tile)
            yield list(hashes[max(0, first - tile.index * tlog.WIDTH) :])

    return leaves


def entries_from(fetch: Fetch, prefix: str, taken: list[bytes]) -> Leaves:
    """Leaves out of bundles of entries, each of which is also kept in `taken`."""

    async def leaves(first: int, end: int) -> AsyncGenerator[list[bytes]]:
        for tile in _tiles(None, first, end):
            entries = _decoded(tlog.decode_bundle, await fetch(f"{prefix}/{tile.path()}"), tile)
            new = list(entries[max(0, first - tile.index * tlog.WIDTH) :])
            taken.extend(new)
            yield [tlog.hash_leaf(one) for one in new]

    return leaves


def _tiles(level: int | None, first: int, end: int) -> list[Tile]:
    return [
        Tile(level=level, index=index, width=min(tlog.WIDTH, end - index * tlog.WIDTH))
        for index in range(first // tlog.WIDTH, -(-end // tlog.WIDTH))
    ]


def _decoded(decode: Callable[[bytes, int], tuple[bytes, ...]], data: bytes, tile: Tile) -> tuple[bytes, ...]:
    try:
        return decode(data, tile.width)
    except tlog.Refused as error:
        raise Alarmed(Alarm.REFUSED, f"{tile.path()}: {error}") from error
