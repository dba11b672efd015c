"""Values of what is listed across turns: questions that found no answer, and answers that quote a document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from answerable.answering.values import OutcomeKind, Reason, TurnId
from answerable.audit.values import Event, RetentionClass, SubjectKind
from answerable.conversations.values import ConversationId
from answerable.infra.ids import TenantId
from answerable.knowledge.values import Language


class QuestionState(StrEnum):
    """What members made of a question that found no answer."""

    OPEN = "open"
    DONE = "done"
    """A document answers it now."""
    IGNORED = "ignored"
    """No document is to answer it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredTurn:
    """A turn that found no answer."""

    turn_id: TurnId
    conversation_id: ConversationId
    reason: Reason
    language: Language
    state: QuestionState
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredQuestion:
    """A turn that found no answer, with what was asked."""

    turn: UnansweredTurn
    text: str | None
    """None when it has been erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPage:
    """One page of the questions that found no answer."""

    questions: tuple[UnansweredQuestion, ...]
    counts: Mapping[QuestionState, int]
    """How many there are in each state, on all pages."""
    next: TurnId | None
    """Where the next page begins; None on the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedSpan:
    """Characters of a version that answers quote."""

    start: int
    end: int
    answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CitingTurn:
    """An answer that quotes a document."""

    turn_id: TurnId
    conversation_id: ConversationId
    outcome: OutcomeKind
    versions: tuple[int, ...]
    """Which versions of the document it quotes, by number."""
    quotes: int
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CitingPage:
    """One page of the answers that quote a document."""

    turns: tuple[CitingTurn, ...]
    next: TurnId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionsListed:
    """Somebody read questions that found no answer."""

    type: ClassVar[str] = "access.questions_listed"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: TenantId
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionMarked:
    """Somebody said what became of a question that found no answer."""

    type: ClassVar[str] = "question.marked"
    about: ClassVar[SubjectKind] = SubjectKind.TURN
    retention: ClassVar[RetentionClass] = RetentionClass.CONVERSATION

    subject_id: TurnId
    conversation_id: ConversationId
    state: QuestionState


EVENTS: tuple[type[Event], ...] = (QuestionsListed, QuestionMarked)
