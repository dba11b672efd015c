"""Signatures and cosignatures of one text: the bytes that are signed, made and checked."""

from base64 import b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from answerable.tlog.checkpoints import Checkpoint, parse_checkpoint
from answerable.tlog.errors import Finding, Refused
from answerable.tlog.formats import MAX_NUMBER
from answerable.tlog.keys import Algorithm, VerifierKey

_TIME_BYTES = 8
_SIGNATURE_BYTES = {
    Algorithm.ED25519: 64,
    Algorithm.ED25519_COSIGNATURE: _TIME_BYTES + 64,
    Algorithm.ML_DSA_44_COSIGNATURE: _TIME_BYTES + 2420,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    payload: bytes
    """What follows the identifier: the signature, with its time before it if it is a cosignature."""

    def line(self) -> str:
        """The line as it stands in a note, with its end."""
        return f"— {self.name} {b64encode(self.key_id + self.payload).decode()}\n"


def log_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    """The verifier key under which a log signs."""
    public = private.public_key().public_bytes_raw()
    return VerifierKey(name=name, algorithm=Algorithm.ED25519, public=public)


def witness_key(name: str, private: Ed25519PrivateKey | MLDSA44PrivateKey) -> VerifierKey:
    """The verifier key under which a witness cosigns."""
    is_ed25519 = isinstance(private, Ed25519PrivateKey)
    algorithm = Algorithm.ED25519_COSIGNATURE if is_ed25519 else Algorithm.ML_DSA_44_COSIGNATURE
    return VerifierKey(name=name, algorithm=algorithm, public=private.public_key().public_bytes_raw())


def sign(text: bytes, name: str, private: Ed25519PrivateKey) -> Signature:
    """A log's signature of a text.

    Source:  c2sp.org/signed-note, Ed25519 signatures.
    """
    return Signature(name=name, key_id=log_key(name, private).key_id, payload=private.sign(text))


def cosign(
    checkpoint: Checkpoint, name: str, private: Ed25519PrivateKey | MLDSA44PrivateKey, *, at: int
) -> Signature:
    """A witness's statement that, at a time, this was the largest consistent head of the log it had seen.

    Units:   at counts seconds of POSIX time.
    Errors:  Refused, CHECKPOINT_MALFORMED, when the format has no place for the origin.
    Source:  c2sp.org/tlog-cosignature.
    """
    key = witness_key(name, private)
    signed = private.sign(_cosigned(key, checkpoint.text(), at))
    return Signature(name=name, key_id=key.key_id, payload=at.to_bytes(_TIME_BYTES, "big") + signed)


def check_signature(key: VerifierKey, text: bytes, payload: bytes) -> int | None:
    """The time that a cosignature states, or None for a log's signature, if it is one of this text.

    Errors:  Refused, SIGNATURE_INVALID; CHECKPOINT_MALFORMED when something else was cosigned.
    """
    if len(payload) != _SIGNATURE_BYTES[key.algorithm]:
        raise Refused(Finding.SIGNATURE_INVALID, f"{len(payload)} bytes of {key.name}")
    if key.algorithm is Algorithm.ED25519:
        _check(key, payload, text)
        return None
    at = int.from_bytes(payload[:_TIME_BYTES], "big")
    if at > MAX_NUMBER:
        raise Refused(Finding.SIGNATURE_INVALID, f"a time out of range by {key.name}")
    _check(key, payload[_TIME_BYTES:], _cosigned(key, text, at))
    return at


def _check(key: VerifierKey, signature: bytes, message: bytes) -> None:
    try:
        if key.algorithm is Algorithm.ML_DSA_44_COSIGNATURE:
            MLDSA44PublicKey.from_public_bytes(key.public).verify(signature, message)
        else:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature as error:
        raise Refused(Finding.SIGNATURE_INVALID, f"by {key.name}") from error


def _cosigned(key: VerifierKey, text: bytes, at: int) -> bytes:
    """The bytes that a cosigner signs."""
    checkpoint = parse_checkpoint(text)
    if key.algorithm is Algorithm.ED25519_COSIGNATURE:
        return b"cosignature/v1\ntime %d\n" % at + text
    return b"".join(
        (
            b"subtree/v1\n\0",
            _short(key.name),
            at.to_bytes(_TIME_BYTES, "big"),
            _short(checkpoint.origin),
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _short(text: str) -> bytes:
    """A string with its length in one byte before it."""
    data = text.encode()
    if len(data) > 255:
        raise Refused(Finding.CHECKPOINT_MALFORMED, "a name of more than 255 bytes")
    return bytes([len(data)]) + data
