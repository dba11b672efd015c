"""Who is signed in: the browser's cookie, and what every page knows of its member."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from structlog.contextvars import bind_contextvars

from answerable import conversations, identity, tenancy
from answerable.dashboard.frame.texts import choose_language
from answerable.identity.errors import NotSignedIn
from answerable.identity.values import COOKIE, SESSION_LIFETIME, SignInSession
from answerable.infra.ids import Actor
from answerable.infra.web import TheWeb
from answerable.tenancy import Permission, Tenant
from answerable.tenancy.rules import permissions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who looks at a page, and what the frame around it shows."""

    actor: Actor
    session: SignInSession
    tenant: Tenant
    waiting: int | None
    """Conversations that wait for a person; None for who may not see any."""
    language: str

    def may(self, permission: str) -> bool:
        """Whether the member may do something, for a page that leaves out what it cannot offer."""
        return Permission(permission) in permissions_of(self.actor)


async def find_member(request: Request, web: TheWeb) -> Member:
    """The member whose browser asks.

    Errors:  NotSignedIn.
    Effects: names tenant and actor in the log.
    """
    token = request.cookies.get(COOKIE)
    if not token:
        raise NotSignedIn
    actor, session = await identity.get_session(web.database, token)
    bind_contextvars(tenant_id=actor.tenant_id, actor_kind=actor.kind)
    may_see = Permission.VIEW_CONVERSATIONS in permissions_of(actor)
    async with web.database.tenant_session(actor) as db:
        tenant = await tenancy.get_tenant(db)
        waiting = await conversations.count_waiting(db) if may_see else None
    return Member(
        actor=actor,
        session=session,
        tenant=tenant,
        waiting=waiting,
        language=session.preferences.language or language_of(request),
    )


TheMember = Annotated[Member, Depends(find_member)]
"""A route's parameter for who is signed in."""


def language_of(request: Request) -> str:
    """The language that a browser asks for."""
    return choose_language(request.headers.get("accept-language", ""))


def keep_token(response: Response, token: str) -> None:
    """Have the browser keep the token of a sign-in session."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def drop_token(response: Response) -> None:
    """Have the browser forget the token."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
