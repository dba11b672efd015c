"""Operations on what contacts say beside their messages: addresses, a name, the page they write from, ratings."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from answerable import audit, tenancy, vault
from answerable.conversations import rules
from answerable.conversations.errors import MessageNotFound
from answerable.conversations.listing import Opinion
from answerable.conversations.queries import details as queries
from answerable.conversations.values import (
    AddressGiven,
    AddressKind,
    Conversation,
    ConversationId,
    MessageId,
    MessageRated,
    NewMessage,
    Rating,
)
from answerable.infra.db import Db
from answerable.infra.ids import ContactId, uuid7
from answerable.tenancy import Permission
from answerable.vault.carried import keys_of

ADDRESS_SLOT = "contact_address.value"
_REASON_SLOT = "message_rating.reason"


async def keep(db: Db, conversation: Conversation, new: NewMessage) -> None:
    """Keep what came beside a message; what is known and newest already changes nothing.

    Errors:  AddressInvalid.
    Effects: rows, audit events.
    """
    given = {
        AddressKind.EMAIL: rules.check_email(new.email) if new.email else None,
        AddressKind.NAME: rules.clean_name(new.name) if new.name else None,
        AddressKind.PAGE: rules.clean_page(new.page_url) if new.page_url else None,
    }
    for kind, value in given.items():
        if value is not None:
            await keep_address(db, conversation, value, kind=kind)


async def keep_address(
    db: Db, conversation: Conversation, address: str, *, kind: AddressKind = AddressKind.EMAIL
) -> None:
    """Keep an address that the contact gave; the one that was given last already changes nothing."""
    token = vault.find_token(db, keys_of(db), purpose=f"contact.{kind.value}", value=address)
    known = await queries.find_address(db, conversation.contact_id, kind, token=token)
    if known is not None:
        if known == await queries.find_address(db, conversation.contact_id, kind):
            return
        # Given again after another: the newest row is what holds, and a sealed value cannot move.
        await queries.delete_address(db, known)
    record_id = uuid7()
    commitment, envelope = await _seal(
        db, conversation, record_id, ADDRESS_SLOT, address, vault.DataClass.IDENTITY
    )
    values = {
        "id": record_id,
        "contact_id": conversation.contact_id,
        "kind": kind.value,
        "value_sealed": envelope,
        "value_token": token,
        "created_at": db.now,
    }
    await queries.insert_address(db, values)
    await audit.append(
        db,
        AddressGiven(
            subject_id=conversation.id,
            conversation_id=conversation.id,
            kind=kind,
            address=commitment,
            replaces=known,
        ),
    )


async def has_address(db: Db, contact_id: ContactId) -> bool:
    """Whether anybody could reach the contact outside the conversation."""
    return await queries.find_address(db, contact_id, AddressKind.EMAIL) is not None


async def rate(
    db: Db, conversation: Conversation, message_id: MessageId, *, rating: Rating, reason: str | None
) -> None:
    """Keep what the contact thinks of a message that they got; of several ratings the newest counts.

    Errors:  PermissionDenied, MessageNotFound, MessageTooLong, MessageNotText.
    Effects: a row, an audit event.
    """
    tenancy.require(db.actor, Permission.ASK)
    if not await queries.is_rateable(db, conversation.id, message_id):
        raise MessageNotFound
    text = rules.clean_text(reason) if reason else ""
    rating_id = uuid7()
    commitment, envelope = None, None
    if text:
        commitment, envelope = await _seal(
            db, conversation, rating_id, _REASON_SLOT, text, vault.DataClass.CONVERSATION
        )
    values = {
        "id": rating_id,
        "message_id": message_id,
        "rating": rating.value,
        "reason_sealed": envelope,
        "created_at": db.now,
    }
    await queries.insert_rating(db, values)
    rated = MessageRated(
        subject_id=message_id, conversation_id=conversation.id, rating=rating, reason=commitment
    )
    await audit.append(db, rated)


async def list_ratings(db: Db, message_ids: Sequence[MessageId]) -> Mapping[MessageId, Rating]:
    """What is thought of messages last; those that nobody rated are left out."""
    if not message_ids:
        return {}
    rows = await queries.list_ratings(db, message_ids)
    return {MessageId(row["message_id"]): Rating(row["rating"]) for row in rows}


async def open_opinions(db: Db, message_ids: Sequence[MessageId]) -> Mapping[MessageId, Opinion]:
    """What is thought of messages last, with the reasons in clear; the caller records the look."""
    if not message_ids:
        return {}
    rows = await queries.list_ratings(db, message_ids)
    told = [row for row in rows if row["reason_sealed"] is not None]
    stored = [
        vault.Stored(record_id=row["id"], slot=_REASON_SLOT, envelope=row["reason_sealed"]) for row in told
    ]
    contents = await vault.open_many(db, keys_of(db), stored)
    reasons = {
        row["id"]: content.decode()
        for row, content in zip(told, contents, strict=True)
        if isinstance(content, bytes)
    }
    return {
        MessageId(row["message_id"]): Opinion(rating=Rating(row["rating"]), reason=reasons.get(row["id"]))
        for row in rows
    }


async def find_told(db: Db, conversation_id: ConversationId, message_id: MessageId) -> MessageId | None:
    """The message that the contact got: this one, or a member's that said it as a draft; None when none did."""
    return await queries.find_told(db, conversation_id, message_id)


async def _seal(
    db: Db, conversation: Conversation, record_id: UUID, slot: str, content: str, data_class: vault.DataClass
) -> tuple[audit.Commitment, bytes]:
    sealed = await vault.seal(
        db,
        keys_of(db),
        vault.Plain(
            subject=vault.Subject(kind=vault.SubjectKind.CONTACT, id=conversation.contact_id),
            data_class=data_class,
            record_id=record_id,
            slot=slot,
            content=content.encode(),
        ),
    )
    commitment = audit.Commitment(value=sealed.commitment, key_id=sealed.key_id, record_id=record_id)
    return commitment, sealed.envelope
