"""A monitor's key, what it has seen, and the evidence of what it raised alarm about: files in one folder."""

import json
import os
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable import tlog
from answerable.tlog import Checkpoint, Frontier
from answerable.vault import secretfiles
from answerable.witness.errors import StateMissing, StateUnreadable
from answerable.witness.following import Followed

KEY: Final = "monitor.key"
SEEN: Final = "seen.json"
_LABEL: Final = "answerable monitor key 1"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a monitor has seen of a log and of the root log above it."""

    log: Followed
    root: Followed
    label_key: bytes
    pending: dict[str, float] = field(default_factory=dict[str, float])
    """Commitments that the root log must hold, and from when on they are late."""


class Memory:
    """The folder of one monitor."""

    def __init__(self, folder: Path, name: str) -> None:
        """Open the folder, or begin one.

        Errors:  StateMissing, and those of key files.
        """
        secretfiles.make_folder(folder)
        self._folder = folder
        self.name = name
        found = secretfiles.read_file(folder / KEY, label=_LABEL)
        if found is None:
            secretfiles.create_file(folder / KEY, secrets.token_bytes(32), label=_LABEL)
            found = secretfiles.read_file(folder / KEY, label=_LABEL)
            self._write(SEEN, b"{}")
        assert found is not None
        if not (folder / SEEN).exists():
            raise StateMissing(str(folder / SEEN))
        self._private = Ed25519PrivateKey.from_private_bytes(found)

    @property
    def key(self) -> str:
        """The verifier key under which it cosigns."""
        return str(tlog.witness_key(self.name, self._private))

    def cosign(self, checkpoint: Checkpoint, *, at: int) -> bytes:
        """The signature line for a head."""
        return tlog.cosign(checkpoint, self.name, self._private, at=at).line().encode()

    def load(self) -> Watched | None:
        """What was seen; None before the first look.

        Errors:  StateUnreadable.
        """
        try:
            value: dict[str, Any] = json.loads((self._folder / SEEN).read_bytes())
            if value == {}:
                return None
            if value["v"] != _VERSION:
                raise StateUnreadable(str(self._folder / SEEN))
            return Watched(
                log=_read(value["log"]),
                root=_read(value["root"]),
                label_key=b64decode(value["label_key"]),
                pending={str(one): float(due) for one, due in value["pending"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateUnreadable(str(self._folder / SEEN)) from error

    def save(self, watched: Watched) -> None:
        """Keep what was seen: whole and on disk when this returns."""
        value = {
            "v": _VERSION,
            "log": _render(watched.log),
            "root": _render(watched.root),
            "label_key": b64encode(watched.label_key).decode(),
            "pending": watched.pending,
        }
        self._write(SEEN, json.dumps(value, indent=1).encode())

    def keep_evidence(self, alarm: str, detail: str, notes: list[bytes]) -> Path:
        """Keep what was seen before and what was shown now: signed by the log, so it proves itself to others."""
        at = datetime.now(UTC)
        name = f"evidence-{at:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}.txt"
        parts = [f"{at.isoformat()} {alarm}: {detail}\n".encode(), *(note for note in notes if note)]
        self._write(name, b"\n".join(parts))
        return self._folder / name

    def _write(self, name: str, content: bytes) -> None:
        path, draft = self._folder / name, self._folder / f"{name}.new"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _render(followed: Followed) -> dict[str, Any]:
    return {
        "key": str(followed.key),
        "size": followed.frontier.size,
        "hashes": [b64encode(one).decode() for one in followed.frontier.hashes],
        "note": followed.note.decode(),
    }


def _read(value: dict[str, Any]) -> Followed:
    return Followed(
        key=tlog.parse_key(value["key"]),
        frontier=Frontier(size=value["size"], hashes=tuple(b64decode(one) for one in value["hashes"])),
        note=value["note"].encode(),
    )
