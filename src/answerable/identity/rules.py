"""Tokens of links and sign-in sessions, and when a session has ended. Pure."""

import base64
import binascii
import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from answerable.identity.values import SEEN_EVERY, SESSION_IDLE, SignInSession
from answerable.infra.ids import TenantId

_SECRET_BYTES = 32
_TOKEN_LENGTH = 64


def make_token(tenant_id: TenantId) -> str:
    """A token that nobody can guess: the tenant in which it is to be looked up, and 256 random bits.

    The tenant stands in it since a token arrives before any session in a tenant is open; that it names one
    grants nothing, the digest has to be found there.
    """
    return base64.urlsafe_b64encode(tenant_id.bytes + secrets.token_bytes(_SECRET_BYTES)).decode()


def tenant_of(token: str) -> TenantId | None:
    """The tenant in which a token is to be looked up; None for what cannot be a token."""
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return TenantId(UUID(bytes=raw[:16]))


def digest_of(token: str) -> bytes:
    """Under which a token is stored; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def has_ended(session: SignInSession, *, now: datetime) -> bool:
    """Whether a sign-in session is over by its age or by not having been used."""
    return now >= session.expires_at or now - session.seen_at >= SESSION_IDLE


def is_seen_due(session: SignInSession, *, now: datetime) -> bool:
    """Whether it is time to note that a sign-in session was used."""
    return now - session.seen_at >= SEEN_EVERY
