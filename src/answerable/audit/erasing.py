"""Destroying a person's keys so that the log says it, and declaring the numbers of writers that were killed."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from answerable import vault
from answerable.audit.happenings import KeyDestroyed, WriterRecovered
from answerable.audit.service import append, append_as
from answerable.audit.values import MAX_ITEMS, Digest, EventId
from answerable.audit.verifying.bodies import read_entry
from answerable.audit.verifying.slots import destroyed_digest
from answerable.infra.db import Db
from answerable.infra.ids import uuid7
from answerable.vault.values import DestroyedKeys

SILENT_FOR: Final = timedelta(seconds=300)
"""A number that turns up later than this after a higher one is of a transaction nobody waits for any more."""

LOOKED_BACK: Final = timedelta(days=2)

_TELL = text(
    "INSERT INTO audit_destroyed_key (key_id, event_id)"
    " SELECT k, CAST(:event AS uuid) FROM unnest(CAST(:keys AS uuid[])) AS k"
    " ON CONFLICT (tenant_id, key_id) DO NOTHING"
)
_GAPS = text(
    """
    WITH lately AS (
        SELECT DISTINCT writer_id FROM audit_event WHERE id > CAST(:since AS uuid)
    ), numbered AS (
        SELECT writer_id, writer_number AS number, at, coalesce(
            lag(writer_number) OVER (PARTITION BY writer_id ORDER BY writer_number), 0
        ) AS before
        FROM audit_event WHERE writer_id IN (SELECT writer_id FROM lately)
    )
    SELECT writer_id, before, number FROM numbered
    WHERE number > before + 1 AND at < CAST(:until AS timestamptz) ORDER BY writer_id, number
    """
)
_DECLARING = text(
    "SELECT body FROM audit_event WHERE (writer_id = :writer"
    " AND position('\"void\":[]' IN convert_from(body, 'UTF8')) = 0)"
    " OR (type = 'writer.recovered' AND position(CAST(:named AS text) IN convert_from(body, 'UTF8')) > 0)"
)


async def destroy_keys(
    db: Db, subject: vault.Subject, *, classes: Collection[vault.DataClass] | None = None
) -> DestroyedKeys:
    """Destroy a person's keys, of all classes or of some, and say so in the log: the one way to erase.

    What the keys sealed is then erased for whoever verifies the log, and not lost.

    Effects: those of `vault.destroy`; an event for every 256 keys, and a row for each key.
    """
    destroyed = await vault.destroy(db, subject, classes=classes)
    for first in range(0, len(destroyed.ids) or 1, MAX_ITEMS):
        keys = destroyed.ids[first : first + MAX_ITEMS]
        event_id = EventId(uuid7())
        told = KeyDestroyed(
            subject_id=db.actor.tenant_id,
            count=len(keys),
            keys=tuple(Digest(destroyed_digest(key, event_id)) for key in keys),
        )
        await append_as(db, [event_id], [told])
        await db.execute(_TELL, {"event": event_id, "keys": list(keys)})
    return destroyed


async def recover_writers(db: Db) -> int:
    """Declare numbers void that nobody else will, since their process was killed; how many there were.

    Effects: an event for each writer with such numbers.
    """
    until = db.now - SILENT_FOR
    # Identifiers are ordered by time, and the table by them: a tenant in which nothing happened costs nothing.
    since = uuid7(unix_ns=round((db.now - LOOKED_BACK).timestamp() * 1_000_000_000))
    missing: dict[UUID, set[int]] = {}
    for row in (await db.execute(_GAPS, {"since": since, "until": until})).mappings():
        missing.setdefault(row["writer_id"], set()).update(range(row["before"] + 1, row["number"]))
    declared = 0
    for writer, numbers in missing.items():
        left = sorted(numbers - await _list_declared(db, writer))
        declared += len(left)
        for first in range(0, len(left), MAX_ITEMS):
            void = tuple(left[first : first + MAX_ITEMS])
            await append(db, WriterRecovered(subject_id=db.actor.tenant_id, writer=writer, void=void))
    return declared


async def _list_declared(db: Db, writer: UUID) -> set[int]:
    """The numbers of a writer that some event declares void."""
    declared: set[int] = set()
    asked = {"writer": writer, "named": f'"writer":"{writer}"'}
    for body in await db.scalars(_DECLARING, asked):
        entry = read_entry(bytes(body))
        if entry.type == "writer.recovered" and entry.detail["writer"] == str(writer):
            declared.update(entry.detail["void"])
        if entry.writer == writer:
            declared.update(entry.void)
    return declared
