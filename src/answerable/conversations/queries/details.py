"""SQL of what contacts say of themselves: addresses, names, pages; and of their ratings."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, delete, insert, or_, select
from sqlalchemy.dialects import postgresql

from answerable.conversations.models import ContactAddressRow, MessageRatingRow, MessageRow
from answerable.conversations.values import AddressKind, Author, ConversationId, Delivery, MessageId
from answerable.infra.db import Db
from answerable.infra.ids import ContactId


async def insert_address(db: Db, values: dict[str, Any]) -> None:
    """Store an address; `values` are the columns of `ContactAddressRow`."""
    await db.execute(insert(ContactAddressRow).values(**values))


async def delete_address(db: Db, address_id: UUID) -> None:
    """Delete an address."""
    await db.execute(delete(ContactAddressRow).where(ContactAddressRow.id == address_id))


async def find_address(
    db: Db, contact_id: ContactId, kind: AddressKind, *, token: bytes | None = None
) -> UUID | None:
    """Return a contact's newest address of a kind, or the one that has this keyed digest."""
    statement = select(ContactAddressRow.id).where(
        ContactAddressRow.contact_id == contact_id, ContactAddressRow.kind == kind.value
    )
    if token is not None:
        statement = statement.where(ContactAddressRow.value_token == token)
    return await db.scalar(statement.order_by(ContactAddressRow.id.desc()).limit(1))


async def insert_rating(db: Db, values: dict[str, Any]) -> None:
    """Store a rating; `values` are the columns of `MessageRatingRow`."""
    await db.execute(insert(MessageRatingRow).values(**values))


async def is_rateable(db: Db, conversation_id: ConversationId, message_id: MessageId) -> bool:
    """Whether this message was sent to the conversation's contact."""
    statement = select(MessageRow.id).where(
        MessageRow.id == message_id,
        MessageRow.conversation_id == conversation_id,
        MessageRow.author != Author.CONTACT.value,
        MessageRow.delivery == Delivery.DELIVERED.value,
    )
    return await db.scalar(statement) is not None


async def list_ratings(db: Db, message_ids: Sequence[MessageId]) -> Sequence[RowMapping]:
    """Return what is thought of messages last, one row for each that was rated."""
    statement = (
        select(
            MessageRatingRow.id,
            MessageRatingRow.message_id,
            MessageRatingRow.rating,
            MessageRatingRow.reason_sealed,
        )
        .where(MessageRatingRow.message_id.in_(message_ids))
        .ext(postgresql.distinct_on(MessageRatingRow.message_id))
        .order_by(MessageRatingRow.message_id, MessageRatingRow.id.desc())
    )
    return (await db.execute(statement)).mappings().all()


async def find_told(db: Db, conversation_id: ConversationId, message_id: MessageId) -> MessageId | None:
    """Return the message that the contact got, this one or the one that said it as a draft."""
    statement = select(MessageRow.id).where(
        MessageRow.conversation_id == conversation_id,
        MessageRow.delivery == Delivery.DELIVERED.value,
        or_(MessageRow.id == message_id, MessageRow.draft_id == message_id),
    )
    found = await db.scalar(statement.order_by(MessageRow.position).limit(1))
    return MessageId(found) if found else None
