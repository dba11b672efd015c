"""SQL of the questions that members ask in the playground."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, and_, select

from answerable.conversations.models import ConversationRow, MessageRow
from answerable.conversations.values import Channel
from answerable.infra.db import Db


async def list_trial_rows(db: Db, *, limit: int) -> Sequence[RowMapping]:
    """Return the playground's conversations with their first message, newest first, still sealed."""
    statement = (
        select(
            ConversationRow.id.label("conversation_id"),
            MessageRow.id.label("message_id"),
            MessageRow.text_sealed,
            MessageRow.created_at,
        )
        .join(MessageRow, and_(MessageRow.conversation_id == ConversationRow.id, MessageRow.position == 1))
        .where(ConversationRow.channel == Channel.PLAYGROUND.value)
        .order_by(ConversationRow.id.desc())
        .limit(limit)
    )
    return (await db.execute(statement)).mappings().all()
