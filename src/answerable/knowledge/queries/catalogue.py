"""SQL of the catalogue: pages of the list, passages of a version with their texts."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, text, true, tuple_

from answerable.infra.db import Db
from answerable.knowledge.catalogue import (
    ENDINGS,
    ENDS_SOON,
    OLD,
    WEB_BEGINNINGS,
    DeletedDocument,
    Freshness,
    Order,
    SourceKind,
    Wanted,
)
from answerable.knowledge.models import DocumentRow, DocumentVersionRow, PassageRow
from answerable.knowledge.queries.documents import DOCUMENT, PUBLISHED, read_document
from answerable.knowledge.values import (
    Document,
    DocumentId,
    DocumentStatus,
    Heading,
    PassageSpan,
    VersionId,
)

_TITLE = func.lower(DocumentRow.title)

_ORDERS: Mapping[Order, tuple[Any, ...]] = MappingProxyType(  # columns, rising or falling
    {
        Order.CHANGED: (DocumentRow.changed_at.desc(), DocumentRow.id.desc()),
        Order.TITLE: (_TITLE, DocumentRow.id),
    }
)

_UPDATE_PASSAGES = text("""
    UPDATE passage
    SET valid_from = CAST(:valid_from AS date), valid_until = CAST(:valid_until AS date)
    FROM document_version
    WHERE document_version.id = passage.version_id AND document_version.document_id = :document_id
""")
_UPDATE_TERMS = text("""
    UPDATE passage_terms
    SET valid_from = CAST(:valid_from AS date), valid_until = CAST(:valid_until AS date)
    FROM passage
    JOIN document_version ON document_version.id = passage.version_id
    WHERE passage.id = passage_terms.passage_id AND document_version.document_id = :document_id
""")


async def list_page(db: Db, wanted: Wanted, *, today: date) -> list[Document]:
    """Return the documents with what is asked behind `wanted.after`, in order; one more than its limit."""
    statement = select(*DOCUMENT).where(*_conditions(wanted, today))
    anchor = await _find_anchor(db, wanted)
    if anchor is not None:
        statement = statement.where(anchor)
    statement = statement.order_by(*_ORDERS[wanted.order]).limit(wanted.limit + 1)
    rows = await db.execute(statement)
    return [read_document(row) for row in rows.mappings()]


async def count_documents(db: Db, wanted: Wanted, *, today: date) -> int:
    """Return how many documents there are with what is asked."""
    statement = select(func.count()).select_from(DocumentRow).where(*_conditions(wanted, today))
    return await db.scalar(statement) or 0


async def count_passages(db: Db, document_ids: Sequence[DocumentId]) -> dict[DocumentId, int]:
    """Return how many passages the current versions of documents have."""
    statement = (
        select(DocumentVersionRow.document_id, func.count())
        .join(PassageRow, PassageRow.version_id == DocumentVersionRow.id)
        .where(DocumentVersionRow.document_id.in_(document_ids))
        .group_by(DocumentVersionRow.document_id)
    )
    return {DocumentId(document_id): count for document_id, count in await db.execute(statement)}


async def find_deleted(db: Db, document_id: DocumentId) -> DeletedDocument | None:
    """Return what is left of a document that was deleted."""
    statement = select(DocumentRow.current_version, DocumentRow.deleted_at).where(
        DocumentRow.id == document_id, DocumentRow.status == DocumentStatus.DELETED.value
    )
    row = (await db.execute(statement)).one_or_none()
    if row is None:
        return None
    return DeletedDocument(id=document_id, versions=row.current_version, deleted_at=row.deleted_at)


async def count_stored_passages(db: Db, version_id: VersionId, *, begun_by: int | None = None) -> int:
    """Return how many passages search keeps of a version, or how many of them begin up to a character."""
    statement = select(func.count()).where(PassageRow.version_id == version_id)
    if begun_by is not None:
        statement = statement.where(PassageRow.starts_at <= begun_by)
    return await db.scalar(statement) or 0


async def list_stored_spans(db: Db, version_id: VersionId, *, offset: int, limit: int) -> list[PassageSpan]:
    """Return passages that search keeps of a version, in order."""
    statement = (
        select(PassageRow.starts_at, PassageRow.ends_at, PassageRow.heading_path)
        .where(PassageRow.version_id == version_id)
        .order_by(PassageRow.starts_at)
        .offset(offset)
        .limit(limit)
    )
    return [
        PassageSpan(start=row.starts_at, end=row.ends_at, heading_path=tuple(row.heading_path))
        for row in await db.execute(statement)
    ]


async def find_text(db: Db, document_id: DocumentId, *, version: int) -> tuple[str, list[Heading]] | None:
    """Return a version's whole text with its headings; None once it is removed."""
    statement = select(DocumentVersionRow.text, DocumentVersionRow.headings).where(
        DocumentVersionRow.document_id == document_id, DocumentVersionRow.number == version
    )
    row = (await db.execute(statement)).one_or_none()
    if row is None or row.text is None:
        return None
    return row.text, [Heading(**heading) for heading in row.headings]


async def update_validity(db: Db, document_id: DocumentId, validity: dict[str, Any]) -> None:
    """Give what search keeps of a document other days; `validity` as `passages.validity_of` makes it."""
    await db.execute(_UPDATE_PASSAGES, {"document_id": document_id, **validity})
    await db.execute(_UPDATE_TERMS, {"document_id": document_id, **validity})


async def _find_anchor(db: Db, wanted: Wanted) -> ColumnElement[bool] | None:
    """What holds for everything behind the last document of the page before; None when that is gone."""
    if wanted.after is None:
        return None
    statement = select(_TITLE, DocumentRow.changed_at).where(PUBLISHED, DocumentRow.id == wanted.after)
    row = (await db.execute(statement)).one_or_none()
    if row is None:
        return None
    if wanted.order is Order.TITLE:
        return tuple_(_TITLE, DocumentRow.id) > (row[0], wanted.after)
    return tuple_(DocumentRow.changed_at, DocumentRow.id) < (row[1], wanted.after)


def _conditions(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    found = [PUBLISHED]
    if wanted.words:
        found.append(
            or_(
                DocumentRow.title.icontains(wanted.words, autoescape=True),
                DocumentRow.source.icontains(wanted.words, autoescape=True),
            )
        )
    if wanted.language is not None:
        found.append(DocumentRow.language == wanted.language.value)
    if wanted.kind is not None:
        found.append(_is_kind(wanted.kind))
    if wanted.freshness is not None:
        found.append(_is_fresh(wanted.freshness, today))
    return found


def _is_kind(kind: SourceKind) -> ColumnElement[bool]:
    """As `catalogue.kind_of`, in SQL; a test compares the two."""
    source = func.lower(DocumentRow.source)
    is_web = or_(*(source.startswith(beginning) for beginning in WEB_BEGINNINGS))
    if kind is SourceKind.WEB:
        return is_web
    endings = ENDINGS.get(kind)
    if endings is not None:
        return and_(not_(is_web), or_(*(source.endswith(ending) for ending in endings)))
    known = [source.endswith(ending) for several in ENDINGS.values() for ending in several]
    return not_(or_(is_web, *known))


def _is_fresh(freshness: Freshness, today: date) -> ColumnElement[bool]:
    """As `catalogue.freshness_of`, in SQL; a test compares the two."""
    ended = func.coalesce(DocumentRow.valid_until < today, False)
    upcoming = func.coalesce(DocumentRow.valid_from > today, False)
    ending = func.coalesce(DocumentRow.valid_until <= today + ENDS_SOON, False)
    old = func.date(func.timezone("UTC", DocumentRow.changed_at)) <= today - OLD
    graver: list[ColumnElement[bool]] = []
    for one, condition in (
        (Freshness.ENDED, ended),
        (Freshness.UPCOMING, upcoming),
        (Freshness.ENDING, ending),
        (Freshness.OLD, old),
        (Freshness.CURRENT, true()),
    ):
        if one is freshness:
            return and_(condition, *(not_(other) for other in graver))
        graver.append(condition)
    raise AssertionError(freshness)
