"""Signals: what has just changed, told to every process after the commit, in identifiers and closed words.

A signal wakes somebody up and is never read as data: what is behind it stands in the database, and a lost one
costs the time until its listener looks by itself.
"""

import asyncio
import json
import random
import re
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

import psycopg
import structlog
from psycopg.conninfo import make_conninfo
from sqlalchemy import text

from answerable.infra.db import Database, Db
from answerable.infra.ids import Actor, TenantId

log = structlog.get_logger()

CHANNEL: Final = "answerable_signals"

MOST_PENDING: Final = 64
"""So many different signals wait for one subscriber; beyond that they become one: look at everything."""

_WORD = re.compile(r"[a-z][a-z_]{0,31}")
_PATIENCE_S: Final = (0.2, 15.0)
"""How long a lost connection waits before its next attempt, at first and at most."""


class Topic(StrEnum):
    """What a signal is about; the list is closed."""

    MESSAGE = "message"
    """A message was stored."""
    STATE = "state"
    """Who answers in a conversation, or where it stands, has changed."""
    PROGRESS = "progress"
    """A step of a turn is finished."""
    TYPING = "typing"
    """Somebody types."""
    PRESENCE = "presence"
    """A member came, went, or looks at something."""
    IMPORT = "import"
    """An item of an import has moved on; the subject is its batch."""
    DOCUMENT = "document"
    """A document was published, changed or deleted."""
    MISSED = "missed"
    """Signals may have been lost, or were too many: look at everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """That something has happened in a tenant."""

    tenant_id: TenantId
    topic: Topic
    conversation_id: UUID | None = None
    subject_id: UUID | None = None
    """What it is about where a conversation does not say it: a member, an import, a document."""
    word: str | None = None
    """One word of a closed set, such as a step's name or who types."""
    count: int | None = None


async def notify(
    db: Db,
    topic: Topic,
    *,
    conversation_id: UUID | None = None,
    subject_id: UUID | None = None,
    word: str | None = None,
    count: int | None = None,
) -> None:
    """Wake whoever listens to this tenant once this transaction has committed, and nobody if it does not.

    Effects: a notification of PostgreSQL; equal ones of one transaction are one.
    """
    signal = Signal(
        tenant_id=db.actor.tenant_id,
        topic=topic,
        conversation_id=conversation_id,
        subject_id=subject_id,
        word=word,
        count=count,
    )
    await db.execute(
        text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": pack(signal)}
    )


async def tell(
    database: Database,
    actor: Actor,
    topic: Topic,
    *,
    conversation_id: UUID,
    word: str | None = None,
    count: int | None = None,
) -> None:
    """Wake whoever listens about something that is stored nowhere, such as a step's end.

    Errors:  DatabaseUnavailable.
    Effects: a transaction of its own that writes no row.
    """
    async with database.tenant_session(actor) as db:
        await notify(db, topic, conversation_id=conversation_id, word=word, count=count)


def pack(signal: Signal) -> str:
    """A signal as it travels: far below the 8,000 bytes that a notification may have."""
    # Words come from enums; anything else would be content, and every database login could read it.
    assert signal.word is None or _WORD.fullmatch(signal.word)
    fields = {
        "tenant": signal.tenant_id.hex,
        "topic": signal.topic.value,
        "conversation": signal.conversation_id.hex if signal.conversation_id else None,
        "subject": signal.subject_id.hex if signal.subject_id else None,
        "word": signal.word,
        "count": signal.count,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def unpack(payload: str) -> Signal | None:
    """The signal that travelled; None for what is none, since any login of the database may send something."""
    try:
        fields = json.loads(payload)
        conversation, subject = fields.get("conversation"), fields.get("subject")
        word, count = fields.get("word"), fields.get("count")
        signal = Signal(
            tenant_id=TenantId(UUID(fields["tenant"])),
            topic=Topic(fields["topic"]),
            conversation_id=UUID(conversation) if conversation is not None else None,
            subject_id=UUID(subject) if subject is not None else None,
            word=word if word is None or _WORD.fullmatch(word) else None,
            count=count if isinstance(count, int) else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return signal


class Wakes:
    """The signals that one subscriber has not taken yet; equal ones are one."""

    def __init__(self, tenant_id: TenantId, *, conversation_id: UUID | None) -> None:
        self._tenant_id = tenant_id
        self._conversation_id = conversation_id
        self._pending: dict[Signal, None] = {}
        self._changed = asyncio.Event()
        self.ended = False
        """Whether nothing will come any more."""

    def __aiter__(self) -> AsyncIterator[Signal]:
        return self

    async def __anext__(self) -> Signal:
        signal = await self.next()
        if signal is None:
            raise StopAsyncIteration
        return signal

    async def next(self, *, within_s: float | None = None) -> Signal | None:
        """The next signal; None when none came in this time, or when there will be none any more."""
        while not self._pending and not self.ended:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), within_s)
            except TimeoutError:
                return None
        if not self._pending:
            return None
        first = next(iter(self._pending))
        del self._pending[first]
        return first

    def push(self, signal: Signal) -> None:
        """Leave a signal for the subscriber, if it concerns it."""
        if signal.tenant_id != self._tenant_id or self._is_elsewhere(signal):
            return
        if len(self._pending) >= MOST_PENDING and signal not in self._pending:
            self._pending.clear()
            signal = Signal(tenant_id=self._tenant_id, topic=Topic.MISSED)
        self._pending[signal] = None
        self._changed.set()

    def drop(self, topics: Collection[Topic]) -> None:
        """Forget the signals of these topics that wait: whoever reads now sees what they are about."""
        for signal in [one for one in self._pending if one.topic in topics]:
            del self._pending[signal]

    def end(self) -> None:
        """Let the subscriber take what it has, and no more."""
        self.ended = True
        self._changed.set()

    def _is_elsewhere(self, signal: Signal) -> bool:
        if self._conversation_id is None or signal.conversation_id is None:
            return False
        return signal.conversation_id != self._conversation_id


class Hub:
    """Hands the signals of this process's one listening connection to its subscribers."""

    def __init__(self) -> None:
        self._subscribers: dict[TenantId, set[Wakes]] = {}
        self._drains = False

    @property
    def subscribers(self) -> int:
        """How many listen now."""
        return sum(map(len, self._subscribers.values()))

    @asynccontextmanager
    async def subscribe(
        self, tenant_id: TenantId, *, conversation_id: UUID | None = None
    ) -> AsyncGenerator[Wakes]:
        """Take a tenant's signals, or those that concern one conversation, while the block lasts.

        With a conversation, signals of the tenant that name none are taken as well.
        """
        wakes = Wakes(tenant_id, conversation_id=conversation_id)
        if self._drains:
            wakes.end()
        self._subscribers.setdefault(tenant_id, set()).add(wakes)
        try:
            yield wakes
        finally:
            listeners = self._subscribers[tenant_id]
            listeners.discard(wakes)
            if not listeners:
                del self._subscribers[tenant_id]

    def publish(self, signal: Signal) -> None:
        """Hand a signal to whom it concerns."""
        for wakes in self._subscribers.get(signal.tenant_id, ()):
            wakes.push(signal)

    def publish_missed(self) -> None:
        """Have every subscriber look at everything: signals may have been lost."""
        for tenant_id, listeners in self._subscribers.items():
            for wakes in listeners:
                wakes.push(Signal(tenant_id=tenant_id, topic=Topic.MISSED))

    def drain(self) -> None:
        """End every subscription, those to come included, so that streams end and their clients come again."""
        self._drains = True
        for listeners in self._subscribers.values():
            for wakes in listeners:
                wakes.end()


class Listener:
    """The connection on which PostgreSQL's notifications come in; made anew whenever it is lost."""

    def __init__(self, conninfo: str, hub: Hub) -> None:
        self._conninfo = make_conninfo(
            conninfo,
            application_name="answerable-signals",
            connect_timeout=5,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
        self._hub = hub
        self.listening = asyncio.Event()
        """Set while notifications can come in."""

    async def run(self) -> None:
        """Listen until cancelled."""
        shortest, longest = _PATIENCE_S
        patience_s = shortest
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                if self.listening.is_set():
                    patience_s = shortest
                log.warning("signals.interrupted", error_types=[type(error).__name__])
            finally:
                self.listening.clear()
            # Spread out, so that many processes do not come back in the same moment.
            await asyncio.sleep(patience_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            patience_s = min(2 * patience_s, longest)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self.listening.set()
            # Whatever was told while nobody listened.
            self._hub.publish_missed()
            async for notification in connection.notifies():
                signal = unpack(notification.payload)
                if signal is not None:
                    self._hub.publish(signal)


@asynccontextmanager
async def listening(hub: Hub, conninfo: str) -> AsyncGenerator[Listener]:
    """Have a hub hear the database's signals while the block lasts; its subscriptions end with it."""
    listener = Listener(conninfo, hub)
    task = asyncio.create_task(listener.run(), name="listen_for_signals")
    try:
        yield listener
    finally:
        hub.drain()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
