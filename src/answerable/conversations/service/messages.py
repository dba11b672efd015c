"""Operations on contacts, conversations and messages. Who answers is decided elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import RowMapping

from answerable import audit, tenancy, vault
from answerable.conversations import rules
from answerable.conversations.errors import ConversationClosed, ConversationNotFound
from answerable.conversations.queries import messages as queries
from answerable.conversations.service import details
from answerable.conversations.values import (
    TOLD,
    Author,
    Conversation,
    ConversationId,
    ConversationOpened,
    ConversationsListed,
    ConversationViewed,
    Delivery,
    Dialogue,
    Handler,
    Message,
    MessageId,
    MessageReceived,
    NewMessage,
    Outgoing,
    Status,
)
from answerable.infra import signals
from answerable.infra.db import Db, Unaudited
from answerable.infra.ids import ContactId, MemberId, uuid7
from answerable.infra.signals import Topic
from answerable.tenancy import Permission
from answerable.vault.carried import keys_of

TEXT_SLOT = "message.text"


async def receive(db: Db, new: NewMessage) -> tuple[Conversation, MessageId, bool]:
    """Store a contact's message, beginning a conversation when it names none; the same one twice is one.

    The last value says whether the message is new.

    Errors:  PermissionDenied, MessageTooLong, MessageNotText, ClientIdInvalid, ConversationNotFound,
             ConversationClosed, AddressInvalid.
    Effects: rows, a signal; the conversation's row is locked until the transaction ends.
    """
    tenancy.require(db.actor, Permission.ASK)
    text = rules.clean_text(new.text)
    client_id = rules.check_client_id(new.client_id)
    begun = await _begin(db, new) if new.conversation_id is None else None
    if begun is not None:
        opened = ConversationOpened(subject_id=begun.id, conversation_id=begun.id, channel=new.channel)
        message_id = await _store_received(db, begun, new, text, opened)
        await details.keep(db, begun, new)
        return begun, message_id, True
    conversation = await _resume(db, new)
    known = await queries.find_message_by_client_id(db, conversation.id, client_id)
    if known is not None:
        db.unaudited(Unaudited.ROW_LOCK)
        return conversation, known, False
    if conversation.status is Status.CLOSED:
        raise ConversationClosed
    moved = rules.hear(conversation, at=db.now)
    await queries.save_conversation(db, moved)
    message_id = await _store_received(db, moved, new, text)
    await details.keep(db, moved, new)
    return moved, message_id, True


async def lock(db: Db, conversation_id: ConversationId) -> Conversation:
    """The conversation, with its row locked until the transaction ends: the order of all that changes it.

    Errors:  ConversationNotFound.
    """
    found = await queries.find_conversation(db, conversation_id, lock=True)
    if found is None:
        raise ConversationNotFound
    return found


async def get(db: Db, conversation_id: ConversationId) -> Conversation:
    """The conversation as it stands; opens no content, so it is no recorded access.

    Errors:  ConversationNotFound.
    """
    found = await queries.find_conversation(db, conversation_id)
    if found is None:
        raise ConversationNotFound
    return found


async def save(db: Db, conversation: Conversation) -> None:
    """Store what changed of a conversation; the caller holds its lock and records what happened.

    Effects: a row; a signal.
    """
    await queries.save_conversation(db, conversation)
    await signals.notify(db, Topic.STATE, conversation_id=conversation.id)


async def say(
    db: Db, conversation: Conversation, outgoing: Outgoing
) -> tuple[Conversation, audit.Commitment]:
    """Store a message to the contact; the caller holds the conversation's lock and records the message.

    Effects: a row and a signal; the conversation is returned with its new position, not yet saved.
    """
    moved = replace(
        conversation,
        last_position=conversation.last_position + 1,
        last_message_at=db.now,
        language=outgoing.language or conversation.language,
    )
    extra = {
        "author": Author.ASSISTANT if outgoing.member_id is None else Author.MEMBER,
        "language": outgoing.language,
        "delivery": outgoing.delivery.value,
        "member_id": outgoing.member_id,
        "client_id": outgoing.client_id,
        "draft_id": outgoing.draft_id,
    }
    return moved, await _store(db, moved, outgoing.id, outgoing.text, extra)


async def open_messages(
    db: Db, conversation_id: ConversationId, *, ids: Sequence[MessageId] | None = None, after: int = 0
) -> tuple[Message, ...]:
    """The conversation's messages in clear, oldest first; the caller records what it does with them."""
    return await open_rows(db, await queries.list_message_rows(db, conversation_id, ids=ids, after=after))


async def open_by_ids(db: Db, ids: Sequence[MessageId]) -> tuple[Message, ...]:
    """Messages of several conversations in clear; the caller records what it does with them."""
    return await open_rows(db, await queries.list_rows_of(db, ids))


async def open_rows(db: Db, rows: Sequence[RowMapping]) -> tuple[Message, ...]:
    """Messages in clear, in the order of their rows; the caller records what it does with them."""
    if not rows:
        return ()
    stored = [vault.Stored(record_id=row["id"], slot=TEXT_SLOT, envelope=row["text_sealed"]) for row in rows]
    contents = await vault.open_many(db, keys_of(db), stored)
    return tuple(_message(row, content) for row, content in zip(rows, contents, strict=True))


async def follow(db: Db, conversation_id: ConversationId, *, after: int) -> Dialogue:
    """The contact's own view: the messages behind a position, without drafts.

    Errors:  PermissionDenied, ConversationNotFound.
    """
    # No event is recorded: these are the contact's own words and what was said to them, and nobody else sees
    # anything. A poll every second would bury the looks of others, for which the log exists.
    tenancy.require(db.actor, Permission.ASK)
    conversation = await get(db, conversation_id)
    if conversation.last_position <= after:
        return Dialogue(conversation=conversation, messages=())
    messages = await open_messages(db, conversation_id, after=after)
    shown = tuple(each for each in messages if each.delivery in TOLD)
    return Dialogue(conversation=conversation, messages=shown)


async def list_unanswered(db: Db, conversation_id: ConversationId, *, limit: int = 50) -> tuple[Message, ...]:
    """The contact's messages since anybody else last wrote, in clear; the caller records what it does."""
    return await open_rows(db, await queries.list_unanswered_rows(db, conversation_id, limit=limit))


async def view(db: Db, conversation_id: ConversationId) -> Dialogue:
    """A conversation with its messages; the look is recorded before anything is shown.

    Errors:  PermissionDenied, ConversationNotFound.
    Effects: an event, once a minute for each member, however often a page brings itself up to date.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    conversation = await get(db, conversation_id)
    messages = await open_messages(db, conversation_id)
    viewed = ConversationViewed(
        subject_id=conversation_id, conversation_id=conversation_id, messages=len(messages)
    )
    await audit.append(db, viewed, idem_key=rules.name_look(db.actor, viewed, conversation_id, at=db.now))
    return Dialogue(conversation=conversation, messages=messages)


async def list_all(db: Db, *, limit: int = 100) -> list[Conversation]:
    """Conversations without their content, newest first.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    conversations = await queries.list_conversations(db, limit=limit)
    await audit.append(
        db, ConversationsListed(subject_id=db.actor.tenant_id, returned=len(conversations), previewed=0)
    )
    return conversations


async def count_waiting(db: Db) -> int:
    """How many conversations wait for a person; opens nothing, so it is no recorded access.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    return await queries.count_waiting(db)


async def _begin(db: Db, new: NewMessage) -> Conversation | None:
    """A new conversation with room for its first message; None when that message has begun one already."""
    conversation = Conversation(
        id=ConversationId(uuid7()),
        contact_id=ContactId(uuid7()),
        channel=new.channel,
        status=Status.OPEN,
        handler=Handler.ASSISTANT,
        assignee_id=None,
        turn_epoch=0,
        last_position=1,
        language=new.language,
        disclosed_at=None,
        address_asked_at=None,
        created_at=db.now,
        waiting_since=None,
        last_message_at=db.now,
    )
    await queries.insert_contact(db, conversation.contact_id)
    if await queries.insert_conversation(db, conversation, client_id=new.client_id) is None:
        await queries.delete_contact(db, conversation.contact_id)
        return None
    return conversation


async def _resume(db: Db, new: NewMessage) -> Conversation:
    # Without a conversation named, the sender's first message arrived before and its answer was lost on the way.
    known = new.conversation_id or await queries.find_conversation_by_client_id(db, new.client_id)
    if known is None:
        raise ConversationNotFound
    return await lock(db, known)


async def _store_received(
    db: Db, conversation: Conversation, new: NewMessage, text: str, *events: audit.Event
) -> MessageId:
    message_id = MessageId(uuid7())
    extra = {"author": Author.CONTACT, "client_id": new.client_id, "wants_person": new.wants_person}
    commitment = await _store(db, conversation, message_id, text, extra)
    received = MessageReceived(
        subject_id=message_id, conversation_id=conversation.id, channel=new.channel, text=commitment
    )
    await audit.append(db, *events, received)
    return message_id


async def _store(
    db: Db, conversation: Conversation, message_id: MessageId, text: str, extra: Mapping[str, object]
) -> audit.Commitment:
    sealed = await vault.seal(
        db,
        keys_of(db),
        vault.Plain(
            subject=vault.Subject(kind=vault.SubjectKind.CONTACT, id=conversation.contact_id),
            data_class=vault.DataClass.CONVERSATION,
            record_id=message_id,
            slot=TEXT_SLOT,
            content=text.encode(),
        ),
    )
    values = {
        "id": message_id,
        "conversation_id": conversation.id,
        "position": conversation.last_position,
        "text_sealed": sealed.envelope,
        "delivery": Delivery.RECEIVED.value,
        "created_at": db.now,
        **extra,
    }
    await queries.insert_message(db, values)
    await signals.notify(db, Topic.MESSAGE, conversation_id=conversation.id)
    return audit.Commitment(value=sealed.commitment, key_id=sealed.key_id, record_id=message_id)


def _message(row: RowMapping, content: bytes | vault.Erased) -> Message:
    return Message(
        id=MessageId(row["id"]),
        conversation_id=ConversationId(row["conversation_id"]),
        position=row["position"],
        author=Author(row["author"]),
        text=content.decode() if isinstance(content, bytes) else None,
        delivery=Delivery(row["delivery"]),
        created_at=row["created_at"],
        language=row["language"],
        member_id=MemberId(row["member_id"]) if row["member_id"] else None,
        draft_id=MessageId(row["draft_id"]) if row["draft_id"] else None,
        wants_person=row["wants_person"],
        client_id=row["client_id"] if row["author"] == Author.CONTACT.value else None,
    )
