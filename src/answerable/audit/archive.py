"""The whole log of a tenant in files: what anybody needs to verify it when nobody runs it any more.

The layout is that of c2sp.org/tlog-tiles, with files beside it for what the standard does not know.
"""

import importlib.resources
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, text

from answerable import tlog
from answerable.audit import signed, witnesses
from answerable.audit.errors import LogEmpty
from answerable.audit.happenings import LogExported
from answerable.audit.rooted import Rooted, find_rooted
from answerable.audit.service import append
from answerable.audit.tiles import read_tiles
from answerable.audit.values import Digest
from answerable.audit.verifying import reading
from answerable.audit.verifying.bodies import Entry, Malformed, read_entry
from answerable.audit.verifying.slots import Slots, Told
from answerable.infra.db import Db

MOST_HEADS: Final = 1_000
"""Heads in the history of an export; of more, so many spread evenly, and the newest."""

TILES_AT_ONCE: Final = 64

_ALIVE = text("SELECT id FROM subject_key WHERE destroyed_at IS NULL ORDER BY id")
VERIFIER: Final = ("answerable_verify.py", "verify.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export holds."""

    origin: str
    leaves: int
    root: str
    """In hexadecimal."""

    files: int


async def export(
    db: Db, root: Db, folder: Path, *, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Exported:
    """Write the log under its newest signed head to an empty folder; `root` is a session of the root log.

    Errors:  LogEmpty while nothing is signed; OSError of the folder.
    Effects: files; an event, which the export itself does not hold.
    """
    heads, newest = await reading.list_heads(db), await signed.find_head(db)
    logs = await reading.list_logs(db)
    if newest is None:
        raise LogEmpty
    writing = _Writing(db=db, folder=folder)
    writing.write("checkpoint", newest.note.encode())
    vouched = await signed.find_head(db, covering=0)
    if vouched is not None and vouched.size < newest.size:
        # The newest one that witnesses have seen: whoever believes them pins it.
        writing.write("witnessed", vouched.note.encode())
    _write_keys(writing, logs, policy=await witnesses.render_policy(db))
    _write_history(writing, [head for head in heads if head["generation"] == newest.generation])
    await _write_tiles(writing, newest.size)
    await _write_entries(writing, newest.size, progress)
    await _write_receipts(writing)
    await _write_schemas(writing)
    if (held := await find_rooted(db, root, newest)) is not None:
        _write_rooted(writing, held)
    _write_verifier(writing, logs[-1]["origin"])
    await append(db, LogExported(subject_id=db.actor.tenant_id, root=Digest(newest.root)))
    return Exported(
        origin=logs[-1]["origin"],
        leaves=newest.size,
        root=newest.root.hex(),
        files=writing.files,
    )


@dataclass(slots=True, kw_only=True)
class _Writing:
    db: Db
    folder: Path
    files: int = 0

    def write(self, name: str, content: bytes) -> None:
        """One file, its folders included."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.files += 1

    def write_lines(self, name: str, lines: Iterable[dict[str, Any]]) -> None:
        """One file of JSON objects, a line each."""
        self.write(name, "".join(f"{json.dumps(line)}\n" for line in lines).encode())


def _write_keys(writing: _Writing, logs: Sequence[RowMapping], *, policy: bytes) -> None:
    *earlier, newest = logs
    writing.write("policy", policy)
    lines = [f"log {newest['log_key']}", f"clock {newest['clock_key']}", f"receipt {newest['receipt_key']}"]
    for log in earlier:
        lines += [f"earlier {log[key]}" for key in ("log_key", "clock_key", "receipt_key")]
    writing.write("keys", "".join(f"{line}\n" for line in lines).encode())


def _write_history(writing: _Writing, heads: Sequence[RowMapping]) -> None:
    step = -(-len(heads) // MOST_HEADS)
    chosen = [*heads[:-1:step], heads[-1]] if len(heads) > 1 else list(heads)
    writing.write_lines("history.jsonl", ({"size": head["size"], "note": head["note"]} for head in chosen))


async def _write_tiles(writing: _Writing, size: int) -> None:
    tiles = list(tlog.tiles_of(size))
    for first in range(0, len(tiles), TILES_AT_ONCE):
        some = tiles[first : first + TILES_AT_ONCE]
        read = await read_tiles(writing.db, writing.db.actor.tenant_id, some)
        for tile, hashes in read.items():
            # One that lost hashes is written as it is: whoever verifies the export is to see it.
            writing.write(tile.path(), b"".join(hashes))


async def _write_entries(writing: _Writing, size: int, progress: Callable[[int, int], None]) -> None:
    told: list[dict[str, Any]] = []
    destroyed = await reading.list_destroyed(writing.db)
    slots = Slots(
        db=writing.db,
        found=lambda _finding: None,
        destroyed=destroyed,
        tell=lambda one: told.append(_slot_line(one)),
    )
    bundles = tlog.bundles_of(size)
    waiting: list[bytes] = []
    done = 0
    async for rows in reading.list_entries(writing.db, size):
        bodies = [bytes(row["body"] or b"") for row in rows]
        waiting += bodies
        done += len(bodies)
        await slots.follow(list(_readable(rows, bodies)))
        while len(waiting) >= 256 or (done == size and waiting):
            bundle = next(bundles)
            writing.write(bundle.path(), tlog.encode_bundle(waiting[: bundle.width]))
            del waiting[: bundle.width]
        progress(done, size)
    slots.end()
    writing.write_lines("slots.jsonl", told)
    writing.write_lines(
        "erasures.jsonl", ({"event": str(event), "key": str(key)} for key, event in destroyed.items())
    )
    alive = await writing.db.scalars(_ALIVE)
    writing.write_lines("alive.jsonl", ({"key": str(key)} for key in alive))


def _readable(rows: Sequence[RowMapping], bodies: Sequence[bytes]) -> Iterable[tuple[int, Entry]]:
    for row, body in zip(rows, bodies, strict=True):
        try:
            yield row["index"], read_entry(body)
        except Malformed:
            # It stands in its bundle as it is, and the verifier says so.
            continue


def _slot_line(told: Told) -> dict[str, Any]:
    return {
        "event": str(told.event_id),
        "slot": told.slot.name,
        "record": str(told.slot.record),
        "place": told.place,
        "state": told.state.value,
        "c": b64encode(told.commitment).decode() if told.commitment else None,
        "key": str(told.key_id) if told.key_id else None,
    }


async def _write_receipts(writing: _Writing) -> None:
    lines: list[dict[str, Any]] = []
    async for rows in reading.list_receipts(writing.db):
        lines += [{"event": str(_id(row)), "note": row["note"]} for row in rows]
    writing.write_lines("receipts.jsonl", lines)


async def _write_schemas(writing: _Writing) -> None:
    stored = await reading.list_schemas(writing.db)
    # As they are: their digests are those of these very bytes.
    writing.write("schemas.jsonl", b"".join(schema + b"\n" for schema in sorted(stored.values())))


def _write_rooted(writing: _Writing, held: Rooted) -> None:
    writing.write("root/policy", held.policy)
    writing.write("root/proof", held.proof)
    writing.write("root/entry", held.entry)
    writing.write("root/head", held.head.note.encode())
    writing.write("root/label", b64encode(held.label_key) + b"\n")
    if held.token is not None and held.stamped is not None:
        writing.write("root/stamped", held.stamped)
        writing.write("root/timestamp.tsr", held.token)


def _id(row: RowMapping) -> UUID:
    return row["event_id"]


def _write_verifier(writing: _Writing, origin: str) -> None:
    for name, content in list_verifier():
        writing.write(name, content)
    writing.write("README.md", _README.format(origin=origin).encode())


def list_verifier() -> Iterator[tuple[str, bytes]]:
    """The files of the stand-alone verifier, as far as they are at hand."""
    for name in VERIFIER:
        if (content := read_verifier(name)) is not None:
            yield name, content


def read_verifier(name: str) -> bytes | None:
    """The stand-alone verifier, from the wheel or from the checkout that the code runs from."""
    packaged = importlib.resources.files("answerable") / "verifier" / name
    checkout = Path(__file__).resolve().parents[3] / "verifier" / name
    for path in (packaged, checkout):
        if path.is_file():
            return path.read_bytes()
    return None


_README: Final = """\
# The log of a workspace

This folder holds the whole log `{origin}` up to one signed checkpoint, and what verifies it.
Nobody has to be trusted for that, and nothing has to be online:

    python3 -I answerable_verify.py . --policy policy

Believe the keys in `policy` only if you have them from elsewhere too, such as from a receipt or an older export.
A file `witnessed` is the newest checkpoint that witnesses have cosigned: compare with `--pinned witnessed`.
The folder `root` shows that the log over all logs of the installation holds one of this log's checkpoints.
Where it holds a timestamp, `openssl ts -verify -in root/timestamp.tsr -data root/stamped -CAfile ROOTS.pem`
checks it, with the certificates of the authority that you believe.
Texts are not in here: entries hold commitments to them, and `slots.jsonl` says what became of each text.

# Das Protokoll eines Arbeitsbereichs

Dieser Ordner enthält das ganze Protokoll `{origin}` bis zu einem unterschriebenen Stand, und was es prüft.
Dafür muss man niemandem vertrauen, und nichts muss mit dem Netz verbunden sein:

    python3 -I answerable_verify.py . --policy policy

Vertrauen Sie den Schlüsseln in `policy` nur, wenn Sie sie auch von anderswo haben, etwa aus einer Quittung oder
einer älteren Ausfuhr.
Eine Datei `witnessed` ist der neueste Stand, den Zeugen mitgezeichnet haben: `--pinned witnessed` vergleicht.
Der Ordner `root` zeigt, dass das Protokoll über alle Protokolle der Installation einen Stand von diesem enthält.
Liegt ein Zeitstempel darin, prüft ihn `openssl ts -verify -in root/timestamp.tsr -data root/stamped -CAfile
ROOTS.pem` mit den Zertifikaten der Stelle, der Sie vertrauen.
Texte stehen hier nicht: Die Einträge enthalten Festlegungen auf sie, und `slots.jsonl` sagt, was aus jedem wurde.
"""
