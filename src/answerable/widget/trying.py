"""A page of the installation's own that carries a workspace's chat, to try it without a site."""

from typing import Final

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from answerable import tenancy
from answerable.infra.ids import Actor, ActorKind
from answerable.infra.web import TheWeb, permission, problem_responses, sender_of
from answerable.widget.assets import BUILD
from answerable.widget.contacts import find_workspace
from answerable.widget.errors import KeyUnknown

router = APIRouter(tags=["widget"])

# What a site's own policy needs for the chat is the same with this installation's address in place of 'self'.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

_TEMPLATES: Final = Environment(
    loader=PackageLoader("answerable.widget"), autoescape=True, undefined=StrictUndefined
)


@router.get(
    "/try/{public_key}",
    response_class=HTMLResponse,
    responses=problem_responses(422, 429, 503),
    openapi_extra=permission("public"),
)
async def try_chat(public_key: str, request: Request, web: TheWeb) -> HTMLResponse:
    """The page on which anybody who knows the key may try the workspace's chat.

    Errors:  RateExceeded.
    """
    sender = sender_of(request, proxies=web.proxies)
    try:
        found = await find_workspace(web, public_key, sender=sender)
    except KeyUnknown:
        return _page("unknown.html", status=404)
    async with web.database.tenant_session(Actor(tenant_id=found.id, kind=ActorKind.CONTACT)) as db:
        tenant = await tenancy.get_front(db)
    return _page("try.html", status=200, tenant=tenant, build=BUILD)


def _page(template: str, *, status: int, **values: object) -> HTMLResponse:
    body = _TEMPLATES.get_template(template).render(values)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(body, status_code=status, headers=headers)
