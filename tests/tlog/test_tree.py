"""The tree against its own definition, against another library, and against what the standards' examples say."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from answerable import tlog
from factories.naive_tree import NaiveTree

SMALL, LARGE = 300, 100_000
LEAVES = [tlog.hash_leaf(str(number).encode()) for number in range(SMALL + 1)]
NODES = tlog.nodes_of(LEAVES)
NAIVE = NaiveTree(LEAVES)

# Roots of the first 0 to 8 of these entries, as certificate-transparency implementations test them.
KNOWN_ENTRIES = [
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
KNOWN_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def is_included(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bool:
    try:
        tlog.verify_inclusion(leaf, index=index, size=size, proof=proof, root=NAIVE.root(0, size))
    except tlog.Refused:
        return False
    return True


@pytest.fixture(scope="module")
def large() -> tuple[NaiveTree, tlog.Nodes]:
    leaves = [sha256(str(number).encode()).digest() for number in range(LARGE)]
    return NaiveTree(leaves), tlog.nodes_of(leaves)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_that_others_have_published(size: int) -> None:
    leaves = [tlog.hash_leaf(entry) for entry in KNOWN_ENTRIES[:size]]

    assert tlog.root_of(size, tlog.nodes_of(leaves)).hex() == KNOWN_ROOTS[size]
    assert tlog.Frontier().extended(leaves).root.hex() == KNOWN_ROOTS[size]


def test_roots_of_all_sizes_are_those_of_the_definition() -> None:
    for size in range(SMALL + 1):
        assert tlog.root_of(size, NODES) == NAIVE.root(0, size)


def test_every_leaf_of_every_small_tree_has_the_proof_of_the_definition_and_it_verifies() -> None:
    for size in range(1, SMALL + 1):
        root = NAIVE.root(0, size)
        for index in range(size):
            proof = tlog.prove_inclusion(index, size, NODES)
            tlog.verify_inclusion(LEAVES[index], index=index, size=size, proof=proof, root=root)
            assert list(proof) == NAIVE.inclusion(index, 0, size)


def test_every_two_small_trees_have_the_proof_of_the_definition_and_it_verifies() -> None:
    for new in range(SMALL + 1):
        for old in range(new + 1):
            proof = tlog.prove_consistency(old, new, NODES)
            tlog.verify_consistency(
                old_size=old,
                old_root=NAIVE.root(0, old),
                new_size=new,
                new_root=NAIVE.root(0, new),
                proof=proof,
            )
            assert list(proof) == NAIVE.consistency(old, new)


def test_another_library_has_the_same_roots_and_paths() -> None:
    other: Any = InmemoryTree(algorithm="sha256")  # It has no types.
    for number in range(SMALL + 1):
        other.append_entry(str(number).encode())

    for size in range(1, SMALL + 1):
        assert other.get_root(size) == tlog.root_of(size, NODES)
    for index in range(0, SMALL, 7):
        path = other.prove_inclusion(index + 1, SMALL).path
        assert path == [LEAVES[index], *tlog.prove_inclusion(index, SMALL, NODES)]


@settings(max_examples=60)
@given(data=st.data())
def test_large_trees_are_those_of_the_definition(
    large: tuple[NaiveTree, tlog.Nodes], data: st.DataObject
) -> None:
    naive, nodes = large
    size = data.draw(st.integers(1, LARGE))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))

    proof = tlog.prove_inclusion(index, size, nodes)
    bridge = tlog.prove_consistency(old, size, nodes)

    root = naive.root(0, size)
    assert tlog.root_of(size, nodes) == root
    assert list(proof) == naive.inclusion(index, 0, size)
    assert list(bridge) == naive.consistency(old, size)
    tlog.verify_inclusion(naive.leaves[index], index=index, size=size, proof=proof, root=root)
    tlog.verify_consistency(
        old_size=old, old_root=naive.root(0, old), new_size=size, new_root=root, proof=bridge
    )


@settings(max_examples=150)
@given(data=st.data())
def test_what_verifies_in_a_tree_of_known_size_and_root_is_true(data: st.DataObject) -> None:
    # Size and root come from a signed checkpoint; under another size, an inner node could pass as a leaf.
    size = data.draw(st.integers(1, SMALL))
    index = data.draw(st.integers(0, size - 1))
    proof = list(tlog.prove_inclusion(index, size, NODES))
    hashes = (
        st.sampled_from(LEAVES)
        | st.sampled_from([LEAVES[index], *proof])
        | st.binary(min_size=31, max_size=33)
    )
    leaf = data.draw(st.sampled_from([LEAVES[index]]) | hashes)
    at = data.draw(st.sampled_from([index]) | st.integers(-1, size))
    path = data.draw(
        st.sampled_from([proof, proof[1:], proof[:-1], [*proof, LEAVES[0]], proof[::-1]])
        | st.lists(hashes, max_size=9)
    )

    verifies = is_included(leaf, at, size, path)

    assert not verifies or (leaf, path) == (LEAVES[at], NAIVE.inclusion(at, 0, size))


@settings(max_examples=150)
@given(data=st.data())
def test_two_trees_that_differ_in_an_old_leaf_are_never_consistent(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 64))
    old = data.draw(st.integers(1, new))
    place = data.draw(st.integers(0, old - 1))
    forged = [*LEAVES[:place], tlog.hash_leaf(b"forged"), *LEAVES[place + 1 : new]]
    nodes = tlog.nodes_of(forged)
    proofs = st.sampled_from(
        [tlog.prove_consistency(old, new, nodes), tlog.prove_consistency(old, new, NODES), ()]
    )

    with pytest.raises(tlog.Refused):
        tlog.verify_consistency(
            old_size=old,
            old_root=NAIVE.root(0, old),
            new_size=new,
            new_root=tlog.root_of(new, nodes),
            proof=data.draw(proofs),
        )


@given(parts=st.lists(st.integers(0, 40), max_size=6))
def test_a_frontier_grows_in_any_steps_to_the_same_root(parts: list[int]) -> None:
    frontier, size = tlog.Frontier(), 0

    for part in parts:
        frontier = frontier.extended(LEAVES[size : size + part])
        size += part

    assert (frontier.size, frontier.root) == (size, NAIVE.root(0, size))
    assert len(frontier.hashes) == size.bit_count()


@pytest.mark.parametrize(
    ("size", "hashes"), [(0, (b"0" * 32,)), (3, (b"0" * 32,)), (1, (b"0" * 31,)), (-1, ())]
)
def test_a_frontier_whose_hashes_do_not_fit_its_size_is_refused(size: int, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(tlog.Refused):
        tlog.Frontier(size=size, hashes=hashes)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(tlog.Refused):
        tlog.prove_inclusion(index, size, NODES)


def test_there_is_no_proof_from_a_larger_tree_to_a_smaller_one() -> None:
    with pytest.raises(tlog.Refused):
        tlog.prove_consistency(5, 4, NODES)
