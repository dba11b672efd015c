"""What becomes of a job after an attempt: a pure decision. Writing it into the queue is in `store`."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.jobs.errors import WorkerLost
from answerable.infra.jobs.values import Backoff

# What the job asks for is wrong, gone or not allowed: asking again changes nothing.
_HOPELESS = frozenset({Kind.INVALID, Kind.NOT_FOUND, Kind.FORBIDDEN})


class End(StrEnum):
    """How an attempt ends."""

    SUCCEEDED = "succeeded"
    RETRIED = "retried"
    PARKED = "parked"
    RETURNED = "returned"
    """The worker stopped; the job goes back as if it had not been taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a job."""

    end: End
    error_code: str | None = None
    wait: timedelta = timedelta(0)
    """How long a retried job waits."""


SUCCEEDED = Verdict(end=End.SUCCEEDED)
RETURNED = Verdict(end=End.RETURNED)


def judge_failure(
    error: BaseException, *, attempt: int, attempts: int, backoff: Backoff, jitter: float
) -> Verdict:
    """Choose between another attempt and parking, after an attempt that raised.

    Units:   attempt counts from 1; jitter is a share, 0.0 to 1.0.
    """
    declared = error if isinstance(error, AnswerableError) else None
    code = declared.code if declared else AnswerableError.code
    if attempt >= attempts or (declared and declared.kind in _HOPELESS):
        return Verdict(end=End.PARKED, error_code=code)
    return Verdict(end=End.RETRIED, error_code=code, wait=wait_after(attempt, backoff=backoff, jitter=jitter))


def judge_loss(*, attempt: int, attempts: int) -> Verdict:
    """Choose between another attempt at once and parking, after an attempt whose worker died."""
    end = End.PARKED if attempt >= attempts else End.RETRIED
    return Verdict(end=end, error_code=WorkerLost.code)


def wait_after(attempt: int, *, backoff: Backoff, jitter: float) -> timedelta:
    """How long to wait after a failed attempt; spread, so that what failed together is not retried together.

    Units:   attempt counts from 1; jitter is a share, 0.0 to 1.0, and moves the wait by a fifth either way.
    """
    # Bounded before it is raised to the power: a large number of attempts must not overflow a timedelta.
    wait = min(backoff.longest, backoff.first * float(backoff.factor ** min(attempt - 1, 20)))
    return wait * (0.8 + 0.4 * jitter)
