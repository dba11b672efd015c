"""Contacts, conversations and messages as values, and the events of this domain."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NewType
from uuid import UUID

from answerable.audit.values import Commitment, Event, RetentionClass, SubjectKind
from answerable.infra.ids import ContactId, MemberId
from answerable.tenancy.values import Channel

ConversationId = NewType("ConversationId", UUID)
MessageId = NewType("MessageId", UUID)

MAX_TEXT = 8_000
"""The longest message, in characters."""


class Status(StrEnum):
    """Where a conversation stands."""

    OPEN = "open"
    WAITING = "waiting"
    """It waits for a person."""
    CLOSED = "closed"


class Handler(StrEnum):
    """Who answers."""

    ASSISTANT = "assistant"
    PEOPLE = "people"


class Author(StrEnum):
    """Who wrote a message."""

    CONTACT = "contact"
    ASSISTANT = "assistant"
    MEMBER = "member"


class Delivery(StrEnum):
    """What became of a message on its way to the contact."""

    RECEIVED = "received"
    """It came from the contact."""
    DELIVERED = "delivered"
    """It lies where the contact's channel reads it."""
    WITHHELD = "withheld"
    """It is a draft that waits for a member."""
    SENT = "sent"
    """It was a draft, and a member said it as it was, in a message of their own."""
    REPLACED = "replaced"
    """It was a draft, and a member said something else in its place."""
    DISCARDED = "discarded"
    """It was a draft, and a member decided against it."""
    WITHDRAWN = "withdrawn"
    """It was a draft, and a person answered, took over or closed the conversation before anybody decided."""


TOLD = frozenset({Delivery.RECEIVED, Delivery.DELIVERED})
"""What the contact knows of; everything else was never said to them."""


class AddressKind(StrEnum):
    """How a contact can be reached, and what else they or their page say of them."""

    EMAIL = "email"
    NAME = "name"
    """What they call themselves; nobody has verified it."""
    PAGE = "page"
    """The page from which they wrote, without its query."""


class Rating(StrEnum):
    """What a contact thought of a message."""

    HELPED = "helped"
    DID_NOT_HELP = "did_not_help"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation as its row stands."""

    id: ConversationId
    contact_id: ContactId
    channel: Channel
    status: Status
    handler: Handler
    assignee_id: MemberId | None
    turn_epoch: int
    """Raised by whatever must silence a turn that is under way."""
    last_position: int
    language: str | None
    disclosed_at: datetime | None
    address_asked_at: datetime | None
    created_at: datetime
    waiting_since: datetime | None
    last_message_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message with its text opened."""

    id: MessageId
    conversation_id: ConversationId
    position: int
    author: Author
    text: str | None
    """None once the contact's key has been destroyed."""
    delivery: Delivery
    created_at: datetime
    language: str | None = None
    member_id: MemberId | None = None
    """Who wrote it, when a member did."""
    draft_id: MessageId | None = None
    """The assistant's draft that a member said with it."""
    wants_person: bool = False
    """Whether the contact asked for a person by the button made for it."""
    client_id: str | None = None
    """The contact's own identifier of it; None for others' messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """What a surface hands over of a contact's message."""

    text: str
    client_id: str
    """Made by the sender; the same one twice is the same message."""
    channel: Channel
    conversation_id: ConversationId | None = None
    """None begins a conversation."""
    language: str | None = None
    """What the surface knows of the contact's language, `de` or `en`; it counts where the text does not tell."""
    wants_person: bool = False
    """Whether the contact asks for a person, whatever the text says."""
    email: str | None = None
    """An address that the contact gave beside the text."""
    name: str | None = None
    page_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message of the assistant or of a member, ready to be stored."""

    id: MessageId
    text: str
    language: str | None
    """None leaves the conversation's language as it is."""
    delivery: Delivery
    member_id: MemberId | None = None
    """The member who says it; None when the assistant does."""
    client_id: str | None = None
    draft_id: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A conversation with its messages, oldest first."""

    conversation: Conversation
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A question with which a member tried the assistant out."""

    conversation_id: ConversationId
    question: str | None
    """None once its key has been destroyed."""
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationOpened:
    """A contact began a conversation."""

    type: ClassVar[str] = "conversation.opened"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: ConversationId
    conversation_id: ConversationId
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """A contact's message was stored."""

    type: ClassVar[str] = "message.received"
    about: ClassVar[SubjectKind] = SubjectKind.MESSAGE
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION
    is_promised: ClassVar[bool] = True

    subject_id: MessageId
    conversation_id: ConversationId
    channel: Channel
    text: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressGiven:
    """A contact said how to reach them."""

    type: ClassVar[str] = "contact.address_given"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: ConversationId
    conversation_id: ConversationId
    kind: AddressKind
    address: Commitment
    replaces: UUID | None = None
    """The row that is deleted, where the same address was given before another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRated:
    """A contact said whether a message helped."""

    type: ClassVar[str] = "message.rated"
    about: ClassVar[SubjectKind] = SubjectKind.MESSAGE
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: MessageId
    conversation_id: ConversationId
    rating: Rating
    reason: Commitment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationViewed:
    """Somebody opened a conversation and saw its content."""

    type: ClassVar[str] = "access.conversation_viewed"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: ConversationId
    conversation_id: ConversationId
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsListed:
    """Somebody saw a list of conversations; of those previewed, who it is and what they wrote last was opened."""

    type: ClassVar[str] = "access.conversations_listed"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    returned: int
    previewed: int


class Searched(StrEnum):
    """By what conversations were searched."""

    ADDRESS = "address"
    """By the contact's e-mail address, without opening anything."""
    WORDS = "words"
    """By the contact's whole name, and by words in conversations that the member had opened before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsSearched:
    """Somebody searched conversations; `opened` messages were opened for it."""

    type: ClassVar[str] = "access.conversations_searched"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    by: Searched
    opened: int
    returned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactViewed:
    """Somebody opened what is known of a conversation's contact."""

    type: ClassVar[str] = "access.contact_viewed"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: ConversationId
    conversation_id: ConversationId
    addresses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptOpened:
    """A contact opened the receipt of their conversation: what was said, with what proves it."""

    type: ClassVar[str] = "access.receipt_opened"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: ConversationId
    conversation_id: ConversationId
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialsViewed:
    """Somebody saw what was asked in the playground lately."""

    type: ClassVar[str] = "access.trials_viewed"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    returned: int


EVENTS: tuple[type[Event], ...] = (
    ConversationOpened,
    MessageReceived,
    AddressGiven,
    MessageRated,
    ConversationViewed,
    ConversationsListed,
    TrialsViewed,
    ConversationsSearched,
    ContactViewed,
    ReceiptOpened,
)
