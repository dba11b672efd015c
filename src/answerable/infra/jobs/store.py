"""The queue as one worker sees it: Procrastinate's operations, made to outlast a lost database.

Looking after other workers' jobs is in `rescue`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, JobInserted, Status
from procrastinate.manager import JobManager, NotificationCallback

from answerable.infra.jobs import settling
from answerable.infra.jobs.connecting import Pool
from answerable.infra.jobs.errors import UnknownTask
from answerable.infra.jobs.reporting import Attempt, report
from answerable.infra.jobs.values import ATTEMPTS, Pace, Task
from answerable.infra.jobs.verdicts import judge_failure

log = structlog.get_logger()

Result = TypeVar("Result")


class Store(JobManager):
    """What Procrastinate's worker asks of the database.

    A subclass, since the library takes its manager whole. Its own one ends the worker when the database is
    gone for a moment, and lets a worker that was taken for dead end a job that another one runs.
    """

    def __init__(self, pool: Pool, *, tasks: Mapping[str, Task], pace: Pace) -> None:
        super().__init__(procrastinate.PsycopgConnector())
        self.pool = pool
        self.tasks = tasks
        self.pace = pace
        self.worker_id: int | None = None
        self.fetching = asyncio.Lock()
        """Held while a job is taken: between the database's answer and `held` nobody else may judge it."""

        self.held: set[int] = set()
        """The jobs that this worker has taken and not yet ended."""

        self.attempts: dict[int, Attempt] = {}
        """How the attempts at held jobs went, until that is in the database."""

        self.is_stopping = False
        self._is_lost = False
        self._wake: NotificationCallback | None = None

    async def register_worker(self) -> int:
        """The number under which this worker lives, the same for all of its life."""
        if self.worker_id is None:
            self.worker_id = await self._insist(super().register_worker)
        return self.worker_id

    async def unregister_worker(self, worker_id: int) -> None:
        """Nothing: the signs of life go on until the last job has ended; `leave` ends them."""

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:  # noqa: ARG002 - theirs
        """Nothing: `rescue` takes a dead worker's jobs and its row in one transaction."""
        return []

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:  # noqa: ARG002 - theirs
        """Nothing: jobs are not aborted from outside."""
        return []

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Take the next job that may run; None also when the database does not answer.

        Effects: the job is marked as running.
        """
        async with self.fetching:
            try:
                job = await super().fetch_job(queues, worker_id)
            except ConnectorException as error:
                self.note_lost(error)
                return None
            self.note_found()
            if job and job.id is not None:
                self.held.add(job.id)
            return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002, FBT001 - theirs
        """Write down how an attempt ended, if the job is still this worker's.

        Effects: the job is deleted, put back, or parked.
        """
        assert job.id is not None
        attempt = self.attempts.pop(job.id, None) or _unknown_task(job, self.pace)
        try:
            settled = await self._insist(
                lambda: settling.settle(self.pool, job, attempt.verdict, task=self.tasks.get(job.task_name))
            )
        except psycopg.Error as error:
            # Stopping while the database is gone. The job stays marked as running, and is rescued.
            log.warning("job.left", job_id=job.id, task=job.task_name, error_type=type(error).__qualname__)
            return
        finally:
            self.held.discard(job.id)
        if settled:
            report(job, attempt)
        else:
            log.warning("job.superseded", job_id=job.id, task=job.task_name)
        await self.wake()

    async def defer_periodic_job(self, job: Job, periodic_id: str, defer_timestamp: int) -> int | None:
        """Put a periodic job into the queue, unless a worker has done so for the same time."""
        defer = super().defer_periodic_job
        return await self._insist(lambda: defer(job, periodic_id, defer_timestamp))

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Tell the worker of new jobs as they come, and go on after the connection was lost."""
        self._wake = on_notification
        listen = super().listen_for_jobs
        await self._insist(lambda: listen(on_notification=on_notification, queues=queues))

    async def wake(self) -> None:
        """Let the worker look into the queue now: what an ended job held back may run, and nobody says so."""
        if self._wake:
            await self._wake(channel="", notification=JobInserted(type="job_inserted", job_id=0))

    async def leave(self) -> None:
        """End this worker's life in the database, if that answers; otherwise its silence says the same."""
        try:
            async with self.pool.connection() as connection:
                await connection.execute(
                    "DELETE FROM procrastinate_workers WHERE id = %(id)s", {"id": self.worker_id}
                )
        except psycopg.Error:
            log.warning("queue.lost", error_type="leaving")

    def note_lost(self, error: BaseException) -> None:
        """Say once that the database does not answer."""
        if not self._is_lost:
            self._is_lost = True
            log.warning("queue.lost", error_type=type(_origin(error)).__qualname__)

    def note_found(self) -> None:
        """Say once that it answers again."""
        if self._is_lost:
            self._is_lost = False
            log.info("queue.found")

    async def _insist(self, step: Callable[[], Awaitable[Result]]) -> Result:
        while True:
            try:
                result = await step()
            except (ConnectorException, psycopg.Error) as error:
                if self.is_stopping or not _is_loss(error):
                    raise
                self.note_lost(error)
                await asyncio.sleep(self.pace.poll.total_seconds())
            else:
                self.note_found()
                return result


def _unknown_task(job: Job, pace: Pace) -> Attempt:
    # Retried like any failure: while a new version is rolled out, an old worker meets jobs it does not know.
    verdict = judge_failure(
        UnknownTask(job.task_name),
        attempt=job.attempts + 1,
        attempts=ATTEMPTS,
        backoff=pace.backoff,
        jitter=random.random(),  # noqa: S311 - spreads load, guards nothing
    )
    return Attempt(verdict=verdict)


def _is_loss(error: BaseException) -> bool:
    return isinstance(_origin(error), psycopg.OperationalError | psycopg.InterfaceError)


def _origin(error: BaseException) -> BaseException:
    return error.__cause__ if isinstance(error, ConnectorException) and error.__cause__ else error
