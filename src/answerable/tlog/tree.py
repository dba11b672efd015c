"""The Merkle tree: hashes, roots, and proofs of inclusion and consistency, made and verified.

A proof is made from the hashes of complete subtrees, wherever they lie: in memory or in tiles.
"""

import hashlib
from collections.abc import Callable, Sequence

from answerable.tlog.errors import Finding, Refused

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Nodes = Callable[[int, int], bytes]
"""The hash of a complete subtree: of `(level, index)`, over leaves `index << level` and following."""

Range = tuple[int, int]
"""Leaves from the first to the second, which is not among them."""


def hash_leaf(body: bytes) -> bytes:
    """The hash of an entry.

    Source:  RFC 9162, section 2.1.1.
    """
    return hashlib.sha256(b"\x00" + body).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees that stand side by side.

    Source:  RFC 9162, section 2.1.1.
    """
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_of(leaves: Sequence[bytes]) -> Nodes:
    """All complete subtrees over leaf hashes, in memory."""
    levels = [list(leaves)]
    while len(below := levels[-1]) > 1:
        levels.append([hash_node(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return lambda level, index: levels[level][index]


def root_of(size: int, nodes: Nodes) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return hash_range((0, size), nodes) if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """The path from a leaf to the root, its sibling first.

    Errors:  Refused when the tree has no such leaf.
    Source:  RFC 9162, section 2.1.3.1.
    """
    if not 0 <= index < size:
        raise Refused(Finding.INCLUSION_FAILED, f"no leaf {index} in a tree of {size}")
    return tuple(hash_range(one, nodes) for one in inclusion_ranges(index, size))


def prove_consistency(old: int, new: int, nodes: Nodes) -> tuple[bytes, ...]:
    """What shows that the first `old` of `new` leaves are the old tree; nothing for an empty old tree.

    Errors:  Refused when the old tree is the larger one.
    Source:  RFC 9162, section 2.1.4.1.
    """
    if not 0 <= old <= new:
        raise Refused(Finding.CONSISTENCY_FAILED, f"from {old} leaves to {new}")
    return tuple(hash_range(one, nodes) for one in consistency_ranges(old, new))


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose hashes prove a leaf, its sibling first."""
    start, end = 0, size
    ranges: list[Range] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The subtrees whose hashes prove that one tree continues another."""
    if old == 0:
        return []
    start, end = 0, new
    ranges: list[Range] = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    # The old tree itself is known to whoever verifies; a part of it is not.
    if start:
        ranges.append((start, end))
    return ranges[::-1]


def hash_range(leaves: Range, nodes: Nodes) -> bytes:
    """The hash of a subtree that may be incomplete on its right, from complete ones."""
    start, end = leaves
    parts: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(nodes(level, start >> level))
        start += 1 << level
    result = parts.pop()
    while parts:
        result = hash_node(parts.pop(), result)
    return result


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash stands at an index of the tree with this root.

    Errors:  Refused, INCLUSION_FAILED.
    Source:  RFC 9162, section 2.1.3.2.
    """
    _require_hashes((leaf, root, *proof), Finding.INCLUSION_FAILED)
    if not 0 <= index < size:
        raise Refused(Finding.INCLUSION_FAILED, f"no leaf {index} in a tree of {size}")
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Refused(Finding.INCLUSION_FAILED, "the proof is too long")
        if node & 1 or node == last:
            result = hash_node(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = hash_node(result, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise Refused(Finding.INCLUSION_FAILED, "the proof is too short")
    if result != root:
        raise Refused(Finding.INCLUSION_FAILED, "the proof leads to another root")


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that one tree continues another: nothing of it was changed, removed or put in between.

    Everything continues the empty tree, and nothing needs to be shown for it; a proof that is not needed
    is refused all the same.

    Errors:  Refused, CONSISTENCY_FAILED.
    Source:  RFC 9162, section 2.1.4.2; c2sp.org/tlog-witness for an old size of zero.
    """
    _require_hashes((old_root, new_root, *proof), Finding.CONSISTENCY_FAILED)
    if not 0 <= old_size <= new_size:
        raise Refused(Finding.CONSISTENCY_FAILED, f"from {old_size} leaves to {new_size}")
    if old_size in {0, new_size}:
        _require_no_proof(old_root, EMPTY_ROOT if old_size == 0 else new_root, proof)
        # Both may be empty.
        if new_size == 0 and new_root != EMPTY_ROOT:
            raise Refused(Finding.CONSISTENCY_FAILED, "the root of an empty tree is another")
        return
    if _replay_consistency(old_size, new_size, old_root, proof) != (old_root, new_root):
        raise Refused(Finding.CONSISTENCY_FAILED, "the proof leads to other roots")


def _require_no_proof(old_root: bytes, expected: bytes, proof: Sequence[bytes]) -> None:
    if old_root != expected:
        raise Refused(Finding.CONSISTENCY_FAILED, "two roots for the same leaves")
    if proof:
        raise Refused(Finding.CONSISTENCY_FAILED, "a proof where none is needed")


def _replay_consistency(
    old_size: int, new_size: int, old_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The old and the new root as the proof has them."""
    is_complete = old_size & (old_size - 1) == 0
    path = [old_root, *proof] if is_complete else list(proof)
    if not path:
        raise Refused(Finding.CONSISTENCY_FAILED, "the proof is too short")
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Refused(Finding.CONSISTENCY_FAILED, "the proof is too long")
        if node & 1 or node == last:
            old, new = hash_node(sibling, old), hash_node(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = hash_node(new, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise Refused(Finding.CONSISTENCY_FAILED, "the proof is too short")
    return old, new


def _split(width: int) -> int:
    """The largest power of two below a width."""
    return 1 << ((width - 1).bit_length() - 1)


def _require_hashes(hashes: Sequence[bytes], finding: Finding) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise Refused(finding, "a hash that is not of 32 bytes")
