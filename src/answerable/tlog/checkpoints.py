"""Checkpoints: what a log says of itself, its origin, its size and its root."""

from base64 import b64encode
from dataclasses import dataclass

from answerable.tlog.errors import Finding, Refused
from answerable.tlog.formats import MAX_NUMBER, read_decimal, read_hash, read_lines
from answerable.tlog.tree import EMPTY_ROOT, HASH_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of a log at one size.

    Errors:  Refused, CHECKPOINT_MALFORMED.
    Source:  c2sp.org/tlog-checkpoint, Note text.
    """

    origin: str
    """Names the log; keys that sign for it bear the same name."""

    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Further lines. Our logs write none, since not every kind of cosignature covers them."""

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_NUMBER or len(self.root) != HASH_BYTES:
            raise Refused(Finding.CHECKPOINT_MALFORMED, "a size or a root that is none")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Refused(Finding.CHECKPOINT_MALFORMED, "an empty log with a root of something")
        for line in (self.origin, *self.extensions):
            if not line or any(one < " " for one in line):
                raise Refused(Finding.CHECKPOINT_MALFORMED, "an empty line, or a control character")

    def text(self) -> bytes:
        """The text that is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint that the text of a note spells.

    Errors:  Refused, CHECKPOINT_MALFORMED.
    """
    lines = read_lines(text, Finding.CHECKPOINT_MALFORMED)
    if len(lines) < 3:
        raise Refused(Finding.CHECKPOINT_MALFORMED, "fewer than three lines")
    origin, size, root, *extensions = lines
    try:
        return Checkpoint(
            origin=origin.decode(),
            size=read_decimal(size, Finding.CHECKPOINT_MALFORMED),
            root=read_hash(root, Finding.CHECKPOINT_MALFORMED),
            extensions=tuple(line.decode() for line in extensions),
        )
    except UnicodeDecodeError as error:
        raise Refused(Finding.CHECKPOINT_MALFORMED, "not UTF-8") from error
