"""What a threshold means: how often replies were right and how many questions got one, as measured. Pure.

The measurements ship with the product; `benchmarks/calibration` makes them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from json import loads


class Questions(StrEnum):
    """Which labelled questions a measurement was made with."""

    HELD_OUT = "held_out"
    """The half that nothing was fitted on; it was looked at while the rule was settled."""
    FRESH = "fresh"
    """Written after the rule was settled, and scored once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def interval(self) -> tuple[float, float]:
        """Wilson's interval at 95 %."""
        if not self.whole:
            return 0.0, 1.0
        z = 1.959964
        share = self.part / self.whole
        spread = z * math.sqrt(share * (1 - share) / self.whole + z * z / (4 * self.whole**2))
        middle, scale = share + z * z / (2 * self.whole), 1 + z * z / self.whole
        return (middle - spread) / scale, (middle + spread) / scale

    def __str__(self) -> str:
        if not self.whole:
            return "-"
        low, high = self.interval()
        return f"{self.part / self.whole:.3f} ({low:.2f}-{high:.2f}) {self.part}/{self.whole}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One labelled question as the product would treat it."""

    probability: float
    """Rounded to six places, down, so that what was below a threshold stays below it."""
    answerable: bool
    right: bool
    """One of the sentences that would be quoted answers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOff:
    """What one threshold comes to on one set of questions."""

    threshold: float
    precision: Share
    """Of the replies, those in which a quoted sentence answers."""
    coverage: Share
    """Of the questions that have an answer, those that got it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """All measurements that the product ships, and which calibration they are of."""

    calibration: str
    questions: dict[Questions, tuple[Measured, ...]]


@cache
def measurements() -> Measurements:
    """What was measured with the calibration that ships."""
    found = loads(resources.files("answerable.answering").joinpath("measured.json").read_text("utf-8"))
    return Measurements(
        calibration=found["calibration"],
        questions={
            one: tuple(
                Measured(probability=probability, answerable=bool(answerable), right=bool(right))
                for probability, answerable, right in found[one.value]
            )
            for one in Questions
        },
    )


def trade_off(threshold: float, measured: Sequence[Measured]) -> TradeOff:
    """How often replies were right, and how many questions got one, at a threshold.

    Units:   threshold is a probability, 0.0 to 1.0.
    """
    replies = [one for one in measured if one.probability >= threshold]
    right = sum(one.right for one in replies)
    return TradeOff(
        threshold=threshold,
        precision=Share(part=right, whole=len(replies)),
        coverage=Share(part=right, whole=sum(one.answerable for one in measured)),
    )
