"""Turns, decisions and outcomes as values: everything that is recorded of how a reply came about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NewType
from uuid import UUID

from answerable.audit.values import Commitment, ErrorCode, Event, RetentionClass, SubjectKind
from answerable.conversations.values import ConversationId, Handler, MessageId
from answerable.infra.payloads import Job
from answerable.knowledge.values import DocumentId, Language, PassageId, VersionId
from answerable.tenancy.values import Tenant

TurnId = NewType("TurnId", UUID)


class Step(StrEnum):
    """The steps of a turn, in their order."""

    UNDERSTAND = "understand"
    RETRIEVE = "retrieve"
    COMPOSE = "compose"
    CHECK = "check"
    DISCLOSE = "disclose"
    DECIDE = "decide"


class OutcomeKind(StrEnum):
    """How a turn ends."""

    REPLY = "reply"
    DRAFT = "draft"
    HANDOFF = "handoff"
    REFUSAL = "refusal"
    SUPERSEDED = "superseded"
    ERROR = "error"


class Reason(StrEnum):
    """Why a turn ended as it did."""

    ANSWERED = "answered"
    """The quoted sentences answer the question."""
    GREETED = "greeted"
    """The contact said hello, or thank you, and asked nothing."""
    ADDRESS_NOTED = "address_noted"
    """The contact said how to reach them."""
    REQUESTED = "requested"
    """The contact asked for a person."""
    UNSUPPORTED = "unsupported"
    """No quoted sentence answers the question with enough probability."""
    NOTHING_FOUND = "nothing_found"
    """No published passage has anything to do with the question."""
    QUOTE_WITHDRAWN = "quote_withdrawn"
    """What would have been quoted is no longer published and valid."""
    EMPTY = "empty"
    """The message had no words."""
    TOO_LONG = "too_long"
    """The message is too long to be one question."""
    NOT_AUTOMATIC = "not_automatic"
    """The workspace wants a person to look at every answer."""
    TAKEN_OVER = "taken_over"
    """A person took over while the turn was under way."""
    NEWER_MESSAGE = "newer_message"
    """The contact wrote again while the turn was under way."""
    FAILED = "failed"
    """Something went wrong, several times."""


class Intent(StrEnum):
    """What a contact wants, as far as it can be read without guessing."""

    QUESTION = "question"
    GREETING = "greeting"
    THANKS = "thanks"
    PERSON = "person"
    ADDRESS = "address"
    EMPTY = "empty"
    TOO_LONG = "too_long"


class Drop(StrEnum):
    """Why a passage that was found was not quoted."""

    NOT_AMONG_THE_BEST = "not_among_the_best"
    NO_SENTENCE_ANSWERS = "no_sentence_answers"
    SAME_SENTENCE = "same_sentence"
    ENOUGH_QUOTED = "enough_quoted"
    WITHDRAWN = "withdrawn"
    """It would have been quoted, but nothing was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What decided: a rule, a calibrated model, a template; with its version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One recorded choice in one step."""

    step: Step
    method: Method
    verdict: str
    """What was chosen, in one word of a closed set of the step's own."""
    reason: str
    """Why, in words for whoever reads the record; holds nothing that the contact wrote."""
    duration_ms: float
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What went in, as JSON; sealed, since it may hold content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One contact message that a turn answers."""

    id: MessageId
    position: int
    text: str | None
    """None when its key was destroyed before the turn began."""
    wants_person: bool = False
    """Whether the contact asked for a person by the button made for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """That a step of a turn is finished, for whoever waits for the answer."""

    step: Step
    count: int | None = None
    """How many passages were found, or sentences quoted or checked; None where nothing is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Everything that a turn knows when it begins; nothing else is read later but passages."""

    id: TurnId
    conversation_id: ConversationId
    epoch: int
    position: int
    """The conversation's newest message when the turn began."""
    incoming: tuple[Incoming, ...]
    language: Language | None
    """The conversation's language so far."""
    tenant: Tenant
    """As it is in the conversation's channel."""
    handler: Handler
    disclosed: bool
    address_known: bool
    address_asked: bool
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was understood of a burst of messages."""

    intent: Intent
    text: str
    language: Language
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A passage that search returned, with its scores and what became of it."""

    passage_id: PassageId
    document_id: DocumentId
    version_id: VersionId
    start: int
    end: int
    cosine: float | None
    lexical: float | None
    vector_rank: int | None
    lexical_rank: int | None
    fused: float
    dropped: Drop | None = None
    """None when it was quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A sentence quoted from a document, with the exact place it stands at."""

    document_id: DocumentId
    version_id: VersionId
    version: int
    title: str
    language: Language
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What composing found: the sentences to quote and how probable it is that they answer."""

    quotes: tuple[Quote, ...]
    probability: float
    """Calibrated probability that the quotes answer the question, 0.0 to 1.0."""
    features: Mapping[str, float]
    considered: tuple[Considered, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """What composing would have found without one document, among what else that search returned."""

    document_id: DocumentId
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a turn comes to."""

    kind: OutcomeKind
    reason: Reason
    language: Language
    text: str | None = None
    """What is said to the contact; None when nothing is."""
    quotes: tuple[Quote, ...] = ()
    considered: tuple[Considered, ...] = ()
    decisions: tuple[Decision, ...] = ()
    discloses: bool = False
    """Whether the text carries the disclosure that an AI answers."""
    asks_address: bool = False
    address: str | None = None
    """An address that the contact gave, to be kept."""
    error_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """That a contact was told that an AI answers."""

    message_id: MessageId
    language: Language
    text_version: int
    shown_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything that is kept of a turn, opened."""

    turn_id: TurnId
    conversation_id: ConversationId
    outcome: OutcomeKind
    reason: Reason
    language: Language
    message_id: MessageId | None
    text: str | None
    disclosure: Disclosure | None
    citations: tuple[Quote, ...]
    decisions: tuple[Decision, ...]
    considered: tuple[Considered, ...]
    started_at: datetime
    ended_at: datetime
    error_code: str | None
    is_erased: bool
    """Whether the contact's keys are destroyed: steps and times are left, and nothing that was written or read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnHead:
    """A turn in a list: how it ended, and nothing of its content."""

    id: TurnId
    outcome: OutcomeKind
    reason: Reason
    message_id: MessageId | None
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSummary:
    """How a turn of a conversation ended, and what it quoted; its record holds the rest."""

    turn_id: TurnId
    message_id: MessageId | None
    outcome: OutcomeKind
    reason: Reason
    citations: tuple[Quote, ...]
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMessage:
    """Job: answer what a contact has written in a conversation."""

    task: ClassVar[str] = "answer_message"

    conversation_id: ConversationId

    @property
    def lock(self) -> str:
        """One turn of a conversation at a time."""
        return f"conversation:{self.conversation_id}"


JOBS: tuple[type[Job], ...] = (AnswerMessage,)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded:
    """A turn came to its outcome; the decisions, citations and the reply were stored with it."""

    type: ClassVar[str] = "turn.ended"
    about: ClassVar[SubjectKind] = SubjectKind.TURN
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: TurnId
    conversation_id: ConversationId
    outcome: OutcomeKind
    reason: Reason
    language: Language
    decisions: int
    inputs: Commitment
    cited_versions: tuple[VersionId, ...]
    error_code: ErrorCode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent:
    """The assistant said something to a contact, or left it as a draft for a person."""

    type: ClassVar[str] = "message.sent"
    about: ClassVar[SubjectKind] = SubjectKind.MESSAGE
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION
    is_promised: ClassVar[bool] = True

    subject_id: MessageId
    conversation_id: ConversationId
    turn_id: TurnId
    outcome: OutcomeKind
    draft: bool
    text: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class AiDisclosed:
    """A contact was told that an AI answers, in the message named here."""

    type: ClassVar[str] = "disclosure.shown"
    about: ClassVar[SubjectKind] = SubjectKind.CONVERSATION
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: ConversationId
    conversation_id: ConversationId
    message_id: MessageId
    language: Language
    text_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordViewed:
    """Somebody opened the record of a turn with its content."""

    type: ClassVar[str] = "access.record_viewed"
    about: ClassVar[SubjectKind] = SubjectKind.TURN
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: TurnId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordExported:
    """Somebody took the record of a turn with them as a file."""

    type: ClassVar[str] = "access.record_exported"
    about: ClassVar[SubjectKind] = SubjectKind.TURN
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: TurnId
    conversation_id: ConversationId


EVENTS: tuple[type[Event], ...] = (TurnEnded, MessageSent, AiDisclosed, RecordViewed, RecordExported)
