"""What takeovers, replies, drafts and assignments change of a conversation. Pure."""

from dataclasses import replace
from datetime import datetime

from answerable.conversations.values import Conversation, Handler, Status
from answerable.handoff.errors import AlreadyClosed, NotClosed, NotWithPeople, ReplyOvertaken
from answerable.handoff.values import Seen
from answerable.infra.ids import MemberId


def take_over(conversation: Conversation, *, member_id: MemberId | None) -> Conversation:
    """The conversation with people, under a new epoch, so that no turn under way can speak any more.

    Errors:  AlreadyClosed.
    """
    _refuse_closed(conversation)
    return replace(
        conversation,
        status=Status.OPEN,
        handler=Handler.PEOPLE,
        assignee_id=member_id,
        turn_epoch=conversation.turn_epoch + 1,
        waiting_since=None,
        # Whom the assistant asked answers to a person now; an address in a later message is not for it.
        address_asked_at=None,
    )


def hand_back(conversation: Conversation) -> Conversation:
    """The conversation with the assistant again, under a new epoch.

    Errors:  AlreadyClosed, NotWithPeople.
    """
    _refuse_closed(conversation)
    if conversation.handler is Handler.ASSISTANT:
        raise NotWithPeople
    return replace(
        conversation,
        status=Status.OPEN,
        handler=Handler.ASSISTANT,
        assignee_id=None,
        turn_epoch=conversation.turn_epoch + 1,
        waiting_since=None,
        # Whom the assistant asked answers to a person now; an address in a later message is not for it.
        address_asked_at=None,
    )


def reply(conversation: Conversation, *, member_id: MemberId) -> Conversation:
    """The conversation after a member wrote in it: taken over by them, unless somebody has it already.

    Errors:  AlreadyClosed.
    """
    return take_over(conversation, member_id=conversation.assignee_id or member_id)


def say_draft(conversation: Conversation, *, is_stale: bool) -> Conversation:
    """The conversation after a member said a draft: the assistant's again, unless a person is wanted.

    Errors:  AlreadyClosed.
    """
    _refuse_closed(conversation)
    if conversation.assignee_id is not None:
        return take_over(conversation, member_id=conversation.assignee_id)
    if is_stale:
        # What the contact wrote since is answered by nobody, so the conversation goes on waiting.
        return replace(conversation, turn_epoch=conversation.turn_epoch + 1)
    return hand_back(conversation) if conversation.handler is Handler.PEOPLE else conversation


def assign(conversation: Conversation, *, member_id: MemberId | None, at: datetime) -> Conversation:
    """The conversation with a member, or in the queue again when it is nobody's.

    Errors:  AlreadyClosed.
    """
    _refuse_closed(conversation)
    assigned = replace(conversation, assignee_id=member_id)
    if member_id is not None:
        return replace(
            assigned,
            handler=Handler.PEOPLE,
            turn_epoch=conversation.turn_epoch + 1,
            address_asked_at=None,
        )
    if conversation.handler is Handler.PEOPLE and conversation.status is Status.OPEN:
        return replace(assigned, status=Status.WAITING, waiting_since=at)
    return assigned


def close(conversation: Conversation) -> Conversation:
    """The conversation closed, under a new epoch, so that no turn under way can speak any more.

    Errors:  AlreadyClosed.
    """
    _refuse_closed(conversation)
    return replace(
        conversation,
        status=Status.CLOSED,
        turn_epoch=conversation.turn_epoch + 1,
        waiting_since=None,
        address_asked_at=None,
    )


def reopen(conversation: Conversation, *, member_id: MemberId | None) -> Conversation:
    """The closed conversation open again, with people.

    Errors:  NotClosed.
    """
    if conversation.status is not Status.CLOSED:
        raise NotClosed
    return take_over(replace(conversation, status=Status.OPEN), member_id=member_id)


def refuse_overtaken(
    conversation: Conversation, seen: Seen, *, member_id: MemberId, another_wrote: bool
) -> None:
    """Go on only if no other member has written or taken over since this one last looked.

    Errors:  ReplyOvertaken.
    """
    has_another = conversation.assignee_id is not None and conversation.assignee_id != member_id
    if another_wrote or (has_another and conversation.turn_epoch != seen.epoch):
        raise ReplyOvertaken


def _refuse_closed(conversation: Conversation) -> None:
    if conversation.status is Status.CLOSED:
        raise AlreadyClosed
