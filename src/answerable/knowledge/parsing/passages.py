"""Where passages begin and end: the pieces that are searched.

Whole sentences, 60 to 180 words where the text allows, one top section each, a list with its lead-in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from answerable.knowledge.parsing.sentences import is_item, split_sentences
from answerable.knowledge.values import Heading, PassageSpan, SentenceSpan

MIN_WORDS = 60
MAX_WORDS = 180

_MARKER_CHARACTERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A run of the text that stays together, or what has been gathered of such runs."""

    start: int
    end: int
    words: int
    section: int
    """Which top section it lies in."""

    path: tuple[str, ...]
    is_heading: bool = False


def split_passages(text: str, headings: Sequence[Heading]) -> tuple[PassageSpan, ...]:
    """The passages of a normalised text, in order; together they hold all its sentences."""
    pieces = list(_attach_headings(_pieces(text, headings)))
    spans: list[PassageSpan] = []
    for _, section in groupby(pieces, key=lambda piece: piece.section):
        spans.extend(
            PassageSpan(start=piece.start, end=piece.end, heading_path=piece.path)
            for piece in _pack(list(section))
        )
    return tuple(spans)


def _pieces(text: str, headings: Sequence[Heading]) -> Iterator[_Piece]:
    top = _top_level(headings)
    starts = {heading.start: heading for heading in headings}
    path: list[Heading] = []
    section = 0
    for block in _blocks(text, split_sentences(text), frozenset(starts)):
        heading = starts.get(block[0][0])
        if heading is not None:
            path = [*(above for above in path if above.level < heading.level), heading]
            section += heading.level <= top
        titles = tuple(above.title for above in path)
        for start, end, words in _fit(block):
            yield _Piece(
                start=start,
                end=end,
                words=words,
                section=section,
                path=titles,
                is_heading=heading is not None,
            )


def _top_level(headings: Sequence[Heading]) -> int:
    """The level that parts a document: the highest, but the next one below a single title at the head."""
    levels = [heading.level for heading in headings]
    if not levels:
        return 0
    top = min(levels)
    if levels[0] == top and levels.count(top) == 1:
        return min((level for level in levels if level > top), default=top)
    return top


_Unit = tuple[int, int, int]
"""Start, end and number of words."""


def _blocks(
    text: str, sentences: Sequence[SentenceSpan], heading_starts: frozenset[int]
) -> Iterator[list[_Unit]]:
    """The sentences by block: a heading, a paragraph, or a list or table with the lines before it."""
    block: list[_Unit] = []
    previous_end = 0
    for sentence in sentences:
        between = text[previous_end : sentence.start]
        start = sentence.start
        if "\n" in between or not previous_end:
            start = previous_end + len(between) - len(between.rpartition("\n")[2].lstrip(" "))
        if block and (start in heading_starts or _is_parted(text, block, between, heading_starts)):
            yield block
            block = []
        block.append((start, sentence.end, _weigh(text[sentence.start : sentence.end])))
        previous_end = sentence.end
    if block:
        yield block


def _is_parted(text: str, block: list[_Unit], between: str, heading_starts: frozenset[int]) -> bool:
    """Whether a blank line ends the block, rather than stands between a lead-in and its list."""
    if "\n\n" not in between:
        return False
    last_start, last_end, _ = block[-1]
    if block[0][0] in heading_starts:
        return True
    follows_item = is_item(text[last_start : last_start + _MARKER_CHARACTERS])
    opens_list = is_item(between.rpartition("\n")[2] + "x")
    return not (text[last_end - 1] == ":" or (opens_list and not follows_item))


def _weigh(sentence: str) -> int:
    """Its number of words, or a twelfth of its characters where it has hardly any blanks."""
    return max(len(sentence.split()), len(sentence) // 12)


def _fit(block: list[_Unit]) -> Iterator[_Unit]:
    """The block as it is when it fits into a passage, otherwise in runs of whole sentences."""
    run: list[_Unit] = []
    words = 0
    for unit in block:
        if run and words + unit[2] > MAX_WORDS:
            yield run[0][0], run[-1][1], words
            run, words = [], 0
        run.append(unit)
        words += unit[2]
    yield run[0][0], run[-1][1], words


def _attach_headings(pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """Headings joined to what follows them: a heading alone answers nothing."""
    start: int | None = None
    words = 0
    last: _Piece | None = None
    for piece in pieces:
        if piece.is_heading:
            start = piece.start if start is None else start
            words += piece.words
            last = piece
            continue
        yield _with_headings(piece, start, words)
        start, words, last = None, 0, None
    if last is not None:
        yield _with_headings(last, start, words - last.words)


def _with_headings(piece: _Piece, start: int | None, words: int) -> _Piece:
    if start is None:
        return piece
    return _Piece(
        start=start, end=piece.end, words=piece.words + words, section=piece.section, path=piece.path
    )


def _pack(pieces: list[_Piece]) -> Iterator[_Piece]:
    """The pieces of a section gathered into passages of about equal length."""
    total = sum(piece.words for piece in pieces)
    target = max(MIN_WORDS, total / max(1, -(-total // MAX_WORDS)))
    gathered: list[_Piece] = []
    for piece in pieces:
        fits = gathered and gathered[-1].words < target and gathered[-1].words + piece.words <= MAX_WORDS
        if fits:
            gathered[-1] = _join(gathered[-1], piece)
        else:
            gathered.append(piece)
    if len(gathered) > 1 and gathered[-1].words < MIN_WORDS:
        tail = _join(gathered[-2], gathered[-1])
        if tail.words <= MAX_WORDS + MIN_WORDS // 2:
            gathered[-2:] = [tail]
    return iter(gathered)


def _join(first: _Piece, second: _Piece) -> _Piece:
    shared = 0
    while shared < min(len(first.path), len(second.path)) and first.path[shared] == second.path[shared]:
        shared += 1
    return _Piece(
        start=first.start,
        end=second.end,
        words=first.words + second.words,
        section=first.section,
        path=first.path[:shared],
    )
