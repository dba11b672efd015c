"""Bringing a log up to date before it is verified or exported: everything in the tree, the head signed.

Where the sequencer and the signer run, they are waited for; where they do not, this process does their work,
by the same functions.
"""

import asyncio
import time
from pathlib import Path
from typing import Final

from sqlalchemy import text

from answerable.audit.errors import LogNotSettled
from answerable.audit.sequencing import NAMESPACE, Shard, drain
from answerable.audit.signing import open_signer, sign_heads, sign_receipts
from answerable.infra.db import Db, ServiceDatabase

PATIENCE_S: Final = 30.0
_EVERY_S: Final = 0.05

_BEHIND = text(
    "SELECT EXISTS (SELECT FROM audit_queue) OR coalesce((SELECT size FROM audit_tree), 0) >"
    " coalesce((SELECT size FROM audit_checkpoint ORDER BY generation DESC, size DESC LIMIT 1), 0)"
)
_ALARMED = text("SELECT EXISTS (SELECT FROM audit_alarm WHERE settled_at IS NULL)")


async def advance(sequencer: ServiceDatabase, signer: ServiceDatabase, folder: Path) -> None:
    """Do the sequencer's and the signer's work once, as far as no other process does it.

    Errors:  those of `open_signer`; DatabaseUnavailable.
    """
    async with sequencer.leading(NAMESPACE, Shard().number) as leadership:
        if leadership is not None:
            await drain(sequencer)
    async with open_signer(folder) as keys:
        if keys is not None:
            await sign_heads(keys, signer)
            while await sign_receipts(keys, signer):
                pass


async def is_behind(db: Db) -> bool:
    """Whether something of this tenant is not in a signed checkpoint, and the signer has not refused it."""
    return bool(await db.scalar(_BEHIND)) and not await db.scalar(_ALARMED)


async def settle(
    db: Db,
    sequencer: ServiceDatabase,
    signer: ServiceDatabase,
    folder: Path,
    *,
    patience_s: float = PATIENCE_S,
) -> None:
    """Return when all that was committed before is in a signed checkpoint, or the signer has refused.

    `db` must not hold a snapshot: it looks again and again.

    Errors:  LogNotSettled when that takes too long, and those of `advance`.
    """
    deadline = time.monotonic() + patience_s
    while await is_behind(db):
        if time.monotonic() > deadline:
            raise LogNotSettled
        await advance(sequencer, signer, folder)
        if await is_behind(db):
            await asyncio.sleep(_EVERY_S)
