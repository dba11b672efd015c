"""One attempt at a job: its function is called within its limits. What came of it is written in `store`."""

import asyncio
import random
import time
from uuid import UUID

import structlog
from procrastinate.jobs import Job

from answerable.infra.ids import TenantId
from answerable.infra.jobs.errors import TimedOut
from answerable.infra.jobs.packing import PARKED_CODE, RESERVED, TENANT
from answerable.infra.jobs.reporting import Attempt, describe
from answerable.infra.jobs.store import Store
from answerable.infra.jobs.values import JobContext, Payload, Task
from answerable.infra.jobs.verdicts import RETURNED, SUCCEEDED, Verdict, judge_failure


async def attempt(job: Job, task: Task, store: Store) -> None:
    """Call the task's function once; whatever it raises ends here, as a verdict in the store.

    Nothing is raised to the library, which would write the exception's text to its own log.
    """
    assert job.id is not None
    started = time.perf_counter()
    context = _read_context(job, task)
    names = {"job_id": job.id, "tenant_id": job.task_kwargs.get(TENANT)}
    try:
        with structlog.contextvars.bound_contextvars(**names):
            failure = await _call(task, context)
    except asyncio.CancelledError:
        store.attempts[job.id] = Attempt(verdict=RETURNED, duration_ms=_since(started))
        raise
    store.attempts[job.id] = Attempt(
        verdict=SUCCEEDED if failure is None else _judge(failure, context, task, store),
        duration_ms=_since(started),
        failure=None if failure is None else describe(failure),
    )


async def _call(task: Task, context: JobContext) -> BaseException | None:
    limit = asyncio.timeout(task.time_limit.total_seconds())
    try:
        async with limit:
            await task.run(context)
    except asyncio.CancelledError as error:
        current = asyncio.current_task()
        # A task may cancel something of its own and let that through; only a worker that stops gives back.
        if current and current.cancelling():
            raise
        return error
    except Exception as error:  # noqa: BLE001 - whatever it is, the job ends in the queue with a code
        return TimedOut() if limit.expired() else error
    return None


def _read_context(job: Job, task: Task) -> JobContext:
    assert job.id is not None
    tenant = job.task_kwargs.get(TENANT)
    code = job.task_kwargs.get(PARKED_CODE)
    return JobContext(
        tenant_id=None if tenant is None else TenantId(UUID(str(tenant))),
        payload={} if tenant is None else _read_payload(job),
        job_id=job.id,
        attempt=job.attempts + 1,
        is_last_attempt=job.attempts + 1 >= task.attempts,
        parked_code=None if code is None else str(code),
    )


def _read_payload(job: Job) -> Payload:
    return {
        name: value
        for name, value in job.task_kwargs.items()
        if name not in RESERVED and isinstance(value, str | int)
    }


def _judge(failure: BaseException, context: JobContext, task: Task, store: Store) -> Verdict:
    return judge_failure(
        failure,
        attempt=context.attempt,
        attempts=task.attempts,
        backoff=store.pace.backoff,
        jitter=random.random(),  # noqa: S311 - spreads load, guards nothing
    )


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
