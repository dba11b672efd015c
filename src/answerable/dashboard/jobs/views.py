"""Jobs that gave up, shaped for their page."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from answerable.infra.errors import AnswerableError, registered_errors
from answerable.infra.jobs import OwnParkedJob


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownJob:
    """A job that gave up, with what its error says."""

    id: int
    task: str
    attempts: int
    parked_at: datetime
    code: str
    message: str
    """In English, as the error is declared; the page has its own words for those that members meet most."""
    remedy: str
    conversation_id: UUID | None
    document_id: UUID | None


def shown(job: OwnParkedJob) -> ShownJob:
    """The job with its error's message and remedy; of an error of another version only what any has."""
    error = registered_errors().get(job.error_code, AnswerableError)
    return ShownJob(
        id=job.id,
        task=job.task,
        attempts=job.attempts,
        parked_at=job.parked_at,
        code=job.error_code,
        message=error().message,
        remedy=error.remedy,
        conversation_id=_id_of(job, "conversation_id"),
        document_id=_id_of(job, "document_id"),
    )


def _id_of(job: OwnParkedJob, name: str) -> UUID | None:
    try:
        return UUID(str(job.payload[name])) if name in job.payload else None
    except ValueError:
        return None
