"""The log as pages and as files: a list with filters, each entry proved, exports."""

from collections.abc import AsyncGenerator
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from answerable import audit, tenancy
from answerable.audit import REGISTRY, EventId, reading, signed
from answerable.audit.exports import head_line, line_of
from answerable.audit.happenings import EntriesExported
from answerable.audit.proofs import prove_event, states_of
from answerable.audit.rooting import ROOT_READER
from answerable.audit.values import ExportFormat
from answerable.audit.vouching import assess
from answerable.dashboard.audit.asking import Asked, TheAsked, wanted_of
from answerable.dashboard.audit.views import divider, proof_view, row_views
from answerable.dashboard.frame import Member, TheMember, page, pages_router
from answerable.infra.db import Db
from answerable.infra.ids import ActorKind
from answerable.infra.web import TheWeb, Web, permission
from answerable.tenancy import Permission

router = pages_router()

PAGE_LENGTH: Final = 50
_BATCH: Final = 500
_VIEW: Final = permission("view_log")
_MEDIA: Final = {
    ExportFormat.JSONL: "application/x-ndjson; charset=utf-8",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.OCSF: "application/x-ndjson; charset=utf-8",
    ExportFormat.CLOUDEVENTS: "application/x-ndjson; charset=utf-8",
}
_ENDINGS: Final = {
    ExportFormat.JSONL: "jsonl",
    ExportFormat.CSV: "csv",
    ExportFormat.OCSF: "ocsf.jsonl",
    ExportFormat.CLOUDEVENTS: "cloudevents.jsonl",
}


@router.get("/audit", openapi_extra=_VIEW)
async def get_log(request: Request, member: TheMember, web: TheWeb, asked: TheAsked) -> Response:
    """The workspace's log, newest entries first."""
    return await _show(request, member, web, asked, "audit/list.html")


@router.get("/audit/rows", openapi_extra=_VIEW)
async def get_rows(request: Request, member: TheMember, web: TheWeb, asked: TheAsked) -> Response:
    """The rows alone, for a page that brings itself up to date."""
    return await _show(request, member, web, asked, "audit/_rows.html")


@router.get("/audit/export", openapi_extra=_VIEW)
async def get_export(
    member: TheMember, web: TheWeb, asked: TheAsked, wanted: Annotated[ExportFormat, Query(alias="format")]
) -> Response:
    """What the filters ask for as a file, in the log's order; the log tells that it was taken away."""
    async with web.database.tenant_session(member.actor) as db:
        tenancy.require(db.actor, Permission.VIEW_LOG)
        await audit.append(db, EntriesExported(subject_id=db.actor.tenant_id, format=wanted))
        filters = await wanted_of(db, asked)
        names = await signed.find_names(db)
        standing = await reading.get_standing(db)
    lines = _export(web, member, filters, wanted, origin=names.origin if names else None, size=standing.size)
    name = f"log-{member.tenant.slug}.{_ENDINGS[wanted]}"
    return StreamingResponse(
        lines, media_type=_MEDIA[wanted], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get("/audit/{event_id}", openapi_extra=_VIEW)
async def get_entry(request: Request, event_id: UUID, member: TheMember, web: TheWeb) -> Response:
    """One entry with its proof."""
    sessions = web.database.tenant_session
    async with sessions(member.actor) as db, sessions(ROOT_READER) as root:
        tenancy.require(db.actor, Permission.VIEW_LOG)
        proven = await prove_event(db, root, EventId(event_id))
        names = await _names(db, member)
        await reading.note_query(db, f"event {event_id}", returned=1)
    return page(request, member, "audit/entry.html", proved=proof_view(proven, names))


@router.get("/audit/{event_id}/proof", openapi_extra=_VIEW)
async def get_proof(event_id: UUID, member: TheMember, web: TheWeb) -> Response:
    """The proof as a file (c2sp.org/tlog-proof)."""
    async with web.database.tenant_session(member.actor) as db:
        tenancy.require(db.actor, Permission.VIEW_LOG)
        entry = await reading.get_entry(db, EventId(event_id))
        content = await reading.prove_entry(db, entry.index, await signed.get_head(db, covering=entry.index))
        await reading.note_query(db, f"proof {event_id}", returned=1)
    return _file(content, f"{event_id}.tlog-proof", media_type="text/plain; charset=utf-8")


@router.get("/audit/{event_id}/bytes", openapi_extra=_VIEW)
async def get_bytes(event_id: UUID, member: TheMember, web: TheWeb) -> Response:
    """The exact bytes that the entry's leaf is the hash of."""
    async with web.database.tenant_session(member.actor) as db:
        tenancy.require(db.actor, Permission.VIEW_LOG)
        entry = await reading.get_entry(db, EventId(event_id))
        await reading.note_query(db, f"event {event_id}", returned=1)
    return _file(entry.body, f"{event_id}.entry", media_type="application/octet-stream")


async def _show(request: Request, member: Member, web: Web, asked: TheAsked, template: str) -> Response:
    sessions = web.database.tenant_session
    async with sessions(member.actor) as db, sessions(ROOT_READER) as root:
        tenancy.require(db.actor, Permission.VIEW_LOG)
        wanted = await wanted_of(db, asked)
        found = await reading.list_entries(db, wanted, before=asked.before, limit=PAGE_LENGTH + 1)
        shown = found[:PAGE_LENGTH]
        states = await states_of(db, shown)
        standing = await reading.get_standing(db)
        vouching = await assess(db, root, standing.head) if standing.head else None
        names = await _names(db, member)
        types = sorted(one.type for one in db.info[REGISTRY])
        question = asked.model_dump_json(exclude={"before"})
        await reading.note_query(db, f"page {question}", returned=len(shown))
    rows = row_views(shown, states, names)
    return page(
        request,
        member,
        template,
        asked=Asked.of(asked),
        rows=rows,
        next=shown[-1].index if len(found) > PAGE_LENGTH else None,
        divider=divider(rows, standing),
        standing=standing,
        level=vouching.level.value.replace("-", "_") if vouching else None,
        types=types,
        kinds=[kind.value for kind in ActorKind],
        names=names,
    )


async def _export(
    web: Web, member: Member, filters: reading.Wanted, wanted: ExportFormat, *, origin: str | None, size: int
) -> AsyncGenerator[str]:
    yield head_line(wanted)
    after = -1
    while True:
        # A transaction for each batch: whoever reads slowly holds no snapshot.
        async with web.database.tenant_session(member.actor) as db:
            found = await reading.list_entries(db, filters, after=after, limit=_BATCH)
        for entry in found:
            if entry.index is None or entry.index >= size:
                return
            yield line_of(wanted, entry.event, entry.body, index=entry.index, origin=origin)
            after = entry.index
        if len(found) < _BATCH:
            return


async def _names(db: Db, member: Member) -> dict[UUID, str]:
    may_know = member.may(Permission.VIEW_TENANT.value)
    return {one.id: one.name for one in await tenancy.list_members(db)} if may_know else {}


def _file(content: bytes, name: str, *, media_type: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})
