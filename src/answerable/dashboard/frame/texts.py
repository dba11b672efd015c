"""The pages' own words: catalogues in `texts`, one file an area, German and English side by side."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "de")

FOLDER: Final = Path(__file__).parents[1] / "texts"


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every text by `area.key`, in each language."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for key, texts in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found[f"{path.stem}.{key}"] = texts
    return found


def say(key: str, language: str, **values: object) -> str:
    """One text; `values` fill its gaps.

    Errors:  KeyError for a text that does not exist, or a gap that is not filled.
    """
    text = catalogue()[key][language]
    return text.format(**values) if values else text


def find_text(key: str, language: str) -> str | None:
    """One text without gaps, if it exists."""
    return catalogue().get(key, {}).get(language)


def choose_language(accepted: str) -> str:
    """The best of our languages for a browser's `Accept-Language` header; English when it names neither.

    Source:  RFC 9110, section 12.5.4.
    """
    wishes: list[tuple[float, str]] = []
    for wish in accepted.split(",")[:20]:
        tag, _, parameters = wish.strip().partition(";")
        wishes.append((_quality(parameters), tag.strip().lower().split("-")[0]))
    best = max((quality for quality, tag in wishes if tag in LANGUAGES), default=0.0)
    return next((tag for quality, tag in wishes if tag in LANGUAGES and quality == best > 0), "en")


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
