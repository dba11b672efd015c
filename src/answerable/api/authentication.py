"""Who asks the API: a member, by the token of a sign-in session, from the browser's cookie or as a bearer."""

from typing import Annotated

from fastapi import Depends, Header, Request
from structlog.contextvars import bind_contextvars

from answerable import identity
from answerable.identity.errors import NotSignedIn
from answerable.identity.values import COOKIE
from answerable.infra.ids import Actor
from answerable.infra.web import TheWeb

_BEARER = "bearer "

Authorization = Annotated[
    str | None,
    Header(description="`Bearer` and the token of a sign-in session; a browser sends its cookie instead."),
]


async def authenticate(request: Request, web: TheWeb, authorization: Authorization = None) -> Actor:
    """The member whose token the request carries.

    Errors:  NotSignedIn.
    Effects: names tenant and actor in the log.
    """
    token = _bearer_of(authorization) or request.cookies.get(COOKIE)
    if not token:
        raise NotSignedIn
    actor, _session = await identity.get_session(web.database, token)
    bind_contextvars(tenant_id=actor.tenant_id, actor_kind=actor.kind)
    return actor


TheMember = Annotated[Actor, Depends(authenticate)]
"""A route's parameter for who asks."""


def _bearer_of(header: str | None) -> str | None:
    if header is None or not header.lower().startswith(_BEARER):
        return None
    return header[len(_BEARER) :].strip()
