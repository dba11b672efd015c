"""How batches fill tiles: whatever the batches, the tiles are those of the whole tree."""

from hypothesis import given
from hypothesis import strategies as st

from answerable import tlog
from answerable.audit.trees import (
    FullTile,
    Row,
    fill_tiles,
    pack_frontier,
    rows_needed,
    split_hashes,
    unpack_frontier,
)
from answerable.tlog import Frontier

LEAVES = [tlog.hash_leaf(number.to_bytes(4, "big")) for number in range(66_000)]


class Shelf:
    """What the rows of a log hold: leaves and full tiles."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.tiles: dict[tuple[int, int], FullTile] = {}

    def row(self, level: int, first: int, end: int) -> list[bytes]:
        if level == 0:
            return self.leaves[first:end]
        return [self.tiles[level - 1, index].root for index in range(first, end)]

    def add(self, leaves: list[bytes]) -> None:
        old = len(self.leaves)
        before: dict[Row, list[bytes]] = {row: self.row(*row) for row in rows_needed(old, old + len(leaves))}
        for tile in fill_tiles(old, leaves, before):
            assert (tile.level, tile.index) not in self.tiles
            self.tiles[tile.level, tile.index] = tile
        self.leaves += leaves


@given(st.lists(st.integers(min_value=1, max_value=700), min_size=1, max_size=6))
def test_however_a_tree_grows_its_tiles_are_the_same(batches: list[int]) -> None:
    shelf, at = Shelf(), 0
    for batch in batches:
        shelf.add(LEAVES[at : at + batch])
        at += batch

    full = {(tile.level, tile.index) for tile in tlog.tiles_of(at) if tile.width == 256}
    nodes = tlog.nodes_of(LEAVES[:at])

    assert shelf.tiles.keys() == full
    for (level, index), tile in shelf.tiles.items():
        assert level == 0
        assert split_hashes(tile.hashes) == LEAVES[index * 256 : (index + 1) * 256]
        assert tile.root == nodes(8, index)


def test_the_second_level_is_filled_across_batches() -> None:
    shelf = Shelf()
    for first, end in ((0, 65_000), (65_000, 65_100), (65_100, 66_000)):
        shelf.add(LEAVES[first:end])

    above = shelf.tiles[1, 0]

    assert len(shelf.tiles) == 66_000 // 256 + 1
    assert split_hashes(above.hashes) == [shelf.tiles[0, index].root for index in range(256)]
    assert above.root == tlog.nodes_of(LEAVES[:65_536])(16, 0)


def test_a_frontier_comes_back_from_its_row() -> None:
    frontier = Frontier().extended(LEAVES[:300])

    assert unpack_frontier(300, pack_frontier(frontier)) == frontier
