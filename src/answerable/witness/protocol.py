"""What a witness says to a checkpoint. Pure: bytes and what was seen before in, a verdict out.

Source:  c2sp.org/tlog-witness, add-checkpoint.
"""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from answerable import tlog
from answerable.tlog import Algorithm, Checkpoint, VerifierKey
from answerable.witness.errors import LogsUnreadable

MAX_PROOF_LINES: Final = 63
MAX_REQUEST_BYTES: Final = 64 * 1024

KeysOf = Callable[[str], tuple[VerifierKey, ...]]
"""The keys under which the log of an origin signs; none for a log that is not known."""


class Verdict(IntEnum):
    """How a request ends, as a status of HTTP."""

    COSIGNED = 200
    MALFORMED = 400
    UNTRUSTED = 403
    """No key that is trusted for the log has signed, or one of them badly."""
    UNKNOWN = 404
    """A log that this witness does not know."""
    STALE = 409
    """Another head than this one was seen last, or another root of the same size."""
    UNPROVED = 422
    """Nothing shows that the new head continues the old one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked: that a checkpoint be cosigned."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The head of a log that was cosigned last; size 0 when none was."""

    size: int = 0
    root: bytes = tlog.EMPTY_ROOT


def parse_request(body: bytes) -> Request | None:
    """The request that a body spells; nothing when it spells none."""
    head, separator, note = body.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    if not separator or not first.startswith(b"old ") or len(lines) > MAX_PROOF_LINES:
        return None
    try:
        # As the size of a checkpoint is spelled, and the hashes of a proof.
        probe = tlog.parse_proof(
            b"c2sp.org/tlog-proof@v1\nindex %s\n%s\n%s" % (first[4:], _ended(lines), note)
        )
    except tlog.Refused:
        return None
    return Request(old_size=probe.index, proof=probe.hashes, note=note)


def weigh(
    request: Request, keys_of: KeysOf, known: Callable[[str], Known]
) -> tuple[Verdict, Checkpoint | None]:
    """What is to be answered, with the checkpoint where it is to be cosigned or was seen otherwise."""
    try:
        note = tlog.parse_note(request.note)
        checkpoint = tlog.parse_checkpoint(note.text)
    except tlog.Refused:
        return Verdict.MALFORMED, None
    keys = keys_of(checkpoint.origin)
    if not keys:
        return Verdict.UNKNOWN, None
    try:
        tlog.verify_note(note, keys)
    except tlog.Refused:
        return Verdict.UNTRUSTED, None
    if request.old_size > checkpoint.size:
        return Verdict.MALFORMED, None
    return _continue(request, checkpoint, known(checkpoint.origin)), checkpoint


def _continue(request: Request, checkpoint: Checkpoint, last: Known) -> Verdict:
    if request.old_size != last.size:
        return Verdict.STALE
    if checkpoint.size == last.size and checkpoint.root != last.root:
        return Verdict.STALE
    try:
        tlog.verify_consistency(
            old_size=last.size,
            old_root=last.root,
            new_size=checkpoint.size,
            new_root=checkpoint.root,
            proof=request.proof,
        )
    except tlog.Refused:
        return Verdict.UNPROVED
    return Verdict.COSIGNED


def read_logs(text: str) -> KeysOf:
    """The logs that a witness knows: one a line, or all whose names begin alike and that one key signs.

    Errors:  LogsUnreadable.
    """
    logs = _Logs(single={}, many=[])
    for number, line in enumerate(text.splitlines(), 1):
        try:
            logs.read(line.split())
        except ValueError as error:
            raise LogsUnreadable(f"Line {number}.") from error
    return logs.keys_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Logs:
    single: dict[str, list[VerifierKey]]
    many: list[tuple[str, bytes]]

    def read(self, words: list[str]) -> None:
        match words:
            case [] | ["#", *_]:
                return
            case ["log", key]:
                parsed = tlog.parse_key(key)
                self.single.setdefault(parsed.name, []).append(parsed)
            case ["logs", prefix, key]:
                self.many.append((prefix, _public(prefix, key)))
            case _:
                raise ValueError(words)

    def keys_of(self, origin: str) -> tuple[VerifierKey, ...]:
        if origin in self.single:
            return tuple(self.single[origin])
        fitting = [public for prefix, public in self.many if origin.startswith(f"{prefix}/")]
        try:
            return tuple(
                VerifierKey(name=origin, algorithm=Algorithm.ED25519, public=public) for public in fitting
            )
        except tlog.Refused:
            return ()


def _public(prefix: str, text: str) -> bytes:
    """The 32 bytes of a key, if they can be one."""
    public = b64decode(text, validate=True)
    return VerifierKey(name=prefix, algorithm=Algorithm.ED25519, public=public).public


def _ended(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
