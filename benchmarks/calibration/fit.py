"""Fit the coefficients: `python -m benchmarks.calibration.fit` writes answering/calibration.json anew.

Only the tuning half is read; ranking and ceilings are kept as they are in the file.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from answerable import answering
from answerable.answering.evidence import calibration, is_thin
from benchmarks.calibration.fitting import Fitted, cross_validate, find_threshold, fit
from benchmarks.calibration.gather import Case, gather
from benchmarks.calibration.labels import is_for_tuning, load_questions

FILE = Path(answering.__file__).with_name("calibration.json")

SIGNS = {
    "closeness": 1,
    "lead": 1,
    "words_missing": -1,
    "words_unknown": -1,
    "kind_missing": -1,
    "asks_count": -1,
    "asks_name": -1,
    "names_missing": -1,
    "other_language": -1,
}
"""Whether a feature speaks for an answer: a weight of the other sign would be an accident of the questions."""

RIDGE = 8.0
PRECISION = 0.98
"""Asked of the tuning half under cross-validation."""
MARGIN = 0.1
"""Put on the threshold, since the features were chosen while looking at the same questions."""


def fit_cases(cases: Sequence[Case]) -> tuple[Fitted, float]:
    """The coefficients and the threshold; folds never part the questions about one document."""
    measured = [(case, features) for case in cases if (features := case.weigh().features)]
    rows = np.array([[features[name] for name in SIGNS] for _, features in measured])
    right = np.array([float(case.is_right) for case, _ in measured])
    signs = list(SIGNS.values())
    topics = [case.labelled.topic for case, _ in measured]
    blind = cross_validate(rows, right, signs, ridge=RIDGE, topics=topics)
    solid = np.array([not is_thin(features) for _, features in measured])
    threshold = find_threshold(blind[solid], right[solid], precision=PRECISION) + MARGIN
    return fit(rows, right, signs, ridge=RIDGE), min(threshold, 1.0)


def write(fitted: Fitted, threshold: float, *, version: str) -> None:
    """Write the file that the product ships.

    Effects: overwrites answering/calibration.json.
    """
    model = calibration()
    weights = {name: round(float(weight), 4) for name, weight in zip(SIGNS, fitted.weights, strict=True)}
    shipped = {
        "version": version,
        "threshold": round(threshold, 3),
        "intercept": round(fitted.intercept, 4),
        "weights": weights,
        "ranking": dict(model.ranking),
        "ceilings": dict(model.ceilings),
    }
    FILE.write_text(json.dumps(shipped, indent=2) + "\n", "utf-8")


async def main() -> None:
    """Gather, fit, write, and print what was written."""
    cases = await gather([one for one in load_questions() if is_for_tuning(one)])
    fitted, threshold = fit_cases(cases)
    write(fitted, threshold, version=str(int(calibration().version) + 1))
    print(FILE.read_text("utf-8"))


if __name__ == "__main__":
    asyncio.run(main())
