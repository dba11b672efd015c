"""Operations of answering: accept a message, answer it, give up to a person, show the record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from answerable import audit, conversations, knowledge, tenancy
from answerable.answering import pipeline, queries, recording, records
from answerable.answering.decide import hand_over, withdraw
from answerable.answering.errors import QuoteWithdrawn, TurnNotFound
from answerable.answering.evidence import calibration
from answerable.answering.pipeline import Tools
from answerable.answering.understand import language_of, spoken_language
from answerable.answering.values import (
    AnswerMessage,
    Finished,
    Incoming,
    Outcome,
    OutcomeKind,
    Quote,
    Reason,
    Record,
    RecordExported,
    RecordViewed,
    Turn,
    TurnId,
)
from answerable.conversations import Conversation, ConversationId, MessageId, NewMessage
from answerable.conversations.rules import find_email
from answerable.conversations.values import Handler, Status
from answerable.infra import jobs, signals
from answerable.infra.db import Database, Db, Unaudited
from answerable.infra.embedding import Embedder, Vectors
from answerable.infra.ids import Actor, uuid7
from answerable.infra.signals import Topic
from answerable.knowledge.values import Language, Retrieved
from answerable.tenancy import Permission, Tenant

CANDIDATES = 16
"""So many passages are looked at for sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What answering works with: the database, and what turns text into vectors."""

    database: Database
    embedder: Embedder | None
    threshold: float | None = None
    """From which probability on an answer is given, 0.0 to 1.0; None takes the tenant's own, and where it has
    none the calibrated one."""


async def accept(db: Db, new: NewMessage) -> tuple[Conversation, MessageId]:
    """Store a contact's message and have it answered; the same one twice is one.

    Errors:  those of `conversations.receive`.
    Effects: rows, audit events, and a job unless people have the conversation.
    """
    conversation, message_id, is_new = await conversations.receive(db, new)
    gives_address = conversation.address_asked_at is not None and find_email(new.text) is not None
    if is_new and (conversation.handler is Handler.ASSISTANT or gives_address):
        await jobs.defer(db, AnswerMessage(conversation_id=conversation.id))
    return conversation, message_id


async def answer(desk: Desk, actor: Actor, conversation_id: ConversationId) -> TurnId | None:
    """Answer what a contact has written and nobody has answered; None when there is nothing.

    Errors:  PermissionDenied; EmbeddingUnavailable, DatabaseUnavailable, QuoteWithdrawn, after which it may be
             tried again.
    """
    async with desk.database.tenant_session(actor) as db:
        turn = await load_turn(db, conversation_id)
    if turn is None:
        return None
    try:
        return await _run_and_apply(desk, actor, turn)
    except QuoteWithdrawn:
        return await _run_and_apply(desk, actor, turn)


async def _run_and_apply(desk: Desk, actor: Actor, turn: Turn) -> TurnId:
    outcome = await pipeline.run(turn, _tools(desk, actor, turn))
    async with desk.database.tenant_session(actor) as db:
        return await apply(db, turn, outcome)


async def give_up(
    desk: Desk, actor: Actor, conversation_id: ConversationId, *, error_code: str
) -> TurnId | None:
    """Hand a conversation over to people because answering failed too often; the failure is a turn with a record.

    Errors:  DatabaseUnavailable.
    """
    async with desk.database.tenant_session(actor) as db:
        turn = await load_turn(db, conversation_id)
        if turn is None:
            return None
        text = "\n".join(message.text or "" for message in turn.incoming)
        asked = language_of(text, before=turn.language, fallback=Language(turn.tenant.language))
        language = spoken_language(turn, asked)
        failed = replace(
            hand_over(turn, language, Reason.FAILED), kind=OutcomeKind.ERROR, error_code=error_code
        )
        return await apply(db, turn, pipeline.disclose_failure(turn, failed))


async def load_turn(db: Db, conversation_id: ConversationId) -> Turn | None:
    """Everything that a turn of this conversation has to know; None when nothing is unanswered.

    Errors:  PermissionDenied, ConversationNotFound.
    """
    tenancy.require(db.actor, Permission.ANSWER)
    conversation = await conversations.get(db, conversation_id)
    unanswered = await conversations.list_unanswered(db, conversation_id)
    if not unanswered or conversation.status is Status.CLOSED:
        return None
    return Turn(
        id=TurnId(uuid7()),
        conversation_id=conversation.id,
        epoch=conversation.turn_epoch,
        position=conversation.last_position,
        incoming=tuple(
            Incoming(id=one.id, position=one.position, text=one.text, wants_person=one.wants_person)
            for one in unanswered
        ),
        language=Language(conversation.language) if conversation.language else None,
        tenant=(await tenancy.get_tenant(db)).in_channel(conversation.channel),
        handler=conversation.handler,
        disclosed=conversation.disclosed_at is not None,
        address_known=await conversations.has_address(db, conversation.contact_id),
        address_asked=conversation.address_asked_at is not None,
        started_at=db.now,
    )


async def apply(db: Db, turn: Turn, outcome: Outcome) -> TurnId:
    """Bring a turn's outcome about, unless somebody was faster; applying it twice changes nothing.

    Errors:  PermissionDenied, ConversationNotFound; QuoteWithdrawn, after which the turn has to be run again.
    Effects: rows of the turn, its message and its record, audit events; the conversation's row is locked, so
             the order of turns, takeovers and new messages is the order of their commits.
    """
    tenancy.require(db.actor, Permission.ANSWER)
    conversation = await conversations.lock(db, turn.conversation_id)
    answered = await queries.list_answered(db, [message.id for message in turn.incoming])
    if answered:
        db.unaudited(Unaudited.ROW_LOCK)
        return next(iter(answered.values()))
    if await queries.find_turn(db, turn.id) is not None:
        db.unaudited(Unaudited.ROW_LOCK)
        return turn.id
    overtaken = _overtaken(conversation, turn)
    if overtaken is not None:
        outcome = withdraw(outcome, overtaken)
    elif not await _all_stand(db, outcome.quotes):
        # Deleted or changed since the check; the turn is run again and finds what is there now.
        raise QuoteWithdrawn
    await recording.store(db, conversation, turn, outcome)
    if overtaken is Reason.NEWER_MESSAGE and conversation.handler is Handler.PEOPLE:
        # What a contact writes to people starts no turn, so the newer message brought no job of its own.
        await jobs.defer(db, AnswerMessage(conversation_id=conversation.id))
    return turn.id


async def view_record(db: Db, turn_id: TurnId) -> Record:
    """Everything that is kept of a turn, opened; the look is recorded before anything is shown.

    Errors:  PermissionDenied, TurnNotFound.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    record = await records.load(db, turn_id)
    if record is None:
        raise TurnNotFound
    await audit.append(db, RecordViewed(subject_id=turn_id, conversation_id=record.conversation_id))
    return record


async def export_record(db: Db, turn_id: TurnId) -> Record:
    """As `view_record`, for a file that is taken away; the log tells the two apart.

    Errors:  PermissionDenied, TurnNotFound.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    record = await records.load(db, turn_id)
    if record is None:
        raise TurnNotFound
    await audit.append(db, RecordExported(subject_id=turn_id, conversation_id=record.conversation_id))
    return record


async def list_turns(db: Db, conversation_id: ConversationId) -> list[TurnId]:
    """A conversation's turns, oldest first, by their identifiers.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    return await queries.list_turn_ids(db, conversation_id)


def _overtaken(conversation: Conversation, turn: Turn) -> Reason | None:
    # A person took it over, since this turn began or before; one that waits may have nobody yet.
    is_taken = conversation.handler is Handler.PEOPLE and (
        conversation.status is not Status.WAITING or conversation.assignee_id is not None
    )
    if is_taken or conversation.turn_epoch != turn.epoch:
        return Reason.TAKEN_OVER
    if conversation.last_position != turn.position:
        return Reason.NEWER_MESSAGE
    return None


def threshold_of(tenant: Tenant) -> float:
    """From which probability on the assistant answers in a tenant."""
    return calibration().threshold if tenant.threshold is None else tenant.threshold


def _tools(desk: Desk, actor: Actor, turn: Turn) -> Tools:
    return Tools(
        tell=partial(_tell, desk.database, actor, turn.conversation_id),
        search=partial(_search, desk, actor),
        stands=partial(_stands, desk.database, actor),
        embedder=desk.embedder,
        threshold=threshold_of(turn.tenant) if desk.threshold is None else desk.threshold,
    )


async def _tell(
    database: Database, actor: Actor, conversation_id: ConversationId, *finished: Finished
) -> None:
    async with database.tenant_session(actor) as db:
        for one in finished:
            await signals.notify(
                db,
                Topic.PROGRESS,
                conversation_id=conversation_id,
                word=one.step.value,
                count=one.count,
            )


async def _search(desk: Desk, actor: Actor, question: str, vector: Vectors | None) -> Retrieved:
    model = desk.embedder.model if desk.embedder else None
    async with desk.database.tenant_session(actor) as db:
        return await knowledge.search(db, question, vector=vector, model=model, limit=CANDIDATES)


async def _stands(database: Database, actor: Actor, quotes: Sequence[Quote]) -> bool:
    async with database.tenant_session(actor) as db:
        return await _all_stand(db, quotes)


async def _all_stand(db: Db, quotes: Sequence[Quote]) -> bool:
    for quote in quotes:
        span = await knowledge.find_valid_span(db, quote.version_id, start=quote.start, end=quote.end)
        if span != quote.text:
            return False
    return True
