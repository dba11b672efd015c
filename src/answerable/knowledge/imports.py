"""Values of imports that run in the background: a batch, its items, what is given and what is asked of the worker.

Pure. What reading a file makes of it stands in `values`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NewType
from uuid import UUID

from answerable.infra.ids import MemberId
from answerable.knowledge.values import DocumentId, ParseNote

BatchId = NewType("BatchId", UUID)
ItemId = NewType("ItemId", UUID)

MAX_ITEMS = 2_000
"""Files or pages of one batch."""

MAX_FILE_BYTES = 25_000_000
"""The largest file that is taken; text formats end earlier."""

MAX_WAITING_BYTES = 500_000_000
"""What may wait to be read in one tenant."""


class ImportKind(StrEnum):
    """How something comes in."""

    UPLOAD = "upload"
    PASTE = "paste"
    URL = "url"
    SITEMAP = "sitemap"


class ItemState(StrEnum):
    """How far an item is, or how it ended."""

    WAITING = "waiting"
    """For its bytes, or for the worker."""

    READING = "reading"
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LISTED = "listed"
    """A sitemap was read; its pages are items of their own."""

    SKIPPED = "skipped"
    FAILED = "failed"


OPEN_STATES = frozenset({ItemState.WAITING, ItemState.READING})
"""What is not over yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file that somebody is about to send."""

    name: str
    """With the folders above it, as far as they were given along."""

    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem:
    """One file, text, page or sitemap, with what became of it."""

    id: ItemId
    batch_id: BatchId
    position: int
    kind: ImportKind
    source: str
    state: ItemState
    size_bytes: int | None
    passages: int
    notes: tuple[ParseNote, ...]
    document_ids: tuple[DocumentId, ...]
    """At most a hundred of them; a table may have become thousands."""

    error_code: str | None
    message: str
    """What went wrong, in English; a page translates by the code."""

    remedy: str
    needs_content: bool
    """Whether it waits for its bytes to be sent."""

    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBatch:
    """What was given together, and how far it is."""

    id: BatchId
    kind: ImportKind
    title: str
    """The source of its first item."""

    started_by: MemberId | None
    """None when it was the platform."""

    started_at: datetime
    ended_at: datetime | None
    """When its last item ended."""

    cancelled_at: datetime | None
    passages: int
    counts: Mapping[ItemState, int] = field(default_factory=dict[ItemState, int])
    """How many items are in which state; states without any are left out."""

    @property
    def total(self) -> int:
        """How many items it has."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many of them are over."""
        return sum(number for state, number in self.counts.items() if state not in OPEN_STATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDetail:
    """A batch with items of it in order."""

    batch: ImportBatch
    items: tuple[ImportItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadImport:
    """Read one item and publish what is in it."""

    task: ClassVar[str] = "read_import"

    item_id: ItemId

    @property
    def lock(self) -> str | None:
        """One at a time in a tenant: the embedder is the bottleneck, and others want it, too."""
        return "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireImport:
    """End the items whose bytes never came."""

    task: ClassVar[str] = "expire_import"

    batch_id: BatchId

    @property
    def lock(self) -> str | None:
        """Its order to other jobs is free."""
        return None


JOBS = (ReadImport, ExpireImport)
