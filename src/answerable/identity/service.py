"""Operations of signing in and out. Tokens are told once and stored as digests."""

from datetime import timedelta

from answerable import audit, tenancy
from answerable.identity import queries, rules
from answerable.identity.errors import MemberUnknown, NotSignedIn, SignInLinkUnusable
from answerable.identity.values import (
    LINK_LIFETIME,
    SESSION_LIFETIME,
    Preferences,
    PreferencesChanged,
    SignedIn,
    SignedOut,
    SignInLink,
    SignInLinkId,
    SignInLinkMade,
    SignInSession,
    SignInSessionId,
)
from answerable.infra.db import Database, Db, Unaudited
from answerable.infra.ids import Actor, ActorKind, MemberId, uuid7
from answerable.tenancy import Permission


async def make_sign_in_link(db: Db, email: str, *, lifetime: timedelta = LINK_LIFETIME) -> SignInLink:
    """A link with which the member of that address signs in, once.

    Errors:  PermissionDenied, EmailInvalid, MemberUnknown.
    """
    tenancy.require(db.actor, Permission.MANAGE_MEMBERS)
    member_id = await tenancy.find_member(db, email)
    if member_id is None:
        raise MemberUnknown
    link = SignInLink(
        id=SignInLinkId(uuid7()),
        member_id=member_id,
        token=rules.make_token(db.actor.tenant_id),
        expires_at=db.now + lifetime,
    )
    values = {
        "id": link.id,
        "member_id": member_id,
        "token_digest": rules.digest_of(link.token),
        "created_at": db.now,
        "expires_at": link.expires_at,
    }
    await queries.insert_link(db, values)
    await audit.append(db, SignInLinkMade(subject_id=member_id, link_id=link.id))
    return link


async def check_link(database: Database, token: str) -> None:
    """Go on only if this link could sign somebody in now; it stays unused.

    Errors:  SignInLinkUnusable.
    """
    async with database.tenant_session(_nobody(token)) as db:
        await _usable_link(db, token, lock=False)


async def sign_in(database: Database, token: str) -> str:
    """Use a link: the token of the new sign-in session, for the browser's cookie.

    Errors:  SignInLinkUnusable, for every reason alike.
    """
    async with database.tenant_session(_nobody(token)) as db:
        link = await _usable_link(db, token, lock=True)
        await queries.mark_used(db, link.id)
        session_id = SignInSessionId(uuid7())
        made = rules.make_token(db.actor.tenant_id)
        values = {
            "id": session_id,
            "member_id": link.member_id,
            "token_digest": rules.digest_of(made),
            "created_at": db.now,
            "seen_at": db.now,
            "expires_at": db.now + SESSION_LIFETIME,
        }
        await queries.insert_session(db, values)
        event = SignedIn(subject_id=link.member_id, link_id=link.id, session_id=session_id)
        await audit.append(db, event)
    return made


async def get_session(database: Database, token: str) -> tuple[Actor, SignInSession]:
    """Who acts in a browser that holds this token.

    Errors:  NotSignedIn.
    """
    tenant_id = rules.tenant_of(token)
    if tenant_id is None:
        raise NotSignedIn
    async with database.tenant_session(Actor(tenant_id=tenant_id, kind=ActorKind.SYSTEM)) as db:
        session = await queries.find_session(db, rules.digest_of(token))
        if session is None or rules.has_ended(session, now=db.now):
            raise NotSignedIn
        if rules.is_seen_due(session, now=db.now):
            await queries.mark_seen(db, session.id)
            db.unaudited(Unaudited.SEEN)
    member = Actor(tenant_id=tenant_id, kind=ActorKind.MEMBER, id=session.member_id, role=session.role.value)
    return member, session


async def sign_out(db: Db, session_id: SignInSessionId) -> None:
    """End a sign-in session of the acting member; ending it twice changes nothing."""
    member_id = _acting_member(db)
    if await queries.end_session(db, session_id):
        await audit.append(db, SignedOut(subject_id=member_id, session_id=session_id))


async def change_preferences(db: Db, preferences: Preferences) -> None:
    """Keep how the acting member wants the pages."""
    member_id = _acting_member(db)
    await queries.save_preferences(db, member_id, preferences)
    await audit.append(db, PreferencesChanged(subject_id=member_id))


def _acting_member(db: Db) -> MemberId:
    if db.actor.kind is not ActorKind.MEMBER or db.actor.id is None:
        raise NotSignedIn
    return MemberId(db.actor.id)


def _nobody(token: str) -> Actor:
    """Whoever brings a token, in the tenant that it names and before it has been looked up there."""
    tenant_id = rules.tenant_of(token)
    if tenant_id is None:
        raise SignInLinkUnusable
    return Actor(tenant_id=tenant_id, kind=ActorKind.SYSTEM)


async def _usable_link(db: Db, token: str, *, lock: bool) -> queries.StoredLink:
    link = await queries.find_link(db, rules.digest_of(token), lock=lock)
    if link is None or link.used_at is not None or db.now >= link.expires_at:
        raise SignInLinkUnusable
    return link
