"""A tenant's own parked jobs, in the tenant's session. Those of the whole installation are in `parking`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text

from answerable.infra.db import Db
from answerable.infra.jobs.errors import NotParked

# The application's role may not touch the queue; each of these functions looks at the session's tenant itself.
_LIST = text(
    """
    SELECT id, task, payload, attempts, error_code, parked_at
    FROM jobs.list_own_parked(CAST(:limit AS integer))
    """
)
_RETRY = text("SELECT jobs.retry_own_parked(CAST(:job_id AS bigint))")
_DISCARD = text("SELECT jobs.discard_own_parked(CAST(:job_id AS bigint))")

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnParkedJob:
    """A parked job as its tenant sees it."""

    id: int
    task: str
    payload: Mapping[str, Any]
    """Identifiers, closed words, numbers and truth values; never content."""

    attempts: int
    error_code: str
    parked_at: datetime


async def list_own_parked(db: Db, *, limit: int) -> list[OwnParkedJob]:
    """The tenant's parked jobs, latest parked first."""
    return [OwnParkedJob(**row) for row in (await db.execute(_LIST, {"limit": limit})).mappings()]


async def retry_own_parked(db: Db, job_id: int) -> str:
    """Put a parked job of the tenant back into the queue, with all its attempts; the code of its last error.

    Errors:  NotParked, also for another tenant's.
    """
    return await _mend(db, _RETRY, job_id)


async def discard_own_parked(db: Db, job_id: int) -> str:
    """Give a parked job of the tenant up for good; the code of its last error.

    Errors:  NotParked, also for another tenant's.
    """
    return await _mend(db, _DISCARD, job_id)


async def _mend(db: Db, statement: TextClause, job_id: int) -> str:
    code = await db.scalar(statement, {"job_id": job_id}) if 0 < job_id <= _LARGEST else None
    if code is None:
        raise NotParked(str(job_id))
    return str(code)
