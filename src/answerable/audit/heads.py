"""What the signer has signed last of each log, in a file of its own that the database cannot change."""

import fcntl
import os
import sqlite3
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from answerable.audit.errors import SignerStateMissing
from answerable.infra.ids import TenantId
from answerable.vault import secretfiles

FILE: Final = "state.sqlite"
LOCK: Final = "lock"

_TABLE = """
CREATE TABLE IF NOT EXISTS head (
    tenant TEXT NOT NULL, generation INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
    signed_at INTEGER NOT NULL, note TEXT NOT NULL, is_stored INTEGER NOT NULL,
    PRIMARY KEY (tenant, generation)
)
"""
_SAVE = """
INSERT INTO head (tenant, generation, size, root, signed_at, note, is_stored) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, generation) DO UPDATE SET
    size = excluded.size, root = excluded.root, signed_at = excluded.signed_at, note = excluded.note,
    is_stored = excluded.is_stored
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last signed head of one generation of a log."""

    tenant_id: TenantId
    generation: int
    size: int
    root: bytes
    signed_at: int
    """Seconds of POSIX time; 0 for a generation that was declared and has nothing signed yet."""

    note: str
    is_stored: bool = False
    """Whether the database is known to have the note."""


class Heads:
    """The file with the heads. Whatever is saved is on disk when the call returns."""

    def __init__(self, folder: Path, *, is_new: bool) -> None:
        """Open the file, or make it for a new signer.

        Errors:  SignerStateMissing.
        """
        path = folder / FILE
        if not is_new and not path.exists():
            raise SignerStateMissing(f"{path}.")
        if is_new:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.execute(_TABLE)
        self._newest = self._read()

    def newest(self) -> dict[TenantId, Head]:
        """The head of each log's newest generation."""
        return dict(self._newest)

    def _read(self) -> dict[TenantId, Head]:
        rows = self._file.execute(
            "SELECT tenant, generation, size, root, signed_at, note, is_stored FROM head ORDER BY generation"
        )
        heads = [
            Head(
                tenant_id=TenantId(UUID(row[0])),
                generation=row[1],
                size=row[2],
                root=row[3],
                signed_at=row[4],
                note=row[5],
                is_stored=bool(row[6]),
            )
            for row in rows
        ]
        return {head.tenant_id: head for head in heads}

    def save(self, heads: Iterable[Head]) -> None:
        """Keep heads, all of them or none."""
        kept = list(heads)
        if not kept:
            return
        rows = [
            (str(one.tenant_id), one.generation, one.size, one.root, one.signed_at, one.note, one.is_stored)
            for one in kept
        ]
        self._file.execute("BEGIN IMMEDIATE")
        try:
            self._file.executemany(_SAVE, rows)
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")
        self._newest |= {one.tenant_id: one for one in kept}

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def held(folder: Path) -> Generator[bool]:
    """Hold the signer's folder for as long as the block runs; False when another process has it."""
    secretfiles.make_folder(folder)
    with closing(_Lock(folder / LOCK)) as lock:
        yield lock.take()


class _Lock:
    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self._descriptor)
