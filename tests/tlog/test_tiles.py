"""Tiles and bundles: the standard's own numbers, and the whole tree read back from them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable import tlog
from answerable.tlog import tree

LARGEST = 70_000
LEAVES = [tlog.hash_leaf(str(number).encode()) for number in range(LARGEST)]
NODES = tlog.nodes_of(LEAVES)


def shape(size: int) -> list[tuple[int | None, int, int | None]]:
    """For each level: how many full tiles, and how wide the partial one."""
    levels: dict[int | None, list[tlog.Tile]] = {}
    for tile in tlog.tiles_of(size):
        levels.setdefault(tile.level, []).append(tile)
    return [
        (
            level,
            sum(tile.width == 256 for tile in tiles),
            next((t.width for t in tiles if t.width < 256), None),
        )
        for level, tiles in levels.items()
    ]


def stored(size: int) -> dict[str, bytes]:
    """All tiles of a tree as files."""
    return {
        tile.path(): tlog.encode_tile(
            [NODES(8 * (tile.level or 0), 256 * tile.index + at) for at in range(tile.width)]
        )
        for tile in tlog.tiles_of(size)
    }


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, []),
        (1, [(0, 0, 1)]),
        (255, [(0, 0, 255)]),
        (256, [(0, 1, None), (1, 0, 1)]),
        (257, [(0, 1, 1), (1, 0, 1)]),
        (65_536, [(0, 256, None), (1, 1, None), (2, 0, 1)]),
        (70_000, [(0, 273, 112), (1, 1, 17), (2, 0, 1)]),
    ],
)
def test_a_tree_has_the_tiles_that_the_standard_counts(
    size: int, expected: list[tuple[int | None, int, int | None]]
) -> None:
    assert shape(size) == expected


def test_an_index_is_spelt_in_groups_of_three_digits() -> None:
    assert tlog.Tile(level=0, index=1_234_067).path() == "tile/0/x001/x234/067"
    assert tlog.Tile(level=None, index=1_234_067, width=8).path() == "tile/entries/x001/x234/067.p/8"


@given(level=st.none() | st.integers(0, 63), index=st.integers(0, 2**63 - 1), width=st.integers(1, 256))
def test_a_tile_is_found_by_its_path(level: int | None, index: int, width: int) -> None:
    tile = tlog.Tile(level=level, index=index, width=width)

    assert tlog.parse_path(tile.path()) == tile


@settings(max_examples=25)
@given(data=st.data())
def test_proofs_from_tiles_are_those_from_the_leaves(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from([1, 255, 256, 257, 511, 65_535, 65_536, LARGEST]) | st.integers(1, 1500))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    files = stored(size)
    read_paths: set[str] = set()

    def read(tile: tlog.Tile) -> tuple[bytes, ...]:
        read_paths.add(tile.path())
        return tlog.decode_tile(files[tile.path()], tile.width)

    nodes = tlog.nodes_in_tiles(size, read)

    assert tlog.root_of(size, nodes) == tlog.root_of(size, NODES)
    assert tlog.prove_inclusion(index, size, nodes) == tlog.prove_inclusion(index, size, NODES)
    assert tlog.prove_consistency(old, size, nodes) == tlog.prove_consistency(old, size, NODES)
    # Two tiles a level at most for each proof and the root: the rest of the log need not be there.
    assert len(read_paths) <= 12


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_is_read_as_it_was_written(entries: list[bytes]) -> None:
    assert tlog.decode_bundle(tlog.encode_bundle(entries), len(entries)) == tuple(entries)


def test_an_entry_of_the_largest_length_fits_and_a_longer_one_does_not() -> None:
    largest = bytes(65_535)

    assert tlog.decode_bundle(tlog.encode_bundle([largest]), 1) == (largest,)
    with pytest.raises(tlog.Refused):
        tlog.encode_bundle([bytes(65_536)])


@pytest.mark.parametrize("entries", [[], [b""] * 257])
def test_a_bundle_has_between_one_and_256_entries(entries: list[bytes]) -> None:
    with pytest.raises(tlog.Refused):
        tlog.encode_bundle(entries)


@pytest.mark.parametrize("hashes", [[], [bytes(32)] * 257, [bytes(31)], [bytes(33)]])
def test_a_tile_has_between_one_and_256_whole_hashes(hashes: list[bytes]) -> None:
    with pytest.raises(tlog.Refused):
        tlog.encode_tile(hashes)


def test_each_hash_above_the_leaves_is_the_root_of_a_full_tile_below() -> None:
    files = stored(600)

    below = tlog.decode_tile(files["tile/0/000"], 256)
    above = tlog.decode_tile(files["tile/1/000.p/2"], 2)

    assert above[0] == tree.root_of(256, tlog.nodes_of(below))
