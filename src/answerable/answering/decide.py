"""The step that chooses the outcome: one table of cases, no effect. Pure."""

from dataclasses import dataclass, replace

from answerable.answering.texts import Text, say, say_quotes
from answerable.answering.values import (
    Decision,
    Drop,
    Evidence,
    Intent,
    Method,
    Outcome,
    OutcomeKind,
    Question,
    Quote,
    Reason,
    Step,
    Turn,
)
from answerable.conversations.values import Handler
from answerable.knowledge.values import Language
from answerable.tenancy.values import Posture

METHOD = Method(name="rules", version="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the check said of the quotes."""

    verbatim: bool
    """Every quote stands, character for character, in a version that is published and valid now."""


def decide(
    turn: Turn, question: Question, evidence: Evidence, verdict: Verdict, *, threshold: float
) -> Outcome:
    """Choose what the turn comes to.

    Units:   threshold is a probability, 0.0 to 1.0.
    Errors:  none; every input has an outcome.
    Source:  docs/decisions/0009-when-to-hand-over.md
    """
    if question.intent is Intent.ADDRESS:
        return _note_address(turn, question)
    if turn.handler is Handler.PEOPLE:
        return Outcome(kind=OutcomeKind.SUPERSEDED, reason=Reason.TAKEN_OVER, language=question.language)
    if turn.tenant.posture is Posture.OFF:
        return hand_over(turn, question.language, Reason.NOT_AUTOMATIC)
    if question.intent is not Intent.QUESTION:
        return _without_a_question(turn, question)
    return _answer(turn, question, evidence, verdict, threshold=threshold)


def hand_over(turn: Turn, language: Language, reason: Reason) -> Outcome:
    """A handoff, with what the contact is told about it."""
    told = say(_TOLD[reason], language)
    hours = turn.tenant.answer_hours
    if turn.address_known:
        wait, asks = say(Text.WAIT_HERE, language, hours=hours), False
    else:
        wait, asks = say(Text.ASK_ADDRESS, language, hours=hours), True
    return Outcome(
        kind=OutcomeKind.HANDOFF, reason=reason, language=language, text=f"{told} {wait}", asks_address=asks
    )


def withdraw(outcome: Outcome, reason: Reason) -> Outcome:
    """What is left of an outcome when somebody was faster: its record, and that nothing of it was said."""
    decision = Decision(
        step=Step.DECIDE,
        method=METHOD,
        verdict=OutcomeKind.SUPERSEDED.value,
        reason=f"{reason.value}: nothing of this was said.",
        duration_ms=0.0,
    )
    return Outcome(
        kind=OutcomeKind.SUPERSEDED,
        reason=reason,
        language=outcome.language,
        considered=tuple(replace(one, dropped=one.dropped or Drop.WITHDRAWN) for one in outcome.considered),
        decisions=(*outcome.decisions, decision),
    )


_TOLD = {
    Reason.UNSUPPORTED: Text.UNKNOWN,
    Reason.NOTHING_FOUND: Text.UNKNOWN,
    Reason.QUOTE_WITHDRAWN: Text.UNKNOWN,
    Reason.TOO_LONG: Text.TOO_LONG,
    Reason.REQUESTED: Text.PERSON,
    Reason.NOT_AUTOMATIC: Text.NOT_AUTOMATIC,
    Reason.FAILED: Text.FAILED,
}


def _answer(
    turn: Turn, question: Question, evidence: Evidence, verdict: Verdict, *, threshold: float
) -> Outcome:
    if not evidence.considered:
        return hand_over(turn, question.language, Reason.NOTHING_FOUND)
    if not evidence.quotes or evidence.probability < threshold:
        return hand_over(turn, question.language, Reason.UNSUPPORTED)
    if not verdict.verbatim:
        return hand_over(turn, question.language, Reason.QUOTE_WITHDRAWN)
    automatic = turn.tenant.posture is Posture.AUTO
    return Outcome(
        kind=OutcomeKind.REPLY if automatic else OutcomeKind.DRAFT,
        reason=Reason.ANSWERED if automatic else Reason.NOT_AUTOMATIC,
        language=question.language,
        text=say_quotes(evidence.quotes, question.language, foreign=_is_foreign(evidence.quotes, question)),
        quotes=evidence.quotes,
    )


def _without_a_question(turn: Turn, question: Question) -> Outcome:
    language = question.language
    match question.intent:
        case Intent.PERSON:
            return hand_over(turn, language, Reason.REQUESTED)
        case Intent.TOO_LONG:
            return hand_over(turn, language, Reason.TOO_LONG)
        case Intent.EMPTY:
            return Outcome(
                kind=OutcomeKind.REFUSAL,
                reason=Reason.EMPTY,
                language=language,
                text=say(Text.EMPTY, language),
            )
        case _:
            text = Text.THANKS if question.intent is Intent.THANKS else Text.GREETING
            return Outcome(
                kind=OutcomeKind.REPLY, reason=Reason.GREETED, language=language, text=say(text, language)
            )


def _note_address(turn: Turn, question: Question) -> Outcome:
    assert question.address is not None
    told = say(
        Text.ADDRESS_NOTED, question.language, address=question.address, hours=turn.tenant.answer_hours
    )
    return Outcome(
        kind=OutcomeKind.REPLY,
        reason=Reason.ADDRESS_NOTED,
        language=question.language,
        text=told,
        address=question.address,
    )


def _is_foreign(quotes: tuple[Quote, ...], question: Question) -> bool:
    return all(quote.language is not question.language for quote in quotes)
