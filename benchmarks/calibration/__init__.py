"""How often replies are right and how many questions get one: `python -m benchmarks calibration`.

Measured on the half of the labelled questions that the coefficients were not fitted on, which `fit` does,
and on fresh questions that nobody used while the rule was settled.
How often each was looked at stands in README.md beside this file.
"""

from collections.abc import Sequence

from answerable.answering.evidence import calibration
from answerable.answering.trade_off import measurements
from benchmarks.calibration.gather import Case, gather
from benchmarks.calibration.labels import is_for_tuning, load_fresh, load_questions
from benchmarks.calibration.measured import measure
from benchmarks.calibration.report import judge, write_table


async def main() -> None:
    """Print precision and coverage of both halves and of the fresh questions, with intervals."""
    model = calibration()
    cases = await gather((*load_questions(), *load_fresh()))
    known, fresh = cases[: len(load_questions())], cases[len(load_questions()) :]
    print(
        f"\ncalibration: version {model.version}, threshold {model.threshold:.3f}, Wilson intervals at 95 %"
    )
    for title, tuning in (("held out", False), ("tuning half (fitted on)", True)):
        half = [case for case in known if is_for_tuning(case.labelled) is tuning]
        _print_table(title, half, threshold=model.threshold)
    _print_table("fresh, scored once", fresh, threshold=model.threshold)
    if measure(cases) != measurements():
        print(
            "\nThe measurements that ship differ: run `.venv/bin/python -m benchmarks.calibration.measured`."
        )
    print(
        "\nThe held-out half was looked at while the rule was settled: see benchmarks/calibration/README.md."
    )


def _print_table(title: str, cases: Sequence[Case], *, threshold: float) -> None:
    print(f"\n{title}: {len(cases)} questions\n")
    print(write_table(judge(cases, threshold=threshold)))
