"""Reading a log's tree from its rows: tiles, and proofs made of them."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Executable, Result, text

from answerable import tlog
from answerable.audit.trees import TILE_WIDTH, split_hashes
from answerable.tlog import Nodes, Tile

Proof = TypeVar("Proof")

_LEAVES = text(
    "SELECT leaf_hash FROM audit_leaf"
    " WHERE tenant_id = :tenant AND index >= :first AND index < :end ORDER BY index"
)
_TILES = text(
    "SELECT level, index, hashes FROM audit_tile"
    " JOIN unnest(CAST(:levels AS int[]), CAST(:indexes AS bigint[])) AS wanted (level, index)"
    " USING (level, index) WHERE tenant_id = :tenant"
)
_ROOTS = text(
    "SELECT root FROM audit_tile WHERE tenant_id = :tenant AND level = :level"
    " AND index >= :first AND index < :end ORDER BY index"
)


class Reads(Protocol):
    """A database session, of whichever role: the tenant's own, the sequencer's, the signer's."""

    async def execute(self, statement: Executable, parameters: dict[str, Any], /) -> Result[Any]:
        """Run a statement."""
        ...


async def read_row(db: Reads, tenant_id: UUID, level: int, first: int, end: int) -> list[bytes]:
    """Hashes of one level of tiles that lie within one tile: leaves at level 0, roots of tiles above.

    The tenant is named besides the policy, since the log's own roles see every tenant's.
    """
    if level == 0:
        found = await db.execute(_LEAVES, {"tenant": tenant_id, "first": first, "end": end})
    else:
        within = {"tenant": tenant_id, "level": level - 1, "first": first, "end": end}
        found = await db.execute(_ROOTS, within)
    return [bytes(row[0]) for row in found]


async def read_tiles(db: Reads, tenant_id: UUID, tiles: Sequence[Tile]) -> dict[Tile, Sequence[bytes]]:
    """The hashes of tiles, as far as the log has them: of one that lost some, fewer."""
    full = [tile for tile in tiles if tile.width == TILE_WIDTH]
    read: dict[Tile, Sequence[bytes]] = dict.fromkeys(tiles, ())
    if full:
        asked = {"levels": [tile.level for tile in full], "indexes": [tile.index for tile in full]}
        for row in (await db.execute(_TILES, {"tenant": tenant_id, **asked})).mappings():
            read[Tile(level=row["level"], index=row["index"])] = split_hashes(bytes(row["hashes"]))
    for tile in tiles:
        if tile.width < TILE_WIDTH:
            first = tile.index * TILE_WIDTH
            assert tile.level is not None
            read[tile] = await read_row(db, tenant_id, tile.level, first, first + tile.width)
    return read


async def prove(db: Reads, tenant_id: UUID, size: int, make: Callable[[Nodes], Proof]) -> Proof:
    """What `make` makes of a tree's nodes, such as a proof in a tree of this size, from its rows.

    Errors:  tlog.Refused, TILE_MALFORMED, when hashes are missing.
    """
    wanted: dict[Tile, None] = {}

    def note(tile: Tile) -> Sequence[bytes]:
        wanted[tile] = None
        return [tlog.EMPTY_ROOT] * tile.width

    # Made twice: once to see which tiles it takes, and once with them.
    make(tlog.nodes_in_tiles(size, note))
    read = await read_tiles(db, tenant_id, list(wanted))
    for tile, hashes in read.items():
        if len(hashes) != tile.width:
            raise tlog.Refused(tlog.Finding.TILE_MALFORMED, f"{tile.path()} has {len(hashes)} hashes")
    return make(tlog.nodes_in_tiles(size, read.__getitem__))


async def prove_growth(db: Reads, tenant_id: UUID, old: int, new: int) -> tuple[bytes, ...]:
    """What shows that a log's tree of one size continues that of another.

    Errors:  tlog.Refused when hashes are missing.
    """
    return await prove(db, tenant_id, new, lambda nodes: tlog.prove_consistency(old, new, nodes))
