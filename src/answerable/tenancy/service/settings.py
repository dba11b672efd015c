"""Operations on what is set of a tenant: change it, bring it back, show its versions."""

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import RowMapping

from answerable import audit
from answerable.infra.db import Db, Unaudited
from answerable.tenancy import configuration as rules
from answerable.tenancy import queries
from answerable.tenancy.errors import SettingsConflict, TenantUnknown, VersionUnknown
from answerable.tenancy.rules import require
from answerable.tenancy.values import (
    Configuration,
    Permission,
    SettingField,
    SettingsChanged,
    SettingsVersion,
    Tenant,
)

_MOST_VERSIONS = 500
_LARGEST = 2**31 - 1


async def change_settings(db: Db, wanted: Configuration, *, based_on: int) -> SettingsVersion:
    """Set what is wanted; `based_on` is the version that whoever wants it had before them.

    What was edited is brought to what is set now: only the same field, changed by two, is a conflict.

    Errors:  PermissionDenied, VersionUnknown, SettingsConflict, and one for each value that is not allowed.
    Effects: a version and an audit event; neither when nothing changes. The tenant's row is locked.
    """
    require(db.actor, Permission.MANAGE_SETTINGS)
    checked = rules.check_configuration(wanted)
    tenant = await _lock(db)
    current = rules.configuration_of(tenant)
    base = await _get(db, based_on, present=current)
    # Only by its own operation: a form that lay open must not bring a replaced key back.
    kept = replace(checked, public_key=base.configuration.public_key)
    return await _set(db, tenant, rules.merge(base.configuration, current, kept))


async def revert_settings(db: Db, *, to: int, based_on: int | None = None) -> SettingsVersion:
    """Set again what was set in a version, but for the widget's key.

    `based_on` is the version that whoever asks took for the present one; None takes whatever is.

    Errors:  PermissionDenied, VersionUnknown, SettingsConflict when there is a newer version than `based_on`,
             and one for each value that is not allowed any more.
    Effects: those of `change_settings`.
    """
    require(db.actor, Permission.MANAGE_SETTINGS)
    tenant = await _lock(db)
    if based_on not in {None, tenant.settings_version}:
        raise SettingsConflict
    current = rules.configuration_of(tenant)
    past = await _get(db, to, present=current)
    wanted = rules.check_configuration(rules.revert_to(current, past.configuration))
    return await _set(db, tenant, wanted, reverts_to=to)


async def rotate_public_key(db: Db) -> SettingsVersion:
    """Give the widget a new key; the old one is void from the commit on.

    Errors:  PermissionDenied.
    Effects: those of `change_settings`.
    Source:  docs/decisions/0013-what-is-set-has-versions.md
    """
    require(db.actor, Permission.MANAGE_SETTINGS)
    tenant = await _lock(db)
    return await _set(db, tenant, replace(rules.configuration_of(tenant), public_key=new_public_key()))


async def undo_public_key(db: Db) -> SettingsVersion:
    """Bring back the key that the last change of the key replaced, within a day of it.

    Errors:  PermissionDenied, KeyNotUndoable.
    Effects: those of `change_settings`.
    """
    require(db.actor, Permission.MANAGE_SETTINGS)
    tenant = await _lock(db)
    current = rules.configuration_of(tenant)
    versions = await list_versions(db, limit=_MOST_VERSIONS)
    return await _set(db, tenant, replace(current, public_key=rules.key_before(versions, now=db.now)))


async def list_versions(db: Db, *, limit: int, before: int | None = None) -> list[SettingsVersion]:
    """Everything that was set, newest first; `before` leaves out that version and those after it.

    Errors:  PermissionDenied, TenantUnknown.
    """
    require(db.actor, Permission.VIEW_TENANT)
    present = rules.configuration_of(await _find(db))
    bound = None if before is None else min(max(before, 0), _LARGEST)
    rows = await queries.list_versions(db, limit=limit, before=bound)
    return [_read(row, present=present) for row in rows]


async def get_version(db: Db, *, at: datetime) -> SettingsVersion:
    """What was set at a moment.

    Errors:  PermissionDenied, TenantUnknown, VersionUnknown for a moment before there was anything.
    """
    require(db.actor, Permission.VIEW_TENANT)
    present = rules.configuration_of(await _find(db))
    rows = await queries.list_versions(db, limit=1, at=at)
    if not rows:
        raise VersionUnknown
    return _read(rows[0], present=present)


def new_public_key() -> str:
    """A key for the widget that nobody has: no secret, only a name that cannot be guessed."""
    return secrets.token_urlsafe(18)


async def store_version(
    db: Db,
    configuration: Configuration,
    *,
    version: int,
    changed: tuple[SettingField, ...] = (),
    reverts_to: int | None = None,
) -> SettingsVersion:
    """Write down what is set from now on."""
    text = rules.write_configuration(configuration)
    stored = SettingsVersion(
        version=version,
        configuration=configuration,
        changed=changed,
        actor_kind=db.actor.kind.value,
        actor_id=db.actor.id,
        reverts_to=reverts_to,
        changed_at=db.now,
    )
    await queries.insert_version(
        db,
        {
            "version": version,
            "written": text,
            "digest": rules.digest_of(text),
            "changed": [one.value for one in changed],
            "actor_kind": stored.actor_kind,
            "actor_id": stored.actor_id,
            "reverts_to": reverts_to,
            "changed_at": stored.changed_at,
        },
    )
    return stored


async def _set(
    db: Db, tenant: Tenant, wanted: Configuration, *, reverts_to: int | None = None
) -> SettingsVersion:
    current = rules.configuration_of(tenant)
    changed = rules.changed_fields(current, wanted)
    if not changed:
        db.unaudited(Unaudited.ROW_LOCK)
        return await _get(db, tenant.settings_version, present=current)
    version = tenant.settings_version + 1
    await queries.save_configuration(db, wanted, version=version)
    stored = await store_version(db, wanted, version=version, changed=changed, reverts_to=reverts_to)
    event = SettingsChanged(
        subject_id=tenant.id,
        version=version,
        fields=changed,
        configuration=audit.Digest(rules.digest_of(rules.write_configuration(wanted))),
        reverts_to=reverts_to,
    )
    await audit.append(db, event)
    return stored


async def _lock(db: Db) -> Tenant:
    await queries.lock_tenant(db)
    return await _find(db)


async def _find(db: Db) -> Tenant:
    tenant = await queries.find_tenant(db)
    if tenant is None:
        raise TenantUnknown
    return tenant


async def _get(db: Db, version: int, *, present: Configuration) -> SettingsVersion:
    if not 0 < version <= _LARGEST:
        raise VersionUnknown
    rows = await queries.list_versions(db, limit=1, version=version)
    if not rows:
        raise VersionUnknown
    return _read(rows[0], present=present)


def _read(row: RowMapping, *, present: Configuration) -> SettingsVersion:
    return SettingsVersion(
        version=row["version"],
        configuration=rules.read_configuration(row["written"], present=present),
        changed=tuple(one for one in SettingField if one.value in row["changed"]),
        actor_kind=row["actor_kind"],
        actor_id=row["actor_id"],
        reverts_to=row["reverts_to"],
        changed_at=row["changed_at"],
    )
