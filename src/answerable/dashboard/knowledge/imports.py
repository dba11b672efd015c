"""Imports: how far each is, what became of everything in it, stopping one, reading again what failed."""

from collections.abc import Sequence
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from answerable import knowledge
from answerable.dashboard.frame import pages_router
from answerable.dashboard.knowledge import views
from answerable.dashboard.knowledge.visiting import TheVisit
from answerable.infra.web import permission
from answerable.knowledge.imports import MAX_ITEMS, BatchId, ImportItem, ItemId, ItemState

router = pages_router()

_FEW = 100
"""So many items of an import are shown at first."""

_WANTS_SOMEBODY = (ItemState.FAILED, ItemState.SKIPPED)


@router.get("/knowledge/imports", openapi_extra=permission("import_knowledge"))
async def get_imports(visit: TheVisit) -> Response:
    """Show the imports of the last months."""
    async with visit.session() as db:
        batches = await knowledge.list_imports(db)
    return visit.show("knowledge/imports.html", {"imports": [views.view_batch(batch) for batch in batches]})


@router.get("/knowledge/imports/{batch_id}", openapi_extra=permission("import_knowledge"))
async def get_import(visit: TheVisit, batch_id: UUID, *, everything: bool = False) -> Response:
    """Show how far an import is; scripts ask for the part that changes again and again."""
    limit = MAX_ITEMS + 1 if everything else _FEW
    async with visit.session() as db:
        detail = await knowledge.get_import(db, BatchId(batch_id), limit=limit)
        troubled = await knowledge.get_import(db, BatchId(batch_id), states=_WANTS_SOMEBODY, limit=limit)
    values = {
        "view": views.view_batch(detail.batch),
        "counts": views.problems_first(detail.batch.counts),
        "items": _problems_first(troubled.items, detail.items),
        "everything": everything,
    }
    return visit.show("knowledge/_progress.html" if visit.wants_part else "knowledge/import.html", values)


@router.post("/knowledge/imports/{batch_id}/cancel", openapi_extra=permission("import_knowledge"))
async def post_cancel(visit: TheVisit, batch_id: UUID) -> Response:
    """Stop an import."""
    async with visit.session() as db:
        await knowledge.cancel_batch(db, BatchId(batch_id))
    return RedirectResponse(f"/knowledge/imports/{batch_id}", status_code=303)


@router.post("/knowledge/imports/items/{item_id}/retry", openapi_extra=permission("import_knowledge"))
async def post_retry(visit: TheVisit, item_id: UUID) -> Response:
    """Have an item read once more."""
    async with visit.session() as db:
        item = await knowledge.retry_item(db, ItemId(item_id))
    return RedirectResponse(f"/knowledge/imports/{item.batch_id}", status_code=303)


def _problems_first(troubled: Sequence[ImportItem], items: Sequence[ImportItem]) -> list[ImportItem]:
    known = {item.id for item in troubled}
    return [*troubled, *(item for item in items if item.id not in known)]
