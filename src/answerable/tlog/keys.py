"""Verifier keys: who may have signed, in the one-line form of C2SP."""

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from enum import IntEnum

from answerable.tlog.errors import Finding, Refused
from answerable.tlog.formats import is_key_name, read_base64

KEY_ID_BYTES = 4
_KEY_ID = re.compile(r"[0-9a-f]{8}")

# Edwards25519, as RFC 8032, section 5.1, has it.
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_OF_ORDER_EIGHT = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_OF_SMALL_ORDER = frozenset({0, 1, _P - 1, _OF_ORDER_EIGHT, _P - _OF_ORDER_EIGHT})


class Algorithm(IntEnum):
    """The kinds of signatures that are understood, by their assigned byte."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    ML_DSA_44_COSIGNATURE = 0x06


PUBLIC_BYTES = {
    Algorithm.ED25519: 32,
    Algorithm.ED25519_COSIGNATURE: 32,
    Algorithm.ML_DSA_44_COSIGNATURE: 1312,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key with the name under which it signs.

    Errors:  Refused, KEY_MALFORMED, when name or key cannot be one.
    Source:  c2sp.org/signed-note, Verifier keys; c2sp.org/tlog-cosignature, Format.
    """

    name: str
    algorithm: Algorithm
    public: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise Refused(Finding.KEY_MALFORMED, "a name that is none")
        if len(self.public) != PUBLIC_BYTES[self.algorithm]:
            raise Refused(Finding.KEY_MALFORMED, f"a public key of {len(self.public)} bytes")
        if self.algorithm is not Algorithm.ML_DSA_44_COSIGNATURE and not _is_sound(self.public):
            raise Refused(Finding.KEY_MALFORMED, "a point that proves nothing")

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before a signature of this key."""
        named = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        material = b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"


def parse_key(text: str) -> VerifierKey:
    """The key that a line spells, `name+id+base64`.

    Errors:  Refused, KEY_MALFORMED; KEY_UNSUPPORTED for a kind that is not understood.
    """
    name, _, rest = text.partition("+")
    key_id, plus, material = rest.partition("+")
    if not plus or not _KEY_ID.fullmatch(key_id) or not material.isascii():
        raise Refused(Finding.KEY_MALFORMED, "not of the form name+id+base64")
    data = read_base64(material.encode(), Finding.KEY_MALFORMED)
    if not data:
        raise Refused(Finding.KEY_MALFORMED, "no key")
    key = VerifierKey(name=name, algorithm=_read_algorithm(data[0]), public=data[1:])
    if key.key_id.hex() != key_id:
        raise Refused(Finding.KEY_MALFORMED, "the identifier belongs to another key")
    return key


def _read_algorithm(kind: int) -> Algorithm:
    try:
        return Algorithm(kind)
    except ValueError as error:
        raise Refused(Finding.KEY_UNSUPPORTED, f"a key of kind {kind:#04x}") from error


def _is_sound(public: bytes) -> bool:
    """Whether it is a point of the curve in its one encoding, outside of the small subgroup.

    Under a key of small order one signature fits many texts; OpenSSL takes it without a word.
    """
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P or y in _OF_SMALL_ORDER:
        return False
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return pow(x_squared, (_P - 1) // 2, _P) == 1
