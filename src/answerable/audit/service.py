"""Appending to the log, in the transaction of what happened, and reading it."""

import time
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from answerable.audit import queries, rules
from answerable.audit.errors import EventRefused, EventUnregistered
from answerable.audit.values import (
    ROOT,
    About,
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
from answerable.infra.ids import ActorKind, uuid7

REGISTRY: Final = "audit.registry"
"""Where a session carries the event types that the application registered, as a frozenset."""


async def append(db: Db, *events: Event, idem_key: str | None = None) -> tuple[EventId, ...]:
    """Record what happened; it becomes part of the log when the transaction commits, or not at all.

    Errors:  EventUnregistered, EventRefused; the caller's transaction is then to be given up.
    Effects: one row each in audit_event and audit_queue, for what gets a receipt also in audit_promise, in
             one statement.
    """
    if not events or (idem_key and len(events) > 1):
        raise EventRefused("A key names one event, and no event records nothing.")
    ids = tuple(EventId(uuid7()) for _ in events)
    await append_as(db, ids, events, idem_key=idem_key)
    return ids


async def append_as(
    db: Db, ids: Sequence[EventId], events: Sequence[Event], *, idem_key: str | None = None
) -> None:
    """As `append`, for events whose identifiers the caller has made, since they stand in the events too."""
    if db.actor.tenant_id == ROOT:
        raise EventRefused("The root log holds heads, and its signer alone adds them.")
    writers: Writers = db.info[WRITERS]
    writer = writers.of(db.actor.tenant_id, room=len(events))
    await _look_up_unknown(db, writer)
    taken = writer.take(ids)
    db.on_end(ender(writer, taken))
    rows = [
        _render(db, event, event_id, number_of(writer, taken, event_id))
        for event, event_id in zip(events, ids, strict=True)
    ]
    actor_id = None if db.actor.kind is ActorKind.CONTACT else db.actor.id
    stored = await queries.insert_events(db, rows, actor_id=actor_id, writer_id=writer.id, idem_key=idem_key)
    # A repeated event stores nothing, so it records nothing of what else this transaction may have changed.
    if len(stored) == len(rows):
        db.mark_recorded()
    else:
        writer.settle(taken, stored)
        if idem_key is not None:
            db.mark_noted()


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


def _render(db: Db, event: Event, event_id: EventId, number: Number) -> NewEvent:
    if type(event) not in db.info[REGISTRY]:
        raise EventUnregistered(type(event).__name__)
    return NewEvent(
        id=event_id,
        type=event.type,
        body=rules.render_body(event, event_id=event_id, actor=db.actor, at=db.now, number=number),
        subject_kind=event.about.value,
        subject_id=event.subject_id,
        conversation_id=getattr(event, "conversation_id", None),
        writer_number=number.number,
        is_promised=getattr(event, "is_promised", False),
    )
