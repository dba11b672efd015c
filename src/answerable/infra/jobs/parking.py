"""Parked jobs, for people: seen, tried again, given up. Parking itself is in `store`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from answerable.infra.jobs.connecting import Connection
from answerable.infra.jobs.errors import NotParked

_LIST = """
SELECT
    job.id,
    job.task_name AS task,
    CAST(job.args ->> 'tenant_id' AS uuid) AS tenant_id,
    job.attempts,
    parked_job.error_code,
    parked_job.parked_at
FROM parked_job
JOIN procrastinate_jobs AS job ON job.id = parked_job.job_id
WHERE job.status = 'failed'
ORDER BY parked_job.parked_at, job.id
LIMIT %(limit)s
"""

_RETRY = """
WITH retried AS (
    UPDATE procrastinate_jobs
    SET status = 'todo', attempts = 0, scheduled_at = NULL
    WHERE id = %(job_id)s AND status = 'failed'
    RETURNING id
)
DELETE FROM parked_job USING retried WHERE job_id = retried.id
"""

_DISCARD = """
DELETE FROM procrastinate_jobs
WHERE id = %(job_id)s AND status = 'failed'
"""

_COUNT = """
SELECT
    count(*) FILTER (WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())) AS waiting,
    count(*) FILTER (WHERE status = 'todo' AND scheduled_at > now()) AS delayed,
    count(*) FILTER (WHERE status = 'doing') AS running,
    count(*) FILTER (WHERE status = 'failed') AS parked
FROM procrastinate_jobs
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedJob:
    """A job that is not tried any more until a person says so."""

    id: int
    task: str
    tenant_id: UUID | None
    """None for a periodic job."""

    attempts: int
    error_code: str
    """The code of its last error; docs/reference/errors.md explains it."""

    parked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """How many jobs are in which state."""

    waiting: int
    """Due, with no worker yet."""

    delayed: int
    """Not due yet: put off, or between two attempts."""

    running: int
    parked: int


async def list_parked(connection: Connection, *, limit: int) -> list[ParkedJob]:
    """Parked jobs, longest parked first."""
    async with connection.cursor(row_factory=class_row(ParkedJob)) as cursor:
        await cursor.execute(_LIST, {"limit": limit})
        return await cursor.fetchall()


async def retry_parked(connection: Connection, job_id: int) -> None:
    """Put a parked job back into the queue, with all its attempts.

    Errors:  NotParked.
    """
    done = await connection.execute(_RETRY, {"job_id": job_id})
    if not done.rowcount:
        raise NotParked(str(job_id))


async def discard_parked(connection: Connection, job_id: int) -> None:
    """Give a parked job up for good.

    Errors:  NotParked.
    """
    done = await connection.execute(_DISCARD, {"job_id": job_id})
    if not done.rowcount:
        raise NotParked(str(job_id))


async def count_jobs(connection: Connection) -> QueueDepth:
    """How full the queue is."""
    async with connection.cursor(row_factory=class_row(QueueDepth)) as cursor:
        await cursor.execute(_COUNT)
        depth = await cursor.fetchone()
    assert depth is not None
    return depth
