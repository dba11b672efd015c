"""The tree of a provable log and the formats in which it leaves the house: pure functions over bytes.

No file, no network, no clock, and nothing of the product: keys and times are handed in.
"""

from answerable.tlog.checkpoints import Checkpoint, parse_checkpoint
from answerable.tlog.errors import Finding, Refused
from answerable.tlog.frontier import Frontier
from answerable.tlog.keys import Algorithm, VerifierKey, parse_key
from answerable.tlog.notes import Note, Signer, parse_note, verify_note
from answerable.tlog.policies import Policy, parse_policy
from answerable.tlog.proofs import (
    Proof,
    VerifiedCheckpoint,
    parse_proof,
    verify_checkpoint,
    verify_proof,
)
from answerable.tlog.signatures import Signature, check_signature, cosign, log_key, sign, witness_key
from answerable.tlog.tiles import (
    WIDTH,
    Tile,
    bundles_of,
    decode_bundle,
    decode_tile,
    encode_bundle,
    encode_tile,
    nodes_in_tiles,
    parse_path,
    tiles_of,
)
from answerable.tlog.tree import (
    EMPTY_ROOT,
    Nodes,
    hash_leaf,
    hash_node,
    nodes_of,
    prove_consistency,
    prove_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "WIDTH",
    "Algorithm",
    "Checkpoint",
    "Finding",
    "Frontier",
    "Nodes",
    "Note",
    "Policy",
    "Proof",
    "Refused",
    "Signature",
    "Signer",
    "Tile",
    "VerifiedCheckpoint",
    "VerifierKey",
    "bundles_of",
    "check_signature",
    "cosign",
    "decode_bundle",
    "decode_tile",
    "encode_bundle",
    "encode_tile",
    "hash_leaf",
    "hash_node",
    "log_key",
    "nodes_in_tiles",
    "nodes_of",
    "parse_checkpoint",
    "parse_key",
    "parse_note",
    "parse_path",
    "parse_policy",
    "parse_proof",
    "prove_consistency",
    "prove_inclusion",
    "root_of",
    "sign",
    "tiles_of",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
    "verify_note",
    "verify_proof",
    "witness_key",
]
