"""Operations on a tenant's parked jobs."""

from uuid import UUID

from answerable import audit
from answerable.infra import jobs
from answerable.infra.db import Db
from answerable.infra.errors import AnswerableError, registered_errors
from answerable.infra.jobs import OwnParkedJob
from answerable.tenancy import rules
from answerable.tenancy.values import JobDiscarded, JobRetried, Permission


async def list_parked_jobs(db: Db, *, limit: int) -> list[OwnParkedJob]:
    """The tenant's jobs that gave up, latest first.

    Errors:  PermissionDenied.
    """
    rules.require(db.actor, Permission.VIEW_TENANT)
    return await jobs.list_own_parked(db, limit=limit)


async def retry_job(db: Db, job_id: int) -> None:
    """Have a parked job tried again, with all its attempts.

    Errors:  PermissionDenied, NotParked.
    """
    rules.require(db.actor, Permission.MANAGE_JOBS)
    code = await jobs.retry_own_parked(db, job_id)
    await audit.append(db, JobRetried(subject_id=UUID(int=job_id), error_code=_known(code)))


async def discard_job(db: Db, job_id: int) -> None:
    """Give a parked job up for good.

    Errors:  PermissionDenied, NotParked.
    """
    rules.require(db.actor, Permission.MANAGE_JOBS)
    code = await jobs.discard_own_parked(db, job_id)
    await audit.append(db, JobDiscarded(subject_id=UUID(int=job_id), error_code=_known(code)))


def _known(code: str) -> audit.ErrorCode:
    # Another version may have parked it, with a code that this one does not declare.
    return audit.ErrorCode(code if code in registered_errors() else AnswerableError.code)
