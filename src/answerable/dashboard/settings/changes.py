"""The history of what was set: who changed what, and how it is brought back; and the widget's key."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from answerable import tenancy
from answerable.dashboard.frame import TheMember, page, pages_router
from answerable.dashboard.settings import views
from answerable.dashboard.settings.forms import Version
from answerable.infra.web import TheWeb, permission

router = pages_router()

_PAGE = 25


@router.get("/settings/history", openapi_extra=permission("view_tenant"))
async def get_history(
    request: Request,
    member: TheMember,
    web: TheWeb,
    before: Annotated[int | None, Query(ge=2, le=2**31 - 1)] = None,
) -> Response:
    """Who changed what, newest first."""
    async with web.database.tenant_session(member.actor) as db:
        # One more than is shown: the oldest of them needs the version before it to say what was changed.
        found = await tenancy.list_versions(db, limit=_PAGE + 1, before=before)
        names: dict[UUID, str] = {one.id: one.name for one in await tenancy.list_members(db)}
    shown, earlier = found[:_PAGE], found[_PAGE] if len(found) > _PAGE else None
    return page(
        request,
        member,
        "settings/history.html",
        changes=views.changes(shown, earlier=earlier, names=names),
        older=shown[-1].version if earlier else None,
        may_change=member.may("manage_settings"),
    )


@router.post("/settings/history/{version}", openapi_extra=permission("manage_settings"))
async def post_revert(
    member: TheMember, web: TheWeb, version: int, based_on: Annotated[Version, Form()]
) -> Response:
    """Bring a version back, if nothing has changed since the page was made."""
    async with web.database.tenant_session(member.actor) as db:
        await tenancy.revert_settings(db, to=version, based_on=based_on)
    return RedirectResponse("/settings/history", status_code=303)


@router.get("/settings/widget/key", openapi_extra=permission("manage_settings"))
async def get_key(request: Request, member: TheMember) -> Response:
    """Ask before the key is replaced: say what it does to pages that carry the widget."""
    tenancy.require(member.actor, tenancy.Permission.MANAGE_SETTINGS)
    return page(request, member, "settings/key.html")


@router.post("/settings/widget/key", openapi_extra=permission("manage_settings"))
async def post_key(member: TheMember, web: TheWeb) -> Response:
    """Replace the key."""
    async with web.database.tenant_session(member.actor) as db:
        done = await tenancy.rotate_public_key(db)
    return RedirectResponse(f"/settings/widget?saved={done.version}#key", status_code=303)


@router.post("/settings/widget/key/undo", openapi_extra=permission("manage_settings"))
async def post_key_undo(member: TheMember, web: TheWeb) -> Response:
    """Bring the key back that was replaced."""
    async with web.database.tenant_session(member.actor) as db:
        done = await tenancy.undo_public_key(db)
    return RedirectResponse(f"/settings/widget?saved={done.version}#key", status_code=303)
