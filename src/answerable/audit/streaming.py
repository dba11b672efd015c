"""A copy of the log that grows: batches of entries in a file, each with what shows that the copy is whole.

A batch holds the entries from the place where the batch before ended, the newest signed checkpoint, and the
consistency proof from the copy's size to the checkpoint's: whoever hashes the copied entries has the copy's root,
and the proof leads from it to the root that was signed.
"""

import asyncio
import json
import os
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from answerable import tlog
from answerable.audit import reading, signed
from answerable.audit.errors import CopyOfAnother, CopyUnreadable
from answerable.audit.exports import event_of
from answerable.audit.happenings import EntriesExported
from answerable.audit.reading import Wanted
from answerable.audit.service import append
from answerable.audit.tiles import prove
from answerable.audit.values import ExportFormat
from answerable.infra.db import Database, Db
from answerable.infra.ids import Actor
from answerable.tlog import Nodes

FORMAT: Final = "answerable.batch/v1"
MOST: Final = 500
"""So many entries are in one batch."""

EVERY_S: Final = 1.0
"""How often a copy that follows the log looks for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far a copy is."""

    size: int = 0
    origin: str | None = None
    """Of which log; None for a copy that has not begun."""


def read_copy(path: Path) -> Reached:
    """How far a file's copy is; a batch that was cut off while it was written is taken away.

    Errors:  CopyUnreadable; OSError of the file.
    Effects: the file may be shortened.
    """
    if not path.exists():
        return Reached()
    with path.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        file.truncate(whole)
    last = content[:whole].rstrip(b"\n").rpartition(b"\n")[2]
    if not last:
        return Reached()
    try:
        batch = json.loads(last)
        return Reached(size=int(batch["to"]), origin=str(batch["origin"]))
    except (ValueError, KeyError, TypeError) as error:
        raise CopyUnreadable(str(path)) from error


async def copy_log(
    database: Database,
    actor: Actor,
    path: Path,
    *,
    wanted: ExportFormat,
    follows: bool = False,
    tell: Callable[[int], None] = lambda _size: None,
) -> int:
    """Bring a file's copy up to the newest signed checkpoint, and give its size; with `follows`, for ever.

    Errors:  CopyUnreadable, CopyOfAnother; OSError of the file.
    Effects: an event; lines at the end of the file, each on the disk before the next is asked for.
    """
    reached = await asyncio.to_thread(read_copy, path)
    async with database.tenant_session(actor) as db:
        await append(db, EntriesExported(subject_id=actor.tenant_id, format=wanted))
    while True:
        async with database.tenant_session(actor) as db:
            batch = await _next_batch(db, reached, wanted)
        if batch is not None:
            await asyncio.to_thread(_append, path, batch)
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
    found = await reading.list_entries(db, Wanted(), after=reached.size - 1, limit=limit)
    end = reached.size + len(found)
    proof = await prove(db, db.actor.tenant_id, head.size, _growth(end, head.size))
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


def _growth(old: int, new: int) -> Callable[[Nodes], tuple[bytes, ...]]:
    return lambda nodes: tlog.prove_consistency(old, new, nodes)


def _append(path: Path, batch: dict[str, Any]) -> None:
    line = json.dumps(batch, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
    with path.open("ab") as file:
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())
