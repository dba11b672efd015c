"""Tenants, their members and keys against a real Postgres: whole, recorded, or not there at all."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from answerable import conversations, tenancy, vault
from answerable.conversations import Channel, NewMessage
from answerable.infra.db import Database, SystemReason, Unaudited
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.settings import Settings
from answerable.tenancy import NewTenant, Posture, Role
from answerable.tenancy.errors import (
    EmailInvalid,
    MemberExists,
    PermissionDenied,
    SlugInvalid,
    SlugTaken,
    TenantUnknown,
)
from answerable.vault import Keys


def platform() -> Actor:
    return Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM)


def a_slug() -> str:
    return f"t{uuid7().hex[-12:]}"


def new_tenant(slug: str, *, owner: str = "owner@example.com", name: str = "A shop") -> NewTenant:
    return NewTenant(slug=slug, name=name, owner_email=owner, language="de")


async def create(database: Database, actor: Actor, new: NewTenant) -> tenancy.Tenant:
    async with database.tenant_session(actor) as db:
        return await tenancy.create_tenant(db, new)


async def find(database: Database, slug: str) -> tenancy.TenantRef | None:
    async with database.system_session(SystemReason.RESOLVE_TENANT) as session:
        try:
            return await tenancy.resolve_tenant(session, slug=slug)
        except TenantUnknown:
            return None


async def count_rows(database: Database, actor: Actor) -> dict[str, int]:
    async with database.tenant_session(actor) as db:
        return {
            table: await db.scalar(text(f"SELECT count(*) FROM {table}")) or 0
            for table in ("tenant", "member", "tenant_key", "subject_key", "audit_event")
        }


async def event_types(database: Database, actor: Actor) -> list[str]:
    async with database.tenant_session(actor) as db:
        # In the order in which they take their places: nothing here has sequenced them.
        ordered = "SELECT type FROM audit_event JOIN audit_queue ON event_id = id ORDER BY seq"
        return list(await db.scalars(text(ordered)))


NOTHING = {"tenant": 0, "member": 0, "tenant_key": 0, "subject_key": 0, "audit_event": 0}


async def test_a_new_tenant_has_its_keys_its_owner_and_the_first_events_of_its_log(
    database: Database, settings: Settings
) -> None:
    actor, slug = platform(), a_slug()

    created = await create(database, actor, new_tenant(slug))

    rows = await count_rows(database, actor)
    assert (created.id, created.slug, created.language) == (actor.tenant_id, slug, "de")
    assert created.posture is Posture.AUTO
    assert rows == {"tenant": 1, "member": 1, "tenant_key": 1, "subject_key": 1, "audit_event": 3}
    assert await event_types(database, actor) == ["log.schemas_declared", "tenant.created", "member.added"]
    assert Keys(folder=settings.keys).newest_generation(actor.tenant_id) == 1


async def test_a_tenant_without_a_name_is_called_by_its_short_one(database: Database) -> None:
    slug = a_slug()

    assert (await create(database, platform(), new_tenant(slug, name="  "))).name == slug


async def test_a_tenant_is_found_by_its_short_name_and_by_its_public_key(database: Database) -> None:
    created = await create(database, platform(), new_tenant(a_slug()))

    async with database.system_session(SystemReason.RESOLVE_TENANT) as session:
        by_slug = await tenancy.resolve_tenant(session, slug=created.slug)
        by_key = await tenancy.resolve_tenant(session, public_key=created.public_key)
        listed = await tenancy.list_tenants(session)

    assert by_slug == by_key
    assert by_slug.id == created.id
    assert by_slug in listed
    assert [one.slug for one in listed] == sorted(one.slug for one in listed)


async def test_nothing_is_found_by_an_empty_name_or_key(database: Database) -> None:
    await create(database, platform(), new_tenant(a_slug()))

    async with database.system_session(SystemReason.RESOLVE_TENANT) as session:
        with pytest.raises(TenantUnknown):
            await tenancy.resolve_tenant(session)
        with pytest.raises(TenantUnknown):
            await tenancy.resolve_tenant(session, public_key="' OR true --")


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (new_tenant("Not A Slug"), SlugInvalid),
        (new_tenant("shop-without-owner", owner="nobody"), EmailInvalid),
        (new_tenant("shop-without-owner", owner=""), EmailInvalid),
    ],
    ids=["short name", "address", "no address"],
)
async def test_a_tenant_that_is_refused_leaves_nothing_behind(
    database: Database, settings: Settings, new: NewTenant, error: type[Exception]
) -> None:
    actor = platform()

    with pytest.raises(error):
        await create(database, actor, new)

    assert await count_rows(database, actor) == NOTHING
    assert await find(database, new.slug) is None
    assert Keys(folder=settings.keys).newest_generation(actor.tenant_id) == 0


async def test_a_taken_short_name_leaves_nothing_of_the_second_and_all_of_the_first(
    database: Database, settings: Settings
) -> None:
    first, second, slug = platform(), platform(), a_slug()
    await create(database, first, new_tenant(slug))

    with pytest.raises(SlugTaken):
        await create(database, second, new_tenant(slug))

    found = await find(database, slug)
    assert found is not None
    assert found.id == first.tenant_id
    assert await count_rows(database, second) == NOTHING
    assert Keys(folder=settings.keys).newest_generation(second.tenant_id) == 0


async def test_of_several_that_want_a_short_name_at_once_one_gets_it(
    database: Database, settings: Settings
) -> None:
    slug, actors = a_slug(), [platform() for _number in range(4)]

    done = await asyncio.gather(
        *(create(database, actor, new_tenant(slug)) for actor in actors), return_exceptions=True
    )

    created = [one for one in done if isinstance(one, tenancy.Tenant)]
    assert len(created) == 1
    assert [type(one) for one in done if not isinstance(one, tenancy.Tenant)] == [SlugTaken] * 3
    for actor in actors:
        if actor.tenant_id != created[0].id:
            assert await count_rows(database, actor) == NOTHING
            assert Keys(folder=settings.keys).newest_generation(actor.tenant_id) == 0


@pytest.mark.parametrize("kind", [kind for kind in ActorKind if kind is not ActorKind.PLATFORM])
async def test_only_the_platform_creates_tenants(database: Database, kind: ActorKind) -> None:
    slug = a_slug()

    with pytest.raises(PermissionDenied):
        await create(database, replace(platform(), kind=kind, role=Role.OWNER.value), new_tenant(slug))

    assert await find(database, slug) is None


async def test_the_owners_address_lies_sealed_and_is_found_by_a_keyed_digest(
    database: Database, settings: Settings
) -> None:
    actor = platform()
    await create(database, actor, new_tenant(a_slug(), owner=" Anna@Example.com"))

    async with database.tenant_session(actor) as db:
        row = (await db.execute(text("SELECT id, role, email_sealed, email_token FROM member"))).one()
        stored = vault.Stored(record_id=row.id, slot="member.email", envelope=row.email_sealed)
        opened = await vault.open_one(db, Keys(folder=settings.keys), stored)

    assert row.role == "owner"
    assert opened == b"anna@example.com"
    assert b"anna" not in row.email_sealed + row.email_token


async def test_the_log_of_a_member_holds_a_role_and_no_address(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        await tenancy.add_member(db, "bert@example.com", role=Role.AUDITOR)

    async with database.tenant_session(acme) as db:
        body = await db.scalar(
            text("SELECT convert_from(body, 'UTF8') FROM audit_event ORDER BY id DESC LIMIT 1")
        )
    assert '"role":"auditor"' in str(body)
    assert "bert" not in str(body)


@pytest.mark.parametrize("role", Role)
async def test_a_person_becomes_a_member_of_any_role(database: Database, acme: Actor, role: Role) -> None:
    async with database.tenant_session(acme) as db:
        member_id = await tenancy.add_member(db, "bert@example.com", role=role)

    async with database.tenant_session(acme) as db:
        assert (
            await db.scalar(text("SELECT role FROM member WHERE id = :id"), {"id": member_id}) == role.value
        )


async def test_a_person_is_a_member_of_a_tenant_once_however_the_address_is_spelt(
    database: Database, acme: Actor, globex: Actor
) -> None:
    async with database.tenant_session(acme) as db:
        await tenancy.add_member(db, "bert@example.com", role=Role.VIEWER)

    with pytest.raises(MemberExists):
        async with database.tenant_session(acme) as db:
            await tenancy.add_member(db, " Bert@EXAMPLE.com", role=Role.OWNER)

    # In another tenant the same person is somebody else.
    async with database.tenant_session(globex) as db:
        await tenancy.add_member(db, "bert@example.com", role=Role.VIEWER)
    assert (await count_rows(database, acme))["member"] == 2


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.OWNER, Role.ADMIN}])
async def test_who_does_not_manage_members_adds_none(database: Database, acme: Actor, role: Role) -> None:
    member = replace(acme, kind=ActorKind.MEMBER, role=role.value)

    with pytest.raises(PermissionDenied):
        async with database.tenant_session(member) as db:
            await tenancy.add_member(db, "bert@example.com", role=Role.OWNER)

    assert (await count_rows(database, acme))["member"] == 1


async def test_a_session_in_no_tenant_has_none(database: Database) -> None:
    with pytest.raises(TenantUnknown):
        async with database.tenant_session(platform()) as db:
            await tenancy.get_tenant(db)


async def erase_a_contact(database: Database, actor: Actor) -> None:
    new = NewMessage(text="Hello", client_id=str(uuid7()), channel=Channel.WEB)
    async with database.tenant_session(replace(actor, kind=ActorKind.CONTACT)) as db:
        conversation, _message, _new = await conversations.receive(db, new)
    async with database.tenant_session(actor) as db:
        db.unaudited(Unaudited.PROGRESS)
        await vault.destroy(db, vault.Subject(kind=vault.SubjectKind.CONTACT, id=conversation.contact_id))


async def test_a_rotation_is_in_the_log_of_the_tenants_that_needed_one_and_of_no_other(
    database: Database, settings: Settings, acme: Actor, globex: Actor
) -> None:
    await erase_a_contact(database, acme)

    report = await tenancy.rotate_keys(database, Keys(folder=settings.keys))

    (rotation,) = [one for one in report.rotated if one.tenant_id == acme.tenant_id]
    async with database.tenant_session(acme) as db:
        body = await db.scalar(
            text(
                "SELECT convert_from(body, 'UTF8')::jsonb -> 'd' FROM audit_event WHERE type = 'keys.rotated'"
            )
        )
    assert body == {"generation": 2, "rewrapped": rotation.rewrapped}
    assert rotation.rewrapped == 1
    assert "keys.rotated" not in await event_types(database, globex)


async def test_a_second_rotation_has_nothing_to_do(
    database: Database, settings: Settings, acme: Actor
) -> None:
    await erase_a_contact(database, acme)
    await tenancy.rotate_keys(database, Keys(folder=settings.keys))

    again = await tenancy.rotate_keys(database, Keys(folder=settings.keys))

    assert acme.tenant_id not in {one.tenant_id for one in again.rotated}
    assert (await event_types(database, acme)).count("keys.rotated") == 1


async def test_a_recovery_is_in_the_log_even_when_there_was_nothing_to_recover(
    database: Database, acme: Actor
) -> None:
    async with database.tenant_session(acme) as db:
        recovery = await tenancy.recover_keys(db)

    assert (recovery.rewrapped, recovery.destroyed) == (0, ())
    assert (await event_types(database, acme))[-1] == "keys.recovered"


async def test_only_the_platform_recovers_keys(database: Database, acme: Actor) -> None:
    owner = replace(acme, kind=ActorKind.MEMBER, role=Role.OWNER.value)

    with pytest.raises(PermissionDenied):
        async with database.tenant_session(owner) as db:
            await tenancy.recover_keys(db)
