"""Reading documents: the list, one with its versions, exact characters."""

from answerable import tenancy
from answerable.infra.db import Db
from answerable.knowledge.errors import DocumentNotFound, SpanNotFound
from answerable.knowledge.queries import documents as document_queries
from answerable.knowledge.values import Document, DocumentHistory, DocumentId, VersionId
from answerable.tenancy import Permission

_VERSIONS = 1_000
_LAST_CHARACTER = 2**31 - 2
"""What PostgreSQL counts characters with ends here."""


async def list_documents(db: Db, *, limit: int = 1_000) -> list[Document]:
    """Published documents, by source.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    return await document_queries.list_documents(db, limit=limit)


async def get_document(db: Db, document_id: DocumentId) -> DocumentHistory:
    """A published document with its versions.

    Errors:  PermissionDenied, DocumentNotFound.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    document = await document_queries.find_document(db, document_id)
    if document is None:
        raise DocumentNotFound
    versions = await document_queries.list_versions(db, document_id, limit=_VERSIONS)
    return DocumentHistory(document=document, versions=tuple(versions))


async def show_span(db: Db, document_id: DocumentId, *, version: int, start: int, end: int) -> str:
    """The exact characters of a version of a published document.

    Errors:  PermissionDenied, DocumentNotFound, SpanNotFound.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    if not 0 <= start < end <= _LAST_CHARACTER or not 0 < version <= _LAST_CHARACTER:
        raise SpanNotFound
    span = await document_queries.find_span(db, document_id, version=version, start=start, end=end)
    if span is not None:
        return span
    if await document_queries.find_document(db, document_id) is None:
        raise DocumentNotFound
    raise SpanNotFound


async def find_valid_span(db: Db, version_id: VersionId, *, start: int, end: int) -> str | None:
    """The exact characters of a version if it may be quoted today: the current one of a published document.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    if not 0 <= start < end <= _LAST_CHARACTER:
        return None
    return await document_queries.find_valid_span(db, version_id, start=start, end=end)
