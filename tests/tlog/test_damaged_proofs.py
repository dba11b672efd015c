"""The kinds of damage that published test data of such trees has, done to many proofs, for both to refuse."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable import tlog
from factories.naive_tree import NaiveTree
from factories.vectors import TLOG, Json
from factories.vectors_verifier import OPERATIONS, VERIFIER

LARGEST = 130
LEAVES = [tlog.hash_leaf(str(number).encode()) for number in range(LARGEST + 1)]
NODES = tlog.nodes_of(LEAVES)
NAIVE = NaiveTree(LEAVES)
GARBAGE = "00" * 32

ON_PROOFS: dict[str, Callable[[list[str]], list[str]]] = {
    "empty": lambda _: [],
    "truncated at its end": lambda proof: proof[:-1],
    "truncated at its beginning": lambda proof: proof[1:],
    "garbage before": lambda proof: [GARBAGE, *proof],
    "garbage after": lambda proof: [*proof, GARBAGE],
    "its first hash twice": lambda proof: [*proof[:1], *proof],
    "its last hash twice": lambda proof: [*proof, *proof[-1:]],
    "in reverse": lambda proof: proof[::-1],
    "one bit in its first hash": lambda proof: [*map(flip, proof[:1]), *proof[1:]],
    "one bit in its last hash": lambda proof: [*proof[:-1], *map(flip, proof[-1:])],
}
ON_NUMBERS: dict[str, Callable[[int], int]] = {
    "one more": lambda number: number + 1,
    "one less": lambda number: number - 1,
    "another bit": lambda number: number ^ 2,
    "twice": lambda number: number * 2,
    "half": lambda number: number // 2,
}


def flip(encoded: str) -> str:
    return f"{int(encoded, 16) ^ 4:064x}"


def inclusion(index: int, size: int) -> Json:
    return {
        "leaf": LEAVES[index].hex(),
        "index": index,
        "size": size,
        "proof": [one.hex() for one in tlog.prove_inclusion(index, size, NODES)],
        "root": NAIVE.root(0, size).hex(),
    }


def consistency(old: int, new: int) -> Json:
    return {
        "old_size": old,
        "old_root": NAIVE.root(0, old).hex(),
        "new_size": new,
        "new_root": NAIVE.root(0, new).hex(),
        "proof": [one.hex() for one in tlog.prove_consistency(old, new, NODES)],
    }


def verifies(operation: str, given_: Json) -> bool:
    """Whether it does, which must be the same for both."""
    answers: list[bool] = []
    for operations in (TLOG, OPERATIONS):
        try:
            operations[operation](given_)
        except (tlog.Refused, VERIFIER.Refusal):
            answers.append(False)
        else:
            answers.append(True)
    assert answers[0] == answers[1]
    return answers[0]


@pytest.mark.parametrize("kind", ON_PROOFS)
@settings(max_examples=25)
@given(data=st.data())
def test_a_damaged_proof_never_verifies(kind: str, data: st.DataObject) -> None:
    new = data.draw(st.integers(1, LARGEST))
    old, index = data.draw(st.integers(0, new)), data.draw(st.integers(0, new - 1))
    for operation, whole in (("inclusion", inclusion(index, new)), ("consistency", consistency(old, new))):
        damaged = {**whole, "proof": ON_PROOFS[kind](whole["proof"])}

        assert verifies(operation, whole)
        assert damaged == whole or not verifies(operation, damaged)


@pytest.mark.parametrize("kind", ON_NUMBERS)
@settings(max_examples=25)
@given(data=st.data())
def test_a_proof_never_verifies_for_another_index_or_another_old_size(kind: str, data: st.DataObject) -> None:
    new = data.draw(st.integers(1, LARGEST))
    old, index = data.draw(st.integers(1, new)), data.draw(st.integers(0, new - 1))
    moved = {**inclusion(index, new), "index": ON_NUMBERS[kind](index)}
    older = {**consistency(old, new), "old_size": ON_NUMBERS[kind](old)}

    assert moved["index"] == index or not verifies("inclusion", moved)
    assert older["old_size"] == old or not verifies("consistency", older)


@pytest.mark.parametrize("kind", ON_NUMBERS)
@settings(max_examples=25)
@given(data=st.data())
def test_both_say_the_same_of_another_size(kind: str, data: st.DataObject) -> None:
    # What they say may be yes: a size is believed because it is signed, not because of a proof.
    new = data.draw(st.integers(1, LARGEST))
    old, index = data.draw(st.integers(1, new)), data.draw(st.integers(0, new - 1))

    verifies("inclusion", {**inclusion(index, new), "size": ON_NUMBERS[kind](new)})
    verifies("consistency", {**consistency(old, new), "new_size": ON_NUMBERS[kind](new)})


@settings(max_examples=50)
@given(data=st.data())
def test_roots_that_are_exchanged_or_wrong_never_verify(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, LARGEST))
    old = data.draw(st.integers(1, new - 1))
    whole = consistency(old, new)
    exchanged = {**whole, "old_root": whole["new_root"], "new_root": whole["old_root"]}

    assert not verifies("consistency", exchanged)
    assert not verifies("consistency", {**whole, "old_root": GARBAGE})
    assert not verifies("consistency", {**whole, "new_root": GARBAGE})
