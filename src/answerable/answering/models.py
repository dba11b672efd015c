"""The tables of turns and everything recorded of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.orm import Mapped, mapped_column

from answerable.infra.tables import Base, Retention, id_column, operation, refers_to, sealed, tenant_column


class TurnRow(Base):
    """All that happened between a burst of contact messages and its outcome."""

    __tablename__ = "turn"
    __table_args__ = (
        refers_to("conversation_id", "conversation"),
        refers_to("message_id", "message"),
        UniqueConstraint("tenant_id", "message_id", name="uq_turn_message_id"),
        Index("ix_turn_conversation_id", "tenant_id", "conversation_id", "id"),
        Index(
            "ix_turn_unanswered",
            "tenant_id",
            "id",
            postgresql_where=text("outcome = 'handoff' AND reason IN ('unsupported', 'nothing_found')"),
        ),
        CheckConstraint(
            "outcome IN ('reply', 'draft', 'handoff', 'refusal', 'superseded', 'error')", name="outcome_known"
        ),
        CheckConstraint("(outcome = 'error') = (error_code IS NOT NULL)", name="errors_have_a_code"),
        {"comment": "Turns of conversations and how they ended."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    conversation_id: Mapped[UUID] = mapped_column(comment="Where it took place.", info=operation("linking"))
    epoch: Mapped[int] = mapped_column(
        Integer, comment="The conversation's epoch when it began.", info=operation("order")
    )
    outcome: Mapped[str] = mapped_column(Text, comment="How it ended.", info=operation("record"))
    reason: Mapped[str] = mapped_column(Text, comment="Why it ended so.", info=operation("record"))
    language: Mapped[str] = mapped_column(
        Text, comment="The language of its answer.", info=operation("record")
    )
    message_id: Mapped[UUID | None] = mapped_column(
        comment="What was said to the contact; absent when nothing was.", info=operation("linking")
    )
    error_code: Mapped[str | None] = mapped_column(
        Text, comment="The code of the error that ended it; absent otherwise.", info=operation("record")
    )
    inputs_sealed: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="What went into each decision, JSON, sealed.",
        info=sealed("record", retention=Retention.CONVERSATION),
    )
    started_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="Begin.", info=operation("timing")
    )
    ended_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="End.", info=operation("timing")
    )


class AnsweredMessageRow(Base):
    """Which turn answered a contact's message: at most one, so that applying a turn twice changes nothing."""

    __tablename__ = "answered_message"
    __table_args__ = (
        refers_to("message_id", "message"),
        refers_to("turn_id", "turn"),
        Index("ix_answered_message_turn_id", "tenant_id", "turn_id"),
        {"comment": "Which turn answered which message of a contact."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    message_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="The message.", info=operation("linking")
    )
    turn_id: Mapped[UUID] = mapped_column(comment="The turn.", info=operation("linking"))


class DecisionRow(Base):
    """One recorded choice in one step of a turn."""

    __tablename__ = "decision"
    __table_args__ = (
        refers_to("turn_id", "turn"),
        UniqueConstraint("tenant_id", "turn_id", "position", name="uq_decision_position"),
        {"comment": "Every choice of a turn: what went in, what decided, what came out."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    turn_id: Mapped[UUID] = mapped_column(comment="The turn.", info=operation("linking"))
    position: Mapped[int] = mapped_column(SmallInteger, comment="Order, from 1.", info=operation("order"))
    step: Mapped[str] = mapped_column(Text, comment="The step.", info=operation("record"))
    method: Mapped[str] = mapped_column(Text, comment="What decided.", info=operation("record"))
    version: Mapped[str] = mapped_column(Text, comment="Its version.", info=operation("record"))
    verdict: Mapped[str] = mapped_column(Text, comment="What was chosen.", info=operation("record"))
    reason: Mapped[str] = mapped_column(Text, comment="Why; holds no content.", info=operation("record"))
    duration_us: Mapped[int] = mapped_column(Integer, comment="How long it took.", info=operation("timing"))


class ConsideredPassageRow(Base):
    """A passage that search found for a turn, whether it was quoted or not."""

    __tablename__ = "considered_passage"
    __table_args__ = (
        refers_to("turn_id", "turn"),
        UniqueConstraint("tenant_id", "turn_id", "position", name="uq_considered_passage_position"),
        Index("ix_considered_passage_document_id", "tenant_id", "document_id"),
        {"comment": "Passages that were considered in a turn, with scores and why they were dropped."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    turn_id: Mapped[UUID] = mapped_column(comment="The turn.", info=operation("linking"))
    position: Mapped[int] = mapped_column(
        SmallInteger, comment="Order by fused rank, from 1.", info=operation("order")
    )
    passage_id: Mapped[UUID] = mapped_column(
        comment="The passage; it may be gone since.", info=operation("record")
    )
    document_id: Mapped[UUID] = mapped_column(comment="Its document.", info=operation("record"))
    version_id: Mapped[UUID] = mapped_column(comment="Its version.", info=operation("record"))
    span_start: Mapped[int] = mapped_column(
        Integer, comment="First character in the version.", info=operation("record")
    )
    span_end: Mapped[int] = mapped_column(Integer, comment="One past the last.", info=operation("record"))
    cosine: Mapped[float | None] = mapped_column(
        REAL, comment="Nearness in meaning.", info=operation("record")
    )
    lexical: Mapped[float | None] = mapped_column(
        REAL, comment="Nearness in words.", info=operation("record")
    )
    vector_rank: Mapped[int | None] = mapped_column(
        SmallInteger, comment="Rank by meaning.", info=operation("record")
    )
    lexical_rank: Mapped[int | None] = mapped_column(
        SmallInteger, comment="Rank by words.", info=operation("record")
    )
    fused: Mapped[float] = mapped_column(REAL, comment="Merged rank score.", info=operation("record"))
    quoted: Mapped[bool] = mapped_column(Boolean, comment="Whether it was quoted.", info=operation("record"))
    dropped: Mapped[str | None] = mapped_column(
        Text, comment="Why it was not quoted; absent when it was.", info=operation("record")
    )


class CitationRow(Base):
    """A quote in a message, with the exact characters it was taken from."""

    __tablename__ = "citation"
    __table_args__ = (
        refers_to("turn_id", "turn"),
        refers_to("message_id", "message"),
        refers_to("version_id", "document_version"),
        UniqueConstraint("tenant_id", "message_id", "position", name="uq_citation_position"),
        Index("ix_citation_version_id", "tenant_id", "version_id"),
        Index("ix_citation_document_id", "tenant_id", "document_id", "turn_id"),
        CheckConstraint("span_start >= 0 AND span_end > span_start", name="span_is_not_empty"),
        {"comment": "Quotes in messages and where they were taken from."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    turn_id: Mapped[UUID] = mapped_column(comment="The turn.", info=operation("linking"))
    message_id: Mapped[UUID] = mapped_column(comment="The message.", info=operation("linking"))
    position: Mapped[int] = mapped_column(SmallInteger, comment="Order, from 1.", info=operation("order"))
    document_id: Mapped[UUID] = mapped_column(comment="The document.", info=operation("record"))
    version_id: Mapped[UUID] = mapped_column(comment="The version.", info=operation("record"))
    version: Mapped[int] = mapped_column(Integer, comment="The version's number.", info=operation("record"))
    span_start: Mapped[int] = mapped_column(
        Integer, comment="First character in the version.", info=operation("record")
    )
    span_end: Mapped[int] = mapped_column(Integer, comment="One past the last.", info=operation("record"))
    quote_sealed: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="Title and quoted text, JSON, sealed: what remains when the document is deleted.",
        info=sealed("record", retention=Retention.CONVERSATION),
    )


class DisclosureRow(Base):
    """That a contact was told that an AI answers; no assistant message is stored without it."""

    __tablename__ = "disclosure"
    __table_args__ = (
        refers_to("conversation_id", "conversation"),
        refers_to("message_id", "message"),
        {"comment": "Evidence that contacts were told that an AI answers (EU AI Act, article 50)."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    conversation_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="The conversation.", info=operation("evidence of disclosure")
    )
    message_id: Mapped[UUID] = mapped_column(
        comment="The message that said it.", info=operation("evidence of disclosure")
    )
    language: Mapped[str] = mapped_column(
        Text, comment="In which language.", info=operation("evidence of disclosure")
    )
    text_version: Mapped[int] = mapped_column(
        SmallInteger, comment="Which wording.", info=operation("evidence of disclosure")
    )
    shown_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When.", info=operation("evidence of disclosure")
    )


class QuestionStateRow(Base):
    """What members made of a question that found no answer; the last mark counts."""

    __tablename__ = "question_state"
    __table_args__ = (
        refers_to("turn_id", "turn"),
        CheckConstraint("state IN ('open', 'done', 'ignored')", name="state_known"),
        {"comment": "What members made of questions that found no answer; one without a row is open."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    turn_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="The turn that found no answer.", info=operation("linking")
    )
    state: Mapped[str] = mapped_column(
        Text, comment="Whether somebody still has to see to it.", info=operation("knowledge")
    )
    marked_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When it was last marked; the log says by whom.",
        info=operation("bookkeeping"),
    )
