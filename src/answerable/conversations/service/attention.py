"""What members have read and what they have before them; nothing here is evidence, so no event is recorded."""

from answerable import tenancy
from answerable.conversations.listing import PRESENT_FOR, Present
from answerable.conversations.queries import attention as queries
from answerable.conversations.service.messages import get
from answerable.conversations.values import Conversation, ConversationId
from answerable.infra import signals
from answerable.infra.db import Db, Unaudited
from answerable.infra.ids import ActorKind, MemberId
from answerable.infra.signals import Topic
from answerable.tenancy import Permission


async def mark_seen(db: Db, conversation: Conversation) -> None:
    """Note that the acting member has had a conversation's newest message before them.

    Effects: a row, for a member only; the look itself is recorded by `view`.
    """
    if db.actor.kind is ActorKind.MEMBER and db.actor.id is not None:
        member_id = MemberId(db.actor.id)
        await queries.save_seen(db, conversation.id, member_id, position=conversation.last_position)
        db.unaudited(Unaudited.ATTENTION)


async def be_present(db: Db, conversation_id: ConversationId, *, types: bool) -> None:
    """Note that the acting member has a conversation before them, for half a minute.

    Errors:  PermissionDenied, ConversationNotFound.
    Effects: a row; a signal when that is new to the others.
    """
    member_id = _acting_member(db)
    await get(db, conversation_id)
    since = db.now - PRESENT_FOR
    others = await queries.list_present(db, conversation_id, but=None, since=since)
    now = Present(member_id=member_id, types=types)
    await queries.save_presence(db, conversation_id, member_id, typing_at=db.now if types else None)
    await queries.delete_presence(db, member_id, before=since)
    db.unaudited(Unaudited.ATTENTION)
    if now not in others:
        await signals.notify(db, Topic.PRESENCE, conversation_id=conversation_id, subject_id=member_id)


async def be_absent(db: Db, conversation_id: ConversationId) -> None:
    """Note that the acting member has put a conversation away.

    Errors:  PermissionDenied, ConversationNotFound.
    """
    member_id = _acting_member(db)
    await get(db, conversation_id)
    await queries.delete_presence(db, member_id, conversation_id=conversation_id, before=db.now)
    db.unaudited(Unaudited.ATTENTION)
    await signals.notify(db, Topic.PRESENCE, conversation_id=conversation_id, subject_id=member_id)


async def list_present(db: Db, conversation_id: ConversationId) -> tuple[Present, ...]:
    """Which other members have a conversation before them.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    return await queries.list_present(db, conversation_id, but=db.actor.id, since=db.now - PRESENT_FOR)


def _acting_member(db: Db) -> MemberId:
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    # Nobody else has a browser: the platform's command line looks at a conversation and is gone.
    assert db.actor.kind is ActorKind.MEMBER
    assert db.actor.id is not None
    return MemberId(db.actor.id)
