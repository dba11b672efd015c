"""Changing what is set, against a real Postgres: versioned, recorded, undone, never lost between two."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from answerable import tenancy
from answerable.infra import roles
from answerable.infra.db import Database, Db, SystemReason
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.tenancy import (
    Channel,
    Configuration,
    Posture,
    SettingField,
    SettingsVersion,
    Tenant,
    configuration_of,
)
from answerable.tenancy.errors import (
    KeyNotUndoable,
    NameInvalid,
    PermissionDenied,
    SettingsConflict,
    TenantUnknown,
    VersionUnknown,
)


def member(of: Actor, role: str) -> Actor:
    return Actor(tenant_id=of.tenant_id, kind=ActorKind.MEMBER, id=uuid7(), role=role)


async def read(database: Database, actor: Actor) -> Tenant:
    async with database.tenant_session(actor) as db:
        return await tenancy.get_tenant(db)


async def change(
    database: Database, actor: Actor, *, based_on: int | None = None, **fields: Any
) -> SettingsVersion:
    async with database.tenant_session(actor) as db:
        tenant = await tenancy.get_tenant(db)
        wanted = replace(configuration_of(tenant), **fields)
        return await tenancy.change_settings(db, wanted, based_on=based_on or tenant.settings_version)


async def versions_of(database: Database, actor: Actor) -> list[SettingsVersion]:
    async with database.tenant_session(actor) as db:
        return await tenancy.list_versions(db, limit=50)


async def events_of(database: Database, actor: Actor) -> list[dict[str, Any]]:
    async with database.tenant_session(actor) as db:
        statement = text("SELECT body FROM audit_event WHERE type = 'tenant.settings_changed' ORDER BY id")
        return [json.loads(body) for body in await db.scalars(statement)]


async def resolves(database: Database, key: str) -> bool:
    async with database.system_session(SystemReason.RESOLVE_TENANT) as session:
        try:
            await tenancy.resolve_tenant(session, public_key=key)
        except TenantUnknown:
            return False
    return True


async def test_a_new_tenant_begins_with_its_first_version(database: Database, acme: Actor) -> None:
    tenant = await read(database, acme)

    (first,) = await versions_of(database, acme)

    assert (first.version, tenant.settings_version, first.changed) == (1, 1, ())
    assert first.configuration == configuration_of(tenant)
    assert tenant.languages == ("de", "en")


async def test_everything_that_can_be_set_is_set(database: Database, acme: Actor) -> None:
    fields: dict[str, Any] = {
        "name": "Another shop",
        "language": "de",
        "languages": ("de",),
        "answer_hours": 8,
        "posture": Posture.DRAFT,
        "channel_postures": {Channel.WEB: Posture.AUTO, Channel.COMMAND_LINE: Posture.OFF},
        "threshold": 0.8,
        "widget_origins": ("https://shop.example", "https://www.shop.example"),
        "brand_colour": "#7a1f3d",
    }

    changed = await change(database, acme, **fields)

    tenant = await read(database, acme)
    assert {name: getattr(tenant, name) for name in fields} == fields
    assert tenant.settings_version == 2
    assert changed.changed == tuple(SettingField(name) for name in fields)
    assert (tenant.posture_in(Channel.WEB), tenant.posture_in(Channel.COMMAND_LINE)) == ("auto", "off")


async def test_a_change_is_recorded_with_the_digest_of_the_version(database: Database, acme: Actor) -> None:
    owner = member(acme, "owner")

    await change(database, owner, name="Another shop", answer_hours=8)

    (event,) = await events_of(database, acme)
    async with database.tenant_session(acme) as db:
        written = await db.scalar(text("SELECT written FROM tenant_setting_version WHERE version = 2"))
    assert event["actor"] == {"kind": "member", "id": str(owner.id)}
    assert event["d"]["version"] == 2
    assert event["d"]["fields"] == ["name", "answer_hours"]
    assert event["d"]["reverts_to"] is None
    assert event["d"]["configuration"] == b64encode(sha256(str(written).encode()).digest()).decode()
    assert "Another shop" not in json.dumps(event)


async def test_a_change_that_changes_nothing_leaves_nothing(database: Database, acme: Actor) -> None:
    before = await read(database, acme)

    same = await change(database, acme, name=f"  {before.name} ")

    assert same.version == 1
    assert await read(database, acme) == before
    assert await events_of(database, acme) == []
    assert len(await versions_of(database, acme)) == 1


async def test_the_history_says_who_changed_what_and_when(database: Database, acme: Actor) -> None:
    owner, admin = member(acme, "owner"), member(acme, "admin")
    await change(database, owner, name="Second")
    await change(database, admin, posture=Posture.OFF)

    newest, middle, first = await versions_of(database, acme)

    assert [one.version for one in (newest, middle, first)] == [3, 2, 1]
    assert (newest.actor_id, newest.changed) == (admin.id, (SettingField.POSTURE,))
    assert (middle.actor_id, middle.changed) == (owner.id, (SettingField.NAME,))
    assert newest.changed_at > middle.changed_at > first.changed_at
    assert (first.configuration.name, middle.configuration.name) == ("A shop", "Second")


async def test_what_held_at_a_moment_can_be_said(database: Database, acme: Actor) -> None:
    await change(database, acme, threshold=0.8)
    second = (await versions_of(database, acme))[0]
    await change(database, acme, threshold=0.9)

    async with database.tenant_session(acme) as db:
        then = await tenancy.get_version(db, at=second.changed_at)
        before = await tenancy.get_version(db, at=second.changed_at - timedelta(microseconds=1))
        now = await tenancy.get_version(db, at=db.now)

    assert [one.configuration.threshold for one in (before, then, now)] == [None, 0.8, 0.9]


async def test_before_the_tenant_nothing_was_set(database: Database, acme: Actor) -> None:
    tenant = await read(database, acme)

    async with database.tenant_session(acme) as db:
        with pytest.raises(VersionUnknown):
            await tenancy.get_version(db, at=tenant.created_at - timedelta(days=1))


async def test_an_older_version_is_brought_back_as_a_new_one(database: Database, acme: Actor) -> None:
    await change(database, acme, name="Second", channel_postures={Channel.WEB: Posture.DRAFT})
    await change(database, acme, answer_hours=8)

    async with database.tenant_session(acme) as db:
        back = await tenancy.revert_settings(db, to=1)

    tenant = await read(database, acme)
    assert (back.version, back.reverts_to) == (4, 1)
    assert (tenant.name, tenant.answer_hours, tenant.channel_postures) == ("A shop", 24, {})
    assert [event["d"]["reverts_to"] for event in await events_of(database, acme)] == [None, None, 1]


@pytest.mark.parametrize("version", [-1, 0, 2, 2**31, 2**63])
async def test_a_version_that_never_was_cannot_be_brought_back(
    database: Database, acme: Actor, version: int
) -> None:
    with pytest.raises(VersionUnknown):
        async with database.tenant_session(acme) as db:
            await tenancy.revert_settings(db, to=version)


async def test_edits_of_different_settings_meet(database: Database, acme: Actor) -> None:
    await change(database, acme, name="Theirs")

    async with database.tenant_session(acme) as db:
        mine = replace((await tenancy.list_versions(db, limit=2))[1].configuration, answer_hours=8)
        await tenancy.change_settings(db, mine, based_on=1)

    tenant = await read(database, acme)
    assert (tenant.name, tenant.answer_hours, tenant.settings_version) == ("Theirs", 8, 3)


async def test_edits_of_the_same_setting_are_a_conflict(database: Database, acme: Actor) -> None:
    await change(database, acme, name="Theirs")

    with pytest.raises(SettingsConflict, match="`name`"):
        await change(database, acme, name="Mine", based_on=1)

    assert (await read(database, acme)).name == "Theirs"


async def test_of_two_who_write_at_once_one_is_told(database: Database, acme: Actor) -> None:
    tenant = await read(database, acme)

    async def write(name: str) -> SettingsVersion:
        async with database.tenant_session(acme) as db:
            wanted = replace(
                configuration_of(tenant), name=name, channel_postures={Channel.WEB: Posture(name)}
            )
            return await tenancy.change_settings(db, wanted, based_on=1)

    done = await asyncio.gather(*(write(name) for name in ("off", "draft", "auto")), return_exceptions=True)

    won = [one for one in done if isinstance(one, SettingsVersion)]
    assert len(won) == 1
    assert sum(isinstance(one, SettingsConflict) for one in done) == 2
    settled = await read(database, acme)
    assert configuration_of(settled) == won[0].configuration
    assert len(await versions_of(database, acme)) == 2


async def test_of_two_who_write_different_things_at_once_both_have_their_way(
    database: Database, acme: Actor
) -> None:
    tenant = await read(database, acme)

    async def write(wanted: Configuration) -> None:
        async with database.tenant_session(acme) as db:
            await tenancy.change_settings(db, wanted, based_on=1)

    base = configuration_of(tenant)
    await asyncio.gather(
        write(replace(base, channel_postures={Channel.WEB: Posture.OFF})),
        write(replace(base, answer_hours=8)),
    )

    settled = await read(database, acme)
    assert (settled.channel_postures, settled.answer_hours) == ({Channel.WEB: Posture.OFF}, 8)
    assert settled.settings_version == 3


async def test_what_is_not_allowed_changes_nothing(database: Database, acme: Actor) -> None:
    with pytest.raises(NameInvalid):
        await change(database, acme, name="\x00", answer_hours=8)

    assert (await read(database, acme)).answer_hours == 24


@pytest.mark.parametrize("role", ["privacy_officer", "auditor", "responder", "viewer"])
async def test_who_may_only_look_changes_nothing(database: Database, acme: Actor, role: str) -> None:
    looking = member(acme, role)

    async def revert(db: Db) -> SettingsVersion:
        return await tenancy.revert_settings(db, to=1)

    async def attempt(operation: Callable[[Db], Awaitable[SettingsVersion]]) -> None:
        with pytest.raises(PermissionDenied):
            async with database.tenant_session(looking) as db:
                await operation(db)

    with pytest.raises(PermissionDenied):
        await change(database, looking, name="Mine")
    await attempt(tenancy.rotate_public_key)
    await attempt(tenancy.undo_public_key)
    await attempt(revert)

    assert len(await versions_of(database, looking)) == 1


async def test_a_new_key_is_valid_and_the_old_one_void_at_once(database: Database, acme: Actor) -> None:
    before = (await read(database, acme)).public_key

    async with database.tenant_session(acme) as db:
        rotated = await tenancy.rotate_public_key(db)

    after = (await read(database, acme)).public_key
    assert rotated.changed == (SettingField.PUBLIC_KEY,)
    assert after == rotated.configuration.public_key != before
    assert await resolves(database, after)
    assert not await resolves(database, before)


async def test_a_replaced_key_can_be_brought_back_for_a_day(database: Database, acme: Actor) -> None:
    before = (await read(database, acme)).public_key
    async with database.tenant_session(acme) as db:
        await tenancy.rotate_public_key(db)
    await change(database, acme, name="Second")

    async with database.tenant_session(acme) as db:
        await tenancy.undo_public_key(db)

    tenant = await read(database, acme)
    assert (tenant.public_key, tenant.name) == (before, "Second")
    assert await resolves(database, before)


async def test_a_key_that_was_replaced_days_ago_stays_void(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        await tenancy.rotate_public_key(db)

    with pytest.raises(KeyNotUndoable):
        async with database.tenant_session(acme) as db:
            db.now += timedelta(hours=25)
            await tenancy.undo_public_key(db)


async def test_neither_an_old_form_nor_an_old_version_brings_a_replaced_key_back(
    database: Database, acme: Actor
) -> None:
    before = await read(database, acme)
    async with database.tenant_session(acme) as db:
        rotated = await tenancy.rotate_public_key(db)

    async with database.tenant_session(acme) as db:
        await tenancy.change_settings(db, replace(configuration_of(before), name="Second"), based_on=1)
    async with database.tenant_session(acme) as db:
        await tenancy.revert_settings(db, to=1)

    tenant = await read(database, acme)
    assert (tenant.name, tenant.public_key) == ("A shop", rotated.configuration.public_key)


async def test_no_tenant_sees_or_changes_what_is_set_of_another(
    database: Database, acme: Actor, globex: Actor
) -> None:
    await change(database, acme, name="Ours", channel_postures={Channel.WEB: Posture.OFF})

    await change(database, globex, name="Theirs")

    ours, theirs = await read(database, acme), await read(database, globex)
    assert (ours.name, theirs.name) == ("Ours", "Theirs")
    assert theirs.channel_postures == {}
    assert {one.configuration.name for one in await versions_of(database, globex)} == {"A shop", "Theirs"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenant_setting_version SET written = written",
        "DELETE FROM tenant_setting_version",
        "TRUNCATE tenant_setting_version",
    ],
)
async def test_a_version_is_never_changed(database: Database, acme: Actor, statement: str) -> None:
    with pytest.raises(DBAPIError):
        async with database.tenant_session(acme) as db:
            await db.execute(text(statement))


async def test_not_even_the_owner_of_the_table_changes_a_version(
    server: Server, settings: Settings, database_name: str, acme: Actor
) -> None:
    password = roles.password_of(roles.OWNER, keys=settings.keys)
    conninfo = server.conninfo(role=roles.OWNER.name, password=password, database=database_name)

    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(acme.tenant_id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append only"):
            connection.execute("UPDATE tenant_setting_version SET actor_kind = 'member'")


async def test_a_version_is_not_brought_back_over_a_change_that_nobody_saw(
    database: Database, acme: Actor
) -> None:
    await change(database, acme, name="Second")
    await change(database, acme, name="Third")

    with pytest.raises(SettingsConflict):
        async with database.tenant_session(acme) as db:
            await tenancy.revert_settings(db, to=1, based_on=2)

    assert (await read(database, acme)).name == "Third"


async def test_a_long_history_is_read_in_pieces(database: Database, acme: Actor) -> None:
    for number in range(4):
        await change(database, acme, name=f"Name {number}")

    async with database.tenant_session(acme) as db:
        older = await tenancy.list_versions(db, limit=2, before=4)
        none = await tenancy.list_versions(db, limit=2, before=-(10**20))

    assert [one.version for one in older] == [3, 2]
    assert none == []
