"""What `decide` was given, written into a record and read back from it, so that it can be asked again. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from answerable.answering.decide import METHOD, Verdict, decide
from answerable.answering.values import (
    Alternative,
    Considered,
    Decision,
    Evidence,
    Intent,
    Outcome,
    OutcomeKind,
    Question,
    Quote,
    Record,
    Step,
    Turn,
)
from answerable.conversations.rules import find_email
from answerable.conversations.values import Handler
from answerable.knowledge.values import DocumentId, Language, VersionId
from answerable.tenancy.values import Posture, Tenant

Json = Mapping[str, Any]  # what this module wrote itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that the outcome of a turn depends on."""

    turn: Turn
    question: Question
    evidence: Evidence
    verdict: Verdict
    threshold: float
    """From which probability on an answer is given, 0.0 to 1.0."""

    alternatives: tuple[Alternative, ...] = ()
    """The evidence that there would have been without each of the quoted documents."""


def redecide(case: Case) -> Outcome:
    """What such a turn comes to: `decide` itself, on these values."""
    return decide(case.turn, case.question, case.evidence, case.verdict, threshold=case.threshold)


def reconsider(case: Case, *, threshold: float | None = None, posture: Posture | None = None) -> Outcome:
    """What the turn would have come to under other settings; nothing is stored."""
    tenant = replace(case.turn.tenant, posture=posture or case.turn.tenant.posture)
    changed = replace(
        case,
        turn=replace(case.turn, tenant=tenant),
        threshold=case.threshold if threshold is None else threshold,
    )
    return redecide(changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What a turn would have come to under a posture, on one side of its probability."""

    posture: Posture
    is_reached: bool
    """Whether the probability reaches the threshold."""

    outcome: Outcome


def what_ifs(case: Case) -> tuple[WhatIf, ...]:
    """What the turn would have come to under every posture and every threshold; nothing is stored.

    A threshold counts only by whether the probability reaches it, so two of them stand for all.
    """
    reached = case.evidence.probability
    sides = ((True, reached), (False, math.nextafter(reached, math.inf)))
    return tuple(
        WhatIf(
            posture=posture,
            is_reached=is_reached,
            outcome=reconsider(case, threshold=threshold, posture=posture),
        )
        for posture in Posture
        for is_reached, threshold in sides
    )


def describe_evidence(found: Evidence, alternatives: Sequence[Alternative]) -> dict[str, object]:
    """The evidence of a turn as its record keeps it."""
    return {
        "features": dict(found.features),
        "quotes": [_quote_json(quote) for quote in found.quotes],
        "without": [
            {
                "document_id": str(one.document_id),
                "probability": one.evidence.probability,
                "quotes": [_quote_json(quote) for quote in one.evidence.quotes],
            }
            for one in alternatives
        ],
    }


def case_of(record: Record, tenant: Tenant) -> Case | None:
    """What `decide` was given in a turn.

    None when there is nothing to read it from: nothing was decided by rule, the contact was erased, or the rules
    have changed since and would decide otherwise.
    """
    steps = first_of_each(record.decisions)
    understood, decided = steps.get(Step.UNDERSTAND), steps.get(Step.DECIDE)
    if understood is None or decided is None or decided.method != METHOD or not decided.inputs:
        return None
    question = _question(record, understood)
    if question.intent is Intent.ADDRESS and question.address is None:
        return None
    evidence, alternatives = _evidence(record, steps, probability=decided.inputs["probability"])
    checked = steps.get(Step.CHECK)
    case = Case(
        turn=_turn(record, tenant, decided.inputs),
        question=question,
        evidence=evidence,
        verdict=Verdict(verbatim=checked is not None and checked.verdict == "verbatim"),
        threshold=decided.inputs["threshold"],
        alternatives=alternatives,
    )
    return case if redecide(case).kind.value == decided.verdict else None


def first_of_each(decisions: Sequence[Decision]) -> dict[Step, Decision]:
    """The first decision of each step; a second one to decide says that the first came too late."""
    return {decision.step: decision for decision in reversed(decisions)}


def quotes_of(record: Record) -> tuple[Quote, ...]:
    """The sentences that composing chose, whether they were said or not; none once the contact is erased."""
    composed = first_of_each(record.decisions).get(Step.COMPOSE)
    return _read_quotes(composed.inputs.get("quotes", ())) if composed else ()


def is_withdrawn(record: Record) -> bool:
    """Whether the turn had come to another outcome before somebody was faster."""
    decided = [one for one in record.decisions if one.step is Step.DECIDE]
    return record.outcome is OutcomeKind.SUPERSEDED and len(decided) > 1


def _turn(record: Record, tenant: Tenant, decided: Json) -> Turn:
    return Turn(
        id=record.turn_id,
        conversation_id=record.conversation_id,
        epoch=0,
        position=0,
        incoming=(),
        language=None,
        tenant=replace(tenant, posture=Posture(decided["posture"])),
        handler=Handler(decided["handler"]),
        disclosed=True,
        address_known=decided["address_known"],
        address_asked=False,
        started_at=record.started_at,
    )


def _question(record: Record, understood: Decision) -> Question:
    text = "\n".join(message["text"] or "" for message in understood.inputs["messages"])
    intent = Intent(understood.verdict)
    address = find_email(text) if intent is Intent.ADDRESS else None
    return Question(intent=intent, text=text, language=record.language, address=address)


def _evidence(
    record: Record, steps: Mapping[Step, Decision], *, probability: float
) -> tuple[Evidence, tuple[Alternative, ...]]:
    composed = steps.get(Step.COMPOSE)
    inputs: Json = composed.inputs if composed else {}
    found = Evidence(
        quotes=_read_quotes(inputs.get("quotes", ())),
        probability=probability,
        features=inputs.get("features", {}),
        considered=record.considered,
    )
    return found, tuple(_alternative(one, record.considered) for one in inputs.get("without", ()))


def _alternative(kept: Json, considered: Sequence[Considered]) -> Alternative:
    document_id = DocumentId(UUID(kept["document_id"]))
    return Alternative(
        document_id=document_id,
        evidence=Evidence(
            quotes=_read_quotes(kept["quotes"]),
            probability=kept["probability"],
            features={},
            considered=tuple(one for one in considered if one.document_id != document_id),
        ),
    )


def _quote_json(quote: Quote) -> dict[str, object]:
    return {
        "document_id": str(quote.document_id),
        "version_id": str(quote.version_id),
        "version": quote.version,
        "title": quote.title,
        "language": quote.language.value,
        "start": quote.start,
        "end": quote.end,
        "text": quote.text,
    }


def _read_quotes(kept: Sequence[Json]) -> tuple[Quote, ...]:
    return tuple(
        Quote(
            document_id=DocumentId(UUID(one["document_id"])),
            version_id=VersionId(UUID(one["version_id"])),
            version=one["version"],
            title=one["title"],
            language=Language(one["language"]),
            start=one["start"],
            end=one["end"],
            text=one["text"],
        )
        for one in kept
    )
