"""Workers and databases that die, and jobs that do not."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from structlog.testing import capture_logs

from answerable.infra import jobs
from infra.jobs.queues import HASTY, QUICK, Diary, Errand, Queue, is_empty, until

SCRIPT = Path(__file__).with_name("worker_process.py")
TESTS = Path(__file__).parents[2]


@asynccontextmanager
async def worker_process(queue: Queue, way: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        queue.conninfo,
        way,
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(TESTS)},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_until(process: asyncio.subprocess.Process, word: str) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        if line.split() == [word.encode()]:
            return
    pytest.fail(f"The worker ended before it said {word}.")


async def test_a_job_whose_worker_is_killed_runs_again_in_another_worker(queue: Queue) -> None:
    diary = Diary()
    await queue.defer(Errand())

    async with worker_process(queue, "hang") as victim:
        await read_until(victim, "began")
        async with queue.working({Errand.task: jobs.Task(run=diary.write)}, pace=jobs.Pace()):
            victim.kill()
            await until(diary.has_entries)

    assert diary.attempts == [2]


async def test_a_job_that_kills_every_worker_is_parked(queue: Queue) -> None:
    await queue.defer(Errand())

    for _ in range(2):
        async with worker_process(queue, "die") as victim:
            await victim.wait()
            assert victim.returncode == -signal.SIGKILL
    told = Diary()
    tasks = {
        Errand.task: jobs.Task(run=Diary().write, attempts=2, when_parked="test.told"),
        "test.told": jobs.Task(run=told.write),
    }
    async with queue.working(tasks, pace=HASTY):
        await until(told.has_entries)

    (parked,) = await queue.parked()
    assert (parked.error_code, parked.attempts) == ("jobs.worker_lost", 2)
    assert [context.parked_code for context in told.contexts] == ["jobs.worker_lost"]


async def test_a_worker_that_is_asked_to_end_puts_its_job_back_uncounted(queue: Queue) -> None:
    diary = Diary()
    await queue.defer(Errand())

    async with worker_process(queue, "hang") as worker:
        await read_until(worker, "began")
        worker.terminate()
        await worker.wait()
    async with queue.working({Errand.task: jobs.Task(run=diary.write)}):
        await until(diary.has_entries)

    assert worker.returncode == 0
    assert diary.attempts == [1]


async def test_a_worker_whose_event_loop_is_blocked_for_a_while_keeps_its_job(queue: Queue) -> None:
    diary = Diary()
    await queue.defer(Errand())

    async with worker_process(queue, "block") as busy:
        await read_until(busy, "began")
        async with queue.working({Errand.task: jobs.Task(run=diary.write)}):
            await read_until(busy, "ended")
            await until(lambda: is_empty(queue))

    assert diary.attempts == []


async def test_a_job_whose_worker_has_left_without_a_trace_runs_again(queue: Queue) -> None:
    diary = Diary()
    await queue.defer(Errand())
    async with jobs.connect(queue.conninfo) as connection:
        await connection.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL")

    async with queue.working({Errand.task: jobs.Task(run=diary.write)}):
        await until(diary.has_entries)

    assert diary.attempts == [2]


async def test_a_job_that_was_taken_and_never_arrived_runs_again(queue: Queue) -> None:
    diary = Diary()
    await queue.defer(Errand(), delay=timedelta(hours=1))

    async with queue.working({Errand.task: jobs.Task(run=diary.write)}):
        await until(lambda: has_worker(queue))
        async with jobs.connect(queue.conninfo) as connection:
            await connection.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = worker.id"
                " FROM procrastinate_workers AS worker"
            )
        await until(diary.has_entries)

    assert diary.attempts == [2]


async def test_what_a_worker_says_of_a_job_that_was_taken_from_it_changes_nothing(queue: Queue) -> None:
    taken, given_back = Station(), Station()
    silent = replace(QUICK, beat=timedelta(days=1))
    await queue.defer(Errand())

    async with queue.working({Errand.task: jobs.Task(run=taken.stop_at)}, pace=silent):
        await taken.reached.wait()
        async with jobs.connect(queue.conninfo) as connection:
            await connection.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"
            )
        async with queue.working({Errand.task: jobs.Task(run=given_back.stop_at)}):
            await given_back.reached.wait()
            with capture_logs() as lines:
                taken.may_go_on.set()
                await until(lambda: has_event(lines, "job.superseded"))
            depth_meanwhile = await queue.depth()
            given_back.may_go_on.set()
            await until(lambda: is_empty(queue))

    assert depth_meanwhile == jobs.QueueDepth(waiting=0, delayed=0, running=1, parked=0)
    assert (await queue.depth()).parked == 0


async def test_workers_go_on_after_the_database_was_killed(queue_of_own_server: Queue) -> None:
    queue = queue_of_own_server
    diary, station = Diary(), Station()

    async def run(context: jobs.JobContext) -> None:
        await station.stop_at(context)
        await diary.write(context)

    await queue.defer(Errand())
    async with queue.working({Errand.task: jobs.Task(run=run)}):
        await station.reached.wait()
        await kill_database(queue)
        station.may_go_on.set()
        await until(lambda: is_reachable(queue))
        await queue.database.close()
        await queue.defer(Errand(), Errand())
        await until(lambda: is_empty(queue))

    # The one that ran while the database was away ended afterwards; none ran twice, none was lost.
    assert diary.attempts == [1, 1, 1]


@dataclass(frozen=True)
class Station:
    """A place in a job where a test can make it wait."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop_at(self, _context: jobs.JobContext) -> None:
        self.reached.set()
        await self.may_go_on.wait()


async def has_event(lines: list[MutableMapping[str, Any]], event: str) -> bool:
    return any(line["event"] == event for line in lines)


async def has_worker(queue: Queue) -> bool:
    async with jobs.connect(queue.conninfo) as connection:
        found = await connection.execute("SELECT count(*) FROM procrastinate_workers")
        return await found.fetchone() == (1,)


async def kill_database(queue: Queue) -> None:
    async with jobs.connect(queue.conninfo) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        postmaster = backend.parent()
        assert postmaster is not None
        postmaster.kill()
    # Its children see that it is gone and follow.
    await asyncio.to_thread(psutil.wait_procs, [postmaster, backend], timeout=30)


async def is_reachable(queue: Queue) -> bool:
    try:
        async with jobs.connect(queue.conninfo):
            return True
    except psycopg.OperationalError:
        return False
