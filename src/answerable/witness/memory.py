"""A monitor's key, what it has seen, and the evidence of what it raised alarm about: files in one folder."""

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable import tlog
from answerable.infra.home import write_private_file
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
        is_begun = (folder / SEEN).exists()
        if (folder / KEY).exists() and not is_begun:
            raise StateMissing(str(folder / SEEN))
        if not is_begun:
            write_private_file(folder / SEEN, "{}")
        # Last: whoever is killed before it begins anew.
        key = secretfiles.read_or_make(folder / KEY, secrets.token_bytes(32), label=_LABEL)
        self._private = Ed25519PrivateKey.from_private_bytes(key)

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
        write_private_file(self._folder / SEEN, json.dumps(value, indent=1))

    def keep_evidence(self, alarm: str, detail: str, notes: list[bytes]) -> Path:
        """Keep what was seen before and what was shown now: signed by the log, so it proves itself to others."""
        at = datetime.now(UTC)
        name = f"evidence-{at:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}.txt"
        parts = [f"{at.isoformat()} {alarm}: {detail}\n".encode(), *(note for note in notes if note)]
        write_private_file(self._folder / name, b"\n".join(parts))
        return self._folder / name


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
