"""The catalogue: what can be asked of the list of documents, and what it says of each. Pure.

What a document and a version are is in `values`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from answerable.infra.ids import MemberId
from answerable.knowledge.values import Document, DocumentId, DocumentVersion, Language, PassageSpan

ENDS_SOON = timedelta(days=14)
"""A document whose last day is this near is worth a look."""

OLD = timedelta(days=365)
"""A document that nobody changed for so long is worth a look."""


class SourceKind(StrEnum):
    """What sort of thing a document was imported from."""

    WEB = "web"
    PDF = "pdf"
    WORD = "word"
    HTML = "html"
    TABLE = "table"
    MARKDOWN = "markdown"
    TEXT = "text"


ENDINGS: Mapping[SourceKind, tuple[str, ...]] = MappingProxyType(
    {
        SourceKind.PDF: (".pdf",),
        SourceKind.WORD: (".docx",),
        SourceKind.HTML: (".html", ".htm"),
        SourceKind.TABLE: (".csv",),
        SourceKind.MARKDOWN: (".md", ".markdown"),
    }
)
"""How the names of files of each kind end; what ends otherwise is text."""

WEB_BEGINNINGS = ("https://", "http://")


class Freshness(StrEnum):
    """Whether a document may be quoted today, and whether anybody should look at it."""

    CURRENT = "current"
    UPCOMING = "upcoming"
    """Its first day is still to come."""

    ENDING = "ending"
    """Its last day is near."""

    ENDED = "ended"
    """Its last day is over: nothing of it is quoted."""

    OLD = "old"
    """Nobody changed it for a year."""


class Order(StrEnum):
    """How the list is ordered."""

    CHANGED = "changed"
    """What changed last comes first."""

    TITLE = "title"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of the list."""

    words: str = ""
    """Stand in the title or the source, in any case."""

    language: Language | None = None
    kind: SourceKind | None = None
    freshness: Freshness | None = None
    order: Order = Order.CHANGED
    after: DocumentId | None = None
    """The last document of the page before."""

    limit: int = 50

    @property
    def is_filtered(self) -> bool:
        """Whether anything is asked that leaves documents out."""
        return bool(self.words or self.language or self.kind or self.freshness)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document as the list shows it."""

    document: Document
    kind: SourceKind
    freshness: Freshness
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """One page of the list."""

    documents: tuple[Listed, ...]
    found: int
    """How many documents there are with what is asked."""

    published: int
    """How many there are at all."""

    next: DocumentId | None
    """Where the next page begins; None on the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPassage:
    """A passage with its text."""

    number: int
    """Its place in the version, from 1."""

    span: PassageSpan
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionText:
    """A version with some of its passages, in order."""

    version: DocumentVersion
    passages: tuple[ShownPassage, ...]
    found: int
    """How many passages it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedDocument:
    """What is left of a document that was deleted."""

    id: DocumentId
    versions: int
    deleted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChange:
    """What a member sets of a document beside its text."""

    valid_from: date | None
    valid_until: date | None
    owner_id: MemberId | None


def kind_of(source: str) -> SourceKind:
    """What sort of thing a source is, by its name."""
    name = source.lower()
    if name.startswith(WEB_BEGINNINGS):
        return SourceKind.WEB
    return next((kind for kind, endings in ENDINGS.items() if name.endswith(endings)), SourceKind.TEXT)


def freshness_of(document: Document, *, today: date) -> Freshness:
    """Whether a document may be quoted today, and whether anybody should look at it; the gravest counts."""
    if document.valid_until is not None and document.valid_until < today:
        return Freshness.ENDED
    if document.valid_from is not None and document.valid_from > today:
        return Freshness.UPCOMING
    if document.valid_until is not None and document.valid_until <= today + ENDS_SOON:
        return Freshness.ENDING
    if document.changed_at.date() <= today - OLD:
        return Freshness.OLD
    return Freshness.CURRENT
