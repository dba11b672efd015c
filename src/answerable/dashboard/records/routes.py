"""The record of a turn as a page, and as a file."""

from typing import Final
from uuid import UUID

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import Response

from answerable import answering, tenancy
from answerable.answering import TurnId
from answerable.answering.exporting import as_json
from answerable.audit import proofs, reading
from answerable.audit.rooting import ROOT_READER
from answerable.dashboard.audit.views import proof_view, row_views
from answerable.dashboard.frame import TheMember, page, pages_router
from answerable.dashboard.records.views import main_leaf, view_of
from answerable.infra.web import TheWeb, permission

router = pages_router()

_JSON: Final = "application/json; charset=utf-8"


@router.get("/records/{turn_id}", openapi_extra=permission("view_conversations"))
async def get_record(request: Request, turn_id: UUID, member: TheMember, web: TheWeb) -> Response:
    """Everything that is known of a turn."""
    sessions = web.database.tenant_session
    async with sessions(member.actor) as db, sessions(ROOT_READER) as root:
        seen = await answering.inspect(db, TurnId(turn_id))
        names = {one.id: one.name for one in await tenancy.list_members(db)} if seen.looks else {}
        called: dict[UUID, str] = {**names}
        placed = await reading.list_placed(db, [leaf.event.id for leaf in seen.leaves])
        states = await proofs.states_of(db, placed)
        main = main_leaf(seen)
        proven = await proofs.prove_event(db, root, main) if main else None
    # Behind the block the look is committed: a request that failed to record it shows nothing of the content.
    view = view_of(seen, names=names, reader=member.actor.id, language=member.language)
    return page(
        request,
        member,
        "records/record.html",
        view=view,
        entries=row_views(placed, states, called),
        proved=proof_view(proven, called) if proven else None,
        permalink=str(request.url_for("get_record", turn_id=str(turn_id))),
    )


@router.get("/records/{turn_id}/download", openapi_extra=permission("view_conversations"))
async def get_record_file(turn_id: UUID, member: TheMember, web: TheWeb) -> Response:
    """The record as `answerable ask --explain --json` gives it; the log tells that it was taken away."""
    async with web.database.tenant_session(member.actor) as db:
        record = await answering.export_record(db, TurnId(turn_id))
    return Response(
        to_json(as_json(record, explain=True), indent=2),
        media_type=_JSON,
        headers={"Content-Disposition": f'attachment; filename="record-{turn_id}.json"'},
    )
