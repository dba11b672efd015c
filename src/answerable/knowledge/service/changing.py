"""Changing what is known of a document beside its text: its days, and who answers for it."""

from answerable import audit, tenancy
from answerable.infra import signals
from answerable.infra.db import Db, Unaudited
from answerable.infra.signals import Topic
from answerable.knowledge.catalogue import DocumentChange
from answerable.knowledge.errors import DocumentNotFound, OwnerUnknown, ValidityReversed
from answerable.knowledge.events import DocumentAmended
from answerable.knowledge.queries import catalogue as catalogue_queries
from answerable.knowledge.queries import documents as document_queries
from answerable.knowledge.queries.passages import validity_of
from answerable.knowledge.rules import day_number
from answerable.knowledge.values import Document, DocumentId
from answerable.tenancy import Permission


async def change_document(db: Db, document_id: DocumentId, change: DocumentChange) -> None:
    """Set the days on which a document may be quoted, and who answers for it.

    Days that a person set outlast imports, until the file says other ones than it said before.

    Errors:  PermissionDenied, DocumentNotFound, ValidityReversed, OwnerUnknown.
    Effects: a signal; the document's row is locked, so that its passages have its days whoever else imports it.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    if change.valid_from and change.valid_until and change.valid_from > change.valid_until:
        raise ValidityReversed
    document = await document_queries.find_document(db, document_id, lock=True)
    if document is None:
        raise DocumentNotFound
    if change == _as_it_is(document):
        db.unaudited(Unaudited.ROW_LOCK)
        return
    if change.owner_id is not None and not await tenancy.is_member(db, change.owner_id):
        raise OwnerUnknown
    await _store(db, document, change)
    await signals.notify(db, Topic.DOCUMENT, subject_id=document_id)
    event = DocumentAmended(
        subject_id=document_id,
        valid_from_day=day_number(change.valid_from),
        valid_until_day=day_number(change.valid_until),
        owner_id=change.owner_id,
    )
    await audit.append(db, event)


def _as_it_is(document: Document) -> DocumentChange:
    return DocumentChange(
        valid_from=document.valid_from, valid_until=document.valid_until, owner_id=document.owner_id
    )


async def _store(db: Db, document: Document, change: DocumentChange) -> None:
    values: dict[str, object] = {"owner_id": change.owner_id}
    if (change.valid_from, change.valid_until) != (document.valid_from, document.valid_until):
        values |= {
            "valid_from": change.valid_from,
            "valid_until": change.valid_until,
        }
        validity = validity_of(change.valid_from, change.valid_until)
        await catalogue_queries.update_validity(db, document.id, validity)
    await document_queries.update_document(db, document.id, values)
