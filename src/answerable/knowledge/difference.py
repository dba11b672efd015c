"""What changed from one text of a document to the next, paragraph by paragraph and word by word. Pure.

How a difference is shown lives with whoever shows it.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MOST_STEPS = 2_000_000
"""What one comparison may cost; two pieces of text that would take longer count as replaced."""

MOST_STEPS_IN_ALL = 40_000_000
"""What all comparisons of two texts may cost; what is left then counts as replaced, line by line.

`difflib` may take a step for each two equal pieces, as often as the shorter side is long: ten megabytes in
which every line says the same would take hours.
"""

# A word with the blank after it: blanks of their own would all be equal to each other.
_WORDS = re.compile(r"\w+\s*|[^\w\s]+\s*|\s+")
_ALIKE = 0.35
"""Paragraphs that share less than this part of their words are two, not one that changed."""


class Change(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some characters, and whether they stayed."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A line of either text: as it was, gone, new, or with some words changed."""

    pieces: tuple[Piece, ...]

    @property
    def change(self) -> Change | None:
        """What became of the whole; None when some of it stayed and some did not."""
        kinds = {piece.change for piece in self.pieces}
        return kinds.pop() if len(kinds) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two texts as one, in order."""

    paragraphs: tuple[Paragraph, ...]
    words_removed: int
    words_added: int


@dataclass(slots=True)
class _Budget:
    """What comparing may still cost."""

    steps: int = MOST_STEPS_IN_ALL

    def allows(self, before: Sequence[str], after: Sequence[str]) -> bool:
        """Whether these two may be compared; if so, it is paid for."""
        counted = Counter(after)
        cost = sum(counted[piece] for piece in before) * min(len(before), len(after)) + len(before)
        if cost > min(MOST_STEPS, self.steps):
            return False
        self.steps -= cost
        return True


def compare_texts(old: str, new: str) -> Difference:
    """What it takes to turn one text into the other.

    Joining what is not added gives the old text, what is not removed the new one.

    Units:   time grows as n log n with the length of the texts, and beside it `MOST_STEPS_IN_ALL`.
    """
    before, after = old.split("\n") if old else [], new.split("\n") if new else []
    paragraphs = tuple(_compare_lines(before, after, _Budget()))
    return Difference(
        paragraphs=paragraphs,
        words_removed=_count_words(paragraphs, Change.REMOVED),
        words_added=_count_words(paragraphs, Change.ADDED),
    )


def _count_words(paragraphs: Sequence[Paragraph], change: Change) -> int:
    return sum(
        len(piece.text.split())
        for paragraph in paragraphs
        for piece in paragraph.pieces
        if piece.change is change
    )


def _compare_lines(before: Sequence[str], after: Sequence[str], budget: _Budget) -> Iterator[Paragraph]:
    old_at = new_at = 0
    for old_anchor, new_anchor in [*_anchors(before, after), (len(before), len(after))]:
        yield from _compare_block(before[old_at:old_anchor], after[new_at:new_anchor], budget)
        if old_anchor < len(before):
            yield _whole(Change.SAME, before[old_anchor])
        old_at, new_at = old_anchor + 1, new_anchor + 1


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Lines that stand once in each text and in the same order in both: what everything else lies between."""
    counted, counted_after = Counter(before), Counter(after)
    places = {line: place for place, line in enumerate(after) if counted_after[line] == 1}
    pairs = [
        (place, places[line])
        for place, line in enumerate(before)
        if counted[line] == 1 and line.strip() and line in places
    ]
    return _rising(pairs)


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs whose second numbers rise, by the cards of patience sorting."""
    tops: list[int] = []
    last: list[int] = []
    previous: list[int] = []
    for position, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        previous.append(last[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(place)
            last.append(position)
        else:
            tops[pile] = place
            last[pile] = position
    run: list[tuple[int, int]] = []
    position = last[-1] if last else -1
    while position >= 0:
        run.append(pairs[position])
        position = previous[position]
    return run[::-1]


def _compare_block(before: Sequence[str], after: Sequence[str], budget: _Budget) -> Iterator[Paragraph]:
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    for line in before[:head]:
        yield _whole(Change.SAME, line)
    yield from _compare_middle(before[head : len(before) - tail], after[head : len(after) - tail], budget)
    for line in before[len(before) - tail :]:
        yield _whole(Change.SAME, line)


def _shared(before: Sequence[str], after: Sequence[str]) -> int:
    length = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        length += 1
    return length


def _compare_middle(before: Sequence[str], after: Sequence[str], budget: _Budget) -> Iterator[Paragraph]:
    if not budget.allows(before, after):
        yield from _replace(before, after)
        return
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            for line in before[old_from:old_to]:
                yield _whole(Change.SAME, line)
        else:
            yield from _pair(before[old_from:old_to], after[new_from:new_to], budget)


def _pair(before: Sequence[str], after: Sequence[str], budget: _Budget) -> Iterator[Paragraph]:
    """Lines that took each other's place, word by word where they are alike."""
    changed = [_compare_words(old, new, budget) for old, new in zip(before, after, strict=False)]
    for position, paragraph in enumerate(changed):
        if paragraph is not None:
            yield paragraph
        else:
            yield from _replace([before[position]], [after[position]])
    yield from _replace(before[len(changed) :], after[len(changed) :])


def _compare_words(old: str, new: str, budget: _Budget) -> Paragraph | None:
    """A line with its changed words; None when the two have too little in common, or are too long to say."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if not before or not after or not budget.allows(before, after):
        return None
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return None
    pieces: list[Piece] = []
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        removed, added = "".join(before[old_from:old_to]), "".join(after[new_from:new_to])
        if tag == "equal":
            pieces.append(Piece(change=Change.SAME, text=removed))
            continue
        pieces += [Piece(change=Change.REMOVED, text=removed)] if removed else []
        pieces += [Piece(change=Change.ADDED, text=added)] if added else []
    return Paragraph(pieces=tuple(pieces))


def _replace(before: Sequence[str], after: Sequence[str]) -> Iterator[Paragraph]:
    for line in before:
        yield _whole(Change.REMOVED, line)
    for line in after:
        yield _whole(Change.ADDED, line)


def _whole(change: Change, line: str) -> Paragraph:
    return Paragraph(pieces=(Piece(change=change, text=line),))
