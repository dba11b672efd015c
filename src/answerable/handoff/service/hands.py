"""Operations by which conversations change hands: takeover, hand-back, assignment, closing."""

from answerable import audit, conversations, tenancy
from answerable.conversations import Conversation, ConversationId
from answerable.handoff import rules
from answerable.handoff.errors import AssigneeUnfit
from answerable.handoff.service.drafts import withdraw_drafts
from answerable.handoff.values import (
    AnswerReturned,
    Cause,
    ConversationAssigned,
    ConversationClosed,
    ConversationHandedBack,
    ConversationReopened,
    ConversationTakenOver,
)
from answerable.infra import jobs
from answerable.infra.db import Db
from answerable.infra.ids import ActorKind, MemberId
from answerable.tenancy import Permission


async def take_over(db: Db, conversation_id: ConversationId) -> Conversation:
    """Take a conversation over; once this has committed, the assistant says nothing more in it.

    Errors:  PermissionDenied, ConversationNotFound, AlreadyClosed.
    """
    tenancy.require(db.actor, Permission.TAKE_OVER)
    # The row's lock makes the order of takeovers and finishing turns the order of their commits: a turn that
    # comes second sees the new epoch and withdraws.
    conversation = await conversations.lock(db, conversation_id)
    taken = rules.take_over(conversation, member_id=_member_of(db))
    await conversations.save(db, taken)
    await audit.append(
        db,
        ConversationTakenOver(subject_id=taken.id, conversation_id=taken.id, epoch=taken.turn_epoch),
        *await withdraw_drafts(db, taken.id, Cause.TAKEOVER),
    )
    return taken


async def hand_back(db: Db, conversation_id: ConversationId) -> Conversation:
    """Give a conversation back to the assistant, which answers what is unanswered and what comes.

    Errors:  PermissionDenied, ConversationNotFound, AlreadyClosed, NotWithPeople.
    """
    tenancy.require(db.actor, Permission.TAKE_OVER)
    conversation = await conversations.lock(db, conversation_id)
    returned = rules.hand_back(conversation)
    await conversations.save(db, returned)
    await audit.append(
        db,
        ConversationHandedBack(
            subject_id=returned.id, conversation_id=returned.id, epoch=returned.turn_epoch
        ),
        *await withdraw_drafts(db, returned.id, Cause.HAND_BACK),
    )
    await jobs.defer(db, AnswerReturned(conversation_id=returned.id))
    return returned


async def assign(db: Db, conversation_id: ConversationId, member_id: MemberId | None) -> Conversation:
    """Give a conversation to a member, or to nobody; the assistant says nothing more in a member's.

    Errors:  PermissionDenied, ConversationNotFound, AlreadyClosed, AssigneeUnfit.
    """
    tenancy.require(db.actor, Permission.TAKE_OVER)
    if member_id is not None and Permission.RESPOND not in await tenancy.permissions_of_member(db, member_id):
        raise AssigneeUnfit
    conversation = await conversations.lock(db, conversation_id)
    assigned = rules.assign(conversation, member_id=member_id, at=db.now)
    await conversations.save(db, assigned)
    await audit.append(
        db,
        ConversationAssigned(subject_id=assigned.id, conversation_id=assigned.id, assignee_id=member_id),
    )
    return assigned


async def close_conversation(db: Db, conversation_id: ConversationId) -> Conversation:
    """Close a conversation; what its contact writes next begins a new one.

    Errors:  PermissionDenied, ConversationNotFound, AlreadyClosed.
    """
    tenancy.require(db.actor, Permission.CLOSE_CONVERSATION)
    closed = rules.close(await conversations.lock(db, conversation_id))
    await conversations.save(db, closed)
    await audit.append(
        db,
        ConversationClosed(subject_id=closed.id, conversation_id=closed.id),
        *await withdraw_drafts(db, closed.id, Cause.CLOSE),
    )
    return closed


async def reopen_conversation(db: Db, conversation_id: ConversationId) -> Conversation:
    """Open a closed conversation again; it is then the acting member's.

    Errors:  PermissionDenied, ConversationNotFound, NotClosed.
    """
    tenancy.require(db.actor, Permission.CLOSE_CONVERSATION)
    conversation = await conversations.lock(db, conversation_id)
    reopened = rules.reopen(conversation, member_id=_member_of(db))
    await conversations.save(db, reopened)
    await audit.append(db, ConversationReopened(subject_id=reopened.id, conversation_id=reopened.id))
    return reopened


def _member_of(db: Db) -> MemberId | None:
    return MemberId(db.actor.id) if db.actor.kind is ActorKind.MEMBER and db.actor.id else None
