"""Signing in with a one-time link, signing out, and how the pages look to a member."""

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from answerable import identity
from answerable.dashboard.frame import TheMember, open_page, pages_router
from answerable.dashboard.frame.signing_in import COOKIE, drop_token, keep_token
from answerable.identity import Preferences, Theme
from answerable.infra.ids import PLATFORM_TENANT
from answerable.infra.rates import scoped_key
from answerable.infra.web import TheWeb, Web, permission, sender_of
from answerable.infra.web.proxies import is_this_machine

router = pages_router()

_HOME: Final = "/conversations"


@router.get("/", openapi_extra=permission("public"))
async def get_home() -> Response:
    """Lead to the conversations; who is not signed in is led on from there."""
    return RedirectResponse(_HOME, status_code=303)


@router.get("/sign-in", openapi_extra=permission("public"))
async def get_sign_in(request: Request, web: TheWeb) -> Response:
    """Say how to sign in, or why it cannot work at this address."""
    return open_page(request, "sign_in/door.html", token=None, works=can_keep_cookies(request, web))


@router.get("/sign-in/{token}", openapi_extra=permission("public"))
async def get_link(request: Request, token: str, web: TheWeb) -> Response:
    """Ask for the press of a button: programs that look at links in mails must not use them up."""
    await _count(request, web)
    await identity.check_link(web.database, token)
    return open_page(request, "sign_in/door.html", token=token, works=can_keep_cookies(request, web))


@router.post("/sign-in/{token}", openapi_extra=permission("public"))
async def post_link(request: Request, token: str, web: TheWeb) -> Response:
    """Use a link up and sign its member in."""
    await _count(request, web)
    if not can_keep_cookies(request, web):
        return open_page(request, "sign_in/door.html", token=None, works=False)
    answer = RedirectResponse(_HOME, status_code=303)
    keep_token(answer, await identity.sign_in(web.database, token))
    return answer


@router.post("/sign-out", openapi_extra=permission("view_tenant"))
async def post_sign_out(member: TheMember, web: TheWeb) -> Response:
    """End this browser's sign-in session."""
    async with web.database.tenant_session(member.actor) as db:
        await identity.sign_out(db, member.session.id)
    answer = RedirectResponse("/sign-in", status_code=303)
    drop_token(answer)
    return answer


@router.post("/preferences", openapi_extra=permission("view_tenant"))
async def post_preferences(
    request: Request,
    member: TheMember,
    web: TheWeb,
    language: Annotated[Literal["de", "en", ""], Form()] = "",
    theme: Annotated[Literal["light", "dark", ""], Form()] = "",
) -> Response:
    """Keep language and colours of the pages; an empty word leaves it to the browser."""
    preferences = Preferences(language=language or None, theme=Theme(theme) if theme else None)
    async with web.database.tenant_session(member.actor) as db:
        await identity.change_preferences(db, preferences)
    return RedirectResponse(_back(request), status_code=303)


def can_keep_cookies(request: Request, web: Web) -> bool:
    """Whether browsers keep our cookie at this address: over TLS, or on this very machine."""
    if COOKIE in request.cookies:
        return True
    address = web.public_url or str(request.base_url)
    parts = urlsplit(address)
    # The address that a browser shows counts, which is in its own request when no public one is set.
    return parts.scheme == "https" or is_this_machine(parts.hostname or "")


async def _count(request: Request, web: Web) -> None:
    sender = sender_of(request, proxies=web.proxies)
    await web.rates.spend(web.limits.sign_ins, scoped_key(PLATFORM_TENANT, "sign_in", sender))


def _back(request: Request) -> str:
    # Only the path: the header may name any place.
    path = urlsplit(request.headers.get("referer", "")).path
    return path if path.startswith("/") and not path.startswith("//") else _HOME
