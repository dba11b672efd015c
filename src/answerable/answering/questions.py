"""Questions that found no answer: the list from which members make the documents better."""

from collections.abc import Sequence
from hashlib import sha256

from answerable import audit, conversations, tenancy
from answerable.answering import queries
from answerable.answering.errors import QuestionNotFound
from answerable.answering.gaps import (
    QuestionMarked,
    QuestionPage,
    QuestionsListed,
    QuestionState,
    UnansweredQuestion,
    UnansweredTurn,
)
from answerable.answering.values import TurnId
from answerable.conversations.values import MessageId
from answerable.infra.db import Db, Unaudited
from answerable.tenancy import Permission

_AGAIN_S = 900
"""Who looks at the same questions again within this time has looked once."""


async def list_unanswered(
    db: Db,
    *,
    state: QuestionState | None = QuestionState.OPEN,
    after: TurnId | None = None,
    limit: int = 25,
) -> QuestionPage:
    """Questions that were handed over because no document answers them, newest first, opened.

    Errors:  PermissionDenied.
    Effects: an audit event before anything is opened; the same member sees the same questions again without
             another one for a quarter of an hour.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    found = await queries.list_unanswered_turns(db, state=state, after=after, limit=limit + 1)
    turns = found[:limit]
    return QuestionPage(
        questions=await _open(db, turns),
        counts=await queries.count_unanswered(db),
        next=turns[-1].turn_id if len(found) > limit else None,
    )


async def get_question(db: Db, turn_id: TurnId) -> UnansweredQuestion:
    """One question that found no answer, opened.

    Errors:  PermissionDenied, QuestionNotFound.
    Effects: as `list_unanswered`.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    turn = await queries.find_unanswered_turn(db, turn_id)
    if turn is None:
        raise QuestionNotFound
    (question,) = await _open(db, [turn])
    return question


async def mark_question(db: Db, turn_id: TurnId, state: QuestionState) -> QuestionState:
    """Say what became of a question that found no answer; returns what was said of it before.

    Errors:  PermissionDenied, QuestionNotFound.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    turn = await queries.find_unanswered_turn(db, turn_id)
    if turn is None:
        raise QuestionNotFound
    if turn.state is state:
        return state
    if not await queries.save_question_state(db, turn_id, state):
        db.unaudited(Unaudited.ROW_LOCK)
        return state
    await audit.append(
        db, QuestionMarked(subject_id=turn_id, conversation_id=turn.conversation_id, state=state)
    )
    return turn.state


async def _open(db: Db, turns: Sequence[UnansweredTurn]) -> tuple[UnansweredQuestion, ...]:
    """The questions of turns in clear; that somebody reads them is recorded first."""
    turn_ids = [turn.turn_id for turn in turns]
    message_ids = await queries.list_asked(db, turn_ids)
    await _record(db, turn_ids)
    opened = await conversations.open_by_ids(db, [one for several in message_ids.values() for one in several])
    texts = {message.id: message.text for message in opened}
    return tuple(
        UnansweredQuestion(turn=turn, text=_join(message_ids.get(turn.turn_id, ()), texts)) for turn in turns
    )


async def _record(db: Db, turn_ids: Sequence[TurnId]) -> None:
    if not turn_ids:
        return
    moment = int(db.now.timestamp()) // _AGAIN_S
    seen = sha256(b"".join(turn_id.bytes for turn_id in turn_ids)).hexdigest()
    await audit.append(
        db,
        QuestionsListed(subject_id=db.actor.tenant_id, questions=len(turn_ids)),
        idem_key=f"questions:{db.actor.kind.value}:{db.actor.id}:{moment}:{seen}",
    )


def _join(ids: Sequence[MessageId], texts: dict[MessageId, str | None]) -> str | None:
    """What was asked in one burst; None when all of it has been erased."""
    said = [text for text in (texts.get(one) for one in ids) if text is not None]
    return "\n".join(said) if said else None
