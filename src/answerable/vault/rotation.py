"""How tenants' keys turn over: the nightly rotation, and the recovery after an older dump was restored.

Why a rotation also writes a ring, and what a recovery decides by it, stands in
docs/decisions/0007-keys-after-a-restore.md.
"""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from answerable.infra.db import Database, DatabaseUnavailable, Db, Unaudited
from answerable.infra.errors import AnswerableError
from answerable.infra.ids import Actor, ActorKind, TenantId
from answerable.vault import queries, rules
from answerable.vault.errors import RecoveryNeeded
from answerable.vault.keyfiles import Keys
from answerable.vault.values import CurrentGeneration, KeyId, Recovery, Rotation, RotationReport, SubjectKey

log = structlog.get_logger()


Record = Callable[[Db, Rotation], Awaitable[None]]
"""Records a rotation in the transaction that brings it about."""


async def rotate(database: Database, keys: Keys, *, record: Record | None = None) -> RotationReport:
    """Give every tenant with erased keys a new generation, and end the old one for good.

    A tenant that cannot be rotated stays as it is and does not hold up the others.

    Effects: per tenant as `rotate_tenant`.
    Errors:  KeysExposed, KeyFileMalformed when the key folder itself cannot be read.
    """
    rotated: list[Rotation] = []
    failed: list[tuple[TenantId, str]] = []
    for tenant_id in keys.tenants():
        try:
            rotation = await rotate_tenant(database, keys, tenant_id, record=record)
        except AnswerableError as error:
            # Without the traceback: the code and its remedy say it all.
            log.error("key_rotation.failed", tenant_id=str(tenant_id), code=error.code)  # noqa: TRY400 - as above
            failed.append((tenant_id, error.code))
        except DBAPIError as error:
            log.error("key_rotation.failed", tenant_id=str(tenant_id), code=type(error.orig).__name__)  # noqa: TRY400 - as above
            failed.append((tenant_id, DatabaseUnavailable.code))
        else:
            rotated.extend([rotation] if rotation else [])
    return RotationReport(rotated=tuple(rotated), failed=tuple(failed))


async def rotate_tenant(
    database: Database, keys: Keys, tenant_id: TenantId, *, record: Record | None = None
) -> Rotation | None:
    """Give one tenant a new generation if a key was erased, and end older ones; None when none was.

    Safe to kill at any point and to run beside itself: the next run takes up what was left.

    Effects: a key file, one transaction that wraps the living keys anew, a ring, older files destroyed.
    Errors:  RecoveryNeeded, RotationPostponed, KeyDamaged, and those of reading the key folder.
    """
    actor = Actor(tenant_id=tenant_id, kind=ActorKind.SYSTEM)
    async with database.tenant_session(actor) as db:
        current = await queries.find_current(db)
    if current is None:
        # The key folder is ahead of a tenant whose creation failed.
        return None
    keys.refuse_older_than_ring(tenant_id, current.generation)
    rotation = await _begin_generation(database, keys, actor, record) if current.dirty_at else None
    await _end_older(database, keys, actor)
    return rotation


async def recover(db: Db, keys: Keys) -> Recovery:
    """Bring one tenant's keys in line with the key folder after an older dump was restored.

    Keys that were living at the last rotation live again; keys that were erased before it are destroyed
    again. Nothing changes when the database is not older than the key folder. Runs in the caller's
    transaction; the caller appends the event and deletes the rows of the people whom it names.

    Errors:  RotationPostponed, KeyFileMissing when the key folder is older than the database, and those
             of reading it.
    """
    tenant_id = db.actor.tenant_id
    current = await queries.lock_current(db)
    if current is None:
        return Recovery(generation=None, rewrapped=0, destroyed=(), erased_subjects=())
    ring_generation = keys.newest_ring(tenant_id)
    if ring_generation <= current.generation:
        # Without a newer ring nothing says which keys were erased, so a missing file is an error here and
        # never a reason to destroy: the wrong key folder would otherwise erase everything.
        keys.tenant_key(tenant_id, current.generation)
        return Recovery(generation=current.generation, rewrapped=0, destroyed=(), erased_subjects=())
    return await _adopt_ring(db, current, ring_generation, keys.read_ring(tenant_id, ring_generation))


async def _begin_generation(
    database: Database, keys: Keys, actor: Actor, record: Record | None
) -> Rotation | None:
    tenant_id = actor.tenant_id
    # One more than any file here, so that a key left by a rotation that died is never taken up; it is
    # destroyed with the older ones.
    generation = keys.newest_generation(tenant_id) + 1
    await asyncio.to_thread(keys.add_generation, tenant_id, generation)
    async with database.tenant_session(actor) as db:
        current = await queries.lock_current(db)
        db.unaudited(Unaudited.KEY_REWRAP)
        if current is None or current.dirty_at is None or current.generation >= generation:
            # Another process was faster; the key made here is destroyed at the next rotation.
            return None
        living = await queries.list_living_keys(db)
        wrapped = await asyncio.to_thread(_rewrap, keys, tenant_id, living, generation)
        await queries.add_generation(db, generation)
        await queries.rewrap_keys(db, wrapped, generation=generation)
        rotation = Rotation(tenant_id=tenant_id, generation=generation, rewrapped=len(wrapped))
        if record is not None:
            await record(db, rotation)
    log.info("key_generation.begun", tenant_id=str(tenant_id), generation=generation, keys=len(wrapped))
    return rotation


def _rewrap(
    keys: Keys, tenant_id: TenantId, living: list[SubjectKey], generation: int
) -> list[tuple[UUID, bytes]]:
    old = {number: keys.tenant_key(tenant_id, number) for number in {key.generation for key in living}}
    wrapped = [(key.id, key.wrapped, old[key.generation]) for key in living if key.wrapped is not None]
    return rules.rewrap_subject_keys(wrapped, keys.tenant_key(tenant_id, generation), tenant_id=tenant_id)


async def _end_older(database: Database, keys: Keys, actor: Actor) -> None:
    tenant_id = actor.tenant_id
    async with database.tenant_session(actor) as db:
        current = await queries.find_current(db)
        if current is None or not keys.has_older(tenant_id, current.generation):
            return
        if await queries.has_living_keys_before(db, current.generation):
            raise RecoveryNeeded
        living = await queries.list_living_keys(db)
    ring = {key.id: key.wrapped for key in living if key.wrapped and key.generation == current.generation}
    await asyncio.to_thread(keys.write_ring, tenant_id, current.generation, ring)
    await asyncio.to_thread(keys.destroy_older, tenant_id, current.generation)
    log.info("key_generation.ended", tenant_id=str(tenant_id), before=current.generation)


async def _adopt_ring(
    db: Db, current: CurrentGeneration, generation: int, ring: dict[KeyId, bytes]
) -> Recovery:
    living = set(await queries.list_living_ids(db))
    kept = sorted(living & ring.keys())
    lost = sorted(living - ring.keys())
    # Keys erased here and still in the ring are opened by the ring's key, which therefore has to end too.
    is_dirty = bool(current.dirty_at) or await queries.has_destroyed_keys(db, ring.keys())
    await queries.add_generation(db, generation, is_dirty=is_dirty)
    await queries.rewrap_keys(db, [(key_id, ring[key_id]) for key_id in kept], generation=generation)
    subjects = await queries.destroy_keys_by_id(db, lost)
    log.info(
        "key_recovery.ended", tenant_id=str(db.actor.tenant_id), rewrapped=len(kept), destroyed=len(lost)
    )
    return Recovery(
        generation=generation, rewrapped=len(kept), destroyed=tuple(lost), erased_subjects=tuple(subjects)
    )
