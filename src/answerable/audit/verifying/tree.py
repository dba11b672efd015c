"""The tree, built anew from entries while they stream by. Pure: hashes in, roots and tiles out."""

from functools import reduce

from answerable import tlog
from answerable.audit.trees import TILE_WIDTH


class Regrowth:
    """A tree that grows leaf by leaf and keeps only its unfinished tiles."""

    def __init__(self) -> None:
        self.size = 0
        self._rows: list[list[bytes]] = [[]]
        self._done: list[int] = [0]

    def add(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf; the tiles that it fills as level, index and hashes."""
        self.size += 1
        filled: list[tuple[int, int, bytes]] = []
        level, node = 0, leaf
        while True:
            row = self._rows[level]
            row.append(node)
            if len(row) < TILE_WIDTH:
                return filled
            filled.append((level, self._done[level], b"".join(row)))
            node = tlog.nodes_of(row)(8, 0)
            self._rows[level] = []
            self._done[level] += 1
            level += 1
            if level == len(self._rows):
                self._rows.append([])
                self._done.append(0)

    def root(self) -> bytes:
        """The root of all leaves so far."""
        peaks: list[bytes] = []
        for row in reversed(self._rows):
            at = 0
            while at < len(row):
                width = 1 << ((len(row) - at).bit_length() - 1)
                part = row[at : at + width]
                while len(part) > 1:
                    part = [tlog.hash_node(part[one], part[one + 1]) for one in range(0, len(part), 2)]
                peaks.append(part[0])
                at += width
        if not peaks:
            return tlog.EMPTY_ROOT
        return reduce(lambda right, left: tlog.hash_node(left, right), reversed(peaks))
