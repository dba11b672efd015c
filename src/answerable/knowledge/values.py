"""Values of the knowledge domain: documents, their versions and passages, and what a parser returns.

How texts are parsed lives in `answerable.knowledge.parsing`, how they are stored in `models` and `queries`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from answerable.infra.ids import MemberId

DocumentId = NewType("DocumentId", UUID)
VersionId = NewType("VersionId", UUID)
PassageId = NewType("PassageId", UUID)

Days = tuple[date | None, date | None]
"""The first and the last day on which a document may be quoted."""


class Language(StrEnum):
    """The languages that documents and questions may have."""

    GERMAN = "de"
    ENGLISH = "en"


class DocumentStatus(StrEnum):
    """Whether a document may be quoted."""

    PUBLISHED = "published"
    DELETED = "deleted"
    """Its texts are gone; its row stays, since replies of old point to it."""


class ParseNote(StrEnum):
    """What a person should know about how a file was read, although it could be read."""

    DECODED_AS_CP1252 = "decoded_as_cp1252"
    """The bytes were no UTF-8 and were taken for Windows-1252: accents may be wrong."""

    BYTES_REPLACED = "bytes_replaced"
    """Some bytes were no UTF-8 and stand as \ufffd."""

    ROWS_INCOMPLETE = "rows_incomplete"
    """Rows without a question or an answer were left out."""

    ROWS_REPEATED = "rows_repeated"
    """A question stood in more than one row; the last row counts."""

    LINKS_LEFT_OUT = "links_left_out"
    """A sitemap lists more than 2,000 pages; the rest was left out."""

    OTHER_SITES_LEFT_OUT = "other_sites_left_out"
    """A sitemap lists pages of other sites, which were left out."""

    SITEMAPS_FAILED = "sitemaps_failed"
    """Of the sitemaps that a sitemap names some could not be read."""

    PAGES_BROKEN = "pages_broken"
    """Pages could not be read and are left out."""

    PAGES_WITHOUT_TEXT = "pages_without_text"
    """Pages are pictures, such as scans, and are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of a document; its line is part of the text."""

    level: int
    """1 for the title, up to 6."""

    title: str
    start: int
    """Where its line begins, in code points of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument:
    """One document as plain text in one spelling: what quotes are taken from.

    Every span anywhere counts Unicode code points of `text`, end exclusive.
    """

    title: str
    text: str
    """NFC, `\\n` between lines, no control, zero-width or direction characters, at most one blank line."""

    headings: tuple[Heading, ...] = ()
    """In order of appearance."""

    language: Language | None = None
    """As the file declares it; None when it does not say."""

    valid_from: date | None = None
    valid_until: date | None = None
    """The last day on which the document may be quoted."""

    notes: tuple[ParseNote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedDocument:
    """One of the documents of a file, with the key by which the next import finds it again."""

    key: str
    """Empty for the whole file; for a row of a table, a digest of its question."""

    document: ParsedDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageSpan:
    """A piece of a document for retrieval: whole sentences under one heading."""

    start: int
    end: int
    heading_path: tuple[str, ...] = ()
    """The headings it stands under, outermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceSpan:
    """The smallest piece that is quoted: a sentence, a list item, a heading or a row of a table."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A quote with what stands around it in its version."""

    before: str
    quote: str
    after: str
    headings: tuple[str, ...]
    """The headings it stands under, outermost first."""
    since: datetime
    """When the version came."""
    is_current: bool
    """Whether the version is still the one that is quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a tenant published under one title; its text lies in its versions."""

    id: DocumentId
    source: str
    """Where it came from: the path that was imported."""

    key: str
    """Which document of its source, as in `KeyedDocument`."""

    title: str
    language: Language
    version: int
    """The number of the version that is quoted."""

    changed_at: datetime
    """When that version came."""

    valid_from: date | None
    valid_until: date | None
    """The last day on which it may be quoted."""

    owner_id: MemberId | None
    file_valid_from: date | None = None
    """Its first day as its file said it last; another one when a person set that."""

    file_valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVersion:
    """One text of a document, never changed once stored."""

    id: VersionId
    number: int
    """1 for the first, rising by one."""

    characters: int
    """How long its text is; 0 once it is removed."""

    created_at: datetime
    has_text: bool = True
    """Whether its text is still kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHistory:
    """A document with its versions, newest first."""

    document: Document
    versions: tuple[DocumentVersion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Characters of a version."""

    version_id: VersionId
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlace:
    """What stands at a place of a version, and what has become of the document since."""

    document_id: DocumentId
    title: str | None
    """None while the document is deleted."""

    language: Language
    version: int
    current_version: int
    replaced_at: datetime | None
    """When the version after this one came; None while this one is the newest."""

    deleted_at: datetime | None
    valid_until: date | None
    heading_path: tuple[str, ...]
    """The headings it stands under, outermost first; empty once the text is gone."""

    text: str | None
    """None once the version has been emptied, which happens when its document is deleted."""

    before: str
    """What stands in front of it in the version, up to a limit."""

    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of a question, as search reads it."""

    weight: float
    """Inverse document frequency: how much a passage that has the word stands out, above 0."""

    passages: int
    """In how many of the tenant's passages it stands."""

    stems: tuple[str, ...] = ()
    """Its German and its English stem, for compounds that stemming does not take apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of a passage that was found, with the words of the question that stand in it."""

    start: int
    """In the version's text."""

    end: int
    text: str
    matched: frozenset[int]
    """Which of `Retrieved.terms`, by position."""

    cosine: float | None = None
    """Nearness of the sentence, under its headings, in meaning; None without vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A passage that search found, with its scores and sentences."""

    passage_id: PassageId
    document_id: DocumentId
    version_id: VersionId
    version: int
    title: str
    language: Language
    span: PassageSpan
    cosine: float | None
    """Nearness in meaning, -1.0 to 1.0; None without vectors."""

    lexical: float | None
    """BM25 score, above 0; None when no word is shared."""

    vector_rank: int | None
    lexical_rank: int | None
    fused: float
    """Both ranks merged: the sum of 1 / (60 + rank)."""

    heading_matched: frozenset[int]
    """Which terms stand in the title and the headings."""

    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """What search found for a question, best first."""

    terms: tuple[Term, ...]
    candidates: tuple[Candidate, ...]
    """The best of each language, then the second of each, and so on; ranks count within the language."""

    background: Mapping[Language, float] = field(default_factory=dict[Language, float])
    """By language of the documents the mean nearness of its fifty nearest passages; empty without vectors."""


class ImportState(StrEnum):
    """What an import did with one document or file."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    """It was not read: its ending is unknown, or a link leads out of the folder."""

    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What became of one document of an import, or of a file that gave none."""

    item: str
    """The path that was imported; for a row of a table its question follows. Shown, never logged."""

    state: ImportState
    passages: int = 0
    notes: tuple[ParseNote, ...] = ()
    error_code: str | None = None
    """Why it was skipped or failed."""

    message: str = ""
    remedy: str = ""
    document_id: DocumentId | None = None
    """The document it is; absent where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """How many documents an import added, changed and left as they were, and how many files it could not read."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    passages: int = 0
    """Passages that were made."""

    def __add__(self, other: "ImportResult") -> "ImportResult":
        """Both together."""
        mine, theirs = asdict(self), asdict(other)
        return ImportResult(**{name: mine[name] + theirs[name] for name in mine})
