"""Signs of life, and the jobs of workers that give none any more. Runs in every worker beside its jobs."""

import asyncio

import psycopg
from procrastinate.jobs import Job
from psycopg.rows import dict_row

from answerable.infra.jobs.connecting import Connection
from answerable.infra.jobs.reporting import Attempt, report
from answerable.infra.jobs.settling import settle_on
from answerable.infra.jobs.store import Store
from answerable.infra.jobs.values import ATTEMPTS, Task
from answerable.infra.jobs.verdicts import judge_loss

# After an outage every worker looks dead until it has found the database again, so a worker that was silent
# itself first gives the others the time to be heard.
_CALM_BEATS = 4

# Its own number again if another worker has taken this one for dead and deleted its row. The database's clock
# tells the silence, as it does when others are judged. The disk is not waited for: after a crash of the server a
# lost sign of life is followed by the next one.
_BEAT = """
WITH before AS (
    SELECT max(last_heartbeat) AS beaten_at FROM procrastinate_workers WHERE id = %(worker_id)s
), beat AS (
    INSERT INTO procrastinate_workers (id, last_heartbeat)
    OVERRIDING SYSTEM VALUE
    VALUES (%(worker_id)s, clock_timestamp())
    ON CONFLICT (id) DO UPDATE
    SET last_heartbeat = excluded.last_heartbeat
)
SELECT
    clock_timestamp() - beaten_at < %(stalled)s / 2,
    set_config('synchronous_commit', 'off', true)
FROM before
"""

# Dead are workers without a row or without a recent sign of life. This worker lives, but a job can be marked
# as its own that it never got: the connection broke between the database's decision and its answer.
_FIND = """
SELECT
    job.id, job.status, job.task_name, job.priority, job.lock, job.queueing_lock, job.args,
    job.scheduled_at, job.queue_name, job.attempts, job.worker_id
FROM procrastinate_jobs AS job
LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
WHERE job.status = 'doing'
    AND CASE
        WHEN worker.id IS NULL THEN true
        WHEN worker.id = %(worker_id)s THEN job.id <> ALL (%(held)s)
        ELSE worker.last_heartbeat < clock_timestamp() - %(stalled)s
    END
ORDER BY job.id
LIMIT 100
FOR UPDATE OF job SKIP LOCKED
"""

_BURY = """
DELETE FROM procrastinate_workers AS worker
WHERE worker.last_heartbeat < clock_timestamp() - %(stalled)s
    AND worker.id <> %(worker_id)s
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS job WHERE job.worker_id = worker.id AND job.status = 'doing'
    )
"""


async def keep_watch(store: Store) -> None:
    """Give signs of life and rescue jobs, until cancelled."""
    calm_beats = _CALM_BEATS
    while True:
        await asyncio.sleep(store.pace.beat.total_seconds())
        if store.worker_id is None:
            continue
        try:
            calm_beats = calm_beats + 1 if await beat(store) else 0
            if calm_beats >= _CALM_BEATS:
                await rescue(store)
        except psycopg.Error as error:
            store.note_lost(error)
            calm_beats = 0


async def beat(store: Store) -> bool:
    """Say that this worker lives; False when it was silent for long, most likely because the database was."""
    async with store.pool.connection() as connection:
        found = await connection.execute(_BEAT, {"worker_id": store.worker_id, "stalled": store.pace.stalled})
        row = await found.fetchone()
    return row is not None and row[0] is True


async def rescue(store: Store) -> None:
    """Put the jobs of dead workers back, or park those that had all their attempts.

    Effects: jobs change; rows of dead workers go.
    """
    async with store.pool.connection() as connection, connection.transaction():
        ended: list[tuple[Job, Attempt]] = []
        for job in await _find_lost(connection, store):
            task = store.tasks.get(job.task_name)
            attempt = _judge(job, task)
            if await settle_on(connection, job, attempt.verdict, task=task):
                ended.append((job, attempt))
        await connection.execute(_BURY, {"worker_id": store.worker_id, "stalled": store.pace.stalled})
    for job, attempt in ended:
        report(job, attempt)
    if ended:
        await store.wake()


async def _find_lost(connection: Connection, store: Store) -> list[Job]:
    async with store.fetching, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            _FIND,
            {"worker_id": store.worker_id, "held": list(store.held), "stalled": store.pace.stalled},
        )
        return [Job.from_row(row) for row in await cursor.fetchall()]


def _judge(job: Job, task: Task | None) -> Attempt:
    allowed = task.attempts if task else ATTEMPTS
    return Attempt(verdict=judge_loss(attempt=job.attempts + 1, attempts=allowed))
