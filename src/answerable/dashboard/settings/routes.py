"""The settings' pages: three forms, and what is shown beside them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from answerable import answering, tenancy
from answerable.answering.evidence import calibration
from answerable.answering.trade_off import Questions, measurements
from answerable.dashboard.frame import Member, TheMember, page, pages_router
from answerable.dashboard.frame.pages import POLICY
from answerable.dashboard.settings import views
from answerable.dashboard.settings.forms import (
    FIELD_OF,
    AnsweringForm,
    SettingsForm,
    WidgetForm,
    WorkspaceForm,
    read_threshold,
)
from answerable.infra.errors import AnswerableError
from answerable.infra.web import TheWeb, Web, permission
from answerable.tenancy import SettingsVersion, configuration_of, key_undo_until
from answerable.tenancy.configuration import LEAST_THRESHOLD, MOST_THRESHOLD
from answerable.tenancy.errors import SettingsConflict, ThresholdInvalid

router = pages_router()

Saved = Annotated[int | None, Query(ge=1, le=2**31 - 1)]

_PREVIEW = {"Content-Security-Policy": f"{POLICY}; frame-src 'self'"}
_RECENT = 50


@router.get("/settings", openapi_extra=permission("view_tenant"))
async def get_workspace(request: Request, member: TheMember, saved: Saved = None) -> Response:
    """Name and languages."""
    tenant = member.tenant
    form = WorkspaceForm.of(configuration_of(tenant), version=tenant.settings_version)
    return _show(request, member, form, saved=saved)


@router.post("/settings", openapi_extra=permission("manage_settings"))
async def post_workspace(
    request: Request, member: TheMember, web: TheWeb, form: Annotated[WorkspaceForm, Form()]
) -> Response:
    """Set name and languages."""
    return await _save(request, member, web, form)


@router.get("/settings/widget", openapi_extra=permission("view_tenant"))
async def get_widget(request: Request, member: TheMember, web: TheWeb, saved: Saved = None) -> Response:
    """Where the widget may stand, how it looks, and the lines that put it there."""
    tenant = member.tenant
    form = WidgetForm.of(configuration_of(tenant), version=tenant.settings_version)
    return _show(request, member, form, saved=saved, **await _beside_widget(request, member, web))


@router.post("/settings/widget", openapi_extra=permission("manage_settings"))
async def post_widget(
    request: Request, member: TheMember, web: TheWeb, form: Annotated[WidgetForm, Form()]
) -> Response:
    """Set where the widget may stand and how it looks."""
    return await _save(request, member, web, form)


@router.get("/settings/answering", openapi_extra=permission("view_tenant"))
async def get_answering(request: Request, member: TheMember, saved: Saved = None) -> Response:
    """What the assistant may do by itself, and from which probability on it answers."""
    tenant = member.tenant
    form = AnsweringForm.of(
        configuration_of(tenant), version=tenant.settings_version, calibrated=calibration().threshold
    )
    return _show(request, member, form, saved=saved, **_beside_answering(member))


@router.post("/settings/answering", openapi_extra=permission("manage_settings"))
async def post_answering(
    request: Request, member: TheMember, web: TheWeb, form: Annotated[AnsweringForm, Form()]
) -> Response:
    """Set what the assistant may do by itself, and from which probability on it answers."""
    return await _save(request, member, web, form)


@router.get("/settings/answering/meaning", openapi_extra=permission("view_tenant"))
async def get_meaning(
    request: Request, member: TheMember, threshold: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """What a threshold would come to, before it is set."""
    present = answering.threshold_of(member.tenant)
    asked: float | None
    try:
        asked = read_threshold(threshold)
    except ThresholdInvalid:
        asked = None
    if asked is None or not LEAST_THRESHOLD <= asked <= MOST_THRESHOLD:
        return page(request, member, "settings/_meaning.html", meaning=None)
    meaning = views.meaning_of(round(asked, 3), present=present)
    return page(request, member, "settings/_meaning.html", meaning=meaning)


@router.get("/settings/retention", openapi_extra=permission("view_tenant"))
async def get_retention(request: Request, member: TheMember) -> Response:
    """What is kept how long."""
    return page(request, member, "settings/retention.html", kept=views.retention())


@router.get("/settings/members", openapi_extra=permission("view_tenant"))
async def get_members(request: Request, member: TheMember, web: TheWeb) -> Response:
    """Who has a login, and with which role."""
    async with web.database.tenant_session(member.actor) as db:
        members = await tenancy.list_members(db)
    return page(request, member, "settings/members.html", members=members)


def _show(
    request: Request,
    member: Member,
    form: SettingsForm,
    *,
    status: int = 200,
    saved: int | None = None,
    problem: AnswerableError | None = None,
    **beside: Any,  # what the form's own template names besides
) -> Response:
    return page(
        request,
        member,
        form.template,
        status=status,
        headers=_PREVIEW if isinstance(form, WidgetForm) else None,
        form=form,
        may_change=member.may("manage_settings"),
        saved=saved if saved == member.tenant.settings_version else None,
        problem=problem,
        problem_field=FIELD_OF.get(type(problem)) if problem else None,
        refused=views.first_refused(form.widget_origins)
        if problem and isinstance(form, WidgetForm)
        else None,
        **beside,
    )


async def _save(request: Request, member: Member, web: Web, form: SettingsForm) -> Response:
    """Set what a form asks for; shown again when a field is refused, or when somebody else was faster."""
    try:
        async with web.database.tenant_session(member.actor) as db:
            wanted = form.apply(configuration_of(await tenancy.get_tenant(db)))
            done = await tenancy.change_settings(db, wanted, based_on=form.based_on)
    except SettingsConflict:
        return await _show_both(request, member, web, form)
    except AnswerableError as error:
        if type(error) not in FIELD_OF:
            raise
        beside = await _beside(request, member, web, form)
        return _show(request, member, form, status=422, problem=error, **beside)
    return RedirectResponse(f"{form.path}?saved={done.version}", status_code=303)


async def _show_both(request: Request, member: Member, web: Web, form: SettingsForm) -> Response:
    """What is set now beside what was asked for."""
    async with web.database.tenant_session(member.actor) as db:
        newest: SettingsVersion = (await tenancy.list_versions(db, limit=1))[0]
        names: dict[UUID, str] = {one.id: one.name for one in await tenancy.list_members(db)}
    mine = form.apply(newest.configuration)
    return page(
        request,
        member,
        "settings/conflict.html",
        status=409,
        form=form,
        newest=newest,
        by=names.get(newest.actor_id) if newest.actor_id else None,
        fields=[
            one for one in views.compare(newest.configuration, mine, form.fields) if one.before != one.after
        ],
    )


async def _beside(request: Request, member: Member, web: Web, form: SettingsForm) -> dict[str, Any]:
    if isinstance(form, WidgetForm):
        return await _beside_widget(request, member, web)
    return _beside_answering(member) if isinstance(form, AnsweringForm) else {}


async def _beside_widget(request: Request, member: Member, web: Web) -> dict[str, Any]:
    async with web.database.tenant_session(member.actor) as db:
        versions = await tenancy.list_versions(db, limit=_RECENT)
        now = db.now
    return {
        "origin": (web.public_url or str(request.base_url)).rstrip("/"),
        "key_undo_until": key_undo_until(versions, now=now),
    }


def _beside_answering(member: Member) -> dict[str, Any]:
    present = answering.threshold_of(member.tenant)
    measured = measurements().questions
    return {
        "present": present,
        "calibrated": calibration().threshold,
        "least": LEAST_THRESHOLD,
        "most": MOST_THRESHOLD,
        "meaning": views.meaning_of(present, present=present),
        "meanings": views.meanings(present),
        "chart": views.chart_of(present),
        "counts": {"held_out": len(measured[Questions.HELD_OUT]), "fresh": len(measured[Questions.FRESH])},
    }
