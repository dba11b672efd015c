"""Going on after a loss: declared by a person, visible in the log for good."""

import hashlib
from pathlib import Path

from sqlalchemy import text

from answerable.audit.errors import LogNotSettled, NothingToRecover
from answerable.audit.happenings import LogRecovered
from answerable.audit.service import append
from answerable.audit.signing import declare_recovery, open_signer
from answerable.audit.values import ROOT, Digest
from answerable.infra.db import Db

_ALARMED = text("SELECT EXISTS (SELECT FROM audit_alarm WHERE settled_at IS NULL)")
_LAST = text("SELECT generation, note FROM audit_checkpoint ORDER BY generation DESC, size DESC LIMIT 1")
_GENERATION = text("SELECT coalesce(max(generation), 0) FROM audit_log")


async def recover(db: Db, folder: Path) -> int:
    """Let the log go on from what is left, under a new name; the new generation's number.

    Whoever holds a checkpoint of before sees that entries are gone: that is declared, not undone.

    Errors:  NothingToRecover when the signer refuses nothing; LogNotSettled while another process holds the
             signer's folder, which must be stopped first; and those of `open_signer`.
    Effects: the signer's own file; an event, but for the root log, whose new name is all that tells.
    """
    if not await db.scalar(_ALARMED):
        raise NothingToRecover
    last = (await db.execute(_LAST)).mappings().one_or_none()
    generation = await db.scalar(_GENERATION) or 0
    async with open_signer(folder) as signer:
        if signer is None:
            raise LogNotSettled("The signer runs; stop it first.")
        known = signer.heads.newest().get(db.actor.tenant_id)
        note = known.note if known is not None and known.note else (last["note"] if last else "")
        lost = Digest(hashlib.sha256(note.encode()).digest())
        next_generation = max(generation, known.generation if known else 0) + 1
        if db.actor.tenant_id != ROOT:
            await append(
                db, LogRecovered(subject_id=db.actor.tenant_id, generation=next_generation, lost=lost)
            )
        # Last: if the commit after it fails, the signer's file is ahead and the next attempt counts from it.
        return declare_recovery(signer, db.actor.tenant_id, generation=generation).generation
