"""How a log's tree grows by a batch of leaves, and which tiles that fills. Pure: hashes in, rows out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from answerable import tlog
from answerable.tlog import Frontier

TILE_WIDTH = 256
HASH_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FullTile:
    """256 hashes of one level, and the hash over them."""

    level: int
    index: int
    hashes: bytes
    root: bytes


Row = tuple[int, int, int]
"""Level of tiles, first index and end of hashes that have been there before the batch."""


def rows_needed(old: int, new: int) -> list[Row]:
    """Which hashes of the old tree the tiles need that are filled when it grows; empty ranges are left out."""
    rows: list[Row] = []
    level = 0
    while old // TILE_WIDTH != new // TILE_WIDTH:
        first = old // TILE_WIDTH * TILE_WIDTH
        if first != old:
            rows.append((level, first, old))
        level, old, new = level + 1, old // TILE_WIDTH, new // TILE_WIDTH
    return rows


def fill_tiles(old: int, leaves: Sequence[bytes], before: Mapping[Row, Sequence[bytes]]) -> list[FullTile]:
    """The tiles that are filled when leaves are added to a tree of the old size.

    `before` holds the hashes that `rows_needed` named.
    """
    filled: list[FullTile] = []
    level, added, new = 0, list(leaves), old + len(leaves)
    while old // TILE_WIDTH != new // TILE_WIDTH:
        first = old // TILE_WIDTH * TILE_WIDTH
        row = [*(before[level, first, old] if first != old else ()), *added]
        tiles = [
            _full_tile(level, (first + at) // TILE_WIDTH, row[at : at + TILE_WIDTH])
            for at in range(0, new // TILE_WIDTH * TILE_WIDTH - first, TILE_WIDTH)
        ]
        filled += tiles
        level, added, old, new = (
            level + 1,
            [tile.root for tile in tiles],
            old // TILE_WIDTH,
            new // TILE_WIDTH,
        )
    return filled


def pack_frontier(frontier: Frontier) -> bytes:
    """The hashes of a frontier, one after the other."""
    return b"".join(frontier.hashes)


def unpack_frontier(size: int, packed: bytes) -> Frontier:
    """The frontier of a tree from its row.

    Errors:  tlog.Refused when size and hashes cannot belong together.
    """
    return Frontier(
        size=size,
        hashes=tuple(packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)),
    )


def split_hashes(packed: bytes) -> list[bytes]:
    """The hashes of a tile's row."""
    return [packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)]


def _full_tile(level: int, index: int, hashes: list[bytes]) -> FullTile:
    return FullTile(level=level, index=index, hashes=b"".join(hashes), root=_root(tlog.nodes_of(hashes)))


def _root(nodes: Callable[[int, int], bytes]) -> bytes:
    return nodes(8, 0)
