"""What becomes of the assistant's drafts while nobody sends them: discarded, restored, withdrawn."""

from answerable import audit, conversations, tenancy
from answerable.conversations import Conversation, ConversationId, MessageId, drafts
from answerable.conversations.values import Delivery, Status
from answerable.handoff.errors import AlreadyClosed, DraftNotFound, DraftSettled
from answerable.handoff.values import Cause, DraftDiscarded, DraftRestored, DraftWithdrawn
from answerable.infra.db import Db
from answerable.tenancy import Permission


async def discard_draft(db: Db, conversation_id: ConversationId, draft_id: MessageId) -> None:
    """Decide against a draft; the conversation goes on waiting for a person.

    Errors:  PermissionDenied, ConversationNotFound, DraftNotFound, DraftSettled.
    """
    tenancy.require(db.actor, Permission.RESPOND)
    await conversations.lock(db, conversation_id)
    await find_open_draft(db, conversation_id, draft_id)
    await drafts.settle_draft(db, conversation_id, draft_id, Delivery.DISCARDED)
    await audit.append(db, DraftDiscarded(subject_id=draft_id, conversation_id=conversation_id))


async def restore_draft(db: Db, conversation_id: ConversationId, draft_id: MessageId) -> None:
    """Take the discarding of a draft back, as long as nobody has answered since.

    Errors:  PermissionDenied, ConversationNotFound, AlreadyClosed, DraftNotFound, DraftSettled.
    """
    tenancy.require(db.actor, Permission.RESPOND)
    conversation = await conversations.lock(db, conversation_id)
    found = await drafts.find_draft(db, conversation_id, draft_id)
    if found is None:
        raise DraftNotFound
    position, delivery = found
    if conversation.status is Status.CLOSED:
        raise AlreadyClosed
    told = await drafts.list_told_after(db, conversation_id, position=position)
    if delivery is not Delivery.DISCARDED or Delivery.DELIVERED in told or not _waits(conversation):
        raise DraftSettled
    await drafts.settle_draft(db, conversation_id, draft_id, Delivery.WITHHELD)
    await audit.append(db, DraftRestored(subject_id=draft_id, conversation_id=conversation_id))


async def withdraw_drafts(db: Db, conversation_id: ConversationId, cause: Cause) -> list[audit.Event]:
    """Withdraw every draft on which nobody has decided; the caller holds the lock and records the events."""
    events: list[audit.Event] = []
    for draft_id in await drafts.list_drafts(db, conversation_id):
        await drafts.settle_draft(db, conversation_id, draft_id, Delivery.WITHDRAWN)
        events.append(DraftWithdrawn(subject_id=draft_id, conversation_id=conversation_id, cause=cause))
    return events


async def find_open_draft(db: Db, conversation_id: ConversationId, draft_id: MessageId) -> int:
    """The position of a draft on which nobody has decided; the caller holds the conversation's lock.

    Errors:  DraftNotFound, DraftSettled.
    """
    found = await drafts.find_draft(db, conversation_id, draft_id)
    if found is None:
        raise DraftNotFound
    position, delivery = found
    if delivery is not Delivery.WITHHELD:
        raise DraftSettled
    return position


def _waits(conversation: Conversation) -> bool:
    return conversation.status is Status.WAITING
