"""One log line and one count for each attempt at a job, and the libraries' own lines without their texts.

An exception's text may hold what a contact wrote, so only types, modules and line numbers leave here.
"""

import logging
from dataclasses import dataclass
from typing import assert_never

import structlog
from procrastinate.jobs import Job
from prometheus_client import Counter, Histogram

from answerable.infra.errors import AnswerableError
from answerable.infra.failures import Failure, describe_failure
from answerable.infra.jobs.errors import UnknownTask
from answerable.infra.jobs.packing import TENANT
from answerable.infra.jobs.verdicts import End, Verdict
from answerable.infra.metrics import REGISTRY

log = structlog.get_logger()

ENDED = Counter(
    "answerable_jobs_ended",
    "Attempts at background jobs, by how they ended.",
    ["task", "outcome"],
    registry=REGISTRY,
)
DURATION = Histogram(
    "answerable_job_duration_seconds",
    "How long attempts at background jobs took.",
    ["task"],
    registry=REGISTRY,
)

_LIBRARIES = ("procrastinate", "psycopg.pool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What there is to say of one attempt at a job."""

    verdict: Verdict
    duration_ms: int = 0
    failure: Failure | None = None
    """None for success and for declared errors, whose code says enough."""


def describe(error: BaseException) -> Failure | None:
    """Where an exception came from; None when it is a declared error."""
    return None if isinstance(error, AnswerableError) else describe_failure(error)


def report(job: Job, attempt: Attempt) -> None:
    """Log and count how an attempt ended."""
    verdict = attempt.verdict
    unknown = verdict.error_code == UnknownTask.code
    # The names of unknown tasks come from elsewhere: as labels they could be without number.
    task = "unknown" if unknown else job.task_name
    ENDED.labels(task, verdict.end.value).inc()
    DURATION.labels(task).observe(attempt.duration_ms / 1000)
    line = log.bind(
        task=job.task_name,
        job_id=job.id,
        attempt=job.attempts + 1,
        outcome=verdict.end.value,
        error_code=verdict.error_code,
        duration_ms=attempt.duration_ms,
        tenant_id=job.task_kwargs.get(TENANT),
    )
    if attempt.failure:
        line = line.bind(error_types=attempt.failure.types, error_frames=attempt.failure.frames)
    match verdict.end:
        case End.SUCCEEDED:
            line.info("job.finished")
        case End.RETRIED:
            line.warning("job.retried", wait_ms=round(verdict.wait.total_seconds() * 1000))
        case End.PARKED:
            line.error("job.parked")
        case End.RETURNED:
            line.info("job.returned")
        case _:
            assert_never(verdict.end)


class _Textless(logging.Handler):
    """Turns a library's warning into an event of ours that says where it was made and not what it says.

    Procrastinate logs a job's arguments and its exception, and hands both over as fields, too.
    """

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        failure = describe(error) if error else None
        log.warning(
            "library.warned",
            library=record.name,
            place=f"{record.module}:{record.lineno}",
            error_types=failure.types if failure else (),
            error_frames=failure.frames if failure else (),
        )


def quiet_libraries() -> None:
    """Let the queue's libraries say only that something is wrong, never what it was about."""
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.setLevel(logging.WARNING)
        library.propagate = False
        library.handlers = [_Textless()]
