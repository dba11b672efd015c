"""Ship what was measured: `python -m benchmarks.calibration.measured` writes answering/measured.json anew.

The settings page says from it what a threshold comes to; nothing is fitted here.
"""

import asyncio
import json
import math
from collections.abc import Sequence
from pathlib import Path

from answerable import answering
from answerable.answering.evidence import calibration
from answerable.answering.trade_off import Measured, Measurements, Questions
from benchmarks.calibration.gather import Case, gather
from benchmarks.calibration.labels import is_for_tuning, load_fresh, load_questions

FILE = Path(answering.__file__).with_name("measured.json")


def measure(cases: Sequence[Case]) -> Measurements:
    """What became of the held-out and of the fresh questions among these cases."""
    fresh = set(load_fresh())
    kept: dict[Questions, list[Measured]] = {one: [] for one in Questions}
    for case in cases:
        if case.labelled in fresh:
            kept[Questions.FRESH].append(_measured(case))
        elif not is_for_tuning(case.labelled):
            kept[Questions.HELD_OUT].append(_measured(case))
    return Measurements(
        calibration=calibration().version, questions={one: tuple(found) for one, found in kept.items()}
    )


def _measured(case: Case) -> Measured:
    return Measured(
        probability=math.floor(case.weigh().probability * 1e6) / 1e6,
        answerable=case.labelled.answerable,
        right=case.is_right,
    )


def write(measured: Measurements) -> None:
    """Write the file that the product ships, a question a line, in the order of the labels.

    Effects: overwrites answering/measured.json.
    """
    parts = [f'  "calibration": {json.dumps(measured.calibration)}']
    for name, questions in measured.questions.items():
        rows = [[one.probability, int(one.answerable), int(one.right)] for one in questions]
        lines = ",\n".join(f"    {json.dumps(row)}" for row in rows)
        parts.append(f'  "{name.value}": [\n{lines}\n  ]')
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")


async def main() -> None:
    """Gather, measure, write."""
    write(measure(await gather((*load_questions(), *load_fresh()))))


if __name__ == "__main__":
    asyncio.run(main())
