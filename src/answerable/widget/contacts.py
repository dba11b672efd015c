"""Who asks: the workspace that the public key names, the contact whom a conversation's token lets in."""

import hmac
import re
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from structlog.contextvars import bind_contextvars

from answerable import tenancy, vault
from answerable.conversations import ConversationId
from answerable.conversations.errors import ConversationNotFound
from answerable.infra.db import Db, SystemReason
from answerable.infra.ids import PLATFORM_TENANT, Actor, ActorKind
from answerable.infra.rates import Rate, scoped_key
from answerable.infra.web import TheWeb, Web, sender_of
from answerable.tenancy import TenantRef
from answerable.tenancy.errors import TenantUnknown
from answerable.vault.carried import keys_of
from answerable.widget.errors import KeyUnknown
from answerable.widget.origins import require_origin

_PURPOSE: Final = "widget.conversation"

_KEY = re.compile(r"[A-Za-z0-9_-]{24}")
_NOBODYS_KEY: Final = "-" * 24
"""Looked up in place of what cannot be a key, so that both take the same way and the same time."""

Key = Annotated[str | None, Header(alias="Answerable-Key", description="The workspace's public key.")]
Token = Annotated[
    str | None,
    Header(alias="Answerable-Conversation", description="The conversation's token, from the first answer."),
]


async def authenticate(request: Request, web: TheWeb, key: Key = None) -> Actor:
    """The contact of the workspace whose key the request carries; which contact, the conversation says.

    Errors:  KeyUnknown, OriginRefused, RateExceeded.
    Effects: counts the request to its sender; names tenant and actor in the log.
    """
    sender = sender_of(request, proxies=web.proxies)
    found = await find_workspace(web, key, sender=sender)
    require_origin(request, (*found.widget_origins, *((web.public_url,) if web.public_url else ())))
    actor = Actor(tenant_id=found.id, kind=ActorKind.CONTACT)
    bind_contextvars(tenant_id=actor.tenant_id, actor_kind=actor.kind)
    await web.rates.spend(_rate_of(request, web), scoped_key(actor.tenant_id, "sender", sender))
    return actor


async def find_workspace(web: Web, key: str | None, *, sender: str) -> TenantRef:
    """The workspace that a public key names.

    Errors:  KeyUnknown, RateExceeded.
    Effects: counts a wrong key to its sender.
    """
    before = scoped_key(PLATFORM_TENANT, "sender", sender)
    await web.rates.check(web.limits.unknown_keys, before)
    try:
        async with web.database.system_session(SystemReason.RESOLVE_TENANT) as session:
            return await tenancy.resolve_tenant(session, public_key=_lookup_key(key))
    except TenantUnknown as error:
        await web.rates.spend(web.limits.unknown_keys, before)
        raise KeyUnknown from error


TheContact = Annotated[Actor, Depends(authenticate)]
"""A route's parameter for who asks."""


def token_of(db: Db, conversation_id: ConversationId) -> str:
    """What lets a contact into this conversation; made again from the workspace's key whenever it is needed."""
    return vault.find_token(db, keys_of(db), purpose=_PURPOSE, value=str(conversation_id)).hex()


def require_token(db: Db, conversation_id: ConversationId, token: str | None) -> None:
    """Go on only with the conversation's own token.

    Errors:  ConversationNotFound, whether there is such a conversation or not.
    """
    # Bytes, since the comparison refuses text beyond ASCII, and a header may hold some.
    given = (token or "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, token_of(db, conversation_id).encode()):
        raise ConversationNotFound


def _lookup_key(key: str | None) -> str:
    return key if key is not None and _KEY.fullmatch(key) else _NOBODYS_KEY


def _rate_of(request: Request, web: Web) -> Rate:
    return web.limits.reads if request.method == "GET" else web.limits.posts
