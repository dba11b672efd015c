"""The values that the record's templates are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from answerable.answering import Inspection
from answerable.answering.evidence import calibration, is_thin
from answerable.answering.flips import Factor, Flip
from answerable.answering.inspecting import ShownPassage
from answerable.answering.values import Drop, Step, TurnHead
from answerable.audit import EventId, StoredEvent
from answerable.dashboard.frame import drawing
from answerable.dashboard.records.chain import Link, chain_of, took_ms
from answerable.dashboard.records.story import Line, Piece, anchor_of, mark, standing_of, story_of
from answerable.infra.errors import AnswerableError, registered_errors
from answerable.infra.ids import ActorKind, MemberId

_DIGITS: Mapping[str, int] = MappingProxyType({"threshold": 3, "closeness": 4, "lead": 4})
"""So many digits behind the point are told of a number; counts have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageView:
    """A passage that was considered."""

    number: int
    shown: ShownPassage
    standing: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipView:
    """A change that would have given another outcome, with the key of its sentence and what fills it."""

    key: str
    texts: dict[str, str]
    flip: Flip


@dataclass(frozen=True, slots=True, kw_only=True)
class LookView:
    """Somebody who opened the record or the conversation."""

    event: StoredEvent
    key: str
    """The key of what they did."""
    who: str | None
    """What a member is called, where it is known; None for whoever is no member."""
    is_own: bool
    """Whether it is the very person who looks now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Where a turn stands in its conversation."""

    number: int
    before: TurnHead | None
    after: TurnHead | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A record as its page shows it."""

    seen: Inspection
    story: tuple[Line, ...]
    standings: tuple[str, ...]
    """What has become of each chosen sentence's place, in their order."""
    anchors: tuple[int, ...]
    """Where the passage of each chosen sentence begins in its version, in their order."""
    documents: int
    """How many documents the chosen sentences stand in."""
    chain: tuple[Link, ...]
    took_ms: float
    passages: tuple[PassageView, ...]
    chosen_from: int
    """How many of them hold a sentence that was chosen, whether it was said or not."""
    flips: tuple[FlipView, ...]
    looks: tuple[LookView, ...] | None
    neighbours: Neighbours
    error: AnswerableError | None
    """What the turn failed with."""
    is_wordy: bool
    """Whether no meanings were compared, so that nothing could be replied."""
    intercept: float
    logit: float
    ceiling: float
    """What the probability is held at when something that is asked for is missing."""
    is_capped: bool


def view_of(
    seen: Inspection, *, names: Mapping[MemberId, str], reader: UUID | None, language: str
) -> RecordView:
    """A record, shaped for its page; `names` are what members are called."""
    code = seen.record.error_code
    model = calibration()
    return RecordView(
        seen=seen,
        story=story_of(seen),
        standings=tuple(standing_of(one.place) for one in seen.quotes),
        anchors=tuple(anchor_of(one, seen.passages) for one in seen.quotes),
        documents=len({one.quote.document_id for one in seen.quotes}),
        chain=chain_of(seen),
        took_ms=took_ms(seen),
        passages=tuple(
            PassageView(
                number=number, shown=one, standing=standing_of(one.place), pieces=mark(one, seen.quotes)
            )
            for number, one in enumerate(seen.passages, start=1)
        ),
        chosen_from=sum(one.considered.dropped in {None, Drop.WITHDRAWN} for one in seen.passages),
        flips=tuple(_flip(one, seen, language) for one in seen.flips),
        looks=None if seen.looks is None else tuple(_look(one, names, reader) for one in seen.looks),
        neighbours=_neighbours(seen),
        error=registered_errors().get(code, AnswerableError)() if code else None,
        is_wordy=_is_wordy(seen),
        intercept=model.intercept,
        logit=model.intercept + sum(one.amount for one in seen.contributions),
        ceiling=model.ceilings["thin"],
        is_capped=seen.case is not None and seen.is_calibrated and is_thin(seen.case.evidence.features),
    )


def main_leaf(seen: Inspection) -> EventId | None:
    """The entry that the proof is about: what was said, else how the turn ended; None when there is neither."""
    record = seen.record
    said = [one for one in seen.leaves if one.event.subject_id in {record.message_id, record.turn_id}]
    said.sort(key=lambda leaf: leaf.event.subject_id != record.message_id)
    return said[0].event.id if said else None


def _is_wordy(seen: Inspection) -> bool:
    by_words = any(one.step is Step.RETRIEVE and one.method.name == "words" for one in seen.record.decisions)
    # With an embedder, documents that were imported without one have no vectors either.
    weighed = seen.case.evidence if seen.case else None
    return by_words or (weighed is not None and bool(weighed.features) and weighed.probability == 0.0)


def _flip(flip: Flip, seen: Inspection, language: str) -> FlipView:
    if flip.factor is Factor.DOCUMENT:
        titles = [one.quote.title for one in seen.quotes if one.quote.document_id == flip.document_id]
        return FlipView(key="document", texts={"title": titles[0] if titles else "…"}, flip=flip)
    if isinstance(flip.changed, str):
        return FlipView(key=f"{flip.factor.value}_{flip.changed}", texts={}, flip=flip)
    given, changed = _number(flip.given), _number(flip.changed)
    digits = _DIGITS.get(flip.feature or flip.factor.value, 0)
    texts = {
        "given": drawing.number(given, language, digits=digits),
        "changed": drawing.number(changed, language, digits=digits),
    }
    if flip.factor is Factor.THRESHOLD:
        key = "threshold_lower" if changed < given else "threshold_higher"
    else:
        key = f"feature_{flip.feature}_{'less' if changed < given else 'more'}"
    return FlipView(key=key, texts=texts, flip=flip)


def _number(value: float | str | None) -> float:
    assert isinstance(value, (int, float))
    return float(value)


def _look(event: StoredEvent, names: Mapping[MemberId, str], reader: UUID | None) -> LookView:
    is_member = event.actor_kind == ActorKind.MEMBER.value and event.actor_id is not None
    return LookView(
        event=event,
        key=event.type.replace(".", "_"),
        who=names.get(MemberId(event.actor_id)) if is_member and event.actor_id else None,
        is_own=is_member and event.actor_id == reader,
    )


def _neighbours(seen: Inspection) -> Neighbours:
    turns = seen.turns
    place = next((number for number, turn in enumerate(turns) if turn.id == seen.record.turn_id), None)
    if place is None:
        return Neighbours(number=0, before=None, after=None)
    return Neighbours(
        number=place + 1,
        before=turns[place - 1] if place else None,
        after=turns[place + 1] if place + 1 < len(turns) else None,
    )
