"""SQL of what stands around a span of a version."""

from sqlalchemy import RowMapping, func, select

from answerable.infra.db import Db
from answerable.knowledge.models import DocumentRow, DocumentVersionRow
from answerable.knowledge.values import DocumentStatus, VersionId


async def find_window(db: Db, version_id: VersionId, *, start: int, length: int) -> RowMapping | None:
    """Return characters of a version of a published document from a place on, and what is known of it."""
    statement = (
        select(
            func.substring(DocumentVersionRow.text, start + 1, length).label("text"),
            DocumentVersionRow.headings,
            DocumentVersionRow.created_at,
            (DocumentVersionRow.number == DocumentRow.current_version).label("is_current"),
        )
        .join(DocumentRow, DocumentRow.id == DocumentVersionRow.document_id)
        .where(
            DocumentRow.status == DocumentStatus.PUBLISHED.value,
            DocumentVersionRow.id == version_id,
            DocumentVersionRow.text.is_not(None),
        )
    )
    return (await db.execute(statement)).mappings().one_or_none()
