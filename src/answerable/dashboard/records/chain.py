"""The steps of a turn against one clock, and what each took in and gave out, as a page draws them. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from answerable.answering import Inspection
from answerable.answering.values import Decision, Step

WIDTH = 1000
"""The clock's length, in units of its drawing."""

_NARROWEST = 6
"""Even a step of a microsecond is to be seen."""

_ICONS: Mapping[Step, str] = {
    Step.UNDERSTAND: "chat",
    Step.RETRIEVE: "search",
    Step.COMPOSE: "quote",
    Step.CHECK: "check",
    Step.DISCLOSE: "assistant",
    Step.DECIDE: "policy",
}
_SHOWN_ELSEWHERE = frozenset({"messages", "features", "quotes", "without"})
"""Inputs that the page shows in a form of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One step of the chain."""

    number: int
    decision: Decision
    icon: str
    is_withdrawn: bool
    """Whether it is the second decision, which took the first one back."""
    bar_from: int
    bar_width: int
    inputs: tuple[tuple[str, str], ...]
    """Name and value of what went in, where the page has no form of its own for it."""

    @property
    def what(self) -> str:
        """The key of the sentence that says what came out."""
        return f"{self.decision.step.value}_{self.decision.verdict}"


def chain_of(seen: Inspection) -> tuple[Link, ...]:
    """Every step with its bar; the clock runs from the first step to the last."""
    decisions = seen.record.decisions
    whole_ms = sum(decision.duration_ms for decision in decisions) or 1.0
    links: list[Link] = []
    passed_ms = 0.0
    for number, decision in enumerate(decisions, start=1):
        is_second = decision.step in {link.decision.step for link in links}
        width = max(_NARROWEST, round(WIDTH * decision.duration_ms / whole_ms))
        begin = min(round(WIDTH * passed_ms / whole_ms), WIDTH - width)
        links.append(
            Link(
                number=number,
                decision=decision,
                icon=_ICONS[decision.step],
                is_withdrawn=is_second,
                bar_from=max(begin, 0),
                bar_width=min(width, WIDTH),
                inputs=_inputs(decision.inputs),
            )
        )
        passed_ms += decision.duration_ms
    return tuple(links)


def took_ms(seen: Inspection) -> float:
    """How long the steps took together."""
    return sum(decision.duration_ms for decision in seen.record.decisions)


def _inputs(kept: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, _spelled(value)) for name, value in kept.items() if name not in _SHOWN_ELSEWHERE)


def _spelled(value: Any) -> str:  # JSON, read from a record
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
