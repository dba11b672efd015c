"""Drafts of the assistant and replies of members, as rows; what becomes of them is decided a floor above."""

from answerable.conversations.queries import attention
from answerable.conversations.queries import messages as queries
from answerable.conversations.values import ConversationId, Delivery, MessageId
from answerable.infra import signals
from answerable.infra.db import Db
from answerable.infra.ids import MemberId
from answerable.infra.signals import Topic


async def find_draft(
    db: Db, conversation_id: ConversationId, draft_id: MessageId
) -> tuple[int, Delivery] | None:
    """Where a draft stands in its conversation and what became of it; None for what is no draft of it."""
    return await queries.find_draft(db, conversation_id, draft_id)


async def list_drafts(db: Db, conversation_id: ConversationId) -> tuple[MessageId, ...]:
    """The drafts of a conversation on which nobody has decided, oldest first."""
    return await queries.list_drafts(db, conversation_id)


async def settle_draft(
    db: Db, conversation_id: ConversationId, draft_id: MessageId, delivery: Delivery
) -> None:
    """Store what became of a draft; the caller holds the conversation's lock and records the decision.

    Effects: a row; a signal.
    """
    await queries.save_delivery(db, draft_id, delivery)
    await signals.notify(db, Topic.STATE, conversation_id=conversation_id)


async def find_reply(
    db: Db, conversation_id: ConversationId, client_id: str, *, member_id: MemberId
) -> MessageId | None:
    """The message that this member already wrote under this client id."""
    return await queries.find_message_by_client_id(db, conversation_id, client_id, member_id=member_id)


async def find_word_of_another(
    db: Db, conversation_id: ConversationId, *, member_id: MemberId, after: int
) -> MessageId | None:
    """The newest message behind a position that another member wrote."""
    return await attention.find_word_of_another(db, conversation_id, member_id=member_id, after=after)


async def list_told_after(db: Db, conversation_id: ConversationId, *, position: int) -> set[Delivery]:
    """In which ways messages behind a position passed between the contact and the others."""
    return await queries.list_told_after(db, conversation_id, position=position)
