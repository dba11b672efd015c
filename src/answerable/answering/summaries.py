"""How turns ended, for lists of conversations and for a conversation's messages; their records hold the rest."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects import postgresql

from answerable import tenancy, vault
from answerable.answering.models import CitationRow, TurnRow
from answerable.answering.recording import QUOTE_SLOT
from answerable.answering.records import parse, quote_of
from answerable.answering.values import OutcomeKind, Quote, Reason, TurnId, TurnSummary
from answerable.conversations import ConversationId, MessageId
from answerable.infra.db import Db
from answerable.tenancy import Permission
from answerable.vault.carried import keys_of


async def list_outcomes(
    db: Db, conversation_ids: Sequence[ConversationId]
) -> dict[ConversationId, tuple[OutcomeKind, Reason]]:
    """How the newest turn of each conversation ended, for a list of them.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    statement = (
        select(TurnRow.conversation_id, TurnRow.outcome, TurnRow.reason)
        .where(TurnRow.conversation_id.in_(conversation_ids))
        .ext(postgresql.distinct_on(TurnRow.conversation_id))
        .order_by(TurnRow.conversation_id, TurnRow.id.desc())
        .limit(len(conversation_ids))
    )
    return {
        ConversationId(row["conversation_id"]): (OutcomeKind(row["outcome"]), Reason(row["reason"]))
        for row in (await db.execute(statement)).mappings()
    }


async def summarise_turns(db: Db, conversation_id: ConversationId) -> list[TurnSummary]:
    """A conversation's turns with what they quoted, oldest first.

    Shown with the conversation's messages, which hold the same words; their look is recorded there.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    turns = await _list_turns(db, conversation_id)
    citations = await _list_citations(db, [TurnId(turn["id"]) for turn in turns])
    stored = [
        vault.Stored(record_id=citation["id"], slot=QUOTE_SLOT, envelope=citation["quote_sealed"])
        for citation in citations
    ]
    quotes: dict[TurnId, list[Quote]] = {}
    for citation, content in zip(citations, await vault.open_many(db, keys_of(db), stored), strict=True):
        quotes.setdefault(TurnId(citation["turn_id"]), []).append(quote_of(citation, parse(content)))
    return [
        TurnSummary(
            turn_id=TurnId(turn["id"]),
            message_id=MessageId(turn["message_id"]) if turn["message_id"] else None,
            outcome=OutcomeKind(turn["outcome"]),
            reason=Reason(turn["reason"]),
            citations=tuple(quotes.get(TurnId(turn["id"]), [])),
            started_at=turn["started_at"],
            ended_at=turn["ended_at"],
        )
        for turn in turns
    ]


async def _list_turns(db: Db, conversation_id: ConversationId, *, limit: int = 200) -> Sequence[RowMapping]:
    statement = (
        select(
            TurnRow.id,
            TurnRow.message_id,
            TurnRow.outcome,
            TurnRow.reason,
            TurnRow.started_at,
            TurnRow.ended_at,
        )
        .where(TurnRow.conversation_id == conversation_id)
        .order_by(TurnRow.id.desc())
        .limit(limit)
    )
    return (await db.execute(statement)).mappings().all()[::-1]


async def _list_citations(db: Db, turn_ids: Sequence[TurnId]) -> Sequence[RowMapping]:
    statement = (
        select(
            CitationRow.id,
            CitationRow.turn_id,
            CitationRow.document_id,
            CitationRow.version_id,
            CitationRow.version,
            CitationRow.span_start,
            CitationRow.span_end,
            CitationRow.quote_sealed,
        )
        .where(CitationRow.turn_id.in_(turn_ids))
        .order_by(CitationRow.turn_id, CitationRow.position)
        .limit(1_000)
    )
    return (await db.execute(statement)).mappings().all()
