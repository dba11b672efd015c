"""Storing a turn's outcome with its whole record in one transaction."""

import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from answerable import audit, conversations, vault
from answerable.answering import queries
from answerable.answering.texts import DISCLOSURE_VERSION
from answerable.answering.values import (
    AiDisclosed,
    Considered,
    Decision,
    MessageSent,
    Outcome,
    OutcomeKind,
    Quote,
    Turn,
    TurnEnded,
)
from answerable.conversations import Conversation, MessageId, Outgoing
from answerable.conversations.values import Channel, Delivery, Handler, Status
from answerable.infra.db import Db
from answerable.infra.ids import ContactId, uuid7
from answerable.vault.carried import keys_of

INPUTS_SLOT = "turn.inputs"
QUOTE_SLOT = "citation.quote"

_TO_PEOPLE = frozenset({OutcomeKind.HANDOFF, OutcomeKind.DRAFT, OutcomeKind.ERROR})


async def store(db: Db, conversation: Conversation, turn: Turn, outcome: Outcome) -> None:
    """Store an outcome: the message, the turn, its decisions and evidence, the events; all or nothing."""
    message_id = MessageId(uuid7()) if outcome.text is not None else None
    moved, sent = conversation, None
    if outcome.text is not None and message_id is not None:
        delivery = Delivery.WITHHELD if outcome.kind is OutcomeKind.DRAFT else Delivery.DELIVERED
        outgoing = Outgoing(
            id=message_id, text=outcome.text, language=outcome.language.value, delivery=delivery
        )
        moved, sent = await conversations.say(db, conversation, outgoing)
    inputs, quotes = await _seal(db, conversation.contact_id, turn, outcome)
    await queries.insert_turn(
        db,
        _turn_values(db, turn, outcome, message_id=message_id, inputs=inputs.envelope),
        # A draft has answered nobody yet; what becomes of it is decided by a person.
        answers=[message.id for message in turn.incoming] if _is_said(outcome) else [],
        decisions=_decision_values(turn, outcome.decisions),
    )
    await queries.insert_evidence(
        db,
        considered=_considered_values(turn, outcome.considered),
        citations=_citation_values(turn, outcome.quotes, message_id=message_id, sealed=quotes),
    )
    events = [_ended(turn, outcome, inputs)]
    if message_id is not None and sent is not None:
        events += await _tell(db, turn, outcome, message_id=message_id, text=sent)
        await conversations.save(db, _after(db, moved, outcome))
    if outcome.address is not None:
        await conversations.keep_address(db, conversation, outcome.address)
    await audit.append(db, *events)


async def _seal(
    db: Db, contact_id: ContactId, turn: Turn, outcome: Outcome
) -> tuple[vault.Sealed, list[tuple[UUID, vault.Sealed]]]:
    subject = vault.Subject(kind=vault.SubjectKind.CONTACT, id=contact_id)
    inputs = [dict(decision.inputs) for decision in outcome.decisions]
    ids = [uuid7() for _ in outcome.quotes]
    contents = [(turn.id, INPUTS_SLOT, inputs)]
    contents += [
        (
            record_id,
            QUOTE_SLOT,
            [{"title": quote.title, "language": quote.language.value, "text": quote.text}],
        )
        for record_id, quote in zip(ids, outcome.quotes, strict=True)
    ]
    sealed = await vault.seal_many(
        db,
        keys_of(db),
        [
            vault.Plain(
                subject=subject,
                data_class=vault.DataClass.RECORD,
                record_id=record_id,
                slot=slot,
                content=json.dumps(content, ensure_ascii=False).encode(),
            )
            for record_id, slot, content in contents
        ],
    )
    return sealed[0], list(zip(ids, sealed[1:], strict=True))


async def _tell(
    db: Db, turn: Turn, outcome: Outcome, *, message_id: MessageId, text: audit.Commitment
) -> list[audit.Event]:
    sent = MessageSent(
        subject_id=message_id,
        conversation_id=turn.conversation_id,
        turn_id=turn.id,
        outcome=outcome.kind,
        draft=outcome.kind is OutcomeKind.DRAFT,
        text=text,
    )
    if not outcome.discloses:
        return [sent]
    values = {
        "conversation_id": turn.conversation_id,
        "message_id": message_id,
        "language": outcome.language.value,
        "text_version": DISCLOSURE_VERSION,
        "shown_at": db.now,
    }
    await queries.insert_disclosure(db, values)
    disclosed = AiDisclosed(
        subject_id=turn.conversation_id,
        conversation_id=turn.conversation_id,
        message_id=message_id,
        language=outcome.language,
        text_version=DISCLOSURE_VERSION,
    )
    # Whoever reads the log up to any place finds no reply from before the contact was told.
    return [disclosed, sent]


def _is_said(outcome: Outcome) -> bool:
    return outcome.text is not None and outcome.kind is not OutcomeKind.DRAFT


def _after(db: Db, conversation: Conversation, outcome: Outcome) -> Conversation:
    changed = conversation
    if outcome.discloses:
        changed = replace(changed, disclosed_at=db.now)
    if outcome.address is not None:
        changed = replace(changed, address_asked_at=None)
    if outcome.asks_address:
        changed = replace(changed, address_asked_at=db.now)
    # Behind a question of the playground nobody waits, so it comes to no work list.
    if outcome.kind in _TO_PEOPLE and conversation.channel is not Channel.PLAYGROUND:
        waiting_since = changed.waiting_since or db.now
        changed = replace(changed, status=Status.WAITING, handler=Handler.PEOPLE, waiting_since=waiting_since)
    return changed


def _ended(turn: Turn, outcome: Outcome, inputs: vault.Sealed) -> audit.Event:
    return TurnEnded(
        subject_id=turn.id,
        conversation_id=turn.conversation_id,
        outcome=outcome.kind,
        reason=outcome.reason,
        language=outcome.language,
        decisions=len(outcome.decisions),
        inputs=audit.Commitment(value=inputs.commitment, key_id=inputs.key_id, record_id=turn.id),
        cited_versions=tuple(quote.version_id for quote in outcome.quotes),
        error_code=audit.ErrorCode(outcome.error_code) if outcome.error_code else None,
    )


def _turn_values(
    db: Db, turn: Turn, outcome: Outcome, *, message_id: MessageId | None, inputs: bytes
) -> queries.Values:
    return {
        "id": turn.id,
        "conversation_id": turn.conversation_id,
        "epoch": turn.epoch,
        "outcome": outcome.kind.value,
        "reason": outcome.reason.value,
        "language": outcome.language.value,
        "message_id": message_id,
        "error_code": outcome.error_code,
        "inputs_sealed": inputs,
        "started_at": turn.started_at,
        "ended_at": db.now,
    }


def _decision_values(turn: Turn, decisions: Sequence[Decision]) -> list[queries.Values]:
    return [
        {
            "id": uuid7(),
            "turn_id": turn.id,
            "position": position,
            "step": decision.step.value,
            "method": decision.method.name,
            "version": decision.method.version,
            "verdict": decision.verdict,
            "reason": decision.reason,
            "duration_us": round(decision.duration_ms * 1000),
        }
        for position, decision in enumerate(decisions, start=1)
    ]


def _considered_values(turn: Turn, considered: Sequence[Considered]) -> list[queries.Values]:
    return [
        {
            "id": uuid7(),
            "turn_id": turn.id,
            "position": position,
            "passage_id": one.passage_id,
            "document_id": one.document_id,
            "version_id": one.version_id,
            "span_start": one.start,
            "span_end": one.end,
            "cosine": one.cosine,
            "lexical": one.lexical,
            "vector_rank": one.vector_rank,
            "lexical_rank": one.lexical_rank,
            "fused": one.fused,
            "quoted": one.dropped is None,
            "dropped": one.dropped.value if one.dropped else None,
        }
        for position, one in enumerate(considered, start=1)
    ]


def _citation_values(
    turn: Turn,
    quotes: Sequence[Quote],
    *,
    message_id: MessageId | None,
    sealed: Sequence[tuple[UUID, vault.Sealed]],
) -> list[queries.Values]:
    return [
        {
            "id": record_id,
            "turn_id": turn.id,
            "message_id": message_id,
            "position": position,
            "document_id": quote.document_id,
            "version_id": quote.version_id,
            "version": quote.version,
            "span_start": quote.start,
            "span_end": quote.end,
            "quote_sealed": value.envelope,
        }
        for position, (quote, (record_id, value)) in enumerate(zip(quotes, sealed, strict=True), start=1)
    ]
