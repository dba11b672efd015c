"""A copy of the log that grows: batches of entries, each with what shows that the copy is whole.

A batch holds the entries from the place where the batch before ended, the newest signed checkpoint, and the
consistency proof from the copy's size to the checkpoint's: whoever hashes the copied entries has the copy's root,
and the proof leads from it to the root that was signed.
"""

import asyncio
import itertools
import json
import os
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from answerable.audit import reading, signed
from answerable.audit.errors import CopyOfAnother, CopyUnreadable
from answerable.audit.exports import event_of
from answerable.audit.happenings import EntriesExported
from answerable.audit.reading import Entry, Wanted
from answerable.audit.service import append
from answerable.audit.tiles import prove_growth
from answerable.audit.values import ExportFormat
from answerable.infra.db import Database, Db
from answerable.infra.ids import Actor

FORMAT: Final = "answerable.batch/v1"
MOST: Final = 500
"""So many entries are in one batch, at most."""

MOST_BYTES: Final = 1_000_000
"""So many bytes of entries."""

BLOCK_BYTES: Final = 64 * 1024
"""So much of a file is read at once, from its end, to find where the last batch begins."""

EVERY_S: Final = 1.0
"""How often a copy that follows the log looks for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far a copy is."""

    size: int = 0
    origin: str | None = None
    """Of which log; None for a copy that has not begun."""


Batch = Mapping[str, Any]
"""As it is written: JSON."""


class Sink(Protocol):
    """Where a copy goes."""

    async def find_reached(self) -> Reached:
        """How far the copy is."""
        ...

    async def take(self, batch: Batch) -> None:
        """Keep a batch for good, or raise and keep none of it."""
        ...


class FileSink:
    """A file, a line a batch; each is on the disk before the next is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def find_reached(self) -> Reached:
        """How far the file is.

        Errors:  CopyUnreadable; OSError of the file.
        Effects: a batch that was cut off while it was written is taken away.
        """
        return await asyncio.to_thread(read_copy, self._path)

    async def take(self, batch: Batch) -> None:
        """Write a batch at the file's end.

        Errors:  OSError of the file.
        """
        await asyncio.to_thread(_append, self._path, render_batch(batch))


def read_copy(path: Path) -> Reached:
    """How far a file's copy is; a batch that was cut off while it was written is taken away.

    Only the file's end is read, since a copy grows for years.

    Errors:  CopyUnreadable; OSError of the file.
    Effects: the file may be shortened.
    """
    if not path.exists():
        return Reached()
    with path.open("r+b") as file:
        whole = _find_line_end(file, file.seek(0, os.SEEK_END))
        file.truncate(whole)
        begin = _find_line_end(file, whole - 1)
        file.seek(begin)
        last = file.read(whole - begin)
    if not last:
        return Reached()
    try:
        batch = json.loads(last)
        return Reached(size=int(batch["to"]), origin=str(batch["origin"]))
    except (ValueError, KeyError, TypeError) as error:
        raise CopyUnreadable(str(path)) from error


def _find_line_end(file: BinaryIO, before: int) -> int:
    """Where the last line ends that ends before a place, its end included; 0 for none."""
    end = max(before, 0)
    while end > 0:
        begin = max(0, end - BLOCK_BYTES)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


async def copy_log(
    database: Database,
    actor: Actor,
    sink: Sink,
    *,
    wanted: ExportFormat,
    follows: bool = False,
    tell: Callable[[int], None] = lambda _size: None,
) -> int:
    """Bring a copy up to the newest signed checkpoint, and give its size; with `follows`, for ever.

    Errors:  CopyOfAnother, and those of where the copy goes.
    Effects: an event; batches.
    """
    reached = await sink.find_reached()
    async with database.tenant_session(actor) as db:
        await append(db, EntriesExported(subject_id=actor.tenant_id, format=wanted))
    while True:
        async with database.tenant_session(actor) as db:
            batch = await _next_batch(db, reached, wanted)
        if batch is not None:
            await sink.take(batch)
            reached = Reached(size=batch["to"], origin=batch["origin"])
            tell(reached.size)
        elif follows:
            await asyncio.sleep(EVERY_S)
        else:
            return reached.size


async def _next_batch(db: Db, reached: Reached, wanted: ExportFormat) -> dict[str, Any] | None:
    head, names = await signed.find_head(db), await signed.find_names(db)
    if head is None or names is None:
        return None
    if reached.origin not in {None, names.origin} or reached.size > head.size:
        raise CopyOfAnother
    if reached.size == head.size:
        return None
    limit = min(MOST, head.size - reached.size)
    listed = await reading.list_entries(db, Wanted(), after=reached.size - 1, limit=limit)
    found = _cut(listed)
    end = reached.size + len(found)
    proof = await prove_growth(db, db.actor.tenant_id, end, head.size)
    return {
        "format": FORMAT,
        "origin": names.origin,
        "from": reached.size,
        "to": end,
        "events": [
            event_of(wanted, one.event, one.body, index=at, origin=names.origin)
            for at, one in enumerate(found, start=reached.size)
        ],
        "checkpoint": head.note,
        "consistency": [b64encode(one).decode() for one in proof],
    }


def _cut(entries: Sequence[Entry]) -> list[Entry]:
    """As many entries as a batch may be long, one at least."""
    ends = itertools.accumulate(len(one.body) for one in entries)
    count = sum(end <= MOST_BYTES for end in ends)
    return list(entries[: max(count, 1)])


def render_batch(batch: Batch) -> bytes:
    """The bytes of a batch: one line."""
    text = json.dumps(batch, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def _append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
