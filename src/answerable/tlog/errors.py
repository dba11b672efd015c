"""What a verifier says when it refuses: one exception, with a word of a closed list."""

from enum import StrEnum


class Finding(StrEnum):
    """Why something was refused; the published vectors use these words."""

    KEY_MALFORMED = "key_malformed"
    """A verifier key that is not one: its form, its identifier, or a point that proves nothing."""

    KEY_UNSUPPORTED = "key_unsupported"
    """A well-formed key of a kind that has no place here."""

    NOTE_MALFORMED = "note_malformed"
    SIGNATURE_INVALID = "signature_invalid"
    """A signature of a known key does not fit the text; the whole note is refused."""

    SIGNATURE_MISSING = "signature_missing"
    """No key that is trusted for it has signed."""

    CHECKPOINT_MALFORMED = "checkpoint_malformed"
    LOG_UNKNOWN = "log_unknown"
    """The policy lists no log of this origin."""

    QUORUM_MISSED = "quorum_missed"
    """Signed by its log, but not by as many witnesses as the policy asks for."""

    INCLUSION_FAILED = "inclusion_failed"
    CONSISTENCY_FAILED = "consistency_failed"
    PROOF_MALFORMED = "proof_malformed"
    POLICY_MALFORMED = "policy_malformed"
    TILE_MALFORMED = "tile_malformed"
    """A tile, a bundle of entries, the path of one, or a frontier."""


class Refused(ValueError):  # Not an AnswerableError: this package knows nothing of the product.
    """Something does not verify, or has not the one form that it must have."""

    def __init__(self, finding: Finding, detail: str) -> None:
        super().__init__(f"{finding.value}: {detail}")
        self.finding = finding
        self.detail = detail
