"""What a job is to its function, what a task is to the worker, and at which pace all goes. Pure."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from answerable.infra.ids import TenantId

ATTEMPTS = 6
"""How often a job is tried, unless its task says otherwise."""

Payload = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """One attempt at a job, as its function sees it."""

    tenant_id: TenantId | None
    """None for a periodic job, which belongs to the installation."""

    payload: Payload
    job_id: int
    attempt: int
    """1 for the first."""

    is_last_attempt: bool
    """Whether the job is parked if this attempt fails; one with a hopeless error is parked at any attempt."""

    parked_code: str | None = None
    """In a job that was put into the queue because another was parked: the code of that one's last error."""


TaskFunction = Callable[[JobContext], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What runs for jobs of one name, and under which limits."""

    run: TaskFunction
    """May run twice for one job: a worker can die after the work and before the queue knows of it."""

    attempts: int = ATTEMPTS
    time_limit: timedelta = timedelta(minutes=5)

    when_parked: str | None = None
    """The task that is told when a job of this one is parked, for whatever reason, a lost worker included: it
    gets a job with the same tenant, fields and lock, in the same transaction."""

    cron: str | None = None
    """When it runs by itself, in UTC; a time missed while nothing ran is caught up once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long a job waits between its attempts: `factor` times as long each time."""

    first: timedelta = timedelta(seconds=1)
    factor: int = 4
    longest: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a worker looks, and how long it waits."""

    poll: timedelta = timedelta(seconds=1)
    """Between looks into the queue; a notification makes it look at once."""

    beat: timedelta = timedelta(seconds=1)
    """Between signs of life, each followed by a search for jobs of dead workers."""

    # Ten seconds are promised from a worker's death to the next run: five here, one for the beat, one for the
    # poll, three to spare. A living worker stays silent while something blocks its event loop, and two or
    # three seconds of that do happen.
    stalled: timedelta = timedelta(seconds=5)
    """Without a sign of life for so long a worker counts as dead."""

    drain: timedelta = timedelta(seconds=20)
    """How long running jobs may go on after a stop is asked for."""

    backoff: Backoff = Backoff()
