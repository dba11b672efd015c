"""The audit events of the knowledge domain.

Apart from `values`: the process that reads foreign files loads those, and an event brings the log and with it
the database along.
"""

from dataclasses import dataclass
from typing import ClassVar

from answerable.audit.values import Digest, Event, RetentionClass, SubjectKind
from answerable.infra.ids import MemberId, TenantId
from answerable.knowledge.imports import BatchId, ImportKind, ItemId
from answerable.knowledge.values import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPublished:
    """A document may be quoted from now on."""

    type: ClassVar[str] = "document.published"
    about: ClassVar[SubjectKind] = SubjectKind.DOCUMENT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: DocumentId
    version: int
    digest: Digest
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChanged:
    """A document got another version, and only that one is quoted from now on."""

    type: ClassVar[str] = "document.changed"
    about: ClassVar[SubjectKind] = SubjectKind.DOCUMENT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: DocumentId
    version: int
    digest: Digest
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentIndexed:
    """The passages of a document were made anew, its text being as it was: another model makes the vectors."""

    type: ClassVar[str] = "document.indexed"
    about: ClassVar[SubjectKind] = SubjectKind.DOCUMENT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: DocumentId
    version: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAmended:
    """A person set who answers for a document, or the days on which it may be quoted."""

    type: ClassVar[str] = "document.amended"
    about: ClassVar[SubjectKind] = SubjectKind.DOCUMENT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: DocumentId
    valid_from_day: int | None
    """Days since 1970-01-01."""

    valid_until_day: int | None
    owner_id: MemberId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDeleted:
    """A document was deleted, its texts and passages are gone, and a probe found nothing left."""

    type: ClassVar[str] = "document.deleted"
    about: ClassVar[SubjectKind] = SubjectKind.DOCUMENT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: DocumentId
    versions: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeImported:
    """An import ended that had changed something."""

    type: ClassVar[str] = "knowledge.imported"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: TenantId
    added: int
    changed: int
    unchanged: int
    skipped: int
    failed: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBegun:
    """Somebody gave files, a text or an address to be imported in the background."""

    type: ClassVar[str] = "import.begun"
    about: ClassVar[SubjectKind] = SubjectKind.IMPORT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: BatchId
    kind: ImportKind
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItemRetried:
    """Somebody had an item of an import read once more."""

    type: ClassVar[str] = "import.item_retried"
    about: ClassVar[SubjectKind] = SubjectKind.IMPORT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: BatchId
    item_id: ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCancelled:
    """Somebody stopped an import; what it had read by then stays."""

    type: ClassVar[str] = "import.cancelled"
    about: ClassVar[SubjectKind] = SubjectKind.IMPORT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: BatchId
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeSearched:
    """Somebody searched the documents; what they looked for is not kept."""

    type: ClassVar[str] = "access.knowledge_searched"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: TenantId
    found: int


EVENTS: tuple[type[Event], ...] = (
    DocumentPublished,
    DocumentChanged,
    DocumentIndexed,
    DocumentAmended,
    DocumentDeleted,
    KnowledgeImported,
    ImportBegun,
    ImportItemRetried,
    ImportCancelled,
    KnowledgeSearched,
)
