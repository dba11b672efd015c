"""SQL of imports that run in the background."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql

from answerable.infra.db import Db
from answerable.infra.errors import AnswerableError, registered_errors
from answerable.infra.ids import MemberId
from answerable.knowledge.imports import (
    OPEN_STATES,
    BatchId,
    ImportBatch,
    ImportItem,
    ImportKind,
    ItemId,
    ItemState,
)
from answerable.knowledge.models import FetchedPageRow, ImportBatchRow, ImportContentRow, ImportItemRow
from answerable.knowledge.values import DocumentId, ParseNote

_HAS_CONTENT = exists().where(ImportContentRow.item_id == ImportItemRow.id)
_SENT = (ImportKind.UPLOAD.value, ImportKind.PASTE.value)
_ITEM = (
    ImportItemRow.id,
    ImportItemRow.batch_id,
    ImportItemRow.position,
    ImportItemRow.kind,
    ImportItemRow.source,
    ImportItemRow.state,
    ImportItemRow.size_bytes,
    ImportItemRow.passages,
    ImportItemRow.notes,
    ImportItemRow.document_ids,
    ImportItemRow.error_code,
    ImportItemRow.error_detail,
    ImportItemRow.started_at,
    ImportItemRow.ended_at,
    _HAS_CONTENT.label("has_content"),
)
_BATCH = (
    ImportBatchRow.id,
    ImportBatchRow.kind,
    ImportBatchRow.started_by,
    ImportBatchRow.started_at,
    ImportBatchRow.ended_at,
    ImportBatchRow.cancelled_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """What a web server said of a page when it was fetched last."""

    source: str
    etag: str | None
    last_modified: str | None
    fetched_at: datetime


async def insert_batch(db: Db, values: Mapping[str, Any]) -> None:
    """Store a batch; `values` are columns of `ImportBatchRow`."""
    await db.execute(insert(ImportBatchRow).values(**values))


async def insert_items(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store items; each row holds columns of `ImportItemRow`, all of them the same ones."""
    if rows:
        await db.execute(insert(ImportItemRow), [dict(row) for row in rows])


async def lock_batch(db: Db, batch_id: BatchId) -> ImportBatch | None:
    """Return a batch; nobody else moves it or its items before this transaction ends."""
    found = await db.scalar(select(ImportBatchRow.id).where(ImportBatchRow.id == batch_id).with_for_update())
    if found is None:
        return None
    # Read after the lock is held: whoever held it before may have moved items.
    return await find_batch(db, batch_id)


async def find_batch(db: Db, batch_id: BatchId) -> ImportBatch | None:
    """Return a batch with the numbers of its items."""
    row = (await db.execute(select(*_BATCH).where(ImportBatchRow.id == batch_id))).mappings().one_or_none()
    return (await _complete(db, [row]))[0] if row else None


async def list_batches(db: Db, *, limit: int) -> list[ImportBatch]:
    """Return batches, newest first."""
    statement = (
        select(*_BATCH).order_by(ImportBatchRow.started_at.desc(), ImportBatchRow.id.desc()).limit(limit)
    )
    return await _complete(db, (await db.execute(statement)).mappings().all())


async def list_items(
    db: Db, batch_id: BatchId, *, states: Iterable[ItemState], after: int, limit: int
) -> list[ImportItem]:
    """Return items of a batch in order, from the one after a position; of all states when none is named."""
    statement = (
        select(*_ITEM)
        .where(ImportItemRow.batch_id == batch_id, ImportItemRow.position > after)
        .order_by(ImportItemRow.position)
        .limit(limit)
    )
    wanted = [state.value for state in states]
    if wanted:
        statement = statement.where(ImportItemRow.state.in_(wanted))
    return [_item(row) for row in (await db.execute(statement)).mappings()]


async def find_item(db: Db, item_id: ItemId) -> ImportItem | None:
    """Return an item."""
    row = (await db.execute(select(*_ITEM).where(ImportItemRow.id == item_id))).mappings().one_or_none()
    return _item(row) if row else None


async def get_listed_at(db: Db, item_id: ItemId) -> datetime | None:
    """When a sitemap says that the page of an item changed last."""
    return await db.scalar(select(ImportItemRow.listed_at).where(ImportItemRow.id == item_id))


async def list_sources(db: Db, batch_id: BatchId) -> dict[str, int]:
    """Return the sources of a batch with their positions."""
    statement = select(ImportItemRow.source, ImportItemRow.position).where(ImportItemRow.batch_id == batch_id)
    return {row.source: row.position for row in await db.execute(statement)}


async def update_item(db: Db, item_id: ItemId, values: Mapping[str, Any]) -> None:
    """Change an item; `values` are columns of `ImportItemRow`."""
    await db.execute(update(ImportItemRow).where(ImportItemRow.id == item_id).values(**values))


async def update_batch(db: Db, batch_id: BatchId, values: Mapping[str, Any]) -> None:
    """Change a batch; `values` are columns of `ImportBatchRow`."""
    await db.execute(update(ImportBatchRow).where(ImportBatchRow.id == batch_id).values(**values))


async def end_waiting(
    db: Db, batch_id: BatchId, error: type[AnswerableError], *, state: ItemState, unsent_only: bool
) -> int:
    """End items of a batch that wait, or only those whose bytes never came; how many there were."""
    statement = (
        update(ImportItemRow)
        .where(ImportItemRow.batch_id == batch_id, ImportItemRow.state == ItemState.WAITING.value)
        .values(state=state.value, error_code=error.code, ended_at=db.now)
        .returning(ImportItemRow.id)
    )
    if unsent_only:
        statement = statement.where(ImportItemRow.kind.in_(_SENT), ~_HAS_CONTENT)
    ended = list(await db.scalars(statement))
    await db.execute(delete(ImportContentRow).where(ImportContentRow.item_id.in_(ended)))
    return len(ended)


async def insert_content(db: Db, item_id: ItemId, data: bytes) -> bool:
    """Store the bytes of an item; False when it has some already."""
    statement = (
        postgresql.insert(ImportContentRow)
        .values(item_id=item_id, data=data, created_at=db.now)
        .on_conflict_do_nothing(index_elements=["tenant_id", "item_id"])
        .returning(ImportContentRow.item_id)
    )
    return await db.scalar(statement) is not None


async def find_content(db: Db, item_id: ItemId) -> bytes | None:
    """Return the bytes of an item."""
    return await db.scalar(select(ImportContentRow.data).where(ImportContentRow.item_id == item_id))


async def delete_content(db: Db, item_id: ItemId) -> None:
    """Delete the bytes of an item."""
    await db.execute(delete(ImportContentRow).where(ImportContentRow.item_id == item_id))


async def sum_content(db: Db) -> int:
    """How many bytes wait to be read."""
    # Announced sizes would do as well, but nobody has to keep to what they announce.
    return int(await db.scalar(select(func.sum(func.length(ImportContentRow.data)))) or 0)


async def delete_batches_ended_before(db: Db, at: datetime) -> None:
    """Delete batches that ended before a time, with their items."""
    await db.execute(delete(ImportBatchRow).where(ImportBatchRow.ended_at < at))


async def find_page(db: Db, url: str) -> FetchedPage | None:
    """Return what the server said of a page when it was fetched last."""
    statement = select(
        FetchedPageRow.source, FetchedPageRow.etag, FetchedPageRow.last_modified, FetchedPageRow.fetched_at
    ).where(FetchedPageRow.url == url)
    row = (await db.execute(statement)).mappings().one_or_none()
    return FetchedPage(**row) if row else None


async def save_page(db: Db, url: str, page: FetchedPage) -> None:
    """Store what the server said of a page."""
    values = {
        "source": page.source,
        "etag": page.etag,
        "last_modified": page.last_modified,
        "fetched_at": page.fetched_at,
    }
    statement = (
        postgresql.insert(FetchedPageRow)
        .values(url=url, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "url"], set_=values)
    )
    await db.execute(statement)


async def _complete(db: Db, rows: Sequence[RowMapping]) -> list[ImportBatch]:
    """The batches with what is known of their items."""
    ids = [row["id"] for row in rows]
    counted = (
        select(
            ImportItemRow.batch_id,
            ImportItemRow.state,
            func.count().label("items"),
            func.sum(ImportItemRow.passages).label("passages"),
        )
        .where(ImportItemRow.batch_id.in_(ids))
        .group_by(ImportItemRow.batch_id, ImportItemRow.state)
    )
    counts: dict[Any, dict[ItemState, int]] = {}
    passages: dict[Any, int] = {}
    for row in await db.execute(counted):
        counts.setdefault(row.batch_id, {})[ItemState(row.state)] = row.items
        passages[row.batch_id] = passages.get(row.batch_id, 0) + row.passages
    first = select(ImportItemRow.batch_id, ImportItemRow.source).where(
        ImportItemRow.batch_id.in_(ids), ImportItemRow.position == 1
    )
    titles = {row.batch_id: row.source for row in await db.execute(first)}
    return [
        ImportBatch(
            id=BatchId(row["id"]),
            kind=ImportKind(row["kind"]),
            title=titles.get(row["id"], ""),
            started_by=MemberId(row["started_by"]) if row["started_by"] else None,
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            cancelled_at=row["cancelled_at"],
            passages=passages.get(row["id"], 0),
            counts=counts.get(row["id"], {}),
        )
        for row in rows
    ]


def _item(row: RowMapping) -> ImportItem:
    code = row["error_code"]
    # A code of an older release may be gone; the general error then says at least where to look.
    error = registered_errors().get(code, AnswerableError)(row["error_detail"]) if code else None
    state, kind = ItemState(row["state"]), ImportKind(row["kind"])
    return ImportItem(
        id=ItemId(row["id"]),
        batch_id=BatchId(row["batch_id"]),
        position=row["position"],
        kind=kind,
        source=row["source"],
        state=state,
        size_bytes=row["size_bytes"],
        passages=row["passages"],
        notes=tuple(ParseNote(note) for note in row["notes"]),
        document_ids=tuple(DocumentId(found) for found in row["document_ids"]),
        error_code=code,
        message=error.message if error else "",
        remedy=error.remedy if error else "",
        needs_content=state in OPEN_STATES and kind.value in _SENT and not row["has_content"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
    )
