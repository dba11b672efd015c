"""Signed notes: a text and the lines of those who signed it.

A known key whose signature does not fit refuses the whole note; unknown ones are passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from answerable.tlog.errors import Finding, Refused
from answerable.tlog.formats import is_key_name, read_base64, read_lines
from answerable.tlog.keys import KEY_ID_BYTES, VerifierKey
from answerable.tlog.signatures import Signature, check_signature

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_DASH = "— ".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text with signature lines that nobody has checked yet."""

    text: bytes
    signatures: tuple[Signature, ...]

    def render(self) -> bytes:
        """The note as it is stored and sent."""
        return self.text + b"\n" + "".join(one.line() for one in self.signatures).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A known key whose signature fits."""

    key: VerifierKey
    at: int | None = None
    """The time that a cosignature states."""


def parse_note(data: bytes) -> Note:
    """The text and the signature lines, in the form that every note has.

    Errors:  Refused, NOTE_MALFORMED.
    Source:  c2sp.org/signed-note, Format.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise Refused(Finding.NOTE_MALFORMED, "too long")
    _require_printable(data)
    # The last empty line: the text may have empty lines of its own.
    text, separator, rest = data.rpartition(b"\n\n")
    if not separator or not rest:
        raise Refused(Finding.NOTE_MALFORMED, "no signatures")
    read_lines(text + b"\n", Finding.NOTE_MALFORMED)
    lines = read_lines(rest, Finding.NOTE_MALFORMED)
    if len(lines) > MAX_SIGNATURES:
        raise Refused(Finding.NOTE_MALFORMED, "too many signatures")
    if len(set(lines)) != len(lines):
        raise Refused(Finding.NOTE_MALFORMED, "the same signature twice")
    return Note(text=text + b"\n", signatures=tuple(map(_parse_signature, lines)))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[Signer, ...]:
    """Those of the known keys that have signed, in the order of their lines.

    A key with several signatures counts once, with its latest time; every one of them must fit.

    Errors:  Refused, SIGNATURE_INVALID, SIGNATURE_MISSING; KEY_MALFORMED when two known keys cannot be
             told apart.
    Source:  c2sp.org/signed-note, Signatures.
    """
    known = _by_name_and_id(keys)
    signers: dict[VerifierKey, Signer] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        at = check_signature(key, note.text, signature.payload)
        before = signers.get(key)
        if before is None or (at or 0) > (before.at or 0):
            signers[key] = Signer(key=key, at=at)
    if not signers:
        raise Refused(Finding.SIGNATURE_MISSING, "signed by no known key")
    return tuple(signers.values())


def _by_name_and_id(keys: Iterable[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise Refused(Finding.KEY_MALFORMED, "two keys of the same name and identifier")
    return known


def _parse_signature(line: bytes) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(b" ")
    if not line.startswith(_DASH) or not space or not is_key_name(name.decode()):
        raise Refused(Finding.NOTE_MALFORMED, "a signature line that is none")
    data = read_base64(encoded, Finding.NOTE_MALFORMED)
    if len(data) <= KEY_ID_BYTES:
        raise Refused(Finding.NOTE_MALFORMED, "a signature of no bytes")
    return Signature(name=name.decode(), key_id=data[:KEY_ID_BYTES], payload=data[KEY_ID_BYTES:])


def _require_printable(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise Refused(Finding.NOTE_MALFORMED, "not UTF-8") from error
    if any(byte < 0x20 and byte != 0x0A for byte in data):
        raise Refused(Finding.NOTE_MALFORMED, "a control character")
