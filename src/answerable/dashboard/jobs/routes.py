"""Jobs that gave up: what went wrong, what helps, tried again or given up."""

from typing import Annotated, Literal

from fastapi import Path, Query, Request
from starlette.responses import RedirectResponse, Response

from answerable import tenancy
from answerable.dashboard.frame import TheMember, page, pages_router
from answerable.dashboard.jobs.views import shown
from answerable.infra.jobs import NotParked
from answerable.infra.web import TheWeb, permission

router = pages_router()

JobId = Annotated[int, Path(ge=1, le=2**63 - 1)]

_MOST = 200


@router.get("/jobs", openapi_extra=permission("view_tenant"))
async def get_jobs(
    request: Request,
    member: TheMember,
    web: TheWeb,
    done: Annotated[Literal["retried", "discarded", ""], Query()] = "",
) -> Response:
    """The workspace's jobs that gave up, latest first."""
    async with web.database.tenant_session(member.actor) as db:
        found = await tenancy.list_parked_jobs(db, limit=_MOST + 1)
    return page(
        request,
        member,
        "jobs/list.html",
        jobs=[shown(one) for one in found[:_MOST]],
        most=_MOST if len(found) > _MOST else None,
        may_mend=member.may("manage_jobs"),
        done=done,
    )


@router.post("/jobs/{job_id}/retry", openapi_extra=permission("manage_jobs"))
async def post_retry(member: TheMember, web: TheWeb, job_id: JobId) -> Response:
    """Have a job tried again."""
    async with web.database.tenant_session(member.actor) as db:
        await tenancy.retry_job(db, job_id)
    return RedirectResponse("/jobs?done=retried", status_code=303)


@router.get("/jobs/{job_id}/discard", openapi_extra=permission("manage_jobs"))
async def get_discard(request: Request, member: TheMember, web: TheWeb, job_id: JobId) -> Response:
    """Ask before a job is given up: nothing brings it back.

    Errors:  NotParked.
    """
    tenancy.require(member.actor, tenancy.Permission.MANAGE_JOBS)
    async with web.database.tenant_session(member.actor) as db:
        found = await tenancy.list_parked_jobs(db, limit=10_000)
    job = next((shown(one) for one in found if one.id == job_id), None)
    if job is None:
        raise NotParked
    return page(request, member, "jobs/discard.html", job=job)


@router.post("/jobs/{job_id}/discard", openapi_extra=permission("manage_jobs"))
async def post_discard(member: TheMember, web: TheWeb, job_id: JobId) -> Response:
    """Give a job up for good."""
    async with web.database.tenant_session(member.actor) as db:
        await tenancy.discard_job(db, job_id)
    return RedirectResponse("/jobs?done=discarded", status_code=303)
