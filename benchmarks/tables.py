"""Printing what was measured: aligned tables under the conditions in which they hold. Nothing is measured here."""

import platform
from collections.abc import Mapping, Sequence
from os import cpu_count, getloadavg

import numpy as np


def print_conditions(title: str, conditions: Mapping[str, object]) -> None:
    """Print a title, and under which conditions the tables below it hold; the machine is added."""
    machine = {
        "machine": platform.machine(),
        "cores": cpu_count(),
        "load": f"{getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
    }
    print(f"\n{title}")
    print(", ".join(f"{name} {value}" for name, value in (machine | dict(conditions)).items()))


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under headers: the first column to the left, numbers to the right."""
    cells = [list(headers), *([_show(value) for value in row] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(headers))]
    print(f"\n{title}")
    for line in cells:
        first = line[0].ljust(widths[0])
        rest = [value.rjust(width) for value, width in zip(line[1:], widths[1:], strict=True)]
        print("  ".join([first, *rest]).rstrip())


def percentile(seconds: Sequence[float], share: int) -> float:
    """A percentile of durations.

    Units:   seconds in, milliseconds out; share 0 to 100.
    """
    return float(np.percentile(np.array(seconds) * 1000, share))


def _show(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
