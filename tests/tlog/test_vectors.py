"""The published vectors: current, and answered alike by both implementations, which share no code."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from answerable import tlog
from factories.vectors import TLOG, VECTORS, Json, load_cases
from factories.vectors_verifier import OPERATIONS, VERIFIER

CASES = load_cases()
NOT_ASKED_OF_THE_VERIFIER = {"note_ml_dsa", "parse_path"}


def outcome(operations: dict[str, Callable[[Json], Json]], case: Json) -> Json:
    """What an implementation makes of a case, in the words of the vectors."""
    try:
        return {"gives": operations[case["operation"]](case["given"])}
    except (tlog.Refused, VERIFIER.Refusal) as refused:
        return {"finding": str(refused.finding)}


def expected(case: Json) -> Json:
    return {name: case[name] for name in ("gives", "finding") if name in case}


def test_the_published_vectors_are_current() -> None:
    run = subprocess.run(
        [sys.executable, VECTORS / "generate.py", "--check"], capture_output=True, text=True, check=False
    )

    assert run.stdout + run.stderr == ""
    assert run.returncode == 0


@pytest.mark.parametrize("name", CASES)
def test_the_product_gives_what_the_vector_says(name: str) -> None:
    assert outcome(TLOG, CASES[name]) == expected(CASES[name])


@pytest.mark.parametrize(
    "name", [one for one, case in CASES.items() if case["operation"] not in NOT_ASKED_OF_THE_VERIFIER]
)
def test_the_stand_alone_verifier_gives_what_the_vector_says(name: str) -> None:
    assert outcome(OPERATIONS, CASES[name]) == expected(CASES[name])


def test_each_finding_has_a_vector() -> None:
    found = {case["finding"] for case in CASES.values() if "finding" in case}

    assert found == {str(one) for one in tlog.Finding}


def test_names_of_vectors_are_unique_within_an_operation() -> None:
    total = sum(path.read_text(encoding="utf-8").count('"operation":') for path in VECTORS.glob("*.json"))

    assert total == len(CASES)
