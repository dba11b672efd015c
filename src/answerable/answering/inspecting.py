"""A turn as a person looks into it: its record, what stands at its sources today, what would have changed it."""

from collections.abc import Sequence
from dataclasses import dataclass

from answerable import audit, conversations, knowledge, tenancy
from answerable.answering import queries, records
from answerable.answering.cases import Case, case_of, first_of_each, is_withdrawn, quotes_of, redecide
from answerable.answering.errors import TurnNotFound
from answerable.answering.flips import Contribution, Flip, contributions_of, flips_of, is_calibrated
from answerable.answering.values import (
    Considered,
    Outcome,
    Quote,
    Record,
    RecordViewed,
    Step,
    TurnHead,
    TurnId,
)
from answerable.audit import About, Leaf, StoredEvent
from answerable.conversations import Conversation, Message
from answerable.infra.db import Db
from answerable.knowledge.values import Place, ShownPlace
from answerable.tenancy import Permission
from answerable.tenancy.rules import permissions_of

TURNS = 200
"""So many turns of a conversation are listed, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuote:
    """A sentence that was chosen for quoting, and what stands at its place today."""

    quote: Quote
    is_said: bool
    """Whether a message holds it; a handoff quotes nothing."""

    place: ShownPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPassage:
    """A passage that was considered, and what stands at its place today."""

    considered: Considered
    place: ShownPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Everything that is known of a turn, opened for a person."""

    record: Record
    conversation: Conversation
    asked: tuple[Message, ...]
    """The burst that the turn answers; empty when the contact is erased and nothing was said."""

    quotes: tuple[ShownQuote, ...]
    passages: tuple[ShownPassage, ...]
    case: Case | None
    """What was decided upon; None when it cannot be decided again."""

    withheld: Outcome | None
    """What the turn had come to before somebody was faster; None when nobody was."""

    flips: tuple[Flip, ...]
    contributions: tuple[Contribution, ...]
    is_calibrated: bool
    """Whether the contributions add up to the probability that was decided upon."""

    turns: tuple[TurnHead, ...]
    """The conversation's turns, oldest first."""

    leaves: tuple[Leaf, ...]
    """What the log holds of the turn, oldest first."""

    looks: tuple[StoredEvent, ...] | None
    """Who opened the record or the conversation, newest first; None for whoever may not read the log."""


async def inspect(db: Db, turn_id: TurnId) -> Inspection:
    """Everything that is known of a turn; the look is recorded before anything is shown.

    The caller shows nothing before the transaction has committed.

    Errors:  PermissionDenied, TurnNotFound.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    record = await records.load(db, turn_id)
    if record is None:
        raise TurnNotFound
    await audit.append(db, RecordViewed(subject_id=turn_id, conversation_id=record.conversation_id))
    asked = await _asked(db, record)
    chosen = _chosen(record)
    places = await knowledge.show_places(db, [*map(_place, chosen), *map(_place, record.considered)])
    case = case_of(record, await tenancy.get_tenant(db))
    withheld = redecide(case) if case is not None and is_withdrawn(record) else None
    features = _features(record)
    return Inspection(
        record=record,
        conversation=await conversations.get(db, record.conversation_id),
        asked=asked,
        quotes=tuple(
            ShownQuote(quote=quote, is_said=bool(record.citations), place=place)
            for quote, place in zip(chosen, places, strict=False)
        ),
        passages=tuple(
            ShownPassage(considered=one, place=place)
            for one, place in zip(record.considered, places[len(chosen) :], strict=True)
        ),
        case=case,
        withheld=withheld,
        flips=flips_of(case) if case is not None and withheld is None else (),
        contributions=contributions_of(features),
        is_calibrated=case is not None and is_calibrated(case.evidence),
        turns=tuple(await queries.list_turn_heads(db, record.conversation_id, limit=TURNS)),
        leaves=tuple(await audit.list_leaves(db, _about(record, asked))),
        looks=await _looks(db, record),
    )


async def list_turn_heads(db: Db, conversation_id: conversations.ConversationId) -> tuple[TurnHead, ...]:
    """A conversation's turns without their content, oldest first; opens nothing.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    return tuple(await queries.list_turn_heads(db, conversation_id, limit=TURNS))


async def _asked(db: Db, record: Record) -> tuple[Message, ...]:
    ids = await queries.list_messages_of(db, record.turn_id)
    if ids:
        return await conversations.open_messages(db, record.conversation_id, ids=ids)
    # Nothing was said, so no message counts as answered by this turn; what it read stands in its first step.
    positions = _positions(record)
    if not positions:
        return ()
    opened = await conversations.open_messages(db, record.conversation_id, after=min(positions) - 1)
    return tuple(message for message in opened if message.position in positions)


def _positions(record: Record) -> frozenset[int]:
    kept = [message for decision in record.decisions for message in decision.inputs.get("messages", ())]
    return frozenset(message["position"] for message in kept)


def _chosen(record: Record) -> tuple[Quote, ...]:
    # What is sealed with the message outlives nothing else; for a handoff only the step's inputs name sentences.
    return record.citations or quotes_of(record)


def _place(one: Quote | Considered) -> Place:
    return Place(version_id=one.version_id, start=one.start, end=one.end)


def _features(record: Record) -> dict[str, float]:
    composed = first_of_each(record.decisions).get(Step.COMPOSE)
    return composed.inputs.get("features", {}) if composed else {}


def _about(record: Record, asked: Sequence[Message]) -> About:
    said = [record.message_id] if record.message_id else []
    return About(
        conversation_id=record.conversation_id,
        subject_ids=(record.turn_id, *said, *(message.id for message in asked)),
        since=record.started_at,
        until=record.ended_at,
    )


async def _looks(db: Db, record: Record) -> tuple[StoredEvent, ...] | None:
    if Permission.VIEW_LOG not in permissions_of(db.actor):
        return None
    about = About(
        conversation_id=record.conversation_id, subject_ids=(record.turn_id, record.conversation_id)
    )
    return tuple(await audit.list_looks(db, about))
