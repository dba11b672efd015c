"""What was said in a turn, taken apart into sentences that stand on a document and those that do not. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from answerable.answering import Inspection
from answerable.answering.inspecting import ShownPassage, ShownQuote
from answerable.knowledge.values import ShownPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A paragraph of what was said."""

    before: str
    quoted: str
    """The characters that stand in a document; empty for the assistant's own words."""
    after: str
    source: int | None
    """Which of the chosen sentences it repeats, from 0."""
    is_disclosure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of a document's text, marked where it was quoted."""

    text: str
    is_marked: bool


def story_of(seen: Inspection) -> tuple[Line, ...]:
    """What was said, paragraph by paragraph; nothing when nothing was, or when it is erased."""
    return tuple(_lines(seen.record.text or "", seen.quotes, discloses=_discloses(seen)))


def standing_of(place: ShownPlace | None) -> str:
    """What has become of a place: `current`, `replaced`, `deleted` or `gone`."""
    if place is None:
        return "gone"
    if place.text is None:
        return "deleted"
    return "replaced" if place.replaced_at is not None else "current"


def mark(passage: ShownPassage, quotes: Sequence[ShownQuote]) -> tuple[Piece, ...]:
    """A passage as it stands, with the sentences marked that were chosen from it."""
    place, of = passage.place, passage.considered
    if place is None or place.text is None:
        return ()
    spans = sorted(
        (one.quote.start - of.start, one.quote.end - of.start)
        for one in quotes
        if one.quote.version_id == of.version_id and of.start <= one.quote.start and one.quote.end <= of.end
    )
    return tuple(_pieces(place.text, spans))


def anchor_of(one: ShownQuote, passages: Sequence[ShownPassage]) -> int:
    """Where the passage begins that a chosen sentence stands in; its own beginning when that is not known."""
    quote = one.quote
    return next(
        (
            passage.considered.start
            for passage in passages
            if passage.considered.version_id == quote.version_id
            and passage.considered.start <= quote.start < passage.considered.end
        ),
        quote.start,
    )


def _discloses(seen: Inspection) -> bool:
    disclosure = seen.record.disclosure
    return disclosure is not None and disclosure.message_id == seen.record.message_id


def _lines(text: str, quotes: Sequence[ShownQuote], *, discloses: bool) -> Iterator[Line]:
    waiting = list(range(len(quotes)))
    for number, paragraph in enumerate(part for part in text.split("\n\n") if part.strip()):
        # A sentence is told once; two documents that say the same were one quote.
        source = next((one for one in waiting if quotes[one].quote.text in paragraph), None)
        if source is None or not quotes[source].quote.text:
            yield Line(
                before=paragraph, quoted="", after="", source=None, is_disclosure=discloses and number == 0
            )
            continue
        waiting.remove(source)
        before, quoted, after = paragraph.partition(quotes[source].quote.text)
        yield Line(before=before, quoted=quoted, after=after, source=source)


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    reached = 0
    for start, end in spans:
        if start < reached:
            continue
        if start > reached:
            yield Piece(text=text[reached:start], is_marked=False)
        yield Piece(text=text[start:end], is_marked=True)
        reached = end
    if reached < len(text):
        yield Piece(text=text[reached:], is_marked=False)
