"""The signer's keys and name, and what it says of a log: checkpoints with a time, and receipts.

Its folder holds three private keys and what was signed last; only the signer's process reads it.
"""

import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable import tlog
from answerable.audit.errors import SignerKeyMissing
from answerable.audit.heads import Head, Heads
from answerable.audit.rules import timestamp
from answerable.audit.values import ROOT
from answerable.infra.ids import TenantId
from answerable.tlog import Checkpoint, Note
from answerable.vault import secretfiles

MMD_S: Final = 60
"""Within so many seconds an event is promised to be in a checkpoint (maximum merge delay)."""

OWN_SIGNATURES: Final = 2
"""Beneath each checkpoint before any witness cosigns: the log's, and its clock's."""

RECEIPT: Final = "answerable.receipt/v1"

_LABEL = "answerable signer key 1"
_NAME_LABEL = "answerable installation 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNames:
    """Under which name and keys a generation of a log is signed, as verifier keys spell them."""

    origin: str
    log_key: str
    clock_key: str
    receipt_key: str


class Signer:
    """Whoever holds the keys that logs are signed with."""

    def __init__(
        self, folder: Path, keys: dict[str, Ed25519PrivateKey], installation: str, heads: Heads
    ) -> None:
        self.folder = folder
        self.installation = installation
        self.heads = heads
        self._log, self._clock, self._receipt = keys["signer"], keys["clock"], keys["receipt"]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The signer of a folder; a new one where there is none.

        Errors:  SignerStateMissing, SignerKeyMissing, and those of key files: KeysExposed,
                 KeyFileMalformed, KeyFolderUnusable.
        """
        secretfiles.make_folder(folder)
        is_new = secretfiles.read_file(folder / "signer.key", label=_LABEL) is None
        # First the empty state, last the signing key: whoever is killed in between begins anew.
        heads = Heads(folder, is_new=is_new)
        if is_new and heads.newest():
            raise SignerKeyMissing(f"{folder / 'signer.key'}.")
        name = secretfiles.read_or_make(
            folder / "installation", secrets.token_bytes(8), label=_NAME_LABEL
        ).hex()
        keys = {
            key: Ed25519PrivateKey.from_private_bytes(
                secretfiles.read_or_make(folder / f"{key}.key", secrets.token_bytes(32), label=_LABEL)
            )
            for key in ("clock", "receipt", "signer")
        }
        return cls(folder, keys, name, heads)

    def names(self, tenant_id: TenantId, generation: int) -> LogNames:
        """The name and the keys of a log."""
        origin = origin_of(self.installation, tenant_id, generation)
        return LogNames(
            origin=origin,
            log_key=str(tlog.log_key(origin, self._log)),
            clock_key=str(tlog.witness_key(f"{origin}/clock", self._clock)),
            receipt_key=str(tlog.log_key(f"{origin}/receipt", self._receipt)),
        )

    def sign(self, tenant_id: TenantId, generation: int, *, size: int, root: bytes, at: int) -> Head:
        """A signed head of a log, with the time as a cosignature of the signer's own clock."""
        origin = origin_of(self.installation, tenant_id, generation)
        checkpoint = Checkpoint(origin=origin, size=size, root=root)
        text = checkpoint.text()
        signatures = (
            tlog.sign(text, origin, self._log),
            tlog.cosign(checkpoint, f"{origin}/clock", self._clock, at=at),
        )
        note = Note(text=text, signatures=signatures)
        return Head(
            tenant_id=tenant_id,
            generation=generation,
            size=size,
            root=root,
            signed_at=at,
            note=note.render().decode(),
        )

    def promise(self, tenant_id: TenantId, generation: int, *, event: UUID, leaf: bytes, at: datetime) -> str:
        """A receipt: the signed promise that an event will stand in the log."""
        origin = origin_of(self.installation, tenant_id, generation)
        text = receipt_text(origin, event=event, leaf=leaf, at=at)
        signature = tlog.sign(text, f"{origin}/receipt", self._receipt)
        return Note(text=text, signatures=(signature,)).render().decode()

    def close(self) -> None:
        """Close the state's file."""
        self.heads.close()


def origin_of(installation: str, tenant_id: TenantId, generation: int) -> str:
    """The name of a log in checkpoints."""
    later = f"/{generation}" if generation > 1 else ""
    whose = "root" if tenant_id == ROOT else str(tenant_id)
    return f"answerable.{installation}/{whose}{later}"


def receipt_text(origin: str, *, event: UUID, leaf: bytes, at: datetime) -> bytes:
    """What a receipt says."""
    lines = (RECEIPT, origin, str(event), b64encode(leaf).decode(), timestamp(at), str(MMD_S))
    return "".join(f"{line}\n" for line in lines).encode()
