"""What can go wrong with background jobs. The errors that jobs raise themselves are their domains'."""

from answerable.infra.errors import AnswerableError, Kind


class PayloadRefused(AnswerableError):
    """A job may carry identifiers, closed words, whole numbers and truth values, and nothing else."""

    code = "jobs.payload_refused"
    kind = Kind.INVALID
    remedy = "Report this as a defect: the job's fields and its task do not fit each other."


class UnknownTask(AnswerableError):
    """No task of this worker has the job's name."""

    code = "jobs.unknown_task"
    kind = Kind.UNAVAILABLE
    remedy = "Start the version that put the job into the queue, then retry it with `answerable jobs`."


class WorkerLost(AnswerableError):
    """Every worker that ran the job died before the job ended."""

    code = "jobs.worker_lost"
    kind = Kind.UNAVAILABLE
    remedy = "Look for what killed the workers, most often too little memory, then retry the job."


class TimedOut(AnswerableError):
    """The job took longer than its task allows."""

    code = "jobs.timed_out"
    kind = Kind.UNAVAILABLE
    remedy = "Look in the log for what the job waited for, then retry it."


class NotParked(AnswerableError):
    """No job with this number is parked."""

    code = "jobs.not_parked"
    kind = Kind.NOT_FOUND
    remedy = "List the parked jobs with `answerable jobs`."
