"""SQL of what members have read and have before them: one function per question."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql

from answerable.conversations.listing import Present
from answerable.conversations.models import ConversationSeenRow, MessageRow, PresenceRow
from answerable.conversations.values import Author, ConversationId, MessageId
from answerable.infra.db import Db
from answerable.infra.ids import MemberId


async def save_seen(db: Db, conversation_id: ConversationId, member_id: MemberId, *, position: int) -> None:
    """Store how far a member has read; nobody unreads anything by looking at an older page."""
    statement = postgresql.insert(ConversationSeenRow).values(
        conversation_id=conversation_id, member_id=member_id, position=position, seen_at=db.now
    )
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "conversation_id", "member_id"],
            set_={
                "position": func.greatest(ConversationSeenRow.position, statement.excluded.position),
                "seen_at": statement.excluded.seen_at,
            },
        )
    )


async def save_presence(
    db: Db, conversation_id: ConversationId, member_id: MemberId, *, typing_at: datetime | None
) -> None:
    """Store that a member has a conversation before them, and whether they type."""
    statement = postgresql.insert(PresenceRow).values(
        conversation_id=conversation_id, member_id=member_id, present_at=db.now, typing_at=typing_at
    )
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "conversation_id", "member_id"],
            set_={
                "present_at": statement.excluded.present_at,
                "typing_at": statement.excluded.typing_at,
            },
        )
    )


async def delete_presence(
    db: Db, member_id: MemberId, *, conversation_id: ConversationId | None = None, before: datetime
) -> None:
    """Delete signs of a member's presence: in one conversation, or all that are older than this."""
    where = (
        PresenceRow.present_at < before
        if conversation_id is None
        else PresenceRow.conversation_id == conversation_id
    )
    await db.execute(delete(PresenceRow).where(PresenceRow.member_id == member_id, where))


async def list_present(
    db: Db, conversation_id: ConversationId, *, but: UUID | None, since: datetime
) -> tuple[Present, ...]:
    """Return who has a conversation before them, except one member."""
    statement = (
        select(PresenceRow.member_id, PresenceRow.typing_at)
        .where(PresenceRow.conversation_id == conversation_id, PresenceRow.present_at >= since)
        .order_by(PresenceRow.member_id)
        .limit(50)
    )
    if but is not None:
        statement = statement.where(PresenceRow.member_id != but)
    return tuple(
        Present(member_id=MemberId(row.member_id), types=row.typing_at is not None and row.typing_at >= since)
        for row in await db.execute(statement)
    )


async def find_word_of_another(
    db: Db, conversation_id: ConversationId, *, member_id: MemberId, after: int
) -> MessageId | None:
    """Return the newest message behind a position that another member wrote."""
    statement = (
        select(MessageRow.id)
        .where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.position > after,
            MessageRow.author == Author.MEMBER.value,
            MessageRow.member_id != member_id,
        )
        .order_by(MessageRow.position.desc())
        .limit(1)
    )
    found = await db.scalar(statement)
    return MessageId(found) if found else None
