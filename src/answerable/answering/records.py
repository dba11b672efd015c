"""Opening the record of a turn: what was stored with its outcome, in clear again."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from answerable import conversations, vault
from answerable.answering import queries
from answerable.answering.recording import INPUTS_SLOT, QUOTE_SLOT
from answerable.answering.values import (
    Considered,
    Decision,
    Disclosure,
    Drop,
    Method,
    OutcomeKind,
    Quote,
    Reason,
    Record,
    Step,
    TurnId,
)
from answerable.conversations import ConversationId, MessageId
from answerable.infra.db import Db
from answerable.knowledge.values import DocumentId, Language, PassageId, VersionId
from answerable.vault.carried import keys_of


async def load(db: Db, turn_id: TurnId) -> Record | None:
    """Open a turn's record; the caller records the look."""
    row = await queries.find_turn(db, turn_id)
    if row is None:
        return None
    conversation_id = ConversationId(row["conversation_id"])
    citations = await queries.list_citations(db, turn_id)
    stored = [vault.Stored(record_id=turn_id, slot=INPUTS_SLOT, envelope=row["inputs_sealed"])]
    stored += [
        vault.Stored(record_id=citation["id"], slot=QUOTE_SLOT, envelope=citation["quote_sealed"])
        for citation in citations
    ]
    inputs, *quotes = [parse(content) for content in await vault.open_many(db, keys_of(db), stored)]
    message_id = MessageId(row["message_id"]) if row["message_id"] else None
    ids = [message_id] if message_id else []
    messages = await conversations.open_messages(db, conversation_id, ids=ids) if ids else ()
    decisions = await queries.list_decisions(db, turn_id)
    return Record(
        turn_id=turn_id,
        conversation_id=conversation_id,
        outcome=OutcomeKind(row["outcome"]),
        reason=Reason(row["reason"]),
        language=Language(row["language"]),
        message_id=message_id,
        text=messages[0].text if messages else None,
        disclosure=_disclosure(await queries.find_disclosure(db, conversation_id)),
        citations=tuple(quote_of(citation, quote) for citation, quote in zip(citations, quotes, strict=True)),
        decisions=tuple(_decision(one, inputs, position) for position, one in enumerate(decisions)),
        considered=tuple(_considered(one) for one in await queries.list_considered(db, turn_id)),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        error_code=row["error_code"],
        # Every turn has decisions, so inputs that are empty were erased.
        is_erased=not inputs,
    )


def parse(content: bytes | vault.Erased) -> list[dict[str, Any]]:
    """What was sealed with a turn, as it was put in."""
    # JSON that this module wrote itself; nothing is left of it once the contact's key is destroyed.
    return json.loads(content) if isinstance(content, bytes) else []


def _decision(row: RowMapping, inputs: Sequence[dict[str, Any]], position: int) -> Decision:
    return Decision(
        step=Step(row["step"]),
        method=Method(name=row["method"], version=row["version"]),
        verdict=row["verdict"],
        reason=row["reason"],
        duration_ms=row["duration_us"] / 1000,
        inputs=inputs[position] if position < len(inputs) else {},
    )


def _considered(row: RowMapping) -> Considered:
    return Considered(
        passage_id=PassageId(row["passage_id"]),
        document_id=DocumentId(row["document_id"]),
        version_id=VersionId(row["version_id"]),
        start=row["start"],
        end=row["end"],
        cosine=row["cosine"],
        lexical=row["lexical"],
        vector_rank=row["vector_rank"],
        lexical_rank=row["lexical_rank"],
        fused=row["fused"],
        dropped=Drop(row["dropped"]) if row["dropped"] else None,
    )


def quote_of(row: RowMapping, opened: Sequence[dict[str, Any]]) -> Quote:
    """A quote from its row and what was sealed in it."""
    kept = opened[0] if opened else {"title": "", "language": "en", "text": ""}
    return Quote(
        document_id=DocumentId(row["document_id"]),
        version_id=VersionId(row["version_id"]),
        version=row["version"],
        title=kept["title"],
        language=Language(kept["language"]),
        start=row["span_start"],
        end=row["span_end"],
        text=kept["text"],
    )


def _disclosure(row: RowMapping | None) -> Disclosure | None:
    if row is None:
        return None
    return Disclosure(
        message_id=MessageId(row["message_id"]),
        language=Language(row["language"]),
        text_version=row["text_version"],
        shown_at=row["shown_at"],
    )
