"""What can go wrong when conversations change hands and members write in them."""

from answerable.infra.errors import AnswerableError, Kind


class NotWithPeople(AnswerableError):
    """The assistant has this conversation already."""

    code = "handoff.not_with_people"
    kind = Kind.CONFLICT
    remedy = "Nothing has to be handed back."


class AlreadyClosed(AnswerableError):
    """This conversation is closed."""

    code = "handoff.already_closed"
    kind = Kind.CONFLICT
    remedy = "Reopen it to write in it; what the contact writes next begins a new one."


class NotClosed(AnswerableError):
    """This conversation is not closed."""

    code = "handoff.not_closed"
    kind = Kind.CONFLICT
    remedy = "Nothing has to be reopened."


class NotAMember(AnswerableError):
    """Only a member can write to a contact, since the contact is told that a person did."""

    code = "handoff.not_a_member"
    kind = Kind.FORBIDDEN
    remedy = "Sign in as a member of the workspace."


class ReplyEmpty(AnswerableError):
    """A reply needs words."""

    code = "handoff.reply_empty"
    kind = Kind.INVALID
    remedy = "Write something, then send it."


class ReplyOvertaken(AnswerableError):
    """Another member has written or taken over since you last looked, so nothing was sent and nothing is lost."""

    code = "handoff.reply_overtaken"
    kind = Kind.CONFLICT
    remedy = "Read what is new, then send your reply anyway, change it or drop it."


class DraftNotFound(AnswerableError):
    """There is no such draft in this conversation."""

    code = "handoff.draft_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Open the conversation again."


class DraftSettled(AnswerableError):
    """This draft has been decided on already."""

    code = "handoff.draft_settled"
    kind = Kind.CONFLICT
    remedy = "Open the conversation again: it shows who did what with the draft."


class DraftStale(AnswerableError):
    """The contact has written again since this draft was made, so it was not sent."""

    code = "handoff.draft_stale"
    kind = Kind.CONFLICT
    remedy = "Read what the contact wrote, then send the draft anyway, change it or discard it."


class AssigneeUnfit(AnswerableError):
    """Nobody of that identifier in this workspace may answer contacts."""

    code = "handoff.assignee_unfit"
    kind = Kind.INVALID
    remedy = "Choose a member who is a responder, an administrator or an owner."
