"""The frontier of a tree: the few hashes from which it can grow without its leaves."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from answerable.tlog.errors import Finding, Refused
from answerable.tlog.tree import EMPTY_ROOT, HASH_BYTES, hash_node


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The roots of the complete subtrees that make up a tree, largest first.

    Errors:  Refused when size and hashes cannot belong together.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise Refused(Finding.TILE_MALFORMED, f"{len(self.hashes)} hashes for {self.size} leaves")
        if any(len(one) != HASH_BYTES for one in self.hashes):
            raise Refused(Finding.TILE_MALFORMED, "a hash that is not of 32 bytes")

    def extended(self, leaves: Iterable[bytes]) -> "Frontier":
        """The frontier after these leaf hashes."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            grown, rest = leaf, size
            while rest & 1:
                grown, rest = hash_node(hashes.pop(), grown), rest >> 1
            hashes.append(grown)
            size += 1
        return Frontier(size=size, hashes=tuple(hashes))

    @property
    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        return reduce(lambda right, left: hash_node(left, right), reversed(self.hashes))
