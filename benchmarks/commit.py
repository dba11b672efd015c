"""What `apply` and a commit consist of: with and without the log, the vault, a job and its notification.

Parts are taken out here and not in the product, whose functions know of no such switch.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

import psycopg

from answerable import answering, audit, vault
from answerable.answering import AnswerMessage
from answerable.answering.values import Outcome
from answerable.audit.values import LogQueried
from answerable.conversations import ConversationId
from answerable.infra import jobs
from answerable.infra.db import Database, Db, Unaudited
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.installation import Installation
from answerable.vault import Keys
from answerable.vault.values import KeyId, Plain, Sealed
from benchmarks.tables import percentile, print_table
from benchmarks.throwaway import execute, replaced

ROUNDS = 4
APPLIED = 12
COMMITS = 48

RECORD_TRIGGER = "message DISABLE TRIGGER message_has_its_record"
NOTIFY_TRIGGER = "jobs.procrastinate_jobs DISABLE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1"

Accept = Callable[[str], Awaitable[ConversationId]]
Write = Callable[[Db], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A way to apply an outcome."""

    name: str
    has_trigger: bool = False
    has_log: bool = True
    has_vault: bool = True


# The trigger refuses a message without its event, so it is off wherever the log is, and its own share is a row.
VARIANTS = (
    Variant(name="as it is", has_trigger=True),
    Variant(name="without the trigger that demands the record"),
    Variant(name="without trigger and audit.append", has_log=False),
    Variant(name="without trigger and vault.seal", has_vault=False),
    Variant(name="with none of the three", has_log=False, has_vault=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applier:
    """Applies outcomes to new conversations, each way as often, one way after the other."""

    database: Database
    actor: Actor
    outcomes: Sequence[Outcome]
    accept: Accept

    async def apply_several(self, variants: Sequence[Variant], took: Mapping[str, list[float]]) -> None:
        """Add to `took` how long each way takes, in seconds."""
        # The first ones after a change to a table pay for plans that are made anew.
        for number in range(APPLIED + 2):
            for variant in variants:
                seconds = await self._apply(variant, self.outcomes[number % len(self.outcomes)])
                if number >= 2:
                    took[variant.name].append(seconds)

    async def _apply(self, variant: Variant, outcome: Outcome) -> float:
        conversation_id = await self.accept("How long?")
        async with self.database.tenant_session(self.actor) as db:
            turn = await answering.load_turn(db, conversation_id)
        assert turn is not None
        began = time.perf_counter()
        with _taken_out(variant):
            async with self.database.tenant_session(self.actor) as db:
                await answering.apply(db, turn, outcome)
        return time.perf_counter() - began


async def measure(
    installation: Installation, tenant_id: TenantId, outcomes: Sequence[Outcome], *, accept: Accept
) -> None:
    """Print what `apply` consists of, and what a job adds to a commit."""
    took: Mapping[str, list[float]] = {variant.name: [] for variant in VARIANTS}
    applier = Applier(
        database=installation.database,
        actor=Actor(tenant_id=tenant_id, kind=ActorKind.ASSISTANT),
        outcomes=outcomes,
        accept=accept,
    )
    whole, *parts = VARIANTS
    for _ in range(ROUNDS):
        await applier.apply_several([whole], took)
        async with _without(installation, RECORD_TRIGGER):
            await applier.apply_several(parts, took)
    bare = percentile(took[VARIANTS[-1].name], 50)
    print_table(
        f"apply of a reply, {ROUNDS} x {APPLIED} each, in turns",
        ("", "p50 ms", "p95 ms", "to the last row"),
        [
            (name, percentile(each, 50), percentile(each, 95), percentile(each, 50) / bare)
            for name, each in took.items()
        ],
    )
    await _measure_jobs(installation, applier.actor)


def _taken_out(variant: Variant) -> ExitStack:
    stack = ExitStack()
    if not variant.has_log:
        stack.enter_context(replaced(audit, "append", _append_nothing))
    if not variant.has_vault:
        stack.enter_context(replaced(vault, "seal", _seal_nothing))
        stack.enter_context(replaced(vault, "seal_many", _seal_none))
    return stack


async def _append_nothing(db: Db, *_: audit.Event) -> tuple[audit.EventId, ...]:
    db.unaudited(Unaudited.PROGRESS)
    return ()


async def _seal_nothing(_db: Db, _keys: Keys, plain: Plain) -> Sealed:
    return Sealed(key_id=KeyId(uuid7()), commitment=bytes(32), ciphertext=plain.content)


async def _seal_none(db: Db, keys: Keys, plains: Sequence[Plain]) -> list[Sealed]:
    return [await _seal_nothing(db, keys, plain) for plain in plains]


@asynccontextmanager
async def _without(installation: Installation, *triggers: str) -> AsyncGenerator[None]:
    await asyncio.to_thread(execute, installation, *(f"ALTER TABLE {each}" for each in triggers))
    try:
        yield
    finally:
        back = [f"ALTER TABLE {each.replace('DISABLE', 'ENABLE')}" for each in triggers]
        await asyncio.to_thread(execute, installation, *back)


async def _measure_jobs(installation: Installation, actor: Actor) -> None:
    ways: Sequence[tuple[str, Write, tuple[str, ...]]] = (
        ("an event", _append, ()),
        ("an event and a job, nobody notified", _append_and_defer, (NOTIFY_TRIGGER,)),
        ("an event and a job", _append_and_defer, ()),
    )
    rows: list[tuple[object, ...]] = []
    # A worker listens; without one the server has nobody to wake.
    with psycopg.connect(installation.server.conninfo(), autocommit=True) as listener:
        listener.execute('LISTEN "procrastinate_any_queue_v1"')
        for at_once in (1, 8):
            took: dict[str, list[float]] = {name: [] for name, _, _ in ways}
            for _ in range(ROUNDS):
                for name, write, triggers in ways:
                    async with _without(installation, *triggers):
                        took[name] += await _commit_several(installation.database, actor, write, at_once)
            rows += _job_rows(took, at_once)
        assert list(listener.notifies(timeout=0, stop_after=1)), "no notification was sent"
    print_table(
        f"a transaction that writes, {ROUNDS} x {COMMITS} each, in turns, one listener",
        ("", "at once", "p50 ms", "p95 ms", "to an event alone"),
        rows,
    )


def _job_rows(took: Mapping[str, Sequence[float]], at_once: int) -> list[tuple[object, ...]]:
    alone = percentile(next(iter(took.values())), 50)
    return [
        (name, at_once, percentile(each, 50), percentile(each, 95), percentile(each, 50) / alone)
        for name, each in took.items()
    ]


async def _commit_several(database: Database, actor: Actor, write: Write, at_once: int) -> list[float]:
    took: list[float] = []

    async def one_after_another() -> None:
        for _ in range(COMMITS // at_once):
            began = time.perf_counter()
            async with database.tenant_session(actor) as db:
                await write(db)
            took.append(time.perf_counter() - began)

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
    return took


async def _append(db: Db) -> None:
    await audit.append(db, LogQueried(subject_id=db.actor.tenant_id, returned=0))


async def _append_and_defer(db: Db) -> None:
    await _append(db)
    await jobs.defer(db, AnswerMessage(conversation_id=ConversationId(uuid7())))
