"""What becomes of a job after an attempt."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.db import DatabaseUnavailable
from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.jobs.errors import NotParked, PayloadRefused, WorkerLost
from answerable.infra.jobs.values import Backoff
from answerable.infra.jobs.verdicts import End, judge_failure, judge_loss, wait_after
from answerable.tenancy.errors import PermissionDenied

attempts = st.integers(1, 1000)
shares = st.floats(0, 1)
errors = st.sampled_from(
    [DatabaseUnavailable(), WorkerLost(), PermissionDenied(), PayloadRefused(), NotParked()]
)


@given(st.one_of(errors, st.just(ValueError("x"))), attempts, attempts, shares)
def test_every_failure_ends_in_another_attempt_or_parked_with_a_code(
    error: Exception, attempt: int, allowed: int, jitter: float
) -> None:
    verdict = judge_failure(error, attempt=attempt, attempts=allowed, backoff=Backoff(), jitter=jitter)

    assert verdict.end in {End.RETRIED, End.PARKED}
    assert verdict.error_code
    assert verdict.end is End.PARKED or attempt < allowed


@given(errors, shares)
def test_what_cannot_succeed_later_is_parked_at_the_first_attempt(
    error: AnswerableError, jitter: float
) -> None:
    verdict = judge_failure(error, attempt=1, attempts=6, backoff=Backoff(), jitter=jitter)

    is_hopeless = error.kind in {Kind.INVALID, Kind.NOT_FOUND, Kind.FORBIDDEN}
    assert (verdict.end is End.PARKED) == is_hopeless


@given(attempts, shares)
def test_waits_grow_within_bounds(attempt: int, jitter: float) -> None:
    wait = wait_after(attempt, backoff=Backoff(), jitter=jitter)

    assert timedelta(seconds=0.8) <= wait <= timedelta(minutes=6)
    assert wait <= wait_after(attempt + 1, backoff=Backoff(), jitter=jitter)


def test_the_first_waits_are_a_second_four_and_sixteen() -> None:
    waits = [wait_after(attempt, backoff=Backoff(), jitter=0.5) for attempt in (1, 2, 3)]

    assert waits == [timedelta(seconds=1), timedelta(seconds=4), timedelta(seconds=16)]


@given(attempts, attempts)
def test_a_job_that_kills_its_workers_is_parked_in_the_end(attempt: int, allowed: int) -> None:
    verdict = judge_loss(attempt=attempt, attempts=allowed)

    assert (verdict.end is End.PARKED) == (attempt >= allowed)
    assert verdict.error_code == "jobs.worker_lost"
