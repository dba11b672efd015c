"""Background jobs: put into the queue with the transaction that wants them, run at least once, never lost.

What the jobs do is their domains' matter; `worker` says which function runs for which job.
"""

from answerable.infra.jobs.connecting import connect
from answerable.infra.jobs.deferring import defer
from answerable.infra.jobs.errors import NotParked, PayloadRefused, TimedOut, UnknownTask, WorkerLost
from answerable.infra.jobs.owned import OwnParkedJob, discard_own_parked, list_own_parked, retry_own_parked
from answerable.infra.jobs.packing import unpack
from answerable.infra.jobs.parking import (
    ParkedJob,
    QueueDepth,
    count_jobs,
    discard_parked,
    list_parked,
    retry_parked,
)
from answerable.infra.jobs.running import JobRunner, run_jobs
from answerable.infra.jobs.values import Backoff, JobContext, Pace, Payload, Task, TaskFunction

__all__ = [
    "Backoff",
    "JobContext",
    "JobRunner",
    "NotParked",
    "OwnParkedJob",
    "Pace",
    "ParkedJob",
    "Payload",
    "PayloadRefused",
    "QueueDepth",
    "Task",
    "TaskFunction",
    "TimedOut",
    "UnknownTask",
    "WorkerLost",
    "connect",
    "count_jobs",
    "defer",
    "discard_own_parked",
    "discard_parked",
    "list_own_parked",
    "list_parked",
    "retry_own_parked",
    "retry_parked",
    "run_jobs",
    "unpack",
]
