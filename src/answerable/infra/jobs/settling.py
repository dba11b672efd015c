"""How the end of an attempt is written into the queue: one statement each, fenced by worker and attempt.

A worker that was suspended for a while counts as dead; its job runs elsewhere, and what it says of the job
when it wakes up must change nothing.
"""

from typing import LiteralString

from procrastinate.jobs import Job

from answerable.infra.jobs.connecting import Connection, Pool
from answerable.infra.jobs.values import Task
from answerable.infra.jobs.verdicts import End, Verdict

_SUCCEED = """
DELETE FROM procrastinate_jobs
WHERE id = %(id)s AND status = 'doing' AND worker_id = %(worker_id)s AND attempts = %(attempts)s
"""

_RETRY = """
UPDATE procrastinate_jobs
SET status = 'todo', abort_requested = false, worker_id = NULL,
    attempts = attempts + 1,
    scheduled_at = clock_timestamp() + make_interval(secs => %(wait_s)s)
WHERE id = %(id)s AND status = 'doing'
    AND worker_id IS NOT DISTINCT FROM %(worker_id)s AND attempts = %(attempts)s
"""

_RETURN = """
UPDATE procrastinate_jobs
SET status = 'todo', abort_requested = false, worker_id = NULL
WHERE id = %(id)s AND status = 'doing' AND worker_id = %(worker_id)s AND attempts = %(attempts)s
"""

_PARK = """
WITH parked AS (
    UPDATE procrastinate_jobs
    SET status = 'failed', abort_requested = false, worker_id = NULL, attempts = attempts + 1
    WHERE id = %(id)s AND status = 'doing'
        AND worker_id IS NOT DISTINCT FROM %(worker_id)s AND attempts = %(attempts)s
    RETURNING id, queue_name, lock, args
), told AS (
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args)
    SELECT
        queue_name, CAST(%(when_parked)s AS text), lock,
        args || jsonb_build_object('parked_code', CAST(%(error_code)s AS text))
    FROM parked
    WHERE CAST(%(when_parked)s AS text) IS NOT NULL
)
INSERT INTO parked_job (job_id, error_code, parked_at)
SELECT id, %(error_code)s, clock_timestamp() FROM parked
ON CONFLICT (job_id) DO UPDATE
SET error_code = excluded.error_code, parked_at = excluded.parked_at
"""

_STATEMENTS: dict[End, LiteralString] = {
    End.SUCCEEDED: _SUCCEED,
    End.RETRIED: _RETRY,
    End.RETURNED: _RETURN,
    End.PARKED: _PARK,
}


async def settle(pool: Pool, job: Job, verdict: Verdict, *, task: Task | None) -> bool:
    """Write down what becomes of a job; False when it is no longer the attempt that was taken.

    Successful jobs are deleted: the log says that they were, and the table stays as small as the work is.
    """
    async with pool.connection() as connection:
        return await settle_on(connection, job, verdict, task=task)


async def settle_on(connection: Connection, job: Job, verdict: Verdict, *, task: Task | None) -> bool:
    """The same on a connection, in its transaction."""
    done = await connection.execute(
        _STATEMENTS[verdict.end],
        {
            "id": job.id,
            "worker_id": job.worker_id,
            "attempts": job.attempts,
            "wait_s": verdict.wait.total_seconds(),
            "error_code": verdict.error_code,
            "when_parked": task.when_parked if task else None,
        },
    )
    return done.rowcount == 1
