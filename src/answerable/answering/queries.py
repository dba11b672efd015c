"""SQL of turns and their records: one function per question."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, and_, func, insert, literal_column, select
from sqlalchemy.dialects import postgresql

from answerable.answering.gaps import CitingTurn, QuestionState, QuotedSpan, UnansweredTurn
from answerable.answering.models import (
    AnsweredMessageRow,
    CitationRow,
    ConsideredPassageRow,
    DecisionRow,
    DisclosureRow,
    QuestionStateRow,
    TurnRow,
)
from answerable.answering.values import OutcomeKind, Reason, TurnHead, TurnId
from answerable.conversations.values import ConversationId, MessageId
from answerable.infra.db import Db
from answerable.infra.tables import table_of
from answerable.knowledge.values import DocumentId, Language, VersionId

# Spelled as the index's predicate is, or the index would not be taken.
_IS_UNANSWERED = and_(
    TurnRow.outcome == literal_column("'handoff'"),
    TurnRow.reason.in_([literal_column("'unsupported'"), literal_column("'nothing_found'")]),
)
_OF_STATE = func.coalesce(QuestionStateRow.state, QuestionState.OPEN.value)

_HEAD = (TurnRow.id, TurnRow.outcome, TurnRow.reason, TurnRow.message_id, TurnRow.started_at)

Values = dict[str, Any]  # columns of one row; the mapped classes say their types


async def list_answered(db: Db, message_ids: Sequence[MessageId]) -> dict[MessageId, TurnId]:
    """Return which of these messages have been answered, and by which turn."""
    statement = (
        select(AnsweredMessageRow.message_id, AnsweredMessageRow.turn_id)
        .where(AnsweredMessageRow.message_id.in_(message_ids))
        .order_by(AnsweredMessageRow.message_id)
    )
    return {MessageId(row.message_id): TurnId(row.turn_id) for row in await db.execute(statement)}


async def insert_turn(
    db: Db, turn: Values, *, answers: Sequence[MessageId], decisions: Sequence[Values]
) -> None:
    """Store a turn with its decisions, and which messages it answered."""
    # Rows beside the statement, not in it: with `.values(rows)` it would be compiled anew for every call.
    await db.execute(insert(table_of(TurnRow)), [turn])
    if decisions:
        await db.execute(insert(table_of(DecisionRow)), list(decisions))
    if answers:
        rows = [{"message_id": message_id, "turn_id": turn["id"]} for message_id in answers]
        await db.execute(insert(table_of(AnsweredMessageRow)), rows)


async def insert_evidence(db: Db, *, considered: Sequence[Values], citations: Sequence[Values]) -> None:
    """Store what a turn considered and what it quoted."""
    if considered:
        await db.execute(insert(table_of(ConsideredPassageRow)), list(considered))
    if citations:
        await db.execute(insert(table_of(CitationRow)), list(citations))


async def insert_disclosure(db: Db, values: Values) -> None:
    """Store that a contact was told that an AI answers."""
    await db.execute(insert(DisclosureRow).values(**values))


_CITED = (
    CitationRow.id,
    CitationRow.message_id,
    CitationRow.version_id,
    CitationRow.version,
    CitationRow.span_start,
    CitationRow.span_end,
    CitationRow.quote_sealed,
)


async def find_turn(db: Db, turn_id: TurnId) -> RowMapping | None:
    """Return a turn's row."""
    statement = select(
        TurnRow.id,
        TurnRow.conversation_id,
        TurnRow.outcome,
        TurnRow.reason,
        TurnRow.language,
        TurnRow.message_id,
        TurnRow.error_code,
        TurnRow.inputs_sealed,
        TurnRow.started_at,
        TurnRow.ended_at,
    ).where(TurnRow.id == turn_id)
    return (await db.execute(statement)).mappings().one_or_none()


async def list_messages_of(db: Db, turn_id: TurnId) -> list[MessageId]:
    """Return which messages a turn answered; none for one that said nothing to the contact."""
    statement = (
        select(AnsweredMessageRow.message_id)
        .where(AnsweredMessageRow.turn_id == turn_id)
        .order_by(AnsweredMessageRow.message_id)
        .limit(200)
    )
    return [MessageId(found) for found in await db.scalars(statement)]


async def list_turn_heads(db: Db, conversation_id: ConversationId, *, limit: int) -> list[TurnHead]:
    """Return a conversation's newest turns without their content, oldest first."""
    statement = (
        select(*_HEAD)
        .where(TurnRow.conversation_id == conversation_id)
        .order_by(TurnRow.id.desc())
        .limit(limit)
    )
    return [_head(row) for row in reversed((await db.execute(statement)).mappings().all())]


async def list_last_turns(
    db: Db, conversation_ids: Sequence[ConversationId]
) -> dict[ConversationId, TurnHead]:
    """Return the newest turn of each conversation that has one."""
    statement = (
        select(TurnRow.conversation_id, *_HEAD)
        .where(TurnRow.conversation_id.in_(conversation_ids))
        .order_by(TurnRow.conversation_id, TurnRow.id.desc())
        .ext(postgresql.distinct_on(TurnRow.conversation_id))
    )
    rows = (await db.execute(statement)).mappings()
    return {ConversationId(row["conversation_id"]): _head(row) for row in rows}


async def list_turn_ids(db: Db, conversation_id: ConversationId, *, limit: int = 200) -> list[TurnId]:
    """Return a conversation's turns, oldest first."""
    statement = (
        select(TurnRow.id).where(TurnRow.conversation_id == conversation_id).order_by(TurnRow.id).limit(limit)
    )
    return [TurnId(found) for found in await db.scalars(statement)]


async def list_decisions(db: Db, turn_id: TurnId) -> Sequence[RowMapping]:
    """Return a turn's decisions in order."""
    statement = (
        select(
            DecisionRow.step,
            DecisionRow.method,
            DecisionRow.version,
            DecisionRow.verdict,
            DecisionRow.reason,
            DecisionRow.duration_us,
        )
        .where(DecisionRow.turn_id == turn_id)
        .order_by(DecisionRow.position)
        .limit(50)
    )
    return (await db.execute(statement)).mappings().all()


async def list_considered(db: Db, turn_id: TurnId) -> Sequence[RowMapping]:
    """Return the passages that a turn considered, best first."""
    statement = (
        select(
            ConsideredPassageRow.passage_id,
            ConsideredPassageRow.document_id,
            ConsideredPassageRow.version_id,
            ConsideredPassageRow.span_start.label("start"),
            ConsideredPassageRow.span_end.label("end"),
            ConsideredPassageRow.cosine,
            ConsideredPassageRow.lexical,
            ConsideredPassageRow.vector_rank,
            ConsideredPassageRow.lexical_rank,
            ConsideredPassageRow.fused,
            ConsideredPassageRow.dropped,
        )
        .where(ConsideredPassageRow.turn_id == turn_id)
        .order_by(ConsideredPassageRow.position)
        .limit(100)
    )
    return (await db.execute(statement)).mappings().all()


async def list_citations(db: Db, turn_id: TurnId) -> Sequence[RowMapping]:
    """Return a turn's quotes in order, still sealed."""
    statement = (
        select(
            CitationRow.id,
            CitationRow.document_id,
            CitationRow.version_id,
            CitationRow.version,
            CitationRow.span_start,
            CitationRow.span_end,
            CitationRow.quote_sealed,
        )
        .where(CitationRow.turn_id == turn_id)
        .order_by(CitationRow.position)
        .limit(50)
    )
    return (await db.execute(statement)).mappings().all()


async def list_cited(
    db: Db, conversation_id: ConversationId, message_ids: Sequence[UUID]
) -> Sequence[RowMapping]:
    """Return the quotes of these messages of a conversation in order, still sealed."""
    statement = (
        select(*_CITED)
        .join(TurnRow, TurnRow.id == CitationRow.turn_id)
        .where(TurnRow.conversation_id == conversation_id, CitationRow.message_id.in_(message_ids))
        .order_by(CitationRow.message_id, CitationRow.position)
        .limit(1_000)
    )
    return (await db.execute(statement)).mappings().all()


async def find_cited(db: Db, conversation_id: ConversationId, citation_id: UUID) -> RowMapping | None:
    """Return a quote of a conversation, still sealed."""
    statement = (
        select(*_CITED)
        .join(TurnRow, TurnRow.id == CitationRow.turn_id)
        .where(TurnRow.conversation_id == conversation_id, CitationRow.id == citation_id)
    )
    return (await db.execute(statement)).mappings().one_or_none()


async def find_disclosure(db: Db, conversation_id: UUID) -> RowMapping | None:
    """Return when and how a contact was told that an AI answers."""
    statement = select(
        DisclosureRow.message_id, DisclosureRow.language, DisclosureRow.text_version, DisclosureRow.shown_at
    ).where(DisclosureRow.conversation_id == conversation_id)
    return (await db.execute(statement)).mappings().one_or_none()


async def count_citing(db: Db, document_ids: Sequence[DocumentId]) -> dict[DocumentId, int]:
    """Return how many turns quote each of these documents."""
    statement = (
        select(CitationRow.document_id, func.count(CitationRow.turn_id.distinct()))
        .where(CitationRow.document_id.in_(document_ids))
        .group_by(CitationRow.document_id)
    )
    return {DocumentId(document_id): turns for document_id, turns in await db.execute(statement)}


async def list_quoted_spans(db: Db, version_id: VersionId, *, limit: int = 5_000) -> list[QuotedSpan]:
    """Return which characters of a version are quoted, from the first on."""
    statement = (
        select(
            CitationRow.span_start.label("start"),
            CitationRow.span_end.label("end"),
            func.count(CitationRow.turn_id.distinct()).label("answers"),
        )
        .where(CitationRow.version_id == version_id)
        .group_by(CitationRow.span_start, CitationRow.span_end)
        .order_by(CitationRow.span_start, CitationRow.span_end)
        .limit(limit)
    )
    return [QuotedSpan(**row) for row in (await db.execute(statement)).mappings()]


async def list_citing(
    db: Db, document_id: DocumentId, *, after: TurnId | None, limit: int
) -> list[CitingTurn]:
    """Return the turns that quote a document, newest first, behind `after`."""
    statement = (
        select(
            CitationRow.turn_id,
            TurnRow.conversation_id,
            TurnRow.outcome,
            func.array_agg(CitationRow.version.distinct()).label("versions"),
            func.count().label("quotes"),
            TurnRow.ended_at,
        )
        .join(TurnRow, TurnRow.id == CitationRow.turn_id)
        .where(CitationRow.document_id == document_id)
        .group_by(CitationRow.turn_id, TurnRow.conversation_id, TurnRow.outcome, TurnRow.ended_at)
        .order_by(CitationRow.turn_id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(CitationRow.turn_id < after)
    return [
        CitingTurn(
            turn_id=TurnId(row.turn_id),
            conversation_id=ConversationId(row.conversation_id),
            outcome=OutcomeKind(row.outcome),
            versions=tuple(sorted(row.versions)),
            quotes=row.quotes,
            ended_at=row.ended_at,
        )
        for row in await db.execute(statement)
    ]


async def list_unanswered_turns(
    db: Db, *, state: QuestionState | None, after: TurnId | None, limit: int
) -> list[UnansweredTurn]:
    """Return turns that found no answer, newest first, behind `after`."""
    statement = _unanswered().order_by(TurnRow.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(_OF_STATE.in_([state.value]))
    if after is not None:
        statement = statement.where(TurnRow.id < after)
    return [_unanswered_turn(row) for row in (await db.execute(statement)).mappings()]


async def find_unanswered_turn(db: Db, turn_id: TurnId) -> UnansweredTurn | None:
    """Return a turn that found no answer."""
    row = (await db.execute(_unanswered().where(TurnRow.id == turn_id))).mappings().one_or_none()
    return _unanswered_turn(row) if row else None


async def count_unanswered(db: Db) -> dict[QuestionState, int]:
    """Return how many turns found no answer, by what members made of them."""
    statement = (
        select(_OF_STATE, func.count())
        .select_from(TurnRow)
        .outerjoin(QuestionStateRow, QuestionStateRow.turn_id == TurnRow.id)
        .where(_IS_UNANSWERED)
        .group_by(_OF_STATE)
    )
    found = {QuestionState(state): turns for state, turns in await db.execute(statement)}
    return {state: found.get(state, 0) for state in QuestionState}


async def list_asked(db: Db, turn_ids: Sequence[TurnId]) -> dict[TurnId, list[MessageId]]:
    """Return which messages each of these turns answered."""
    statement = (
        select(AnsweredMessageRow.turn_id, AnsweredMessageRow.message_id)
        .where(AnsweredMessageRow.turn_id.in_(turn_ids))
        .order_by(AnsweredMessageRow.turn_id, AnsweredMessageRow.message_id)
    )
    found: dict[TurnId, list[MessageId]] = {}
    for turn_id, message_id in await db.execute(statement):
        found.setdefault(TurnId(turn_id), []).append(MessageId(message_id))
    return found


async def save_question_state(db: Db, turn_id: TurnId, state: QuestionState) -> bool:
    """Store what members made of a question; False when somebody else was faster and said the same."""
    values = {"state": state.value, "marked_at": db.now}
    statement = (
        postgresql.insert(QuestionStateRow)
        .values(turn_id=turn_id, **values)
        .on_conflict_do_update(
            index_elements=["tenant_id", "turn_id"],
            set_=values,
            where=QuestionStateRow.state.is_distinct_from(state.value),
        )
        .returning(QuestionStateRow.turn_id)
    )
    return await db.scalar(statement) is not None


def _unanswered() -> Select[UUID, UUID, str, str, str, datetime]:
    return (
        select(
            TurnRow.id,
            TurnRow.conversation_id,
            TurnRow.reason,
            TurnRow.language,
            _OF_STATE.label("state"),
            TurnRow.ended_at,
        )
        .outerjoin(QuestionStateRow, QuestionStateRow.turn_id == TurnRow.id)
        .where(_IS_UNANSWERED)
    )


def _unanswered_turn(row: RowMapping) -> UnansweredTurn:
    return UnansweredTurn(
        turn_id=TurnId(row["id"]),
        conversation_id=ConversationId(row["conversation_id"]),
        reason=Reason(row["reason"]),
        language=Language(row["language"]),
        state=QuestionState(row["state"]),
        asked_at=row["ended_at"],
    )


def _head(row: RowMapping) -> TurnHead:
    return TurnHead(
        id=TurnId(row["id"]),
        outcome=OutcomeKind(row["outcome"]),
        reason=Reason(row["reason"]),
        message_id=MessageId(row["message_id"]) if row["message_id"] else None,
        started_at=row["started_at"],
    )
