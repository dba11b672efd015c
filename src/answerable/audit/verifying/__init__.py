"""Verifying a log: everything in it is calculated anew and compared with what was signed, stored and promised."""

from answerable.audit.happenings import LogVerified
from answerable.audit.service import append
from answerable.audit.verifying.service import Asked, Progress, verify
from answerable.audit.verifying.values import Assurance, Exit, Fault, Finding, Report, SlotState
from answerable.infra.db import Db

__all__ = [
    "Asked",
    "Assurance",
    "Exit",
    "Fault",
    "Finding",
    "Report",
    "SlotState",
    "verify",
    "verify_and_record",
]


async def verify_and_record(
    db: Db,
    asked: Asked | None = None,
    *,
    progress: Progress = lambda _read, _all: None,
) -> Report:
    """Verify the log of the session's tenant, and record that it was done.

    Effects: an event.
    """
    chosen = asked or Asked()
    report = await verify(db, chosen, progress=progress)
    verified = LogVerified(subject_id=db.actor.tenant_id, findings=len(report.findings), opened=chosen.opens)
    await append(db, verified)
    return report
