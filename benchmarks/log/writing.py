"""A process of writers for the log's benchmarks: reads a round a line, runs it, prints what it did.

`python -m benchmarks.log` starts it, with the installation in the environment.
"""

import asyncio
import hashlib
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from answerable import audit
from answerable.app import open_product
from answerable.audit.rules import render_body
from answerable.audit.values import Number
from answerable.infra.clock import utc_now
from answerable.infra.db import Database, DatabaseUnavailable, Db, Unaudited
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.settings import Settings
from answerable.tenancy.values import KeysRotated

Append = Callable[[Db, int], Awaitable[Sequence[UUID]]]

_PLAIN = text(
    "INSERT INTO bench_plain (id, body) SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]))"
)
_HEAD = text("SELECT hash FROM bench_head FOR UPDATE")
_CHAIN = text(
    "INSERT INTO bench_chain (id, hash, body)"
    " SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:hashes AS bytea[]), CAST(:bodies AS bytea[]))"
)
_MOVE = text("UPDATE bench_head SET hash = :hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What to do: which design, in which tenants, how many events a transaction, for how long."""

    design: str
    tenants: list[str]
    events: int
    seconds: float
    writers: int
    work_s: float = 0.0
    """What else a transaction takes after it has recorded, in which it only waits."""

    rollbacks: float = 0.0
    """Share of transactions that are given up."""

    journal: str = ""
    """A file that gets a line `begun ID…` before each commit and `committed ID…` after it; outlives a kill."""


@dataclass(slots=True, kw_only=True)
class Done:
    """What a round did."""

    latencies: list[float] = field(default_factory=list[float])
    entries: int = 0


class GivenUpError(Exception):
    """A transaction that is rolled back on purpose."""


def event_of(tenant_id: TenantId) -> KeysRotated:
    """The event that every writer records."""
    return KeysRotated(subject_id=tenant_id, generation=1, rewrapped=0)


def body_of(actor: Actor) -> bytes:
    """Bytes as the log would store them."""
    number = Number(writer=uuid7(), number=1)
    event_id = audit.EventId(uuid7())
    return render_body(event_of(actor.tenant_id), event_id=event_id, actor=actor, at=utc_now(), number=number)


async def append_log(db: Db, count: int) -> Sequence[UUID]:
    """As the product does it."""
    return await audit.append(db, *(event_of(db.actor.tenant_id) for _ in range(count)))


async def append_plain(db: Db, count: int) -> Sequence[UUID]:
    """The limit: the same bytes by one INSERT, and nothing of a log."""
    db.unaudited(Unaudited.PROGRESS)
    ids = [uuid7() for _ in range(count)]
    await db.execute(_PLAIN, {"ids": ids, "bodies": [BODY] * count})
    return ids


async def append_chain(db: Db, count: int) -> Sequence[UUID]:
    """The usual way: each entry hashed with the one before, whose row is locked."""
    db.unaudited(Unaudited.PROGRESS)
    ids = [uuid7() for _ in range(count)]
    head = bytes(await db.scalar(_HEAD) or b"")
    hashes: list[bytes] = []
    for _ in ids:
        head = hashlib.sha256(head + BODY).digest()
        hashes.append(head)
    await db.execute(_CHAIN, {"ids": ids, "hashes": hashes, "bodies": [BODY] * count})
    await db.execute(_MOVE, {"hash": head})
    return ids


BODY = body_of(Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM))
DESIGNS: dict[str, Append] = {"log": append_log, "limit": append_plain, "chain": append_chain}


async def run_round(database: Database, todo: Round) -> Done:
    """Write with so many coroutines until the time is over."""
    done = Done()
    ends = time.perf_counter() + todo.seconds
    actors = [Actor(tenant_id=TenantId(UUID(one)), kind=ActorKind.PLATFORM) for one in todo.tenants]

    async def write(number: int) -> None:
        while time.perf_counter() < ends:
            await write_once(database, todo, actors[number % len(actors)], done)
            number += todo.writers

    await asyncio.gather(*(write(number) for number in range(todo.writers)))
    return done


async def write_once(database: Database, todo: Round, actor: Actor, done: Done) -> None:
    """One transaction, committed or given up, or cut off by whoever kills the database."""
    began, ids, is_given_up = time.perf_counter(), list[str](), random.random() < todo.rollbacks
    try:
        async with database.tenant_session(actor) as db:
            ids = [str(one) for one in await DESIGNS[todo.design](db, todo.events)]
            await asyncio.sleep(todo.work_s)
            _note(todo, "begun", ids)
            if is_given_up:
                raise GivenUpError  # noqa: TRY301 - out of the transaction, whose end it is
    except GivenUpError:
        return
    except (SQLAlchemyError, DatabaseUnavailable, OSError):
        # Killed under it: whether it committed, the journal leaves open.
        await asyncio.sleep(0.05)
        return
    _note(todo, "committed", ids)
    done.latencies.append(time.perf_counter() - began)
    done.entries += todo.events


def _note(todo: Round, word: str, ids: Sequence[str]) -> None:
    if todo.journal:
        with Path(todo.journal).open("a") as journal:
            journal.write(f"{word} {' '.join(ids)}\n")


async def main() -> None:
    """Run rounds until the input ends."""
    async with open_product(Settings.load()) as installation:
        print("ready", flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            fields: dict[str, Any] = json.loads(line)
            done = await run_round(installation.database, Round(**fields))
            print(json.dumps({"latencies": done.latencies, "entries": done.entries}), flush=True)
