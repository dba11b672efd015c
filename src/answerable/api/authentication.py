"""Who asks the API: a member, by the token of a sign-in session, from the browser's cookie or as a bearer.

Or a witness of the log, by the token that it got when it was registered, which opens heads and hashes alone.
"""

from typing import Annotated

from fastapi import Depends, Header, Request
from structlog.contextvars import bind_contextvars

from answerable import identity
from answerable.audit import witnesses
from answerable.identity.errors import NotSignedIn
from answerable.identity.values import COOKIE
from answerable.infra.ids import Actor, ActorKind
from answerable.infra.web import TheWeb, Web

_BEARER = "bearer "

Authorization = Annotated[
    str | None,
    Header(
        description="`Bearer` and the token of a sign-in session, or of a witness where heads are asked for; a "
        "browser sends its cookie instead."
    ),
]


async def authenticate(request: Request, web: TheWeb, authorization: Authorization = None) -> Actor:
    """The member, or the witness, whose token the request carries.

    Errors:  NotSignedIn.
    Effects: names tenant and actor in the log.
    """
    token = _bearer_of(authorization) or request.cookies.get(COOKIE)
    if not token:
        raise NotSignedIn
    if token.startswith(witnesses.TOKEN_PREFIX):
        actor = await _find_witness(web, token)
    else:
        actor, _session = await identity.get_session(web.database, token)
    bind_contextvars(tenant_id=actor.tenant_id, actor_kind=actor.kind)
    return actor


TheMember = Annotated[Actor, Depends(authenticate)]
"""A route's parameter for who asks."""


async def _find_witness(web: Web, token: str) -> Actor:
    tenant_id = witnesses.tenant_of(token)
    if tenant_id is None:
        raise NotSignedIn
    # Looked up as nobody in particular: what is found says who it is.
    nobody = Actor(tenant_id=tenant_id, kind=ActorKind.KEY)
    async with web.database.tenant_session(nobody) as db:
        witness_id = await witnesses.find_by_token(db, token)
    if witness_id is None:
        raise NotSignedIn
    return Actor(tenant_id=tenant_id, kind=ActorKind.KEY, id=witness_id)


def _bearer_of(header: str | None) -> str | None:
    if header is None or not header.lower().startswith(_BEARER):
        return None
    return header[len(_BEARER) :].strip()
