"""The block of `key: value` lines between two lines of dashes at the top of a file.

Not YAML: four keys, read as plain text; other keys and nested lines are passed over.
"""

import re
from dataclasses import dataclass
from datetime import date

from answerable.knowledge.errors import FrontMatterInvalid
from answerable.knowledge.parsing.normalise import shorten_title
from answerable.knowledge.values import Language

_BLOCK = re.compile(r"\A\s*---[ \t]*\n(.*?)(?:^|\n)---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?")

_LANGUAGES = {
    "de": Language.GERMAN,
    "german": Language.GERMAN,
    "deutsch": Language.GERMAN,
    "en": Language.ENGLISH,
    "english": Language.ENGLISH,
    "englisch": Language.ENGLISH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What a file says about itself."""

    title: str = ""
    language: Language | None = None
    valid_from: date | None = None
    valid_until: date | None = None


def find_language(name: str) -> Language | None:
    """The language of a code, a locale such as `de-CH`, or a name in German or English."""
    return _LANGUAGES.get(re.split(r"[-_]", name.strip().lower())[0])


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """What a file says about itself, and the rest of it.

    Errors:  FrontMatterInvalid.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    block = _BLOCK.match(text)
    fields = _fields(block.group(1)) if block else None
    if block is None or fields is None:
        return FrontMatter(), text
    found = FrontMatter(
        title=shorten_title(fields.get("title", "")),
        language=_language(fields.get("language", "")),
        valid_from=_day(fields.get("valid_from", "")),
        valid_until=_day(fields.get("valid_until", "")),
    )
    if found.valid_from and found.valid_until and found.valid_from > found.valid_until:
        raise FrontMatterInvalid("valid_from lies after valid_until.")
    return found, text[block.end() :]


def _fields(block: str) -> dict[str, str] | None:
    """The lines by key; None when it is text between two rules, not a block of fields."""
    fields: dict[str, str] = {}
    for line in block.split("\n"):
        match = _LINE.fullmatch(line.rstrip())
        if match:
            fields[match.group(1).lower().replace("-", "_")] = (match.group(2) or "").strip().strip("\"'")
        elif line.strip() and not line.startswith((" ", "\t", "#", "- ")):
            return None
    return fields


def _language(value: str) -> Language | None:
    language = find_language(value)
    if value and language is None:
        raise FrontMatterInvalid("The language is neither de nor en.")
    return language


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise FrontMatterInvalid("A day is not written as year-month-day.") from error
