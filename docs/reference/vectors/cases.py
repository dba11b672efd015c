# ruff: noqa: INP001 - a folder of pages, and no package.
"""The form of a case, and the logs, keys and notes that cases are made of. All of it is deterministic."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable import tlog

Json = dict[str, Any]
"""What JSON can hold; a recursive type would need a cast at every step."""

AT = 1_795_294_800
LOG_NAME = "log.answerable.example/kat"
WITNESS_NAME = "witness.tenant.example/w1"
OTHER_NAME = "witness.auditor.example/w2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input of one operation, and what comes of it."""

    name: str
    operation: str
    given: Json
    gives: Json = field(default_factory=dict[str, Any])
    finding: str | None = None

    def to_json(self) -> Json:
        """The case as it is published."""
        outcome = {"gives": self.gives} if self.finding is None else {"finding": self.finding}
        return {"name": self.name, "operation": self.operation, "given": self.given, **outcome}


def private_key(seed: int) -> Ed25519PrivateKey:
    """The key whose seed is 32 times the same byte."""
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


LOG, WITNESS, OTHER, STRANGER = private_key(7), private_key(9), private_key(11), private_key(13)
LOG_KEY = tlog.log_key(LOG_NAME, LOG)
WITNESS_KEY = tlog.witness_key(WITNESS_NAME, WITNESS)
OTHER_KEY = tlog.witness_key(OTHER_NAME, OTHER)

BODY = (
    b'{"event_id":"0193a1f0-0000-7000-8000-000000000001",'
    b'"slots":{"input":"HAb+HGLcXJCIYkQozgDHOw0dkdRnSrxSX0O8d1zD168="},'
    b'"ts":"2026-11-21T21:00:00.000000Z","type":"message.received","v":1}'
)
ENTRIES = (b'{"n":0}', b'{"n":1}', BODY, b'{"n":3}', b'{"n":4}')
LEAVES = tuple(map(tlog.hash_leaf, ENTRIES))
NODES = tlog.nodes_of(LEAVES)
HEAD = tlog.Checkpoint(origin=LOG_NAME, size=len(ENTRIES), root=tlog.root_of(len(ENTRIES), NODES))
TEXT = HEAD.text()

BY_LOG = tlog.sign(TEXT, LOG_NAME, LOG)
BY_WITNESS = tlog.cosign(HEAD, WITNESS_NAME, WITNESS, at=AT)
BY_OTHER = tlog.cosign(HEAD, OTHER_NAME, OTHER, at=AT + 1)


def note(*signatures: tlog.Signature, text: bytes = TEXT) -> str:
    """A signed note as text."""
    return tlog.Note(text=text, signatures=signatures).render().decode()


def flipped(signature: tlog.Signature, *, at: int = -1) -> tlog.Signature:
    """The same with one bit flipped."""
    payload = bytearray(signature.payload)
    payload[at] ^= 1
    return tlog.Signature(name=signature.name, key_id=signature.key_id, payload=bytes(payload))


def hexes(hashes: Sequence[bytes]) -> list[str]:
    """Hashes in hexadecimal."""
    return [one.hex() for one in hashes]


def not_canonical(encoded: str) -> str:
    """Another spelling of the same bytes, one that lax decoders take: an unused bit is set."""
    place = len(encoded.rstrip("=")) - 1
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = encoded[:place] + alphabet[alphabet.index(encoded[place]) | 1] + encoded[place + 1 :]
    assert other != encoded
    assert b64decode(other) == b64decode(encoded)
    return other


def base64(data: bytes) -> str:
    """Bytes in base64."""
    return b64encode(data).decode()
