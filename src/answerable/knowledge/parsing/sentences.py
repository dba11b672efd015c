"""Where sentences begin and end, in German and English: the pieces that are quoted.

Rules and word lists, no model: the same text always gives the same sentences.
"""

import re
from collections.abc import Iterator

from answerable.knowledge.parsing.abbreviations import (
    BEFORE_LETTER,
    BEFORE_NUMBER,
    BEFORE_ORDINAL,
    FIRST_WORDS,
    MONTHS,
    NEVER_LAST,
    RARELY_LAST,
)
from answerable.knowledge.parsing.page import CELL_SEPARATOR
from answerable.knowledge.values import SentenceSpan

MAX_SENTENCE_CHARACTERS = 1000
"""What is longer is cut between words: no index and no reader takes a sentence of a megabyte."""

# Curly quotes as escapes, since they are hard to tell apart.
_CLOSERS = "\"'\u201d\u201c\u2019\u2018»«)\\]"
_OPENERS = "\"'\u201e\u201c\u201d\u201a\u2018»«([¿¡"
_STOP = re.compile(rf"([.!?…]+[{_CLOSERS}]*) +")
_MARKER = re.compile(r"(?:[-*•‣▪\u2013+]|\d{1,3}[.)]|[a-z]\)) +(?=\S)")
_WORDS = re.compile(r"[^\W\d_]+")
# Single letters with full stops, up to the last one: `z. B`, `i. d. R`, `e.g`, `J. R. R`.
_LETTERS = re.compile(r"(?:^|(?<=[^\w.]))(?:[^\W\d_]\. ?)+[^\W\d_]$")
_TOKEN = re.compile(r"[^\s(\[\u201e\u201c\"'\u201a«»]*$")
_LOOK_BACK = 40
_SHORT_ITEM = 240


def split_sentences(text: str) -> tuple[SentenceSpan, ...]:
    """The sentences of a normalised text in order; markers of list items lie in none of them."""
    spans: list[SentenceSpan] = []
    start = 0
    for line in text.split("\n"):
        spans.extend(
            SentenceSpan(start=start + first, end=start + last) for first, last in _line_sentences(line)
        )
        start += len(line) + 1
    return tuple(spans)


def sentences_within(text: str, start: int, end: int) -> tuple[SentenceSpan, ...]:
    """The sentences that lie wholly between two places of a normalised text."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    lines = text[first : last if last >= 0 else len(text)]
    return tuple(
        SentenceSpan(start=first + span.start, end=first + span.end)
        for span in split_sentences(lines)
        if first + span.start >= start and first + span.end <= end
    )


def find_marker_end(line: str) -> int:
    """Where the words of a line begin: after its indentation and, if it is a list item, its marker."""
    indent = len(line) - len(line.lstrip(" "))
    marker = _MARKER.match(line, indent)
    if marker is None or (line[indent].isdigit() and _is_month(line, marker.end())):
        return indent
    return marker.end()


def is_item(line: str) -> bool:
    """Whether the line begins a list item."""
    return find_marker_end(line) > len(line) - len(line.lstrip(" "))


def _line_sentences(line: str) -> Iterator[tuple[int, int]]:
    line = line.rstrip(" ")
    start = find_marker_end(line)
    # "Switzerland. We do not deliver there." makes sense only as a whole, and so do most short items.
    is_whole = CELL_SEPARATOR in line or (is_item(line) and len(line) <= _SHORT_ITEM)
    if not is_whole:
        for stop in _STOP.finditer(line, start):
            if _is_end(line, stop):
                yield from _cut(line, start, stop.end(1))
                start = stop.end()
    yield from _cut(line, start, len(line))


def _cut(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_SENTENCE_CHARACTERS:
        limit = start + MAX_SENTENCE_CHARACTERS
        blank = line.rfind(" ", start + 1, limit)
        stop = blank if blank > start else limit
        yield start, _trim_end(line, start, stop)
        start = stop
        while line[start] == " ":
            start += 1
    if start < end:
        yield start, end


def _trim_end(line: str, start: int, stop: int) -> int:
    while stop > start + 1 and line[stop - 1] == " ":
        stop -= 1
    return stop


def _is_end(line: str, stop: re.Match[str]) -> bool:
    following = stop.end()
    # What looks like a list marker must not stand first: a passage that began with it would lose it.
    if following >= len(line) or _MARKER.match(line, following):
        return False
    place = following
    while place < len(line) and line[place] in _OPENERS:
        place += 1
    if place >= len(line) or not _may_begin(line[place]):
        return False
    if stop.group()[0] != "." or stop.group().startswith(".."):
        return True
    return _ends_with_full_stop(line, stop.start(), place)


def _may_begin(character: str) -> bool:
    return character.isdigit() or (character.isalpha() and not character.islower())


def _ends_with_full_stop(line: str, dot: int, following: int) -> bool:
    before = line[max(0, dot - _LOOK_BACK) : dot]
    match = _TOKEN.search(before)
    token = (match.group() if match else "").lower().rstrip(")]")
    begins = _begins_sentence(line, following)
    letters = _LETTERS.search(before)
    if letters:
        return letters.group().replace(" ", "").lower() in RARELY_LAST and begins
    if token in NEVER_LAST:
        return False
    if line[following].isdigit():
        return not (token in BEFORE_NUMBER or token.endswith("str") or _is_short(token))
    if _is_short(token):
        return not _is_month(line, following) and (begins or _is_quantity(before, token))
    return begins if token in RARELY_LAST else True


def _is_short(token: str) -> bool:
    """Whether it is an initial or the number of a day, a floor, an edition."""
    return len(token) == 1 or (len(token) == 2 and token.isdigit())


def _is_quantity(before: str, token: str) -> bool:
    """Whether a short number or a letter names a size or an amount, rather than a place in an order."""
    words = _WORDS.findall(before[: len(before) - len(token)])
    previous = words[-1].lower() if words else ""
    if token.isdigit():
        return bool(previous) and previous not in BEFORE_ORDINAL
    return previous in BEFORE_LETTER


def _begins_sentence(line: str, place: int) -> bool:
    word = _WORDS.match(line, place)
    return word is not None and word.group().lower() in FIRST_WORDS


def _is_month(line: str, place: int) -> bool:
    word = _WORDS.match(line, place)
    return word is not None and word.group().lower() in MONTHS
