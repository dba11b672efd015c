"""SQL of sign-in links, sign-in sessions and preferences: one function per question."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects import postgresql

from answerable.identity.models import MemberPreferenceRow, SignInLinkRow, SignInSessionRow
from answerable.identity.values import (
    Preferences,
    SignInLinkId,
    SignInSession,
    SignInSessionId,
    Theme,
)
from answerable.infra.db import Db
from answerable.infra.ids import MemberId
from answerable.tenancy.values import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLink:
    """A sign-in link as its row stands."""

    id: SignInLinkId
    member_id: MemberId
    expires_at: datetime
    used_at: datetime | None


async def insert_link(db: Db, values: dict[str, Any]) -> None:
    """Store a link; `values` are the columns of `SignInLinkRow`."""
    await db.execute(insert(SignInLinkRow).values(**values))


async def find_link(db: Db, digest: bytes, *, lock: bool = False) -> StoredLink | None:
    """Return the link whose token has this digest; with `lock`, nobody else uses it meanwhile."""
    statement = select(
        SignInLinkRow.id, SignInLinkRow.member_id, SignInLinkRow.expires_at, SignInLinkRow.used_at
    ).where(SignInLinkRow.token_digest == digest)
    row = (await db.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()
    return StoredLink(**row) if row else None


async def mark_used(db: Db, link_id: SignInLinkId) -> None:
    """Note that a link was used."""
    await db.execute(update(SignInLinkRow).where(SignInLinkRow.id == link_id).values(used_at=db.now))


async def insert_session(db: Db, values: dict[str, Any]) -> None:
    """Store a sign-in session; `values` are the columns of `SignInSessionRow`."""
    await db.execute(insert(SignInSessionRow).values(**values))


_FIND_SESSION = text(
    """
    SELECT
        sign_in_session.id,
        sign_in_session.member_id,
        sign_in_session.expires_at,
        sign_in_session.seen_at,
        member.role,
        member_preference.language,
        member_preference.theme
    FROM sign_in_session
    JOIN member ON member.tenant_id = sign_in_session.tenant_id AND member.id = sign_in_session.member_id
    LEFT JOIN member_preference
        ON member_preference.tenant_id = member.tenant_id AND member_preference.member_id = member.id
    WHERE sign_in_session.token_digest = :digest AND sign_in_session.ended_at IS NULL
    """
)


async def find_session(db: Db, digest: bytes) -> SignInSession | None:
    """Return the sign-in session whose token has this digest, unless its member has ended it."""
    row = (await db.execute(_FIND_SESSION, {"digest": digest})).mappings().one_or_none()
    if row is None:
        return None
    return SignInSession(
        id=SignInSessionId(row["id"]),
        member_id=MemberId(row["member_id"]),
        role=Role(row["role"]),
        preferences=Preferences(
            language=row["language"], theme=Theme(row["theme"]) if row["theme"] else None
        ),
        expires_at=row["expires_at"],
        seen_at=row["seen_at"],
    )


async def mark_seen(db: Db, session_id: SignInSessionId) -> None:
    """Note that a sign-in session was used."""
    await db.execute(update(SignInSessionRow).where(SignInSessionRow.id == session_id).values(seen_at=db.now))


async def end_session(db: Db, session_id: SignInSessionId) -> bool:
    """End a sign-in session of the acting member; False when there is none to end."""
    statement = (
        update(SignInSessionRow)
        .where(
            SignInSessionRow.id == session_id,
            SignInSessionRow.member_id == db.actor.id,
            SignInSessionRow.ended_at.is_(None),
        )
        .values(ended_at=db.now)
        .returning(SignInSessionRow.id)
    )
    return await db.scalar(statement) is not None


async def save_preferences(db: Db, member_id: MemberId, preferences: Preferences) -> None:
    """Store how a member wants the pages."""
    values = {"language": preferences.language, "theme": preferences.theme}
    statement = (
        postgresql.insert(MemberPreferenceRow)
        .values(member_id=member_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "member_id"], set_=values)
    )
    await db.execute(statement)
