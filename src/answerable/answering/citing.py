"""Who cites a document: how often, which characters of it, in which turns. Nothing sealed is opened here."""

from collections.abc import Sequence

from answerable import tenancy
from answerable.answering import queries
from answerable.answering.gaps import CitingPage, QuotedSpan
from answerable.answering.values import TurnId
from answerable.infra.db import Db
from answerable.knowledge.values import DocumentId, VersionId
from answerable.tenancy import Permission


async def count_citations(db: Db, document_ids: Sequence[DocumentId]) -> dict[DocumentId, int]:
    """How many answers quote each of these documents; one that nobody quotes is left out.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    return await queries.count_citing(db, document_ids)


async def list_quoted_spans(db: Db, version_id: VersionId) -> list[QuotedSpan]:
    """Which characters of a version answers quote, from the first on, and how many answers do.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    return await queries.list_quoted_spans(db, version_id)


async def list_citing(
    db: Db, document_id: DocumentId, *, after: TurnId | None = None, limit: int = 50
) -> CitingPage:
    """The answers that quote a document, newest first, without their content.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    found = await queries.list_citing(db, document_id, after=after, limit=limit + 1)
    turns = tuple(found[:limit])
    return CitingPage(turns=turns, next=turns[-1].turn_id if len(found) > limit else None)
