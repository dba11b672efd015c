"""The path from a leaf to its checkpoint as a drawing. Pure: a proof in, points out."""

from dataclasses import dataclass
from typing import Final

from answerable.audit.proofs import Proven, Step

_LEFT, _RIGHT = 110, 846
_BOTTOM, _TOP = 190, 60
_HANG: Final = 36
"""How far a given hash hangs below the path, or stands above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A hash on the path, and the given one that led to it."""

    step: Step
    x: int
    y: int
    """The hash over both."""
    own_x: int
    own_y: int
    """The hash before."""
    sibling_x: int
    sibling_y: int
    label_y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The drawn path: points in units of its view box, 1080 by 260."""

    dots: tuple[Dot, ...]
    walk: str
    """The path's own line, as SVG writes it."""


def draw(proven: Proven) -> Drawing:
    """A proof's path from the leaf, at the bottom left, to the root."""
    count = max(len(proven.path), 1)
    points = [
        (_LEFT + (_RIGHT - _LEFT) * at // count, _BOTTOM - (_BOTTOM - _TOP) * at // count)
        for at in range(count + 1)
    ]
    dots: list[Dot] = []
    for number, step in enumerate(proven.path):
        (own_x, own_y), (x, y) = points[number], points[number + 1]
        is_above = step.side == "left"
        sibling_y = own_y - _HANG if is_above else own_y + _HANG
        dots.append(
            Dot(
                step=step,
                x=x,
                y=y,
                own_x=own_x,
                own_y=own_y,
                sibling_x=(own_x + x) // 2,
                sibling_y=sibling_y,
                label_y=sibling_y - 10 if is_above else sibling_y + 20,
            )
        )
    line = "L".join(f"{x} {y}" for x, y in points)
    return Drawing(dots=tuple(dots), walk=f"M{line}H968")
