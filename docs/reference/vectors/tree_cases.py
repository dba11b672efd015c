# ruff: noqa: INP001 - a folder of pages, and no package.
"""Cases of the tree: hashes, roots, inclusion, consistency."""

from collections.abc import Iterator

from cases import BODY, Case, Json, hexes

from answerable import tlog

INPUTS = tuple(
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
)  # fmt: skip
LEAVES = tuple(map(tlog.hash_leaf, INPUTS))
NODES = tlog.nodes_of(LEAVES)
ROOTS = tuple(tlog.root_of(size, NODES) for size in range(len(INPUTS) + 1))
INCLUSION, CONSISTENCY = "inclusion_failed", "consistency_failed"


def tree_cases() -> Iterator[Case]:
    """All of them."""
    for entry in (b"", b"\x00", BODY):
        yield Case(
            name=f"an entry of {len(entry)} bytes",
            operation="leaf",
            given={"entry": entry.hex()},
            gives={"hash": tlog.hash_leaf(entry).hex()},
        )
    for size, root in enumerate(ROOTS):
        yield Case(
            name=f"the root of {size} entries",
            operation="root",
            given={"entries": hexes(INPUTS[:size])},
            gives={"root": root.hex()},
        )
    yield from _inclusions()
    yield from _refused_inclusions()
    yield from _consistencies()
    yield from _refused_consistencies()


def _inclusion(index: int, size: int) -> Json:
    proof = tlog.prove_inclusion(index, size, NODES)
    return {
        "leaf": LEAVES[index].hex(), "index": index, "size": size,
        "proof": hexes(proof), "root": ROOTS[size].hex(),
    }  # fmt: skip


def _consistency(old: int, new: int) -> Json:
    proof = tlog.prove_consistency(old, new, NODES)
    return {
        "old_size": old, "old_root": ROOTS[old].hex(), "new_size": new, "new_root": ROOTS[new].hex(),
        "proof": hexes(proof),
    }  # fmt: skip


def _inclusions() -> Iterator[Case]:
    for size in range(1, len(INPUTS) + 1):
        for index in range(size):
            name = f"leaf {index} of {size}"
            yield Case(name=name, operation="inclusion", given=_inclusion(index, size))


def _consistencies() -> Iterator[Case]:
    for new in range(len(INPUTS) + 1):
        for old in range(new + 1):
            name = f"from {old} to {new}"
            yield Case(name=name, operation="consistency", given=_consistency(old, new))


def _refused_inclusions() -> Iterator[Case]:
    good = _inclusion(2, 5)
    first, *rest = good["proof"]
    longer = _inclusion(4, 5)
    changes: dict[str, Json] = {
        "the right proof for the index beside it": {"index": 3},
        "the right proof for another index": {"index": 4},
        "an index that is the size": {"index": 5},
        "a negative index": {"index": -1},
        "an empty tree": {"index": 0, "size": 0, "proof": [], "root": tlog.EMPTY_ROOT.hex()},
        "a size that is one less": {"size": 4},
        "a proof without its first hash": {"proof": rest},
        "a proof without its last hash": {"proof": [first, *rest[:-1]]},
        "a proof without hashes": {"proof": []},
        "a proof with a hash too many": {"proof": [first, *rest, first]},
        "a proof in reverse": {"proof": [first, *rest][::-1]},
        "a hash of 33 bytes": {"proof": [first + "00", *rest]},
        "a hash of 31 bytes": {"proof": [first[2:], *rest]},
        "a leaf hash of 33 bytes": {"leaf": good["leaf"] + "00"},
        "a root of no bytes": {"root": ""},
        "the root of another size": {"root": ROOTS[6].hex()},
        "an inner node instead of the first leaf": {
            "leaf": tlog.hash_node(LEAVES[0], LEAVES[1]).hex(),
            "index": 0,
            "proof": _inclusion(0, 5)["proof"][1:],
        },
        "an inner node instead of a leaf": {"leaf": tlog.hash_node(LEAVES[2], LEAVES[3]).hex(), "proof": rest},
    }  # fmt: skip
    for name, change in changes.items():
        yield Case(name=name, operation="inclusion", given={**good, **change}, finding=INCLUSION)
    # Here one hash would do, and the second stands where no level is left.
    given = {**longer, "proof": [*longer["proof"], longer["proof"][0]]}
    yield Case(name="a short path made longer", operation="inclusion", given=given, finding=INCLUSION)
    single = _inclusion(0, 1)
    given = {**single, "proof": [first]}
    yield Case(name="a tree of one with a proof", operation="inclusion", given=given, finding=INCLUSION)


def _refused_consistencies() -> Iterator[Case]:
    good, equal, nothing = _consistency(3, 7), _consistency(5, 5), _consistency(0, 5)
    whole = _consistency(4, 7)
    first, *rest = good["proof"]
    changes: dict[str, tuple[Json, Json]] = {
        "the new tree is the smaller one": (good, {"old_size": 7, "new_size": 3}),
        "a negative old size": (good, {"old_size": -1}),
        "another old root": (good, {"old_root": ROOTS[4].hex()}),
        "another new root": (good, {"new_root": ROOTS[8].hex()}),
        "the roots exchanged": (good, {"old_root": good["new_root"], "new_root": good["old_root"]}),
        "a proof without its first hash": (good, {"proof": rest}),
        "a proof without its last hash": (good, {"proof": [first, *rest[:-1]]}),
        "a proof without hashes": (good, {"proof": []}),
        "a proof with a hash too many": (good, {"proof": [first, *rest, first]}),
        "a hash of 33 bytes": (good, {"proof": [first + "00", *rest]}),
        "an old root of 31 bytes": (good, {"old_root": good["old_root"][2:]}),
        "another old size with the same proof": (good, {"old_size": 2}),
        "a whole old tree whose root is repeated": (whole, {"proof": [whole["old_root"], *whole["proof"]]}),
        "an inner node as the root of an old tree of one": (
            _consistency(1, 4),
            {"old_root": ROOTS[2].hex(), "proof": _consistency(2, 4)["proof"]},
        ),
        "equal sizes with different roots": (equal, {"old_root": ROOTS[4].hex()}),
        "equal sizes with a proof": (equal, {"proof": [first]}),
        "an empty old tree with a proof": (nothing, {"proof": [first]}),
        "an empty old tree with a root of something": (nothing, {"old_root": ROOTS[1].hex()}),
        "two empty trees with a root of something": (
            _consistency(0, 0), {"old_root": ROOTS[1].hex(), "new_root": ROOTS[1].hex()},
        ),
        "two empty trees with a new root of something": (_consistency(0, 0), {"new_root": ROOTS[1].hex()}),
    }  # fmt: skip
    for name, (start, change) in changes.items():
        yield Case(name=name, operation="consistency", given={**start, **change}, finding=CONSISTENCY)
