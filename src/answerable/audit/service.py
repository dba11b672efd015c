"""Appending to the log, in the transaction of what happened, and reading it."""

import time
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from answerable.audit import queries, rules
from answerable.audit.errors import EventRefused, EventUnregistered
from answerable.audit.happenings import SchemasDeclared
from answerable.audit.schemas import render_schemas
from answerable.audit.values import (
    ROOT,
    About,
    Digest,
    Event,
    EventId,
    Leaf,
    LogQueried,
    NewEvent,
    Number,
    StoredEvent,
)
from answerable.audit.writers import WRITERS, Writer, Writers, ender, number_of
from answerable.infra.db import Db
from answerable.infra.ids import Actor, ActorKind, uuid7

REGISTRY: Final = "audit.registry"
"""Where a session carries the event types that the application registered, as a frozenset."""


async def append(db: Db, *events: Event, idem_key: str | None = None) -> tuple[EventId, ...]:
    """Record what happened; it becomes part of the log when the transaction commits, or not at all.

    Errors:  EventUnregistered, EventRefused; the caller's transaction is then to be given up.
    Effects: one row each in audit_event and audit_queue, for what gets a receipt also in audit_promise, in
             one statement. The first append of a process to a log also declares what entries look like,
             unless the log says it already.
    """
    if not events or (idem_key and len(events) > 1):
        raise EventRefused("A key names one event, and no event records nothing.")
    ids = (EventId(db.next_event_id()), *(EventId(uuid7()) for _ in events[1:]))
    await append_as(db, ids, events, idem_key=idem_key)
    return ids


async def append_as(
    db: Db, ids: Sequence[EventId], events: Sequence[Event], *, idem_key: str | None = None
) -> None:
    """As `append`, for events whose identifiers the caller has made, since they stand in the events too."""
    if db.actor.tenant_id == ROOT:
        raise EventRefused("The root log holds heads, and its signer alone adds them.")
    writers: Writers = db.info[WRITERS]
    writer = writers.of(db.actor.tenant_id, room=len(events) + 1)
    await _look_up_unknown(db, writer)
    if not writer.has_declared:
        await _declare_schemas(db, writer)
    # A repeated event stores nothing, so it records nothing of what else this transaction may have changed.
    if await _store(db, writer, ids, events, actor=db.actor, idem_key=idem_key):
        db.mark_recorded(ids[0])
    elif idem_key is not None:
        db.mark_noted(await queries.find_repeated(db, idem_key))


async def _declare_schemas(db: Db, writer: Writer) -> None:
    """Have the log say what its entries look like before the first that looks so.

    Whoever does not know it declared declares it, within its own transaction: nobody waits for anybody, and
    what two declare at once is declared twice.
    """
    written = render_schemas(db.info[REGISTRY])
    declared = await queries.list_declared(db, written)
    fresh = {digest: schema for digest, schema in written.items() if digest not in declared}
    if fresh:
        event_id = EventId(uuid7())
        program = Actor(tenant_id=db.actor.tenant_id, kind=ActorKind.SYSTEM)
        event = SchemasDeclared(subject_id=program.tenant_id, schemas=tuple(map(Digest, fresh)))
        await _store(db, writer, [event_id], [event], actor=program)
        await queries.insert_schemas(db, event_id, fresh)
    db.on_end(writer.end_declaring)


async def _store(
    db: Db,
    writer: Writer,
    ids: Sequence[EventId],
    events: Sequence[Event],
    *,
    actor: Actor,
    idem_key: str | None = None,
) -> bool:
    """Number and store events; whether all were new."""
    taken = writer.take(ids)
    db.on_end(ender(writer, taken))
    rows = [
        _render(db, event, event_id, number_of(writer, taken, event_id), actor)
        for event, event_id in zip(events, ids, strict=True)
    ]
    stored = await queries.insert_events(db, rows, actor=actor, writer_id=writer.id, idem_key=idem_key)
    if len(stored) < len(rows):
        writer.settle(taken, stored)
    return len(stored) == len(rows)


async def tail(db: Db, *, limit: int) -> list[StoredEvent]:
    """The newest events, newest first; the look itself is an event.

    Errors:  PermissionDenied is the caller's to raise: who may look is decided above this floor.
    """
    events = await queries.list_events(db, limit=limit)
    await append(db, LogQueried(subject_id=db.actor.tenant_id, returned=len(events)))
    return events


async def list_leaves(db: Db, about: About, *, limit: int = 200) -> list[Leaf]:
    """What happened, oldest first, without looks; the caller records this look and says who may have it."""
    return await queries.list_leaves(db, about, limit=limit)


async def list_looks(db: Db, about: About, *, limit: int = 100) -> list[StoredEvent]:
    """Who opened what this is about, newest first; the caller records this look and says who may have it."""
    return await queries.list_looks(db, about, limit=limit)


async def history(
    db: Db, conversation_id: UUID, types: Collection[type[Event]], *, limit: int = 500
) -> list[StoredEvent]:
    """What happened in a conversation, of these types, oldest first; of more than the limit, the newest.

    It is shown with the conversation, whose caller records that look.

    Errors:  PermissionDenied is the caller's to raise: who may look is decided above this floor.
    """
    names = [one.type for one in types]
    found = await queries.list_events(db, limit=limit, conversation_id=conversation_id, types=names)
    return found[::-1]


async def has_member_acted(db: Db, *, within: timedelta) -> bool:
    """Whether any member has done anything lately that the log holds."""
    since = time.time_ns() - round(within.total_seconds() * 1_000_000_000)
    return await queries.has_member_event_since(db, uuid7(unix_ns=since))


async def _look_up_unknown(db: Db, writer: Writer) -> None:
    writer.forget_the_silent()
    while writer.unknown:
        taken = writer.unknown.pop()
        try:
            writer.settle(taken, await queries.list_stored(db, taken.numbers))
        except BaseException:
            writer.unknown.append(taken)
            raise


def _render(db: Db, event: Event, event_id: EventId, number: Number, actor: Actor) -> NewEvent:
    if type(event) not in db.info[REGISTRY]:
        raise EventUnregistered(type(event).__name__)
    return NewEvent(
        id=event_id,
        type=event.type,
        body=rules.render_body(event, event_id=event_id, actor=actor, at=db.now, number=number),
        subject_kind=event.about.value,
        subject_id=event.subject_id,
        conversation_id=getattr(event, "conversation_id", None),
        writer_number=number.number,
        is_promised=getattr(event, "is_promised", False),
    )
