"""What members do with conversations, and the events of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from answerable.audit.values import Commitment, Event, RetentionClass, SubjectKind
from answerable.conversations.values import ConversationId, MessageId
from answerable.infra.ids import MemberId
from answerable.infra.payloads import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How a member had the conversation before them when they decided to write."""

    position: int
    """The newest message that they saw."""
    epoch: int
    """The conversation's turn epoch, which every takeover raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How a member sends something: under which id, after having seen what, and whether in spite of others."""

    client_id: str
    """Made by the sender; the same one twice is the same message."""
    seen: Seen
    anyway: bool = False
    """Send although another member was faster, or although the contact has written again."""


class Cause(StrEnum):
    """Why a draft was withdrawn before anybody decided on it."""

    REPLY = "reply"
    TAKEOVER = "takeover"
    HAND_BACK = "hand_back"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationTakenOver:
    """A person took a conversation over; from here on the assistant says nothing in it."""

    type: ClassVar[str] = "conversation.taken_over"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: ConversationId
    conversation_id: ConversationId
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationHandedBack:
    """A person gave a conversation back to the assistant."""

    type: ClassVar[str] = "conversation.handed_back"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: ConversationId
    conversation_id: ConversationId
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationAssigned:
    """A person gave a conversation to a member, or to nobody."""

    type: ClassVar[str] = "conversation.assigned"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: ConversationId
    conversation_id: ConversationId
    assignee_id: MemberId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationClosed:
    """A person closed a conversation; what the contact writes next begins a new one."""

    type: ClassVar[str] = "conversation.closed"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: ConversationId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReopened:
    """A person opened a closed conversation again, and has it."""

    type: ClassVar[str] = "conversation.reopened"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: ConversationId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReplied:
    """A member wrote to a contact, in their own words or with a draft of the assistant."""

    type: ClassVar[str] = "message.replied"
    about: ClassVar[SubjectKind] = SubjectKind.MESSAGE
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION
    is_promised: ClassVar[bool] = True

    subject_id: MessageId
    conversation_id: ConversationId
    draft_id: MessageId | None
    anyway: bool
    """Whether the member was told of somebody faster and sent it all the same."""
    text: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSent:
    """A member decided to say a draft of the assistant, in the message named here."""

    type: ClassVar[str] = "draft.sent"
    about: ClassVar[SubjectKind] = SubjectKind.MESSAGE
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION
    is_promised: ClassVar[bool] = True

    subject_id: MessageId
    conversation_id: ConversationId
    message_id: MessageId
    edited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDiscarded:
    """A member decided against a draft of the assistant."""

    type: ClassVar[str] = "draft.discarded"
    about: ClassVar[SubjectKind] = SubjectKind.MESSAGE
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: MessageId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRestored:
    """A member took the discarding of a draft back."""

    type: ClassVar[str] = "draft.restored"
    about: ClassVar[SubjectKind] = SubjectKind.MESSAGE
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: MessageId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWithdrawn:
    """A draft of the assistant lost its occasion before anybody decided on it."""

    type: ClassVar[str] = "draft.withdrawn"
    about: ClassVar[SubjectKind] = SubjectKind.MESSAGE
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: MessageId
    conversation_id: ConversationId
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReturned:
    """Job: answer what a contact wrote while people had the conversation."""

    task: ClassVar[str] = "answer_returned"

    conversation_id: ConversationId

    @property
    def lock(self) -> str:
        """The lock of the conversation's turns."""
        return f"conversation:{self.conversation_id}"


JOBS: tuple[type[Job], ...] = (AnswerReturned,)

EVENTS: tuple[type[Event], ...] = (
    ConversationTakenOver,
    ConversationHandedBack,
    ConversationAssigned,
    ConversationClosed,
    ConversationReopened,
    MessageReplied,
    DraftSent,
    DraftDiscarded,
    DraftRestored,
    DraftWithdrawn,
)
