"""Values as the templates of knowledge want them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from answerable.answering.gaps import QuotedSpan
from answerable.answering.values import Considered
from answerable.answering.weighing import WeighedQuestion
from answerable.knowledge.catalogue import ShownPassage
from answerable.knowledge.difference import Change, Difference, Paragraph
from answerable.knowledge.imports import OPEN_STATES, ImportBatch, ItemState
from answerable.knowledge.values import Candidate

CONTEXT = 2
"""So many lines that stayed are shown before and after one that changed: mostly a blank one and a paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Some characters of a passage, and how many answers quote them."""

    text: str
    answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageView:
    """A passage with what is quoted of it underlined."""

    passage: ShownPassage
    above: tuple[str, ...]
    """The headings above its own."""

    heading: str
    """Its own heading, if its text begins with it."""

    segments: tuple[Segment, ...]
    """Its text without that heading."""

    answers: int
    """How many answers quote the sentence of it that is quoted most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Paragraphs that stayed and are not shown."""

    paragraphs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A passage that a tried question found."""

    candidate: Candidate
    considered: Considered
    text: str
    """Its sentence that is nearest, or its first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """An import as its page shows it."""

    batch: ImportBatch
    share: int
    """How much of it is over, 0 to 100."""

    is_open: bool


def view_passages(passages: Sequence[ShownPassage], quoted: Sequence[QuotedSpan]) -> list[PassageView]:
    """Passages with what answers quote of them."""
    return [_view_passage(passage, quoted) for passage in passages]


def _view_passage(passage: ShownPassage, quoted: Sequence[QuotedSpan]) -> PassageView:
    inside = [span for span in quoted if span.start < passage.span.end and span.end > passage.span.start]
    *above, own = passage.span.heading_path or ("",)
    begins = bool(own) and passage.text.startswith(f"{own}\n")
    rest = passage.text[len(own) :].lstrip("\n") if begins else passage.text
    return PassageView(
        passage=passage,
        above=tuple(above) if begins else passage.span.heading_path,
        heading=own if begins else "",
        segments=tuple(_cut(rest, passage.span.end - len(rest), inside)),
        answers=max((span.answers for span in inside), default=0),
    )


def _cut(text: str, begin: int, quoted: Sequence[QuotedSpan]) -> Iterator[Segment]:
    end = begin + len(text)
    inner = {place for span in quoted for place in (span.start, span.end) if begin < place < end}
    for start, stop in pairwise(sorted({begin, end} | inner)):
        answers = max(
            (span.answers for span in quoted if span.start <= start and span.end >= stop), default=0
        )
        yield Segment(text=text[start - begin : stop - begin], answers=answers)


def fold(difference: Difference) -> list[Paragraph | Fold]:
    """The paragraphs that changed, each with what stands next to it; the others counted."""
    paragraphs = difference.paragraphs
    shown: set[int] = set()
    for place, paragraph in enumerate(paragraphs):
        if paragraph.change is not Change.SAME:
            shown.update(range(max(place - CONTEXT, 0), min(place + CONTEXT + 1, len(paragraphs))))
    return list(_folded(paragraphs, shown))


def _folded(paragraphs: Sequence[Paragraph], shown: set[int]) -> Iterator[Paragraph | Fold]:
    hidden = 0
    for place, paragraph in enumerate(paragraphs):
        if place not in shown:
            hidden += any(piece.text.strip() for piece in paragraph.pieces)
            continue
        if hidden:
            yield Fold(paragraphs=hidden)
            hidden = 0
        yield paragraph
    if hidden:
        yield Fold(paragraphs=hidden)


def view_found(trial: WeighedQuestion) -> list[Found]:
    """The passages that a tried question found, best first, each with what became of it."""
    pairs = zip(trial.retrieved.candidates, trial.evidence.considered, strict=True)
    return [
        Found(candidate=candidate, considered=considered, text=_nearest(candidate))
        for candidate, considered in pairs
    ]


def _nearest(candidate: Candidate) -> str:
    best = max(candidate.sentences, key=lambda one: (one.cosine or 0.0, len(one.matched)), default=None)
    return best.text if best else ""


def view_batch(batch: ImportBatch) -> BatchView:
    """An import with how much of it is over."""
    return BatchView(
        batch=batch,
        share=100 * batch.done // batch.total if batch.total else 0,
        is_open=any(batch.counts.get(state, 0) for state in OPEN_STATES),
    )


def problems_first(states: Mapping[ItemState, int]) -> list[tuple[ItemState, int]]:
    """How many items are in which state, what wants somebody first."""
    order = (
        ItemState.FAILED,
        ItemState.SKIPPED,
        ItemState.READING,
        ItemState.WAITING,
        ItemState.ADDED,
        ItemState.CHANGED,
        ItemState.UNCHANGED,
        ItemState.LISTED,
    )
    return [(state, states[state]) for state in order if states.get(state)]
