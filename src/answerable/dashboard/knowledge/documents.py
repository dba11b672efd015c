"""The list of documents, and what is done with one of them."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query
from starlette.responses import RedirectResponse, Response

from answerable import answering, knowledge, tenancy
from answerable.answering.values import TurnId
from answerable.dashboard.frame import pages_router
from answerable.dashboard.knowledge import views
from answerable.dashboard.knowledge.asking import Compared, Edited, Opened, TheAsked
from answerable.dashboard.knowledge.visiting import TheVisit, Visit
from answerable.infra.db import Db
from answerable.infra.web import permission
from answerable.knowledge import DocumentChange
from answerable.knowledge.catalogue import Freshness, Order, SourceKind, freshness_of, kind_of
from answerable.knowledge.errors import DocumentNotFound
from answerable.knowledge.values import DocumentHistory, DocumentId, Language

router = pages_router()

_PASSAGES = 50
"""Passages of a version on one page."""

_CHANGES = 300
"""Paragraphs of a difference on one page."""


@router.get("/knowledge", openapi_extra=permission("view_knowledge"))
async def get_list(visit: TheVisit, asked: TheAsked) -> Response:
    """Show the documents."""
    may_import = visit.member.may("import_knowledge")
    async with visit.session() as db:
        found = await knowledge.list_page(db, asked.to_wanted())
        ids = [one.document.id for one in found.documents]
        answers = await answering.count_citations(db, ids)
        imports = await knowledge.list_imports(db, limit=3) if may_import else []
    values = {
        "asked": asked,
        "found": found,
        "answers": {document_id: answers.get(document_id, 0) for document_id in ids},
        "imports": [views.view_batch(batch) for batch in imports],
        "kinds": list(SourceKind),
        "freshnesses": list(Freshness),
        "languages": list(Language),
        "orders": list(Order),
    }
    return visit.show("knowledge/list.html", values)


@router.get("/knowledge/{document_id}", openapi_extra=permission("view_knowledge"))
async def get_document(visit: TheVisit, document_id: UUID, opened: Annotated[Opened, Query()]) -> Response:
    """Show a document with the passages of its current version."""
    return await _show(visit, DocumentId(document_id), None, opened)


@router.get("/knowledge/{document_id}/versions/{number}", openapi_extra=permission("view_knowledge"))
async def get_version(
    visit: TheVisit, document_id: UUID, number: int, opened: Annotated[Opened, Query()]
) -> Response:
    """Show a document with the passages of one version."""
    return await _show(visit, DocumentId(document_id), number, opened)


async def _show(visit: Visit, document_id: DocumentId, number: int | None, opened: Opened) -> Response:
    async with visit.session() as db:
        try:
            history = await knowledge.get_document(db, document_id)
        except DocumentNotFound:
            return await _show_deleted(visit, db, document_id)
        chosen = history.document.version if number is None else number
        version = await knowledge.show_version(
            db, document_id, chosen, at=opened.at, offset=opened.begins, limit=_PASSAGES
        )
        quoted = await answering.list_quoted_spans(db, version.version.id)
        beside = await _beside(visit, db, history)
    values = {
        "tab": "passages",
        "version": version,
        "passages": views.view_passages(version.passages, quoted),
        "at": opened.at,
        "first": version.passages[0].number if version.passages else 0,
        "size": _PASSAGES,
        "done": opened.done,
    }
    return visit.show("knowledge/document.html", beside | values)


async def _show_deleted(visit: Visit, db: Db, document_id: DocumentId) -> Response:
    deleted = await knowledge.find_deleted(db, document_id)
    if deleted is None:
        raise DocumentNotFound
    answers = await answering.count_citations(db, [document_id])
    citing = await answering.list_citing(db, document_id)
    values = {"deleted": deleted, "answers": answers.get(document_id, 0), "citing": citing}
    return visit.show("knowledge/deleted.html", values, status=410)


async def _beside(visit: Visit, db: Db, history: DocumentHistory) -> dict[str, Any]:  # what templates name
    """What every page of a document shows around its own matter."""
    document = history.document
    members = await tenancy.list_members(db) if visit.member.may("view_tenant") else []
    answers = (await answering.count_citations(db, [document.id])).get(document.id, 0)
    file_days = (document.file_valid_from, document.file_valid_until)
    return {
        "document": document,
        "versions": history.versions,
        "kind": kind_of(document.source),
        "freshness": freshness_of(document, today=db.now.date()),
        "answers": answers,
        "members": members,
        "owner": next((one for one in members if one.id == document.owner_id), None),
        "is_set_by_hand": (document.valid_from, document.valid_until) != file_days,
    }


@router.get("/knowledge/{document_id}/difference", openapi_extra=permission("view_knowledge"))
async def get_difference(
    visit: TheVisit, document_id: UUID, compared: Annotated[Compared, Query()]
) -> Response:
    """Show what changed from one version to another."""
    async with visit.session() as db:
        history = await knowledge.get_document(db, DocumentId(document_id))
        difference = await knowledge.compare_versions(
            db, DocumentId(document_id), old=compared.old, new=compared.new
        )
        beside = await _beside(visit, db, history)
    folded = await asyncio.to_thread(views.fold, difference)
    end = compared.skip + _CHANGES
    values = {
        "tab": "difference",
        "old": compared.old,
        "new": compared.new,
        "difference": difference,
        "shown": folded[compared.skip : end],
        "next_at": end if len(folded) > end else None,
    }
    return visit.show("knowledge/difference.html", beside | values)


@router.get("/knowledge/{document_id}/answers", openapi_extra=permission("view_knowledge"))
async def get_answers(visit: TheVisit, document_id: UUID, after: UUID | None = None) -> Response:
    """Show which answers quote a document."""
    async with visit.session() as db:
        history = await knowledge.get_document(db, DocumentId(document_id))
        before = TurnId(after) if after else None
        citing = await answering.list_citing(db, DocumentId(document_id), after=before)
        beside = await _beside(visit, db, history)
    return visit.show("knowledge/answers.html", beside | {"tab": "answers", "citing": citing})


@router.post("/knowledge/{document_id}", openapi_extra=permission("import_knowledge"))
async def post_document(visit: TheVisit, document_id: UUID, edited: Annotated[Edited, Form()]) -> Response:
    """Set the days of a document and who answers for it."""
    async with visit.session() as db:
        await knowledge.change_document(db, DocumentId(document_id), edited.to_change())
    return RedirectResponse(f"/knowledge/{document_id}?done=changed", status_code=303)


@router.post("/knowledge/{document_id}/stop", openapi_extra=permission("import_knowledge"))
async def post_stop(visit: TheVisit, document_id: UUID) -> Response:
    """Have a document quoted no more from now on; its days can be set back at any time."""
    async with visit.session() as db:
        document = (await knowledge.get_document(db, DocumentId(document_id))).document
        yesterday = db.now.date() - timedelta(days=1)
        begins = document.valid_from if document.valid_from and document.valid_from <= yesterday else None
        change = DocumentChange(valid_from=begins, valid_until=yesterday, owner_id=document.owner_id)
        await knowledge.change_document(db, document.id, change)
    return RedirectResponse(f"/knowledge/{document_id}?done=stopped", status_code=303)


@router.get("/knowledge/{document_id}/delete", openapi_extra=permission("delete_knowledge"))
async def get_delete(visit: TheVisit, document_id: UUID) -> Response:
    """Say what deleting a document does, and ask."""
    tenancy.require(visit.member.actor, tenancy.Permission.DELETE_KNOWLEDGE)
    async with visit.session() as db:
        history = await knowledge.get_document(db, DocumentId(document_id))
        beside = await _beside(visit, db, history)
    return visit.show("knowledge/delete.html", beside | {"tab": ""})


@router.post("/knowledge/{document_id}/delete", openapi_extra=permission("delete_knowledge"))
async def post_delete(visit: TheVisit, document_id: UUID) -> Response:
    """Delete a document."""
    async with visit.session() as db:
        await knowledge.delete_document(db, DocumentId(document_id))
    return RedirectResponse("/knowledge?done=deleted", status_code=303)
