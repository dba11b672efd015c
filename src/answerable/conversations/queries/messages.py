"""SQL of contacts, conversations and messages: one function per question."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql

from answerable.conversations.models import ContactRow, ConversationRow, MessageRow
from answerable.conversations.values import (
    TOLD,
    Author,
    Channel,
    Conversation,
    ConversationId,
    Delivery,
    Handler,
    MessageId,
    Status,
)
from answerable.infra.db import Db
from answerable.infra.ids import ContactId, MemberId

CONVERSATION = (
    ConversationRow.id,
    ConversationRow.contact_id,
    ConversationRow.channel,
    ConversationRow.status,
    ConversationRow.handler,
    ConversationRow.assignee_id,
    ConversationRow.turn_epoch,
    ConversationRow.last_position,
    ConversationRow.language,
    ConversationRow.disclosed_at,
    ConversationRow.address_asked_at,
    ConversationRow.created_at,
    ConversationRow.waiting_since,
    ConversationRow.last_message_at,
)

MESSAGE = (
    MessageRow.id,
    MessageRow.conversation_id,
    MessageRow.position,
    MessageRow.author,
    MessageRow.text_sealed,
    MessageRow.delivery,
    MessageRow.created_at,
    MessageRow.language,
    MessageRow.member_id,
    MessageRow.draft_id,
    MessageRow.wants_person,
    MessageRow.client_id,
)


async def insert_contact(db: Db, contact_id: ContactId) -> None:
    """Store a contact."""
    await db.execute(insert(ContactRow).values(id=contact_id, created_at=db.now))


async def delete_contact(db: Db, contact_id: ContactId) -> None:
    """Delete a contact on whom nothing hangs."""
    await db.execute(delete(ContactRow).where(ContactRow.id == contact_id))


async def insert_conversation(db: Db, conversation: Conversation, *, client_id: str) -> ConversationId | None:
    """Store a new conversation; None when its first message had already begun one."""
    statement = (
        postgresql.insert(ConversationRow)
        .values(
            id=conversation.id,
            contact_id=conversation.contact_id,
            channel=conversation.channel.value,
            status=conversation.status.value,
            handler=conversation.handler.value,
            turn_epoch=conversation.turn_epoch,
            last_position=conversation.last_position,
            language=conversation.language,
            client_id=client_id,
            created_at=conversation.created_at,
            last_message_at=conversation.last_message_at,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "client_id"])
        .returning(ConversationRow.id)
    )
    stored = await db.scalar(statement)
    return ConversationId(stored) if stored else None


async def find_conversation_by_client_id(db: Db, client_id: str) -> ConversationId | None:
    """Return the conversation that a sender began with this message."""
    found = await db.scalar(select(ConversationRow.id).where(ConversationRow.client_id == client_id))
    return ConversationId(found) if found else None


async def find_conversation(
    db: Db, conversation_id: ConversationId, *, lock: bool = False
) -> Conversation | None:
    """Return a conversation; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(*CONVERSATION).where(ConversationRow.id == conversation_id)
    if lock:
        statement = statement.with_for_update()
    row = (await db.execute(statement)).mappings().one_or_none()
    return conversation_of(row) if row else None


async def list_conversations(db: Db, *, limit: int) -> list[Conversation]:
    """Return conversations, newest first."""
    statement = select(*CONVERSATION).order_by(ConversationRow.created_at.desc(), ConversationRow.id.desc())
    return [conversation_of(row) for row in (await db.execute(statement.limit(limit))).mappings()]


async def list_ids_of_contact(db: Db, contact_id: ContactId, *, limit: int) -> list[ConversationId]:
    """Return a contact's conversations, newest first."""
    statement = (
        select(ConversationRow.id)
        .where(ConversationRow.contact_id == contact_id)
        .order_by(ConversationRow.id.desc())
        .limit(limit)
    )
    return [ConversationId(one) for one in await db.scalars(statement)]


async def count_waiting(db: Db) -> int:
    """Return how many conversations wait for a person."""
    statement = select(func.count()).where(ConversationRow.status == Status.WAITING.value)
    return await db.scalar(statement) or 0


async def save_conversation(db: Db, conversation: Conversation) -> None:
    """Store what may change of a conversation."""
    await db.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation.id)
        .values(
            status=conversation.status.value,
            handler=conversation.handler.value,
            assignee_id=conversation.assignee_id,
            turn_epoch=conversation.turn_epoch,
            last_position=conversation.last_position,
            language=conversation.language,
            disclosed_at=conversation.disclosed_at,
            address_asked_at=conversation.address_asked_at,
            waiting_since=conversation.waiting_since,
            last_message_at=conversation.last_message_at,
        )
    )


async def insert_message(db: Db, values: dict[str, Any]) -> None:
    """Store a message; `values` are the columns of `MessageRow`."""
    await db.execute(insert(MessageRow).values(**values))


async def find_message_by_client_id(
    db: Db, conversation_id: ConversationId, client_id: str, *, member_id: MemberId | None = None
) -> MessageId | None:
    """Return the message that this sender, the contact or a member, already sent under this id."""
    statement = select(MessageRow.id).where(
        MessageRow.conversation_id == conversation_id,
        MessageRow.client_id == client_id,
        MessageRow.member_id.is_(None) if member_id is None else MessageRow.member_id == member_id,
    )
    found = await db.scalar(statement)
    return MessageId(found) if found else None


async def list_message_rows(
    db: Db,
    conversation_id: ConversationId,
    *,
    ids: Sequence[UUID] | None = None,
    after: int = 0,
    limit: int = 2000,
) -> Sequence[RowMapping]:
    """Return a conversation's messages behind a position, oldest first, still sealed."""
    statement = (
        select(*MESSAGE)
        .where(MessageRow.conversation_id == conversation_id, MessageRow.position > after)
        .order_by(MessageRow.position)
        .limit(limit)
    )
    if ids is not None:
        statement = statement.where(MessageRow.id.in_(ids))
    return (await db.execute(statement)).mappings().all()


async def list_rows_of(db: Db, message_ids: Sequence[UUID], *, limit: int = 2000) -> Sequence[RowMapping]:
    """Return these messages of whichever conversations, by conversation and position, still sealed."""
    statement = (
        select(*MESSAGE)
        .where(MessageRow.id.in_(message_ids))
        .order_by(MessageRow.conversation_id, MessageRow.position)
        .limit(limit)
    )
    return (await db.execute(statement)).mappings().all()


async def list_unanswered_rows(
    db: Db, conversation_id: ConversationId, *, limit: int
) -> Sequence[RowMapping]:
    """Return the contact's newest messages since a word reached them, oldest first, still sealed."""
    last_word = (
        select(func.coalesce(func.max(MessageRow.position), 0))
        .where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.author != Author.CONTACT.value,
            # A draft has answered nobody, whatever became of it.
            MessageRow.delivery == Delivery.DELIVERED.value,
        )
        .scalar_subquery()
    )
    statement = (
        select(*MESSAGE)
        .where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.author == Author.CONTACT.value,
            MessageRow.position > last_word,
        )
        .order_by(MessageRow.position.desc())
        .limit(limit)
    )
    return list(reversed((await db.execute(statement)).mappings().all()))


async def find_draft(
    db: Db, conversation_id: ConversationId, draft_id: MessageId
) -> tuple[int, Delivery] | None:
    """Return where a draft stands and what became of it; what was said by the assistant itself is no draft."""
    statement = select(MessageRow.position, MessageRow.delivery).where(
        MessageRow.id == draft_id,
        MessageRow.conversation_id == conversation_id,
        MessageRow.author == Author.ASSISTANT.value,
        MessageRow.delivery != Delivery.DELIVERED.value,
    )
    row = (await db.execute(statement)).one_or_none()
    return (row.position, Delivery(row.delivery)) if row else None


async def list_drafts(db: Db, conversation_id: ConversationId, *, limit: int = 100) -> tuple[MessageId, ...]:
    """Return the drafts on which nobody has decided, oldest first."""
    statement = (
        select(MessageRow.id)
        .where(MessageRow.conversation_id == conversation_id, MessageRow.delivery == Delivery.WITHHELD.value)
        .order_by(MessageRow.position)
        .limit(limit)
    )
    return tuple(MessageId(found) for found in await db.scalars(statement))


async def save_delivery(db: Db, message_id: MessageId, delivery: Delivery) -> None:
    """Store what became of a message."""
    await db.execute(update(MessageRow).where(MessageRow.id == message_id).values(delivery=delivery.value))


async def list_told_after(db: Db, conversation_id: ConversationId, *, position: int) -> set[Delivery]:
    """Return in which ways messages behind a position passed between the contact and the others."""
    statement = (
        select(MessageRow.delivery)
        .where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.position > position,
            MessageRow.delivery.in_([one.value for one in TOLD]),
        )
        .distinct()
        .order_by(MessageRow.delivery)
        .limit(len(TOLD))
    )
    return {Delivery(found) for found in await db.scalars(statement)}


def conversation_of(row: RowMapping) -> Conversation:
    """A conversation from a row with the columns of `CONVERSATION`."""
    return Conversation(
        id=ConversationId(row["id"]),
        contact_id=ContactId(row["contact_id"]),
        channel=Channel(row["channel"]),
        status=Status(row["status"]),
        handler=Handler(row["handler"]),
        assignee_id=MemberId(row["assignee_id"]) if row["assignee_id"] else None,
        turn_epoch=row["turn_epoch"],
        last_position=row["last_position"],
        language=row["language"],
        disclosed_at=row["disclosed_at"],
        address_asked_at=row["address_asked_at"],
        created_at=row["created_at"],
        waiting_since=row["waiting_since"],
        last_message_at=row["last_message_at"],
    )
