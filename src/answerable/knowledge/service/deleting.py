"""Deleting a document, and proving in the same transaction that nothing of it is left."""

from collections.abc import Sequence
from dataclasses import dataclass

from answerable import audit, tenancy
from answerable.infra import signals
from answerable.infra.db import Db
from answerable.infra.signals import Topic
from answerable.knowledge.errors import DeletionIncomplete, DocumentNotFound
from answerable.knowledge.events import DocumentDeleted
from answerable.knowledge.queries import documents as document_queries
from answerable.knowledge.queries import passages as passage_queries
from answerable.knowledge.queries.searching import Asked, search_passages
from answerable.knowledge.values import DocumentId, DocumentStatus, PassageId, VersionId
from answerable.tenancy import Permission

_PHRASE = 200
"""So many characters of the document are searched for once it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traces:
    """What a document consisted of, by which a probe looks for it afterwards."""

    document_id: DocumentId
    version_ids: Sequence[VersionId]
    passage_ids: Sequence[PassageId]
    phrase: str


async def delete_document(db: Db, document_id: DocumentId) -> None:
    """Delete a document: its title, the texts of all its versions, its passages, their words and vectors.

    Its row and those of its versions stay without content, since replies of old point to them.

    Errors:  PermissionDenied, DocumentNotFound; DeletionIncomplete when a probe finds anything left, after
             which the transaction is to be given up.
    """
    tenancy.require(db.actor, Permission.DELETE_KNOWLEDGE)
    document = await document_queries.find_document(db, document_id, lock=True)
    if document is None:
        raise DocumentNotFound
    version_ids = await document_queries.list_version_ids(db, document_id)
    traces = _Traces(
        document_id=document_id,
        version_ids=version_ids,
        passage_ids=await passage_queries.list_passage_ids(db, version_ids),
        phrase=await document_queries.get_beginning(db, version_ids[-1], characters=_PHRASE),
    )
    await _empty(db, traces)
    await _probe(db, traces)
    event = DocumentDeleted(
        subject_id=document_id, versions=len(version_ids), passages=len(traces.passage_ids)
    )
    await audit.append(db, event)
    await signals.notify(db, Topic.DOCUMENT, subject_id=document_id)


async def _empty(db: Db, traces: _Traces) -> None:
    await passage_queries.delete_terms(db, traces.version_ids)
    await passage_queries.delete_passages(db, traces.version_ids)
    await document_queries.empty_versions(db, traces.version_ids)
    await document_queries.update_document(
        db,
        traces.document_id,
        {"title": None, "status": DocumentStatus.DELETED.value, "deleted_at": db.now},
    )


async def _probe(db: Db, traces: _Traces) -> None:
    """Look for the document in every place where it was.

    Errors:  DeletionIncomplete, naming the places.
    """
    asked = Asked(question=traces.phrase, vector=None, model=None, limit=50)
    found = await search_passages(db, asked)
    left = {
        "search": sum(row["document_id"] == traces.document_id for row in found.rows),
        "passage": len(await passage_queries.list_passage_ids(db, traces.version_ids)),
        "passage_terms": await passage_queries.count_terms(db, traces.passage_ids),
        "document_version": await document_queries.count_texts(db, traces.version_ids),
        "document": int(await document_queries.find_document(db, traces.document_id) is not None),
    }
    if any(left.values()):
        raise DeletionIncomplete(", ".join(place for place, rows in left.items() if rows))
