"""What a turn comes to, as a pure choice: examples and properties."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.answering.decide import Verdict, decide
from answerable.answering.values import Evidence, Intent, OutcomeKind, Question, Reason, Turn
from answerable.conversations.values import Handler
from answerable.knowledge.values import Language
from answerable.tenancy.values import Posture
from factories.answering import CONSIDERED, QUESTION, QUOTE, TENANT, TURN

VERBATIM = Verdict(verbatim=True)

probabilities = st.floats(0, 1)
turns = st.builds(
    replace,
    st.just(TURN),
    handler=st.sampled_from(Handler),
    address_known=st.booleans(),
    address_asked=st.booleans(),
    disclosed=st.booleans(),
    tenant=st.builds(replace, st.just(TENANT), posture=st.sampled_from(Posture)),
)
questions = st.builds(
    Question,
    intent=st.sampled_from([intent for intent in Intent if intent is not Intent.ADDRESS]),
    text=st.text(max_size=20),
    language=st.sampled_from(Language),
)


def evidence(probability: float) -> Evidence:
    return Evidence(quotes=(QUOTE,), probability=probability, features={}, considered=(CONSIDERED,))


@given(turns, questions, probabilities, probabilities, probabilities)
def test_weaker_evidence_never_turns_a_handoff_into_a_reply(
    turn: Turn, question: Question, first: float, second: float, threshold: float
) -> None:
    weak, strong = sorted((first, second))

    on_weak = decide(turn, question, evidence(weak), VERBATIM, threshold=threshold)
    on_strong = decide(turn, question, evidence(strong), VERBATIM, threshold=threshold)

    assert not (on_weak.kind is OutcomeKind.REPLY and on_strong.kind is OutcomeKind.HANDOFF)


@given(turns, questions, probabilities, probabilities)
def test_every_input_has_an_outcome_that_says_something_or_gives_way(
    turn: Turn, question: Question, probability: float, threshold: float
) -> None:
    outcome = decide(turn, question, evidence(probability), VERBATIM, threshold=threshold)

    assert (outcome.text is None) == (outcome.kind is OutcomeKind.SUPERSEDED)


@given(turns, questions, probabilities, probabilities)
def test_nothing_is_quoted_that_failed_the_check(
    turn: Turn, question: Question, probability: float, threshold: float
) -> None:
    outcome = decide(turn, question, evidence(probability), Verdict(verbatim=False), threshold=threshold)

    assert outcome.quotes == ()


@given(turns, questions, probabilities, probabilities)
def test_only_the_automatic_posture_sends_quotes_by_itself(
    turn: Turn, question: Question, probability: float, threshold: float
) -> None:
    outcome = decide(turn, question, evidence(probability), VERBATIM, threshold=threshold)

    if outcome.quotes and turn.tenant.posture is not Posture.AUTO:
        assert outcome.kind is OutcomeKind.DRAFT


def test_a_supported_answer_is_quoted() -> None:
    outcome = decide(TURN, QUESTION, evidence(0.9), VERBATIM, threshold=0.5)

    assert outcome.kind is OutcomeKind.REPLY
    assert outcome.quotes == (QUOTE,)
    assert QUOTE.text in (outcome.text or "")


def test_an_unsupported_question_is_handed_over_and_asks_for_an_address() -> None:
    outcome = decide(TURN, QUESTION, evidence(0.4), VERBATIM, threshold=0.5)

    assert (outcome.kind, outcome.reason) == (OutcomeKind.HANDOFF, Reason.UNSUPPORTED)
    assert outcome.asks_address
    assert "24 hours" in (outcome.text or "")


def test_a_contact_whose_address_is_known_is_not_asked_for_it() -> None:
    outcome = decide(replace(TURN, address_known=True), QUESTION, evidence(0.4), VERBATIM, threshold=0.5)

    assert not outcome.asks_address


def test_a_question_without_any_passage_is_handed_over() -> None:
    nothing = Evidence(quotes=(), probability=0.0, features={}, considered=())

    outcome = decide(TURN, QUESTION, nothing, VERBATIM, threshold=0.0)

    assert (outcome.kind, outcome.reason) == (OutcomeKind.HANDOFF, Reason.NOTHING_FOUND)


def test_quotes_in_another_language_are_announced_as_such() -> None:
    german = replace(QUOTE, language=Language.GERMAN, text="Dreißig Tage.")
    found = replace(evidence(0.9), quotes=(german,))

    outcome = decide(TURN, QUESTION, found, VERBATIM, threshold=0.5)

    assert "in German" in (outcome.text or "")


@pytest.mark.parametrize(
    ("intent", "kind", "reason"),
    [
        (Intent.PERSON, OutcomeKind.HANDOFF, Reason.REQUESTED),
        (Intent.TOO_LONG, OutcomeKind.HANDOFF, Reason.TOO_LONG),
        (Intent.EMPTY, OutcomeKind.REFUSAL, Reason.EMPTY),
        (Intent.GREETING, OutcomeKind.REPLY, Reason.GREETED),
        (Intent.THANKS, OutcomeKind.REPLY, Reason.GREETED),
    ],
)
def test_what_is_no_question_has_an_outcome_of_its_own(
    intent: Intent, kind: OutcomeKind, reason: Reason
) -> None:
    outcome = decide(TURN, replace(QUESTION, intent=intent), evidence(0.0), VERBATIM, threshold=0.5)

    assert (outcome.kind, outcome.reason) == (kind, reason)


def test_people_who_have_the_conversation_are_not_interrupted() -> None:
    outcome = decide(replace(TURN, handler=Handler.PEOPLE), QUESTION, evidence(1.0), VERBATIM, threshold=0.0)

    assert (outcome.kind, outcome.text) == (OutcomeKind.SUPERSEDED, None)
