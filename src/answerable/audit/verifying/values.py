"""What verification finds, in words that the stand-alone verifier uses too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from uuid import UUID

from answerable.audit.values import Assurance


class Fault(StrEnum):
    """Everything that can be wrong with a log."""

    LEAF_MISMATCH = "leaf_mismatch"
    """An entry's bytes have another hash than its place in the tree."""
    TILE_MISMATCH = "tile_mismatch"
    """A tile has another hash than the entries lead to."""
    ROOT_MISMATCH = "root_mismatch"
    """The entries lead to another root than the one that was signed."""
    FORK = "fork"
    """Two signed heads of one log that do not belong to one history."""
    ROLLBACK = "rollback"
    """The log is shorter than one that was signed."""
    ENTRY_MISSING = "entry_missing"
    TILE_MISSING = "tile_missing"
    CHECKPOINT_MISSING = "checkpoint_missing"
    CHECKPOINT_REFUSED = "checkpoint_refused"
    """A stored head whose signature or form is refused."""
    CLOCK_WENT_BACK = "clock_went_back"
    BODY_MALFORMED = "body_malformed"
    """An entry that is not in its one spelling or says what entries do not say."""
    SCHEMA_MISMATCH = "schema_mismatch"
    """An entry in a form that the log has declared for no entry of its type."""
    SCHEMA_MISSING = "schema_missing"
    """A form that the log declares is not there to compare entries with."""
    COLUMN_MISMATCH = "column_mismatch"
    """A column that repeats a part of an entry says something else."""
    DUPLICATE_EVENT = "duplicate_event"
    ORPHAN_EVENT = "orphan_event"
    """An event that is in no place of the tree and does not wait for one, or waits too long."""
    WRITER_GAP = "writer_gap"
    """A number of a writer that is neither an entry nor declared void."""
    WRITER_CONFLICT = "writer_conflict"
    """A number that is an entry twice, or an entry and void."""
    RECEIPT_BROKEN = "receipt_broken"
    """A receipt promises what the log does not hold."""
    COMMITMENT_MISMATCH = "commitment_mismatch"
    """A sealed value is not the one that its entry commits to."""
    SLOT_MISSING = "slot_missing"
    """A sealed value or its key is gone, and nothing in the log says why."""
    KEY_REVIVED = "key_revived"
    """A key that was destroyed is there again."""
    PAIR_MISSING = "pair_missing"
    """Something happened without the entry that belongs to it."""
    ROOT_LOG_MISMATCH = "root_log_mismatch"
    """The log over all logs does not hold a signed head, or holds another in its place."""
    TIME_BRACKET = "time_bracket"
    """An entry's time does not fit between the signed times around it."""
    STALE = "stale"
    """The newest signed head is older than asked for."""
    LEVEL_MISSED = "level_missed"
    """Fewer vouch for the log than asked for."""
    GUARD_MISSING = "guard_missing"
    """A rule of the database that keeps the log append-only is off."""


class Exit(IntEnum):
    """How a verification ends."""

    VERIFIED = 0
    WITH_ERASURES = 10
    UNWITNESSED = 20
    INCOMPLETE = 30
    INVALID = 40
    FORKED = 41


_EXITS: Mapping[Fault, Exit] = {
    Fault.FORK: Exit.FORKED,
    Fault.ROLLBACK: Exit.FORKED,
    Fault.STALE: Exit.UNWITNESSED,
    Fault.LEVEL_MISSED: Exit.UNWITNESSED,
    Fault.ENTRY_MISSING: Exit.INCOMPLETE,
    Fault.TILE_MISSING: Exit.INCOMPLETE,
    Fault.SCHEMA_MISSING: Exit.INCOMPLETE,
    Fault.CHECKPOINT_MISSING: Exit.INCOMPLETE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, and where."""

    finding: Fault
    detail: str
    leaf: int | None = None
    event: UUID | None = None


class SlotState(StrEnum):
    """What became of a sealed value that an entry commits to."""

    SEALED = "sealed"
    OPENED = "opened"
    """Opened now, and what it holds is what was committed to."""
    ERASED = "erased"
    """Its key was destroyed, and the log says so."""
    REMOVED = "removed"
    """Its row was deleted, and the log says so."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was checked, what was found, and what was not looked at."""

    findings: tuple[Finding, ...]
    assurance: Assurance
    leaves: int
    """Entries under the newest signed head, all of which were read."""

    waiting: int
    """Events that are in no signed head yet."""

    origin: str | None
    size: int
    root: str | None
    """In hexadecimal."""

    signed_at: str | None
    generations: int
    checkpoints: int
    receipts: int
    slots: Mapping[str, int] = field(default_factory=dict[str, int])
    not_checked: tuple[str, ...] = ()

    @property
    def exit(self) -> Exit:
        """The worst of all findings."""
        calm = Exit.WITH_ERASURES if self.slots.get(SlotState.ERASED) else Exit.VERIFIED
        return max((_EXITS.get(one.finding, Exit.INVALID) for one in self.findings), default=calm)

    @property
    def valid(self) -> bool:
        """Whether nothing was found; what was erased as it should be is nothing wrong."""
        return self.exit in {Exit.VERIFIED, Exit.WITH_ERASURES}
