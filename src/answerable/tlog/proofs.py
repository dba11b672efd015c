"""Proofs that stand alone: an entry's place in a tree, with the checkpoint that vouches for it."""

from base64 import b64encode
from dataclasses import dataclass

from answerable.tlog.checkpoints import Checkpoint, parse_checkpoint
from answerable.tlog.errors import Finding, Refused
from answerable.tlog.formats import read_base64, read_decimal, read_hash, read_lines
from answerable.tlog.keys import Algorithm, VerifierKey
from answerable.tlog.notes import Signer, parse_note, verify_note
from answerable.tlog.policies import Policy
from answerable.tlog.tree import verify_inclusion

HEADER = b"c2sp.org/tlog-proof@v1"
MAX_PROOF_HASHES = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What `tlog-proof@v1` holds.

    Source:  c2sp.org/tlog-proof, Format.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note, verbatim."""

    extra: bytes = b""
    """Data that the proof does not vouch for; empty for none."""

    def render(self) -> bytes:
        """The proof as it is stored and sent."""
        extra = b"extra " + b64encode(self.extra) + b"\n" if self.extra else b""
        hashes = b"".join(b64encode(one) + b"\n" for one in self.hashes)
        return b"%s\n%sindex %d\n%s\n%s" % (HEADER, extra, self.index, hashes, self.checkpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCheckpoint:
    """A checkpoint that a policy accepts."""

    checkpoint: Checkpoint
    cosigners: tuple[Signer, ...]
    """The witnesses of the policy that have cosigned, more perhaps than its quorum asks for."""

    unchecked: tuple[VerifierKey, ...]
    """Keys of the policy that were passed over, because ML-DSA-44 was not asked for."""


def parse_proof(data: bytes) -> Proof:
    """The proof that a file holds; nothing of it is verified yet.

    Errors:  Refused, PROOF_MALFORMED.
    """
    head, separator, checkpoint = data.partition(b"\n\n")
    lines = read_lines(head + b"\n", Finding.PROOF_MALFORMED)
    if not separator or lines.pop(0) != HEADER:
        raise Refused(Finding.PROOF_MALFORMED, "not of this format")
    extra = _read_extra(lines)
    if not lines or not lines[0].startswith(b"index "):
        raise Refused(Finding.PROOF_MALFORMED, "no index")
    index = read_decimal(lines.pop(0).removeprefix(b"index "), Finding.PROOF_MALFORMED)
    if len(lines) > MAX_PROOF_HASHES:
        raise Refused(Finding.PROOF_MALFORMED, "more hashes than a tree has levels")
    hashes = tuple(read_hash(line, Finding.PROOF_MALFORMED) for line in lines)
    return Proof(index=index, hashes=hashes, checkpoint=checkpoint, extra=extra)


def verify_checkpoint(data: bytes, policy: Policy, *, ml_dsa: bool = False) -> VerifiedCheckpoint:
    """The checkpoint in a signed note, if its log and a quorum of witnesses vouch for it.

    Keys of ML-DSA-44 are passed over unless they are asked for; a quorum that needs them is then missed.

    Errors:  Refused: NOTE_MALFORMED, CHECKPOINT_MALFORMED, LOG_UNKNOWN, SIGNATURE_INVALID,
             SIGNATURE_MISSING, QUORUM_MISSED.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    keys = (*policy.logs, *policy.witnesses.values())
    known = [key for key in keys if ml_dsa or key.algorithm is not Algorithm.ML_DSA_44_COSIGNATURE]
    if not any(key.name == checkpoint.origin for key in policy.logs):
        raise Refused(Finding.LOG_UNKNOWN, "the policy lists no log of this origin")
    signers = verify_note(note, known)
    # A log's key vouches for the origin that it is named after, and for no other.
    if not any(one.key in policy.logs and one.key.name == checkpoint.origin for one in signers):
        raise Refused(Finding.SIGNATURE_MISSING, "its log has not signed it")
    witnesses = frozenset(policy.witnesses.values())
    cosigners = tuple(one for one in signers if one.key in witnesses)
    if not policy.is_met_by([one.key for one in cosigners]):
        raise Refused(Finding.QUORUM_MISSED, f"{len(cosigners)} of the policy's witnesses have cosigned")
    unchecked = tuple(key for key in keys if key not in known)
    return VerifiedCheckpoint(checkpoint=checkpoint, cosigners=cosigners, unchecked=unchecked)


def verify_proof(proof: Proof, leaf: bytes, policy: Policy, *, ml_dsa: bool = False) -> VerifiedCheckpoint:
    """The checkpoint in whose tree a leaf hash stands at the proof's index.

    Errors:  Refused, as verify_checkpoint, and INCLUSION_FAILED.
    """
    verified = verify_checkpoint(proof.checkpoint, policy, ml_dsa=ml_dsa)
    verify_inclusion(
        leaf,
        index=proof.index,
        size=verified.checkpoint.size,
        proof=proof.hashes,
        root=verified.checkpoint.root,
    )
    return verified


def _read_extra(lines: list[bytes]) -> bytes:
    if not lines or not lines[0].startswith(b"extra "):
        return b""
    extra = read_base64(lines.pop(0).removeprefix(b"extra "), Finding.PROOF_MALFORMED)
    # Nothing is said by leaving the line out, so that a proof has one form.
    if not extra:
        raise Refused(Finding.PROOF_MALFORMED, "extra data of no bytes")
    return extra
