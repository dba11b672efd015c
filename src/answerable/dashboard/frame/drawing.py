"""What templates draw with: icons, times, numbers. Everything that is data is escaped by the template."""

import re
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

_SYMBOL = re.compile(r'<symbol id="([a-z]+)"[^>]*>(.*?)</symbol>')
_THIN_SPACE: Final = "\u202f"
_MONTHS: Final = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "de": ("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
}
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@cache
def icons() -> dict[str, str]:
    """The inside of each icon's `svg` element by its name: markup of ours, nothing of anybody's data."""
    drawn = (Path(__file__).parent / "icons.svg").read_text(encoding="utf-8")
    return dict(_SYMBOL.findall(drawn))


def icon(name: str, size: str = "m") -> Markup:
    """An icon beside a text that names it.

    Errors:  KeyError for an icon that does not exist.
    """
    inside = Markup(icons()[name])  # noqa: S704 - our own drawing
    scale = Markup(' data-size="{}"').format(size) if size != "m" else ""
    return Markup('<svg class="icon"{} viewBox="0 0 16 16" aria-hidden="true">{}</svg>').format(scale, inside)


def absolute(at: datetime, language: str) -> str:
    """A time to the second, in UTC, as the language writes it."""
    return f"{day(at, language)}, {at:%H:%M:%S} UTC"


def relative(at: datetime, *, now: datetime, language: str) -> str:
    """How long ago, within a day; the day otherwise."""
    ago = now - at
    if ago < -_DAY or ago >= _DAY:
        return day(at, language)
    if abs(ago) < _MINUTE:
        return "gerade eben" if language == "de" else "just now"
    unit, count = ("min", abs(ago) // _MINUTE) if abs(ago) < _HOUR else ("h", abs(ago) // _HOUR)
    word = {"min": "Min.", "h": "Std."}[unit] if language == "de" else unit
    if ago < timedelta(0):
        return f"in {count} {word}"
    return f"vor {count} {word}" if language == "de" else f"{count} {word} ago"


def when(at: datetime, *, now: datetime, language: str) -> Markup:
    """A time as an element: relative to read, absolute on hover; the browser puts it into its own zone."""
    return Markup('<time datetime="{}" title="{}" data-when>{}</time>').format(
        at.isoformat(timespec="seconds"),
        absolute(at, language),
        relative(at, now=now, language=language),
    )


def number(value: float, language: str, *, digits: int = 0) -> str:
    """A number with a thin gap at thousands, and the language's decimal mark."""
    text = f"{value:,.{digits}f}".replace(",", _THIN_SPACE)
    return text.replace(".", ",") if language == "de" else text


def tint(key: str) -> int:
    """Which of the five tints a contact has: always the same one for the same contact."""
    return sum(key.encode()) % 5 + 1


def day(at: date, language: str) -> str:
    """A day as the language writes it."""
    month = _MONTHS[language][at.month - 1]
    return f"{at.day}. {month} {at.year}" if language == "de" else f"{at.day} {month} {at.year}"
