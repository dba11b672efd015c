"""The tree as the standard defines it, by recursion and without thought of speed: an oracle."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256


class NaiveTree:
    """Definitions of RFC 9162, sections 2.1.1, 2.1.3.1 and 2.1.4.1, over leaf hashes."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        # What is defined over ranges is calculated once for each.
        self.root = cache(self._root)

    def _root(self, start: int, end: int) -> bytes:
        if start == end:
            return sha256(b"").digest()
        if end - start == 1:
            return self.leaves[start]
        middle = start + split(end - start)
        return sha256(b"\x01" + self.root(start, middle) + self.root(middle, end)).digest()

    def inclusion(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + split(end - start)
        if index < middle - start:
            return [*self.inclusion(index, start, middle), self.root(middle, end)]
        return [*self.inclusion(index - (middle - start), middle, end), self.root(start, middle)]

    def consistency(self, old: int, new: int) -> list[bytes]:
        return self._subproof(old, 0, new, is_whole=True) if old else []

    def _subproof(self, old: int, start: int, end: int, *, is_whole: bool) -> list[bytes]:
        if old == end - start:
            return [] if is_whole else [self.root(start, end)]
        middle = start + split(end - start)
        if old <= middle - start:
            return [*self._subproof(old, start, middle, is_whole=is_whole), self.root(middle, end)]
        rest = self._subproof(old - (middle - start), middle, end, is_whole=False)
        return [*rest, self.root(start, middle)]


def split(width: int) -> int:
    """The largest power of two below a width."""
    return max(power for power in (1 << bit for bit in range(width.bit_length())) if power < width)
