"""What would have changed an outcome: every flip that is told is decided again here."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.answering.cases import Case, reconsider, redecide
from answerable.answering.evidence import calibration, is_thin, probability_of
from answerable.answering.flips import (
    FEATURE_STEP,
    THRESHOLD_STEP,
    Factor,
    Flip,
    contributions_of,
    flips_of,
    is_calibrated,
)
from answerable.answering.values import Alternative, Evidence, Intent, OutcomeKind, Reason
from answerable.conversations.values import Handler
from answerable.tenancy.values import Posture
from factories.answering import CONSIDERED, QUESTION, QUOTE
from factories.cases import STRONG, case_with, cases, measured


@given(cases)
def test_every_flip_that_is_told_comes_true_when_it_is_decided_again(case: Case) -> None:
    before = redecide(case)

    for flip in flips_of(case):
        after = redecide(flip.case)
        assert (after.kind, after.reason) == (flip.kind, flip.reason)
        assert after.kind is not before.kind


@given(cases)
def test_a_flip_changes_one_thing_and_leaves_the_rest(case: Case) -> None:
    for flip in flips_of(case):
        assert _restored(flip, case) == case


@given(cases)
def test_every_posture_handler_and_check_that_would_change_it_is_told(case: Case) -> None:
    before = redecide(case).kind
    told = {(flip.factor, flip.changed) for flip in flips_of(case)}

    for posture in Posture:
        changes = reconsider(case, posture=posture).kind is not before
        assert changes == ((Factor.POSTURE, posture.value) in told)
    for handler in Handler:
        changed = redecide(replace(case, turn=replace(case.turn, handler=handler)))
        assert (changed.kind is not before) == ((Factor.HANDLER, handler.value) in told)


@given(cases)
def test_the_threshold_that_is_told_is_the_nearest_that_changes_it(case: Case) -> None:
    before = redecide(case).kind

    for flip in (one for one in flips_of(case) if one.factor is Factor.THRESHOLD):
        assert isinstance(flip.changed, float)
        nearer = flip.changed + (THRESHOLD_STEP if flip.changed < case.threshold else -THRESHOLD_STEP)
        is_between = min(flip.changed, case.threshold) < nearer < max(flip.changed, case.threshold)
        assert not is_between or reconsider(case, threshold=nearer).kind is before


@given(measured(), st.floats(0.05, 0.95))
def test_the_feature_that_is_told_is_the_nearest_that_changes_it(
    features: dict[str, float], threshold: float
) -> None:
    case = case_with(features, threshold=threshold)
    before = redecide(case).kind

    for flip in (one for one in flips_of(case) if one.feature in {"closeness", "lead"}):
        assert isinstance(flip.changed, float)
        assert isinstance(flip.given, float)
        nearer = flip.changed + (FEATURE_STEP if flip.changed < flip.given else -FEATURE_STEP)
        is_between = min(flip.changed, flip.given) < nearer < max(flip.changed, flip.given)
        changed = {**features, str(flip.feature): nearer}
        evidence = replace(case.evidence, features=changed, probability=probability_of(changed))
        assert not is_between or redecide(replace(case, evidence=evidence)).kind is before


@given(measured())
def test_contributions_add_up_to_the_probability(features: dict[str, float]) -> None:
    logit = calibration().intercept + sum(one.amount for one in contributions_of(features))

    share = 1 / (1 + math.exp(-logit))
    is_capped = is_thin(features) and share > calibration().ceilings["thin"]
    assert probability_of(features) == pytest.approx(calibration().ceilings["thin"] if is_capped else share)


def test_a_reply_says_from_which_threshold_on_it_would_have_been_a_handoff() -> None:
    case = case_with(STRONG)

    (flip,) = [one for one in flips_of(case) if one.factor is Factor.THRESHOLD]

    assert flip.kind is OutcomeKind.HANDOFF
    assert isinstance(flip.changed, float)
    assert case.evidence.probability < flip.changed <= case.evidence.probability + THRESHOLD_STEP


def test_a_handoff_says_which_word_was_missing_one_too_many() -> None:
    case = case_with({**STRONG, "words_missing": 1.0, "words_unknown": 1.0})

    (flip,) = [one for one in flips_of(case) if one.factor is Factor.FEATURE]

    assert (flip.feature, flip.given, flip.changed) == ("words_missing", 1.0, 0.0)
    assert flip.kind is OutcomeKind.REPLY


def test_without_the_quoted_document_the_rest_is_decided_upon() -> None:
    rest = Evidence(quotes=(QUOTE,), probability=0.2, features={}, considered=(CONSIDERED,))
    case = replace(
        case_with(STRONG), alternatives=(Alternative(document_id=QUOTE.document_id, evidence=rest),)
    )

    (flip,) = [one for one in flips_of(case) if one.factor is Factor.DOCUMENT]

    assert (flip.document_id, flip.kind, flip.reason) == (
        QUOTE.document_id,
        OutcomeKind.HANDOFF,
        Reason.UNSUPPORTED,
    )


def test_words_alone_have_no_threshold_at_which_they_reply() -> None:
    wordy = replace(case_with(STRONG).evidence, probability=0.0)
    case = replace(case_with(STRONG), evidence=wordy)

    told = {flip.factor for flip in flips_of(case)}

    assert not is_calibrated(wordy)
    assert told.isdisjoint({Factor.THRESHOLD, Factor.FEATURE})


def test_features_of_another_calibration_contribute_nothing_that_could_be_told() -> None:
    assert contributions_of({"nearness": 0.9}) == ()


def test_a_greeting_depends_on_no_evidence() -> None:
    case = replace(case_with(STRONG), question=replace(QUESTION, intent=Intent.GREETING))

    assert {flip.factor for flip in flips_of(case)} == {Factor.POSTURE, Factor.HANDLER}


def _restored(flip: Flip, case: Case) -> Case:
    """The flip's case with the one input that its factor names set back."""
    changed = flip.case
    match flip.factor:
        case Factor.THRESHOLD:
            return replace(changed, threshold=case.threshold)
        case Factor.FEATURE | Factor.DOCUMENT:
            return replace(changed, evidence=case.evidence)
        case Factor.CHECK:
            return replace(changed, verdict=case.verdict)
        case Factor.POSTURE:
            return replace(changed, turn=replace(changed.turn, tenant=case.turn.tenant))
        case Factor.HANDLER:
            return replace(changed, turn=replace(changed.turn, handler=case.turn.handler))
