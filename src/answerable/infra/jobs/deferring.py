"""Putting a job into the queue, in the transaction of whoever asks for it."""

import json
from datetime import timedelta

from sqlalchemy import text

from answerable.infra.db import Db
from answerable.infra.jobs.packing import pack
from answerable.infra.payloads import Job

QUEUE = "default"

# The only thing that the application's role may do with the queue.
_DEFER = text(
    """
    SELECT jobs.defer_own_job(
        :queue, :task, :lock, CAST(:payload AS jsonb), CAST(:delay_s AS double precision)
    )
    """
)


async def defer(db: Db, job: Job, *, delay: timedelta | None = None) -> None:
    """Have a job done after this transaction has committed, and never if it does not.

    A job that waits, for its delay or for its next attempt, holds back the later jobs of its lock: these keep
    their order.

    Errors:  PayloadRefused.
    Effects: one job.
    """
    tenant_id = db.actor.tenant_id
    await db.execute(
        _DEFER,
        {
            "queue": QUEUE,
            "task": job.task,
            "lock": None if job.lock is None else f"{tenant_id}:{job.lock}",
            "payload": json.dumps(pack(job, tenant_id=tenant_id)),
            "delay_s": None if delay is None else delay.total_seconds(),
        },
    )
