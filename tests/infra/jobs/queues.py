"""Jobs, a queue to put them into and workers that stop with their test."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from answerable.infra import jobs
from answerable.infra.db import Database, Db, Unaudited
from answerable.infra.ids import Actor, uuid7

QUICK = jobs.Pace(
    poll=timedelta(seconds=0.1),
    beat=timedelta(seconds=0.2),
    drain=timedelta(seconds=5),
    backoff=jobs.Backoff(first=timedelta(seconds=0.02), factor=1),
)
"""As in production, but not waiting longer than a test must; a silent worker is given the same time."""

HASTY = replace(QUICK, stalled=timedelta(seconds=1), drain=timedelta(seconds=0.5))
"""For workers that do die, and jobs that do not end."""


class Way(StrEnum):
    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A job as a domain would declare it."""

    task: ClassVar[str] = "test.errand"

    place: UUID = field(default_factory=uuid7)
    way: Way = Way.SHORT
    number: int = 0
    is_urgent: bool = False

    @property
    def lock(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedErrand:
    """A job that keeps the order of its place."""

    task: ClassVar[str] = "test.ordered_errand"

    place: UUID
    number: int = 0

    @property
    def lock(self) -> str | None:
        return f"place:{self.place}"


Errands = Errand | OrderedErrand


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A migrated database whose jobs nobody else touches."""

    conninfo: str
    """For the queue's role."""

    database: Database
    actor: Actor

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Db]:
        async with self.database.tenant_session(self.actor) as db:
            yield db
            db.unaudited(Unaudited.PROGRESS)

    async def defer(self, *asked: Errands, delay: timedelta | None = None) -> None:
        async with self.session() as db:
            for job in asked:
                await jobs.defer(db, job, delay=delay)

    async def depth(self) -> jobs.QueueDepth:
        async with jobs.connect(self.conninfo) as connection:
            return await jobs.count_jobs(connection)

    async def parked(self) -> list[jobs.ParkedJob]:
        async with jobs.connect(self.conninfo) as connection:
            return await jobs.list_parked(connection, limit=10)

    def working(
        self, tasks: Mapping[str, jobs.Task], *, concurrency: int = 4, pace: jobs.Pace = QUICK
    ) -> AbstractAsyncContextManager[jobs.JobRunner]:
        return _working(jobs.JobRunner(self.conninfo, tasks, concurrency=concurrency, pace=pace))


@asynccontextmanager
async def _working(runner: jobs.JobRunner) -> AsyncGenerator[jobs.JobRunner]:
    running = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await running


async def until(is_so: Callable[[], Awaitable[object]], *, within_s: float = 30) -> None:
    """Wait for something that happens by itself; the time is only there to fail instead of hanging."""
    async with asyncio.timeout(within_s):
        while not await is_so():  # noqa: ASYNC110 - rows of a database tell no event
            await asyncio.sleep(0.02)


@dataclass
class Diary:
    """What ran, in order."""

    contexts: list[jobs.JobContext] = field(default_factory=list[jobs.JobContext])

    async def write(self, context: jobs.JobContext) -> None:
        self.contexts.append(context)

    async def has_entries(self) -> bool:
        return bool(self.contexts)

    @property
    def attempts(self) -> list[int]:
        return [context.attempt for context in self.contexts]


def failing(error: Exception, diary: Diary) -> Callable[[jobs.JobContext], Awaitable[None]]:
    async def run(context: jobs.JobContext) -> None:
        await diary.write(context)
        raise error

    return run


async def is_empty(queue: Queue) -> bool:
    depth = await queue.depth()
    return depth.waiting + depth.delayed + depth.running == 0
