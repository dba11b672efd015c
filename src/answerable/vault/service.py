"""Operations on sealed values and subjects' keys, inside the caller's transaction.

The caller appends the audit events; how tenants' keys turn over lives in `rotation`.
"""

from collections.abc import Collection, Sequence

from answerable.infra.db import Db
from answerable.vault import queries, rules
from answerable.vault.errors import KeyFileMissing, KeyUnknown, SubjectErased, TenantNotOpened
from answerable.vault.keyfiles import Keys
from answerable.vault.values import (
    DataClass,
    DestroyedKeys,
    Erased,
    KeyId,
    KeyScope,
    Opened,
    Place,
    Plain,
    Sealed,
    Stored,
    Subject,
    SubjectKey,
)


async def open_tenant(db: Db, keys: Keys) -> None:
    """Give a new tenant its first key; a tenant that has one keeps it.

    Effects: one row; files in the key folder, which stay if the transaction fails and serve the next attempt.
    Errors:  KeysExposed, KeyFileMalformed, InstallationKeyMissing.
    """
    if await queries.find_current(db) is None:
        await queries.add_generation(db, keys.open_tenant(db.actor.tenant_id))


async def seal(db: Db, keys: Keys, plain: Plain) -> Sealed:
    """Seal one value for the row and column where it will lie.

    Errors:  as `seal_many`.
    """
    (sealed,) = await seal_many(db, keys, [plain])
    return sealed


async def seal_many(db: Db, keys: Keys, plains: Sequence[Plain]) -> list[Sealed]:
    """Seal values, each under its subject's key of this month, in the order given.

    Effects: one SELECT; for subjects without a key of this month, the rows of new keys.
    Errors:  SubjectErased, TenantNotOpened, RecoveryNeeded, and those of reading the key folder.
    """
    if not plains:
        return []
    epoch = rules.month_of(db.now)
    scopes = [KeyScope(subject=p.subject, data_class=p.data_class, epoch=epoch) for p in plains]
    held = await _hold_keys(db, keys, set(scopes))
    opened = await _unwrap(db, keys, list(held.values()))
    return [
        _seal_one(db, plain, held[scope].id, opened[held[scope].id])
        for plain, scope in zip(plains, scopes, strict=True)
    ]


async def open_one(db: Db, keys: Keys, stored: Stored) -> bytes | Erased:
    """The content of one sealed value, or the mark that its key was destroyed.

    Errors:  as `open_many`.
    """
    (content,) = await open_many(db, keys, [stored])
    return content


async def open_many(db: Db, keys: Keys, stored: Sequence[Stored]) -> list[bytes | Erased]:
    """The contents of sealed values in the order given; a mark in place of each whose key was destroyed.

    Effects: one SELECT.
    Errors:  EnvelopeMalformed, CommitmentMismatch, KeyUnknown, KeyDamaged, RecoveryNeeded, and those of
             reading the key folder.
    """
    if not stored:
        return []
    values = [Sealed.from_envelope(item.envelope) for item in stored]
    opened = await _unwrap(db, keys, await queries.list_keys(db, {value.key_id for value in values}))
    return [_open_one(db, item, value, opened) for item, value in zip(stored, values, strict=True)]


async def open_with_blind(db: Db, keys: Keys, stored: Sequence[Stored]) -> list[Opened | Erased]:
    """The contents of sealed values with their blinds, in the order given.

    A blind opens one value and no other; it is for whoever the value belongs to.

    Effects: one SELECT.
    Errors:  as `open_many`.
    """
    if not stored:
        return []
    values = [Sealed.from_envelope(item.envelope) for item in stored]
    opened = await _unwrap(db, keys, await queries.list_keys(db, {value.key_id for value in values}))
    return [_with_blind(db, item, value, opened) for item, value in zip(stored, values, strict=True)]


def find_token(db: Db, keys: Keys, *, purpose: str, value: str) -> bytes:
    """The token under which a value of this tenant can be looked up, 32 bytes; stable across rotations.

    The caller brings equal values into one form first: case, spaces, number format.

    Errors:  KeyFileMissing, KeysExposed, KeyFileMalformed, InstallationKeyMissing.
    """
    return rules.derive_token(keys.search_key(db.actor.tenant_id), purpose, value)


async def destroy(db: Db, subject: Subject, *, classes: Collection[DataClass] | None = None) -> DestroyedKeys:
    """Destroy a person's keys, of all classes or of some, and with them all that they sealed.

    Effects: the tenant's current generation is marked, so that the next rotation ends the keys in older
             backups as well.
    """
    # First the mark, which waits for transactions that are making keys: a key of this person made beside
    # the erasure would otherwise outlive it unseen. It is set even when no key is left, since a dump may
    # hold keys that this database no longer knows.
    await queries.mark_dirty(db)
    ids = await queries.destroy_keys(db, subject, classes)
    return DestroyedKeys(count=len(ids), ids=tuple(ids))


def _seal_one(db: Db, plain: Plain, key_id: KeyId, key: bytes | Erased) -> Sealed:
    if isinstance(key, Erased):
        raise SubjectErased
    place = Place(tenant_id=db.actor.tenant_id, record_id=plain.record_id, slot=plain.slot)
    return rules.seal(key, place, plain.content, key_id=key_id)


def _open_one(db: Db, item: Stored, value: Sealed, opened: dict[KeyId, bytes | Erased]) -> bytes | Erased:
    key = opened.get(value.key_id)
    if key is None:
        raise KeyUnknown(f"{item.slot} of {item.record_id}")
    if isinstance(key, Erased):
        return key
    place = Place(tenant_id=db.actor.tenant_id, record_id=item.record_id, slot=item.slot)
    return rules.open_sealed(key, place, value)


def _with_blind(db: Db, item: Stored, value: Sealed, opened: dict[KeyId, bytes | Erased]) -> Opened | Erased:
    content = _open_one(db, item, value, opened)
    if isinstance(content, Erased):
        return content
    key = opened[value.key_id]
    assert isinstance(key, bytes)  # it has just opened the content
    place = Place(tenant_id=db.actor.tenant_id, record_id=item.record_id, slot=item.slot)
    return Opened(content=content, blind=rules.derive_blind(key, place))


async def _hold_keys(db: Db, keys: Keys, scopes: set[KeyScope]) -> dict[KeyScope, SubjectKey]:
    found = await queries.find_keys(db, scopes)
    missing = scopes - found.keys()
    return found | await _add_keys(db, keys, missing) if missing else found


async def _add_keys(db: Db, keys: Keys, scopes: set[KeyScope]) -> dict[KeyScope, SubjectKey]:
    current = await queries.share_current(db)
    if current is None:
        raise TenantNotOpened
    tenant_id = db.actor.tenant_id
    # In a restored dump the old key may still open; a key made under it would be taken for an erased one
    # when the tenant's keys are recovered.
    keys.refuse_older_than_ring(tenant_id, current.generation)
    tenant_key = keys.tenant_key(tenant_id, current.generation)
    named = queries.name_keys(scopes)
    wrapped = {
        key_id: rules.wrap_subject_key(tenant_key, rules.make_key(), tenant_id=tenant_id, key_id=key_id)
        for key_id in named.values()
    }
    added = await queries.add_keys(db, named, wrapped, generation=current.generation)
    # What was not added belongs to a transaction that was faster and has committed.
    return added | await queries.find_keys(db, scopes - added.keys())


async def _unwrap(db: Db, keys: Keys, held: Collection[SubjectKey]) -> dict[KeyId, bytes | Erased]:
    try:
        return _unwrap_now(db, keys, held)
    except KeyFileMissing:
        # A rotation may have ended between reading the rows and reading the file: the rows are read again,
        # once, and now name the key that took over.
        again = await queries.list_keys(db, {key.id for key in held})
        return _unwrap_now(db, keys, again)


def _unwrap_now(db: Db, keys: Keys, held: Collection[SubjectKey]) -> dict[KeyId, bytes | Erased]:
    tenant_id = db.actor.tenant_id
    tenant_keys = {
        generation: keys.tenant_key(tenant_id, generation)
        for generation in {key.generation for key in held if key.wrapped is not None}
    }
    return {key.id: _unwrap_one(db, key, tenant_keys) for key in held}


def _unwrap_one(db: Db, key: SubjectKey, tenant_keys: dict[int, bytes]) -> bytes | Erased:
    if key.wrapped is None:
        assert key.destroyed_at is not None  # the table's check
        return Erased(key_id=key.id, destroyed_at=key.destroyed_at)
    return rules.unwrap_subject_key(
        tenant_keys[key.generation], key.wrapped, tenant_id=db.actor.tenant_id, key_id=key.id
    )
