"""The worker's side of an import: one item read, its documents published, its end written down.

An item may be read twice, since a worker can die at any moment: what is published already is found unchanged.
"""

from collections import Counter
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from answerable import tenancy
from answerable.infra import jobs
from answerable.infra.db import Db, Unaudited
from answerable.infra.errors import AnswerableError, Kind, registered_errors
from answerable.infra.ids import Actor, MemberId, uuid7
from answerable.knowledge.errors import ContentLost
from answerable.knowledge.imports import (
    OPEN_STATES,
    BatchId,
    ImportItem,
    ImportKind,
    ItemId,
    ItemState,
    ReadImport,
)
from answerable.knowledge.parsing.sandbox import ParserProcess
from answerable.knowledge.queries import imports as import_queries
from answerable.knowledge.service.import_steps import announce, end_batch_if_over
from answerable.knowledge.service.pages import SKIPPING, Listed, Reader, is_of_the_page, list_pages, read_page
from answerable.knowledge.service.publishing import Intake, Publisher, publish
from answerable.knowledge.values import DocumentId, ImportState, ParseNote, Progress
from answerable.tenancy import Permission

log = structlog.get_logger()

_DOCUMENTS = 100
"""So many documents of one item are linked from it."""

_BEST_FIRST = (ImportState.ADDED, ImportState.CHANGED, ImportState.UNCHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of an item."""

    state: ItemState
    error: AnswerableError | None = None
    passages: int = 0
    notes: tuple[ParseNote, ...] = ()
    document_ids: tuple[DocumentId, ...] = ()
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """An item that is this job's to read."""

    item: ImportItem
    owner_id: MemberId | None
    listed_at: datetime | None
    """When a sitemap says that it changed last."""

    others: frozenset[str]
    """The sources of its batch, where it is a page."""


async def read_item(intake: Intake, actor: Actor, item_id: ItemId) -> None:
    """Read one item and publish what is in it; one that is over, stopped or gone is left alone.

    Errors:  PermissionDenied; ParserUnavailable, EmbeddingUnavailable, DatabaseUnavailable, after which it is
             to be called again.
    Effects: documents; the item's end; its bytes are deleted.
    """
    begun = await _begin(intake, actor, item_id)
    if begun is None:
        return
    try:
        ending = await _read(intake, actor, begun)
    except AnswerableError as error:
        if error.kind is Kind.UNAVAILABLE:
            raise
        ending = Ending(state=ItemState.FAILED, error=error)
    if ending is not None:
        await _end(intake, actor, item_id, ending)


async def give_up_item(intake: Intake, actor: Actor, item_id: ItemId, *, error_code: str) -> None:
    """End an item as failed whose job will not be tried again.

    Errors:  PermissionDenied.
    Effects: as `read_item`.
    """
    error = registered_errors().get(error_code, AnswerableError)()
    await _end(intake, actor, item_id, Ending(state=ItemState.FAILED, error=error))


async def _begin(intake: Intake, actor: Actor, item_id: ItemId) -> _Begun | None:
    async with intake.database.tenant_session(actor) as db:
        tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
        db.unaudited(Unaudited.PROGRESS)
        item = await _lock_open(db, item_id)
        if item is None:
            return None
        reading: dict[str, Any] = {"state": ItemState.READING.value, "started_at": item.started_at or db.now}
        await import_queries.update_item(db, item_id, reading)
        await announce(db, item.batch_id)
        batch = await import_queries.find_batch(db, item.batch_id)
        assert batch is not None
        sources = await import_queries.list_sources(db, batch.id) if item.kind is ImportKind.URL else {}
        return _Begun(
            item=item,
            owner_id=batch.started_by,
            listed_at=await import_queries.get_listed_at(db, item_id),
            others=frozenset(sources),
        )


async def _read(intake: Intake, actor: Actor, begun: _Begun) -> Ending | None:
    """Read an item; None when its end is written down already."""
    publisher = Publisher(intake=intake, actor=actor, owner_id=begun.owner_id)
    async with ParserProcess() as parser:
        reader = Reader(publisher=publisher, parser=parser)
        match begun.item.kind:
            case ImportKind.UPLOAD | ImportKind.PASTE:
                return await _read_content(reader, begun.item)
            case ImportKind.URL:
                return await _judged(_read_page(reader, begun))
            case ImportKind.SITEMAP:
                return await _judged(_expand_sitemap(reader, begun.item))


async def _read_content(reader: Reader, item: ImportItem) -> Ending:
    publisher = reader.publisher
    async with publisher.intake.database.tenant_session(publisher.actor) as db:
        data = await import_queries.find_content(db, item.id)
    if data is None:
        raise ContentLost
    # A pasted text has a title for a name, which says nothing of its format.
    name = "text.txt" if item.kind is ImportKind.PASTE else item.source
    keyed = await reader.parser.parse(name, data)
    told = [progress async for progress in publish(publisher, item.source, keyed)]
    return sum_up_item(told, size_bytes=len(data))


async def _judged(reading: Awaitable[Ending | None]) -> Ending | None:
    """The end of a page, also where its site is to blame: asking at once again would be no use, nor polite."""
    try:
        return await reading
    except AnswerableError as error:
        if not is_of_the_page(error):
            raise
        state = ItemState.SKIPPED if isinstance(error, SKIPPING) else ItemState.FAILED
        return Ending(state=state, error=error)


async def _read_page(reader: Reader, begun: _Begun) -> Ending:
    page = Listed(address=begun.item.source, changed_at=begun.listed_at)
    result = await read_page(reader, page, others=begun.others)
    return sum_up_item(result.told, size_bytes=result.size_bytes or None)


async def _expand_sitemap(reader: Reader, item: ImportItem) -> Ending | None:
    """Make the pages of a sitemap items of its batch.

    Effects: an item and a job for each page; the sitemap's own end, in the same transaction.
    """
    pages, notes = await list_pages(reader, item.source)
    publisher = reader.publisher
    async with publisher.intake.database.tenant_session(publisher.actor) as db:
        open_item = await _lock_open(db, item.id)
        if open_item is None:
            db.unaudited(Unaudited.PROGRESS)
            return None
        there = await import_queries.list_sources(db, item.batch_id)
        new = [page for page in pages if page.address not in there]
        rows = page_rows(item.batch_id, new, after=max(there.values()))
        await import_queries.insert_items(db, rows)
        for row in rows:
            await jobs.defer(db, ReadImport(item_id=row["id"]))
        await _write_end(db, open_item, Ending(state=ItemState.LISTED, notes=notes))
    return None


def page_rows(
    batch_id: BatchId, pages: Sequence[Listed], *, after: int
) -> list[dict[str, Any]]:  # columns of several types
    """The items of a sitemap's pages, in its order."""
    return [
        {
            "id": ItemId(uuid7()),
            "batch_id": batch_id,
            "position": place,
            "kind": ImportKind.URL.value,
            "source": page.address,
            "state": ItemState.WAITING.value,
            "listed_at": page.changed_at,
        }
        for place, page in enumerate(pages, start=after + 1)
    ]


def sum_up_item(told: Sequence[Progress], *, size_bytes: int | None) -> Ending:
    """What became of an item, from what became of its documents."""
    states = Counter(progress.state for progress in told)
    state = next(state for state in _BEST_FIRST if states[state])
    documents = [progress.document_id for progress in told if progress.document_id is not None]
    return Ending(
        state=ItemState(state.value),
        passages=sum(progress.passages for progress in told),
        notes=tuple(sorted({note for progress in told for note in progress.notes})),
        document_ids=tuple(documents[:_DOCUMENTS]),
        size_bytes=size_bytes,
    )


async def _end(intake: Intake, actor: Actor, item_id: ItemId, ending: Ending) -> None:
    async with intake.database.tenant_session(actor) as db:
        tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
        db.unaudited(Unaudited.PROGRESS)
        item = await _lock_open(db, item_id)
        if item is not None:
            await _write_end(db, item, ending)


async def _lock_open(db: Db, item_id: ItemId) -> ImportItem | None:
    """An item that is not over, its batch locked."""
    found = await import_queries.find_item(db, item_id)
    if found is None or await import_queries.lock_batch(db, found.batch_id) is None:
        return None
    # Read again under the lock: somebody may just have stopped the import.
    item = await import_queries.find_item(db, item_id)
    return item if item is not None and item.state in OPEN_STATES else None


async def _write_end(db: Db, item: ImportItem, ending: Ending) -> None:
    error = ending.error
    values: dict[str, Any] = {  # columns of several types
        "state": ending.state.value,
        "passages": ending.passages,
        "notes": [note.value for note in ending.notes],
        "document_ids": list(ending.document_ids),
        "error_code": error.code if error else None,
        "error_detail": error.detail if error else "",
        "started_at": item.started_at or db.now,
        "ended_at": db.now,
    }
    if ending.size_bytes is not None:
        values["size_bytes"] = ending.size_bytes
    db.unaudited(Unaudited.PROGRESS)
    await import_queries.update_item(db, item.id, values)
    await import_queries.delete_content(db, item.id)
    await end_batch_if_over(db, item.batch_id)
    await announce(db, item.batch_id)
    log.info(
        "import_item.ended",
        kind=item.kind.value,
        state=ending.state.value,
        error_code=error.code if error else None,
        passages=ending.passages,
    )
