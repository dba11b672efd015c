"""What people do with imports: begin, send, stop, try again, look. Reading itself is the worker's, in `items`.

Every act is recorded; the steps of an import are not, since its end is: it counts what became of everything.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from answerable import audit, tenancy
from answerable.infra import jobs
from answerable.infra.db import Db, Unaudited
from answerable.infra.ids import ActorKind, uuid7
from answerable.knowledge import rules
from answerable.knowledge.errors import (
    ContentUnexpected,
    FileTooLarge,
    FormatUnknown,
    ImportNotFound,
    ImportOver,
    ItemCancelled,
    NameRepeated,
    NothingGiven,
    NotRetryable,
    TooManyItems,
    UploadAbandoned,
    WaitingFull,
)
from answerable.knowledge.events import ImportBegun, ImportCancelled, ImportItemRetried
from answerable.knowledge.fetching.addresses import normalise_address
from answerable.knowledge.imports import (
    MAX_ITEMS,
    MAX_WAITING_BYTES,
    BatchId,
    ExpireImport,
    ImportBatch,
    ImportDetail,
    ImportItem,
    ImportKind,
    ItemId,
    ItemState,
    NewFile,
    ReadImport,
)
from answerable.knowledge.parsing import SUFFIXES, file_limit
from answerable.knowledge.queries import imports as import_queries
from answerable.knowledge.service.import_steps import announce, end_batch_if_over
from answerable.knowledge.values import Language
from answerable.tenancy import Permission

UPLOAD_TIME = timedelta(hours=1)
"""How long an announced file may take to arrive."""

KEPT = timedelta(days=90)
"""How long the list of imports goes back."""


async def begin_import(db: Db, files: Sequence[NewFile]) -> ImportDetail:
    """Announce files that are about to be sent; the items come back in the order of the files.

    What cannot be read is over at once, so that nobody sends it: an unknown format, a file too large, a name
    twice.

    Errors:  PermissionDenied, NothingGiven, TooManyItems.
    Effects: a batch with its items; a job that ends what never arrives.
    """
    if not files:
        raise NothingGiven
    seen: set[str] = set()
    batch_id = await _begin(db, ImportKind.UPLOAD, [_announced(db, file, seen) for file in files])
    await jobs.defer(db, ExpireImport(batch_id=batch_id), delay=UPLOAD_TIME)
    await end_batch_if_over(db, batch_id)
    return await _detail(db, batch_id)


async def add_content(db: Db, item_id: ItemId, data: bytes) -> ImportItem:
    """Take the bytes of an announced file and have it read.

    Errors:  PermissionDenied, ImportNotFound, ContentUnexpected, FileTooLarge, WaitingFull.
    Effects: the bytes, until they are read; a job.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    item = await _lock_item(db, item_id)
    if not item.needs_content:
        raise ContentUnexpected
    await _take_content(db, item, data)
    db.unaudited(Unaudited.PROGRESS)
    await announce(db, item.batch_id)
    return await _get_item(db, item_id)


async def refuse_content(db: Db, item_id: ItemId) -> None:
    """End an announced file whose bytes turn out to be too many; they were not kept.

    Errors:  PermissionDenied, ImportNotFound, ContentUnexpected.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    item = await _lock_item(db, item_id)
    if not item.needs_content:
        raise ContentUnexpected
    refused = {"state": ItemState.FAILED.value, "error_code": FileTooLarge.code, "ended_at": db.now}
    await import_queries.update_item(db, item_id, refused)
    db.unaudited(Unaudited.PROGRESS)
    await end_batch_if_over(db, item.batch_id)
    await announce(db, item.batch_id)


async def add_paste(db: Db, title: str, text: str, language: Language | None = None) -> ImportDetail:
    """Have a text read that somebody wrote; under the same title again it becomes the next version.

    Errors:  PermissionDenied, NothingGiven, FileTooLarge, WaitingFull.
    Effects: as `begin_import` and `add_content`.
    """
    data = rules.write_paste(title, text, language)
    if not text.strip() or not rules.name_paste(title).removeprefix("pasted/"):
        raise NothingGiven
    item = _item(ImportKind.PASTE, rules.name_paste(title), size_bytes=len(data))
    batch_id = await _begin(db, ImportKind.PASTE, [item])
    (stored,) = await import_queries.list_items(db, batch_id, states=(), after=0, limit=1)
    await _take_content(db, stored, data)
    return await _detail(db, batch_id)


async def add_url(db: Db, url: str) -> ImportDetail:
    """Have a page fetched and read; the same address again becomes the next version.

    Errors:  PermissionDenied, AddressInvalid.
    Effects: a batch with one item; a job.
    """
    return await _add_address(db, ImportKind.URL, url)


async def add_sitemap(db: Db, url: str) -> ImportDetail:
    """Have a sitemap fetched and each of its pages read, as items of the same batch.

    Errors:  PermissionDenied, AddressInvalid.
    Effects: a batch with one item, which the worker follows by one for each page; a job.
    """
    return await _add_address(db, ImportKind.SITEMAP, url)


async def list_imports(db: Db, *, limit: int = 50) -> list[ImportBatch]:
    """The imports of the last three months, newest first.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    return await import_queries.list_batches(db, limit=limit)


async def get_import(
    db: Db,
    batch_id: BatchId,
    *,
    states: Collection[ItemState] = (),
    after: int = 0,
    limit: int = MAX_ITEMS + 1,
) -> ImportDetail:
    """An import with its items in order: those in these states, or all; from the one after a position.

    Errors:  PermissionDenied, ImportNotFound.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    return await _detail(db, batch_id, states=states, after=after, limit=limit)


async def retry_item(db: Db, item_id: ItemId) -> ImportItem:
    """Have a page or sitemap that failed fetched once more.

    Errors:  PermissionDenied, ImportNotFound, NotRetryable.
    Effects: the item waits again; a job.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    item = await _lock_item(db, item_id)
    fetched = item.kind in {ImportKind.URL, ImportKind.SITEMAP}
    if not fetched or item.state not in {ItemState.FAILED, ItemState.SKIPPED}:
        raise NotRetryable
    waiting: dict[str, Any] = {  # columns of several types
        "state": ItemState.WAITING.value,
        "error_code": None,
        "error_detail": "",
        "started_at": None,
        "ended_at": None,
    }
    await import_queries.update_item(db, item_id, waiting)
    await import_queries.update_batch(db, item.batch_id, {"ended_at": None, "cancelled_at": None})
    await audit.append(db, ImportItemRetried(subject_id=item.batch_id, item_id=item_id))
    await jobs.defer(db, ReadImport(item_id=item_id))
    await announce(db, item.batch_id)
    return await _get_item(db, item_id)


async def cancel_batch(db: Db, batch_id: BatchId) -> ImportBatch:
    """Stop an import: what waits is skipped, what is being read is finished, what was read stays.

    Errors:  PermissionDenied, ImportNotFound, ImportOver.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    batch = await import_queries.lock_batch(db, batch_id)
    if batch is None:
        raise ImportNotFound
    if batch.ended_at is not None:
        raise ImportOver
    skipped = await import_queries.end_waiting(
        db, batch_id, ItemCancelled, state=ItemState.SKIPPED, unsent_only=False
    )
    await import_queries.update_batch(db, batch_id, {"cancelled_at": db.now})
    await audit.append(db, ImportCancelled(subject_id=batch_id, skipped=skipped))
    await end_batch_if_over(db, batch_id)
    await announce(db, batch_id)
    found = await import_queries.find_batch(db, batch_id)
    assert found is not None
    return found


async def expire_uploads(db: Db, batch_id: BatchId) -> None:
    """End the items of a batch whose bytes never came.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    db.unaudited(Unaudited.PROGRESS)
    if await import_queries.lock_batch(db, batch_id) is None:
        return
    await import_queries.end_waiting(db, batch_id, UploadAbandoned, state=ItemState.FAILED, unsent_only=True)
    await end_batch_if_over(db, batch_id)
    await announce(db, batch_id)


async def _add_address(db: Db, kind: ImportKind, url: str) -> ImportDetail:
    batch_id = await _begin(db, kind, [_item(kind, normalise_address(url))])
    (item,) = await import_queries.list_items(db, batch_id, states=(), after=0, limit=1)
    await jobs.defer(db, ReadImport(item_id=item.id))
    return await _detail(db, batch_id)


async def _begin(db: Db, kind: ImportKind, items: Sequence[dict[str, Any]]) -> BatchId:
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    if len(items) > MAX_ITEMS:
        raise TooManyItems
    batch_id = BatchId(uuid7())
    # Now and then instead of by a job of its own: nothing depends on the day on which they go.
    await import_queries.delete_batches_ended_before(db, db.now - KEPT)
    started_by = db.actor.id if db.actor.kind is ActorKind.MEMBER else None
    await import_queries.insert_batch(
        db, {"id": batch_id, "kind": kind.value, "started_by": started_by, "started_at": db.now}
    )
    rows = [{**item, "batch_id": batch_id, "position": place} for place, item in enumerate(items, start=1)]
    await import_queries.insert_items(db, rows)
    await audit.append(db, ImportBegun(subject_id=batch_id, kind=kind, items=len(items)))
    await announce(db, batch_id)
    return batch_id


def _announced(db: Db, file: NewFile, seen: set[str]) -> dict[str, Any]:  # columns of several types
    source = rules.name_upload(file.name)
    item = _item(ImportKind.UPLOAD, source, size_bytes=file.size_bytes)
    refused = _refusal(source, file.size_bytes, seen)
    seen.add(source)
    if refused is None:
        return item
    error, state = refused
    return {**item, "state": state.value, "error_code": error.code, "ended_at": db.now}


def _refusal(
    source: str, size_bytes: int | None, seen: Collection[str]
) -> tuple[type[FormatUnknown | FileTooLarge | NameRepeated], ItemState] | None:
    """Why a file need not be sent."""
    if PurePath(source).suffix.lower() not in SUFFIXES:
        return FormatUnknown, ItemState.SKIPPED
    if size_bytes is not None and size_bytes > file_limit(source):
        return FileTooLarge, ItemState.FAILED
    if source in seen:
        return NameRepeated, ItemState.FAILED
    return None


def _item(kind: ImportKind, source: str, *, size_bytes: int | None = None) -> dict[str, Any]:
    return {
        "id": ItemId(uuid7()),
        "kind": kind.value,
        "source": source,
        "state": ItemState.WAITING.value,
        "size_bytes": size_bytes,
        "error_code": None,
        "ended_at": None,
    }


async def _take_content(db: Db, item: ImportItem, data: bytes) -> None:
    if len(data) > file_limit(item.source):
        raise FileTooLarge
    if await import_queries.sum_content(db) + len(data) > MAX_WAITING_BYTES:
        raise WaitingFull
    if not await import_queries.insert_content(db, item.id, data):
        raise ContentUnexpected
    await import_queries.update_item(db, item.id, {"size_bytes": len(data)})
    await jobs.defer(db, ReadImport(item_id=item.id))


async def _lock_item(db: Db, item_id: ItemId) -> ImportItem:
    """The item, its batch locked.

    Errors:  ImportNotFound.
    """
    item = await _get_item(db, item_id)
    await import_queries.lock_batch(db, item.batch_id)
    return await _get_item(db, item_id)


async def _get_item(db: Db, item_id: ItemId) -> ImportItem:
    item = await import_queries.find_item(db, item_id)
    if item is None:
        raise ImportNotFound
    return item


async def _detail(
    db: Db,
    batch_id: BatchId,
    *,
    states: Collection[ItemState] = (),
    after: int = 0,
    limit: int = MAX_ITEMS + 1,
) -> ImportDetail:
    batch = await import_queries.find_batch(db, batch_id)
    if batch is None:
        raise ImportNotFound
    items = await import_queries.list_items(db, batch_id, states=states, after=after, limit=limit)
    return ImportDetail(batch=batch, items=tuple(items))
