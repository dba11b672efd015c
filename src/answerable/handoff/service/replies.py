"""Operations by which members write to contacts, in their own words or with a draft of the assistant."""

from answerable import audit, conversations, tenancy
from answerable.conversations import Conversation, ConversationId, MessageId, Outgoing, drafts
from answerable.conversations import rules as texts
from answerable.conversations.values import Delivery
from answerable.handoff import rules
from answerable.handoff.errors import DraftNotFound, DraftStale, NotAMember, ReplyEmpty
from answerable.handoff.service.drafts import find_open_draft, withdraw_drafts
from answerable.handoff.values import Cause, DraftSent, MessageReplied, Sending
from answerable.infra.db import Db, Unaudited
from answerable.infra.ids import ActorKind, MemberId, uuid7
from answerable.tenancy import Permission


async def reply(db: Db, conversation_id: ConversationId, text: str, sending: Sending) -> MessageId:
    """Write to the contact; takes the conversation over if nobody has, so that no assistant word follows.

    Errors:  PermissionDenied, NotAMember, ReplyEmpty, MessageTooLong, MessageNotText, ClientIdInvalid,
             ConversationNotFound, AlreadyClosed; ReplyOvertaken, unless it is to be sent anyway.
    Effects: rows and events; drafts on which nobody has decided are withdrawn.
    """
    member_id = _acting_member(db)
    said = _clean(text)
    conversation, known = await _lock(db, conversation_id, sending, member_id=member_id)
    if known is not None:
        return known
    replied = rules.reply(conversation, member_id=member_id)
    message_id, sent = await _say(db, replied, said, sending, draft_id=None)
    await audit.append(db, sent, *await withdraw_drafts(db, conversation_id, Cause.REPLY))
    return message_id


async def send_draft(
    db: Db, conversation_id: ConversationId, draft_id: MessageId, sending: Sending
) -> MessageId:
    """Say a draft of the assistant as it is, as the acting member's own message.

    Errors:  those of `edit_and_send_draft`.
    """
    return await _send(db, conversation_id, draft_id, sending, text=None)


async def edit_and_send_draft(
    db: Db, conversation_id: ConversationId, draft_id: MessageId, text: str, sending: Sending
) -> MessageId:
    """Say something in a draft's place, as the acting member's own message.

    The assistant has the conversation again afterwards, unless a member has it or the contact wrote since.

    Errors:  PermissionDenied, NotAMember, ReplyEmpty, MessageTooLong, MessageNotText, ClientIdInvalid,
             ConversationNotFound, AlreadyClosed, DraftNotFound, DraftSettled; ReplyOvertaken and DraftStale,
             unless it is to be sent anyway.
    Effects: rows and events.
    Source:  docs/decisions/0016-who-says-a-draft.md
    """
    return await _send(db, conversation_id, draft_id, sending, text=_clean(text))


async def _send(
    db: Db, conversation_id: ConversationId, draft_id: MessageId, sending: Sending, *, text: str | None
) -> MessageId:
    member_id = _acting_member(db)
    conversation, known = await _lock(db, conversation_id, sending, member_id=member_id)
    if known is not None:
        return known
    position = await find_open_draft(db, conversation_id, draft_id)
    told = await drafts.list_told_after(db, conversation_id, position=position)
    is_stale = Delivery.RECEIVED in told
    if is_stale and not sending.anyway:
        raise DraftStale
    drafted = await _open_draft(db, conversation_id, draft_id)
    edited = text is not None and text != drafted
    said = rules.say_draft(conversation, is_stale=is_stale)
    message_id, sent = await _say(db, said, text or drafted, sending, draft_id=draft_id)
    await drafts.settle_draft(db, conversation_id, draft_id, Delivery.REPLACED if edited else Delivery.SENT)
    decided = DraftSent(
        subject_id=draft_id, conversation_id=conversation_id, message_id=message_id, edited=edited
    )
    await audit.append(db, decided, sent)
    return message_id


async def _open_draft(db: Db, conversation_id: ConversationId, draft_id: MessageId) -> str:
    (draft,) = await conversations.open_messages(db, conversation_id, ids=[draft_id])
    if draft.text is None:
        # Its contact has been erased, and there is nobody to say it to.
        raise DraftNotFound
    return draft.text


async def _lock(
    db: Db, conversation_id: ConversationId, sending: Sending, *, member_id: MemberId
) -> tuple[Conversation, MessageId | None]:
    """The locked conversation, and the message if this sender has sent it before.

    Errors:  ClientIdInvalid, ConversationNotFound, ReplyOvertaken.
    """
    client_id = texts.check_client_id(sending.client_id)
    conversation = await conversations.lock(db, conversation_id)
    known = await drafts.find_reply(db, conversation_id, client_id, member_id=member_id)
    if known is not None:
        db.unaudited(Unaudited.ROW_LOCK)
        return conversation, known
    if not sending.anyway:
        other = await drafts.find_word_of_another(
            db, conversation_id, member_id=member_id, after=sending.seen.position
        )
        rules.refuse_overtaken(
            conversation, sending.seen, member_id=member_id, another_wrote=other is not None
        )
    return conversation, None


async def _say(
    db: Db, conversation: Conversation, text: str, sending: Sending, *, draft_id: MessageId | None
) -> tuple[MessageId, MessageReplied]:
    outgoing = Outgoing(
        id=MessageId(uuid7()),
        text=text,
        language=None,
        delivery=Delivery.DELIVERED,
        member_id=_acting_member(db),
        client_id=sending.client_id,
        draft_id=draft_id,
    )
    moved, commitment = await conversations.say(db, conversation, outgoing)
    await conversations.save(db, moved)
    sent = MessageReplied(
        subject_id=outgoing.id,
        conversation_id=conversation.id,
        draft_id=draft_id,
        anyway=sending.anyway,
        text=commitment,
    )
    return outgoing.id, sent


def _acting_member(db: Db) -> MemberId:
    tenancy.require(db.actor, Permission.RESPOND)
    if db.actor.kind is not ActorKind.MEMBER or db.actor.id is None:
        raise NotAMember
    return MemberId(db.actor.id)


def _clean(text: str) -> str:
    cleaned = texts.clean_text(text)
    if not cleaned:
        raise ReplyEmpty
    return cleaned
