"""SQL of documents and their versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, and_, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql

from answerable.infra.db import Db
from answerable.infra.ids import MemberId
from answerable.knowledge.models import DocumentRow, DocumentVersionRow
from answerable.knowledge.values import (
    Days,
    Document,
    DocumentId,
    DocumentStatus,
    DocumentVersion,
    Language,
    VersionId,
)

DOCUMENT = (
    DocumentRow.id,
    DocumentRow.source,
    DocumentRow.key,
    DocumentRow.title,
    DocumentRow.language,
    DocumentRow.current_version,
    DocumentRow.changed_at,
    DocumentRow.valid_from,
    DocumentRow.valid_until,
    DocumentRow.owner_id,
    DocumentRow.file_valid_from,
    DocumentRow.file_valid_until,
)
_VERSION = (
    DocumentVersionRow.id,
    DocumentVersionRow.number,
    func.coalesce(func.length(DocumentVersionRow.text), 0).label("characters"),
    DocumentVersionRow.text.is_not(None).label("has_text"),
    DocumentVersionRow.created_at,
)
PUBLISHED = DocumentRow.status == DocumentStatus.PUBLISHED.value
_CURRENT = and_(
    DocumentVersionRow.document_id == DocumentRow.id,
    DocumentVersionRow.number == DocumentRow.current_version,
)

_KNOWN = (
    DocumentRow.id,
    DocumentRow.status,
    DocumentRow.current_version,
    DocumentVersionRow.id.label("version_id"),
    DocumentVersionRow.digest,
    DocumentRow.valid_from,
    DocumentRow.valid_until,
    DocumentRow.file_valid_from,
    DocumentRow.file_valid_until,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is stored of a document that is imported again."""

    document_id: DocumentId
    status: DocumentStatus
    version: int
    version_id: VersionId
    digest: bytes
    days: Days
    """Those that count."""

    file_days: Days
    """Those that the file said last."""


async def list_documents(db: Db, *, limit: int) -> list[Document]:
    """Return published documents by source."""
    statement = select(*DOCUMENT).where(PUBLISHED).order_by(DocumentRow.source, DocumentRow.key).limit(limit)
    return [read_document(row) for row in (await db.execute(statement)).mappings()]


async def find_document(db: Db, document_id: DocumentId, *, lock: bool = False) -> Document | None:
    """Return a published document; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(*DOCUMENT).where(PUBLISHED, DocumentRow.id == document_id)
    if lock:
        statement = statement.with_for_update()
    row = (await db.execute(statement)).mappings().one_or_none()
    return read_document(row) if row else None


async def list_versions(db: Db, document_id: DocumentId, *, limit: int) -> list[DocumentVersion]:
    """Return a document's versions, newest first."""
    statement = (
        select(*_VERSION)
        .where(DocumentVersionRow.document_id == document_id)
        .order_by(DocumentVersionRow.number.desc())
        .limit(limit)
    )
    return [DocumentVersion(**row) for row in (await db.execute(statement)).mappings()]


async def find_version(db: Db, document_id: DocumentId, *, number: int) -> DocumentVersion | None:
    """Return one version of a document."""
    statement = select(*_VERSION).where(
        DocumentVersionRow.document_id == document_id, DocumentVersionRow.number == number
    )
    row = (await db.execute(statement)).mappings().one_or_none()
    return DocumentVersion(**row) if row else None


async def list_version_ids(db: Db, document_id: DocumentId) -> list[VersionId]:
    """Return the ids of all versions of a document, oldest first."""
    statement = (
        select(DocumentVersionRow.id)
        .where(DocumentVersionRow.document_id == document_id)
        .order_by(DocumentVersionRow.number)
    )
    return [VersionId(found) for found in await db.scalars(statement)]


async def get_beginning(db: Db, version_id: VersionId, *, characters: int) -> str:
    """Return the first characters of a version's text; nothing once it is deleted."""
    statement = select(_characters(0, characters)).where(DocumentVersionRow.id == version_id)
    return await db.scalar(statement) or ""


async def find_span(db: Db, document_id: DocumentId, *, version: int, start: int, end: int) -> str | None:
    """Return characters of a version of a published document; None when it has not so many."""
    statement = (
        select(_characters(start, end))
        .join(DocumentRow, DocumentRow.id == DocumentVersionRow.document_id)
        .where(
            PUBLISHED,
            DocumentVersionRow.document_id == document_id,
            DocumentVersionRow.number == version,
            func.length(DocumentVersionRow.text) >= end,
        )
    )
    return await db.scalar(statement)


async def find_valid_span(db: Db, version_id: VersionId, *, start: int, end: int) -> str | None:
    """Return characters of a version if it is the one that may be quoted today."""
    today = db.now.date()
    statement = (
        select(_characters(start, end))
        .join(DocumentRow, _CURRENT)
        .where(
            PUBLISHED,
            DocumentVersionRow.id == version_id,
            func.length(DocumentVersionRow.text) >= end,
            or_(DocumentRow.valid_from.is_(None), DocumentRow.valid_from <= today),
            or_(DocumentRow.valid_until.is_(None), DocumentRow.valid_until >= today),
        )
    )
    return await db.scalar(statement)


async def list_known(db: Db, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """Return what is stored under these sources and keys, deleted documents included."""
    statement = (
        select(DocumentRow.source, DocumentRow.key, *_KNOWN)
        .join(DocumentVersionRow, _CURRENT)
        .where(tuple_(DocumentRow.source, DocumentRow.key).in_(places))
    )
    rows = (await db.execute(statement)).mappings()
    return {(row["source"], row["key"]): _known(row) for row in rows}


async def list_published(db: Db, source: str) -> list[tuple[DocumentId, VersionId]]:
    """Return the published documents of a source with their current versions."""
    statement = (
        select(DocumentRow.id, DocumentVersionRow.id.label("version_id"))
        .join(DocumentVersionRow, _CURRENT)
        .where(PUBLISHED, DocumentRow.source == source)
        .order_by(DocumentRow.key)
    )
    return [(DocumentId(row.id), VersionId(row.version_id)) for row in await db.execute(statement)]


async def lock_known(db: Db, source: str, key: str) -> Known | None:
    """Return what is stored under a source and key; nobody else changes it before this transaction ends."""
    locked = await db.scalar(
        select(DocumentRow.id).where(DocumentRow.source == source, DocumentRow.key == key).with_for_update()
    )
    if locked is None:
        return None
    # Read after the lock is held, with a snapshot of its own: whoever held it before may have made a version.
    statement = select(*_KNOWN).join(DocumentVersionRow, _CURRENT).where(DocumentRow.id == locked)
    return _known((await db.execute(statement)).mappings().one())


async def insert_document(db: Db, values: dict[str, Any]) -> bool:
    """Store a new document; False when another import stored one of that source and key first."""
    statement = (
        postgresql.insert(DocumentRow)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "source", "key"])
        .returning(DocumentRow.id)
    )
    return await db.scalar(statement) is not None


async def update_document(db: Db, document_id: DocumentId, values: dict[str, Any]) -> None:
    """Change a document; `values` are columns of `DocumentRow`."""
    await db.execute(update(DocumentRow).where(DocumentRow.id == document_id).values(**values))


async def insert_version(db: Db, values: dict[str, Any]) -> None:
    """Store a version; `values` are the columns of `DocumentVersionRow`."""
    await db.execute(insert(DocumentVersionRow).values(**values))


async def empty_versions(db: Db, version_ids: Sequence[UUID]) -> None:
    """Take the texts out of versions."""
    await db.execute(
        update(DocumentVersionRow)
        .where(DocumentVersionRow.id.in_(version_ids))
        .values(text=None, headings=[])
    )


async def count_texts(db: Db, version_ids: Sequence[UUID]) -> int:
    """How many of these versions hold anything of their text."""
    statement = select(func.count()).where(
        DocumentVersionRow.id.in_(version_ids),
        or_(DocumentVersionRow.text.is_not(None), DocumentVersionRow.headings != []),
    )
    return await db.scalar(statement) or 0


def _characters(start: int, end: int) -> Any:  # a column of text; SQLAlchemy's type for it is private
    return func.substring(DocumentVersionRow.text, start + 1, end - start)


def _known(row: RowMapping) -> Known:
    return Known(
        document_id=DocumentId(row["id"]),
        status=DocumentStatus(row["status"]),
        version=row["current_version"],
        version_id=VersionId(row["version_id"]),
        digest=row["digest"],
        days=(row["valid_from"], row["valid_until"]),
        file_days=(row["file_valid_from"], row["file_valid_until"]),
    )


def read_document(row: RowMapping) -> Document:
    """A row of the columns in `DOCUMENT` as a value."""
    return Document(
        id=DocumentId(row["id"]),
        source=row["source"],
        key=row["key"],
        title=row["title"],
        language=Language(row["language"]),
        version=row["current_version"],
        changed_at=row["changed_at"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        owner_id=MemberId(row["owner_id"]) if row["owner_id"] else None,
        file_valid_from=row["file_valid_from"],
        file_valid_until=row["file_valid_until"],
    )
