"""What a threshold means: the numbers that ship are those that the documentation reports."""

import re
from pathlib import Path

import pytest
from benchmarks.calibration.labels import Labelled, is_for_tuning, load_fresh, load_questions
from hypothesis import given
from hypothesis import strategies as st

from answerable.answering.evidence import calibration
from answerable.answering.trade_off import Measured, Questions, Share, measurements, trade_off

README = Path(__file__).parents[2] / "benchmarks" / "calibration" / "README.md"

thresholds = st.floats(0, 1)


def as_measured(probability: float, answered: str) -> Measured:
    return Measured(
        probability=probability,
        answerable=answered != "unanswerable",
        right=answered == "answerable and right",
    )


measured = st.lists(
    st.builds(
        as_measured,
        st.floats(0, 1),
        st.sampled_from(["unanswerable", "answerable and right", "answerable and wrong"]),
    )
)


@pytest.mark.parametrize(
    ("questions", "precision", "coverage"),
    [(Questions.HELD_OUT, (43, 44), (43, 122)), (Questions.FRESH, (26, 26), (26, 120))],
)
def test_the_shipped_measurements_give_the_reported_numbers(
    questions: Questions, precision: tuple[int, int], coverage: tuple[int, int]
) -> None:
    found = trade_off(calibration().threshold, measurements().questions[questions])

    assert (found.precision.part, found.precision.whole) == precision
    assert (found.coverage.part, found.coverage.whole) == coverage
    # As the page about the calibration prints them: a line of its table.
    assert re.search(
        rf"\| all \| {re.escape(str(found.precision))} \| {re.escape(str(found.coverage))} \|",
        README.read_text(encoding="utf-8"),
    )


def test_the_shipped_measurements_are_of_the_shipped_calibration() -> None:
    assert measurements().calibration == calibration().version


@pytest.mark.parametrize(
    ("questions", "labels"),
    [
        (Questions.HELD_OUT, [one for one in load_questions() if not is_for_tuning(one)]),
        (Questions.FRESH, list(load_fresh())),
    ],
    ids=["held out", "fresh"],
)
def test_every_labelled_question_was_measured_in_its_order(
    questions: Questions, labels: list[Labelled]
) -> None:
    found = measurements().questions[questions]

    assert [one.answerable for one in found] == [label.answerable for label in labels]
    assert not any(one.right and not one.answerable for one in found)
    assert all(0.0 <= one.probability <= 1.0 for one in found)


@given(measured, thresholds, thresholds)
def test_a_higher_threshold_never_answers_more(rows: list[Measured], first: float, second: float) -> None:
    low, high = sorted((first, second))

    assert trade_off(high, rows).precision.whole <= trade_off(low, rows).precision.whole
    assert trade_off(high, rows).coverage.part <= trade_off(low, rows).coverage.part


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share_and_stays_between_none_and_all(part: int, more: int) -> None:
    low, high = Share(part=part, whole=part + more).interval()

    share = part / (part + more) if part + more else 0.5
    assert -1e-9 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1 + 1e-9


def test_the_interval_is_the_known_one() -> None:
    low, high = Share(part=26, whole=26).interval()

    assert (round(low, 3), round(high, 3)) == (0.871, 1.0)
