"""Events about the log itself: who read, verified and exported it, and what became of keys and numbers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from answerable.audit.values import (
    Digest,
    Event,
    ExportFormat,
    LogQueried,
    RetentionClass,
    SlotName,
    SubjectKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerified:
    """Somebody had the whole log verified."""

    type: ClassVar[str] = "access.log_verified"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    findings: int
    opened: bool
    """Whether sealed values were opened for it, without being shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExported:
    """Somebody took the whole log away, entries and proofs, without what they commit to."""

    type: ClassVar[str] = "access.log_exported"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    root: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesExported:
    """Somebody took entries of the log away in a form that other systems read."""

    type: ClassVar[str] = "access.entries_exported"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    format: ExportFormat


class Purpose(StrEnum):
    """Why somebody opens what an entry commits to; the list is closed, so that the log can hold it."""

    AUDIT = "audit"
    """To see that what was recorded is what was said."""
    COMPLAINT = "complaint"
    ACCESS_REQUEST = "access_request"
    """The person wants to know what is held about them."""
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsOpened:
    """Somebody opened what an entry commits to, with what proves that it is that."""

    type: ClassVar[str] = "access.slots_opened"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    conversation_id: UUID | None
    entry: UUID
    slots: tuple[SlotName, ...]
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierTaken:
    """Somebody took all that the log holds of a conversation away, with texts and proofs."""

    type: ClassVar[str] = "access.dossier_taken"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    conversation_id: UUID
    entries: int
    opened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecovered:
    """The log lost entries that had been signed, and goes on under a new name from what is left."""

    type: ClassVar[str] = "log.recovered"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.PRIVACY

    subject_id: UUID
    generation: int
    lost: Digest
    """Of the last signed note of the generation before: whoever kept that note can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemasDeclared:
    """From here on entries may have these forms as well; the first of a log describe all its entries."""

    type: ClassVar[str] = "log.schemas_declared"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.PRIVACY

    subject_id: UUID
    schemas: tuple[Digest, ...]
    """Of the canonical bytes of each; the bytes lie beside the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDestroyed:
    """Keys of a person were destroyed, and with them all that they sealed."""

    type: ClassVar[str] = "key.destroyed"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.PRIVACY

    subject_id: UUID
    count: int
    keys: tuple[Digest, ...]
    """One for each key, bound to this event: it recognises the key and links nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterRecovered:
    """Numbers of a process that was killed are declared void, since nobody else will."""

    type: ClassVar[str] = "writer.recovered"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    writer: UUID
    void: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessAdded:
    """Somebody was registered who cosigns heads of the log."""

    type: ClassVar[str] = "witness.added"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: UUID
    key: Digest
    """Of its verifier key, as it is spelled."""
    is_asked: bool
    """Whether heads are handed to it; otherwise it fetches them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessRemoved:
    """A witness was taken off; what it has said stays."""

    type: ClassVar[str] = "witness.removed"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: UUID
    key: Digest
    """Of its verifier key, as it is spelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuorumSet:
    """So many witnesses have to cosign a head from now on; 0 asks for none."""

    type: ClassVar[str] = "witness.quorum_set"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: UUID
    threshold: int


EVENTS: tuple[type[Event], ...] = (
    LogQueried,
    LogVerified,
    LogExported,
    EntriesExported,
    SlotsOpened,
    DossierTaken,
    LogRecovered,
    SchemasDeclared,
    KeyDestroyed,
    WriterRecovered,
    WitnessAdded,
    WitnessRemoved,
    QuorumSet,
)
"""The events of this domain; every domain with events has such a list, and the application registers it."""
