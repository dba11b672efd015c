"""Which brand colours the widget may wear: white text on them has to be readable. Pure."""

import re
from typing import Final

from answerable.tenancy.errors import ColourInvalid, ColourTooLight

LEAST_CONTRAST: Final = 4.5
"""Of text with its ground, as a ratio to 1.

Source:  WCAG 2.2, success criterion 1.4.3.
"""

WHITE: Final = "#ffffff"

_HEX = re.compile(r"#([0-9a-fA-F]{6})")


def check_brand_colour(written: str) -> str:
    """The colour in its one spelling.

    Errors:  ColourInvalid, ColourTooLight.
    """
    colour = written.strip().lower()
    if not _HEX.fullmatch(colour):
        raise ColourInvalid
    ratio = contrast(colour, WHITE)
    if ratio < LEAST_CONTRAST:
        # Cut, not rounded: 4.499 must not be told as 4.5.
        raise ColourTooLight(f"It is {int(ratio * 100) / 100:.2f} to 1.")
    return colour


def contrast(first: str, second: str) -> float:
    """How well one colour can be told from another, 1.0 to 21.0.

    Source:  WCAG 2.2, definition of contrast ratio.
    """
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`, 0.0 to 1.0.

    Source:  WCAG 2.2, definition of relative luminance.
    """
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
