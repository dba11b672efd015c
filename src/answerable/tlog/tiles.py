"""Tiles and bundles of entries: how a log lies in files, and the tree read from them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from answerable.tlog.errors import Finding, Refused
from answerable.tlog.formats import MAX_NUMBER
from answerable.tlog.tree import HASH_BYTES, Nodes, hash_node

WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""

HEIGHT = 8
"""Levels of the tree from one level of tiles to the next."""

MAX_LEVEL = 63
MAX_ENTRY_BYTES = 2**16 - 1

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)"
    r"/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """Consecutive hashes of one level, or entries where there is no level.

    Errors:  Refused, TILE_MALFORMED.
    Source:  c2sp.org/tlog-tiles, APIs.
    """

    level: int | None
    """None for a bundle of entries."""

    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        is_level = self.level is None or 0 <= self.level <= MAX_LEVEL
        if not is_level or not 0 <= self.index <= MAX_NUMBER or not 1 <= self.width <= WIDTH:
            raise Refused(Finding.TILE_MALFORMED, "a level, an index or a width out of range")

    def path(self) -> str:
        """Where it lies below the log's address."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{level}/{'/'.join(groups)}{partial}"


def parse_path(path: str) -> Tile:
    """The tile or bundle that a path names.

    Errors:  Refused, TILE_MALFORMED, for every path but the one that the tile itself has.
    """
    found = _PATH.fullmatch(path)
    if found is None or not path.isascii():
        raise Refused(Finding.TILE_MALFORMED, "not the path of a tile")
    tile = Tile(
        level=None if found["level"] == "entries" else int(found["level"]),
        index=int(found["index"].replace("x", "").replace("/", "")),
        width=int(found["width"] or WIDTH),
    )
    if tile.path() != path:
        raise Refused(Finding.TILE_MALFORMED, "not the one path of this tile")
    return tile


def tiles_of(size: int) -> Iterator[Tile]:
    """All tiles of a tree, level by level, the partial one of each level last."""
    for level in range(MAX_LEVEL + 1):
        width = size >> (HEIGHT * level)
        if not width:
            return
        yield from _row(level, width)


def bundles_of(size: int) -> Iterator[Tile]:
    """All bundles of entries of a tree, the partial one last."""
    yield from _row(None, size)


def _row(level: int | None, width: int) -> Iterator[Tile]:
    full, rest = divmod(width, WIDTH)
    for index in range(full):
        yield Tile(level=level, index=index)
    if rest:
        yield Tile(level=level, index=full, width=rest)


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a tile.

    Errors:  Refused, TILE_MALFORMED.
    """
    if not 1 <= len(hashes) <= WIDTH or any(len(one) != HASH_BYTES for one in hashes):
        raise Refused(Finding.TILE_MALFORMED, "not 1 to 256 hashes of 32 bytes")
    return b"".join(hashes)


def decode_tile(data: bytes, width: int) -> tuple[bytes, ...]:
    """The hashes of a tile.

    Errors:  Refused, TILE_MALFORMED, when there are more or fewer than the width says.
    """
    if len(data) != width * HASH_BYTES or not 1 <= width <= WIDTH:
        raise Refused(Finding.TILE_MALFORMED, f"{len(data)} bytes for {width} hashes")
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of a bundle: each entry after its length in two bytes.

    Errors:  Refused, TILE_MALFORMED.
    Source:  c2sp.org/tlog-tiles, Log entries.
    """
    if not 1 <= len(entries) <= WIDTH or any(len(one) > MAX_ENTRY_BYTES for one in entries):
        raise Refused(Finding.TILE_MALFORMED, "not 1 to 256 entries of at most 65,535 bytes")
    return b"".join(len(one).to_bytes(2, "big") + one for one in entries)


def decode_bundle(data: bytes, width: int) -> tuple[bytes, ...]:
    """The entries of a bundle.

    Errors:  Refused, TILE_MALFORMED, when there are more or fewer than the width says.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise Refused(Finding.TILE_MALFORMED, "an entry is cut off")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) != width or not 1 <= width <= WIDTH:
        raise Refused(Finding.TILE_MALFORMED, f"{len(entries)} entries for a width of {width}")
    return tuple(entries)


def nodes_in_tiles(size: int, read: Callable[[Tile], Sequence[bytes]]) -> Nodes:
    """The complete subtrees of a tree of this size, from its tiles.

    `read` returns the hashes of one tile; whoever passes it keeps what it has read.
    """

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        width = min(WIDTH, (size >> (HEIGHT * tile_level)) - first // WIDTH * WIDTH)
        hashes = read(Tile(level=tile_level, index=first // WIDTH, width=width))
        row = list(hashes[first % WIDTH : first % WIDTH + (1 << height)])
        while len(row) > 1:
            row = [hash_node(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        return row[0]

    return node
