"""The witness's key and what it has seen of each log: on disk before anybody hears of it."""

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable import tlog
from answerable.tlog import Checkpoint
from answerable.vault import secretfiles
from answerable.witness.errors import StateMissing
from answerable.witness.protocol import KeysOf, Known, Request, Verdict, weigh

KEY: Final = "witness.key"
STATE: Final = "state.sqlite"

_LABEL: Final = "answerable witness key 1"
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS seen (
    origin TEXT PRIMARY KEY, place TEXT NOT NULL UNIQUE, size TEXT NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of a request."""

    verdict: Verdict
    lines: bytes = b""
    """The cosignature, where there is one."""

    size: int | None = None
    """Of the head that was seen last, for whoever came with another one."""


class Witness:
    """Cosigns heads that continue what it has seen. One process at a time has a folder."""

    def __init__(self, folder: Path, name: str, keys_of: KeysOf, *, now: Callable[[], float]) -> None:
        """Open a witness's folder, or begin one.

        Errors:  StateMissing, and those of key files.
        """
        secretfiles.make_folder(folder)
        if (folder / KEY).exists() and not (folder / STATE).exists():
            raise StateMissing(str(folder / STATE))
        with suppress(FileExistsError):
            os.close(os.open(folder / STATE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._state = sqlite3.connect(folder / STATE, isolation_level=None, timeout=10)
        self._state.execute("PRAGMA synchronous = FULL")
        self._state.execute(_TABLE)
        # Last: whoever is killed before it begins anew.
        key = secretfiles.read_or_make(folder / KEY, secrets.token_bytes(32), label=_LABEL)
        self._private = Ed25519PrivateKey.from_private_bytes(key)
        self._keys_of = keys_of
        self._now = now
        self.name = name

    @property
    def key(self) -> str:
        """The verifier key of its cosignatures, for policies."""
        return str(tlog.witness_key(self.name, self._private))

    def take(self, request: Request) -> Seen:
        """Cosign what a request asks to be cosigned, if it continues what was seen.

        Reading what was seen last and writing the new head are one transaction: of two requests at once the
        slower one finds the other's head.

        Effects: the head is on disk when this returns.
        """
        self._state.execute("BEGIN IMMEDIATE")
        try:
            seen = self._take(request)
        except BaseException:
            self._state.execute("ROLLBACK")
            raise
        self._state.execute("COMMIT")
        return seen

    def _take(self, request: Request) -> Seen:
        verdict, checkpoint = weigh(request, self._keys_of, self._known)
        if checkpoint is None:
            return Seen(verdict=verdict)
        if verdict is not Verdict.COSIGNED:
            last = self._known(checkpoint.origin)
            return Seen(verdict=verdict, size=last.size if request.old_size != last.size else None)
        line = tlog.cosign(checkpoint, self.name, self._private, at=int(self._now())).line().encode()
        self._keep(checkpoint, request.note + line)
        return Seen(verdict=verdict, lines=line)

    def newest(self, place: str) -> bytes | None:
        """The newest head of the log whose name has this SHA-256 in hexadecimal, with the cosignature."""
        row = self._state.execute("SELECT note FROM seen WHERE place = ?", [place]).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        """Close the file."""
        self._state.close()

    def _known(self, origin: str) -> Known:
        row = self._state.execute("SELECT size, root FROM seen WHERE origin = ?", [origin]).fetchone()
        return Known() if row is None else Known(size=int(row[0]), root=row[1])

    def _keep(self, checkpoint: Checkpoint, note: bytes) -> None:
        place = hashlib.sha256(checkpoint.origin.encode()).hexdigest()
        # As text: the largest size of a checkpoint is one of 63 bits, which the file's own numbers hold too,
        # and a size is compared and never calculated with.
        self._state.execute(
            "INSERT INTO seen (origin, place, size, root, note) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin)"
            " DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note",
            [checkpoint.origin, place, str(checkpoint.size), checkpoint.root, note],
        )
