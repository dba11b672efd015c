"""The nightly rotation: what ends, what lives on, at every point where it may be killed."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select, update

from answerable import vault
from answerable.infra.db import Database
from answerable.infra.ids import Actor, TenantId
from answerable.vault import errors, queries, service
from answerable.vault.models import SubjectKeyRow, TenantKeyRow
from answerable.vault.values import KeyId, Rotation, RotationReport
from factories.vault import (
    DyingKeys,
    Killed,
    erase,
    make_plain,
    make_subject,
    open_texts,
    seal_text,
    seal_texts,
    until_someone_waits,
    writing,
)

STEPS = ["after the key file", "before the commit", "after the commit", "after the ring", "at the end"]


def files_of(keys: vault.Keys, actor: Actor) -> list[str]:
    return sorted(path.name for path in (keys.folder / "tenants" / str(actor.tenant_id)).iterdir())


async def test_a_tenant_without_erasures_keeps_its_generation(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    await seal_text(database, acme, keys, make_subject())

    report = await vault.rotate(database, keys)

    assert report == RotationReport(rotated=(), failed=())
    assert files_of(keys, acme) == ["1.key", "search.key"]


async def test_after_an_erasure_the_living_keys_move_and_the_old_file_goes(
    database: Database, acme: Actor, globex: Actor, keys: vault.Keys
) -> None:
    ada, bob, eve = make_subject(), make_subject(), make_subject()
    stored = await seal_texts(
        database, acme, keys, [make_plain(ada, "ada"), make_plain(bob, "bob"), make_plain(eve, "eve")]
    )
    await erase(database, acme, ada)

    report = await vault.rotate(database, keys)

    assert report.failed == ()
    assert report.rotated == (Rotation(tenant_id=acme.tenant_id, generation=2, rewrapped=2),)
    assert files_of(keys, acme) == ["2.key", "2.ring", "search.key"]
    assert files_of(keys, globex) == ["1.key", "search.key"]
    assert await open_texts(database, acme, keys, *stored) == [None, "bob", "eve"]


async def test_what_is_sealed_after_a_rotation_opens_after_the_next(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    stored: list[vault.Stored] = []
    for n in range(3):
        await erase(database, acme, make_subject())
        await vault.rotate(database, keys)
        stored.append(await seal_text(database, acme, keys, make_subject(), f"text {n}"))

    assert await open_texts(database, acme, keys, *stored) == ["text 0", "text 1", "text 2"]
    assert files_of(keys, acme) == ["4.key", "4.ring", "search.key"]


async def test_a_rotation_leaves_tokens_as_they_are(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    async with database.tenant_session(acme) as db:
        before = vault.find_token(db, keys, purpose="contact.email", value="ada@example.org")
    await erase(database, acme, make_subject())

    await vault.rotate(database, keys)

    async with database.tenant_session(acme) as db:
        assert vault.find_token(db, keys, purpose="contact.email", value="ada@example.org") == before


async def test_a_rotation_without_erasures_since_does_nothing(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    await erase(database, acme, make_subject())
    await vault.rotate(database, keys)

    assert await vault.rotate_tenant(database, keys, acme.tenant_id) is None
    assert files_of(keys, acme) == ["2.key", "2.ring", "search.key"]


@pytest.mark.parametrize("step", STEPS)
async def test_a_rotation_killed_anywhere_loses_nothing_and_is_finished_by_the_next(
    database: Database, acme: Actor, keys: vault.Keys, step: str
) -> None:
    ada, bob = make_subject(), make_subject()
    of_ada, of_bob = await seal_texts(database, acme, keys, [make_plain(ada), make_plain(bob)])
    await erase(database, acme, ada)

    with pytest.raises(Killed):
        await vault.rotate_tenant(database, DyingKeys(folder=keys.folder, dies=step), acme.tenant_id)

    later = await seal_text(database, acme, keys, make_subject(), "sealed in between")
    assert await open_texts(database, acme, keys, of_ada, of_bob) == [None, "our secret"]
    await vault.rotate_tenant(database, keys, acme.tenant_id)
    assert await open_texts(database, acme, keys, of_ada, of_bob, later) == [
        None,
        "our secret",
        "sealed in between",
    ]
    assert len(files_of(keys, acme)) == 3
    assert keys.newest_ring(acme.tenant_id) == keys.newest_generation(acme.tenant_id)


async def test_one_tenants_failure_does_not_hold_up_the_others(
    database: Database, acme: Actor, globex: Actor, keys: vault.Keys
) -> None:
    for actor in (acme, globex):
        stored = await seal_text(database, actor, keys, make_subject())
        await erase(database, actor, make_subject())
    async with writing(database, acme) as db:
        await db.execute(update(SubjectKeyRow).values(wrapped=bytes(60)))

    report = await vault.rotate(database, keys)

    assert report.failed == ((acme.tenant_id, "vault.key_damaged"),)
    assert [rotation.tenant_id for rotation in report.rotated] == [globex.tenant_id]
    assert await open_texts(database, globex, keys, stored) == ["our secret"]


async def test_a_key_made_beside_a_rotation_is_not_lost(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    await erase(database, acme, make_subject())
    plain = make_plain(make_subject())
    async with writing(database, acme) as db:
        sealed = await vault.seal(db, keys, plain)
        rotation = asyncio.create_task(vault.rotate_tenant(database, keys, acme.tenant_id))
        await until_someone_waits(database, acme)

    assert await rotation == Rotation(tenant_id=acme.tenant_id, generation=2, rewrapped=1)
    stored = vault.Stored(record_id=plain.record_id, slot=plain.slot, envelope=sealed.envelope)
    assert await open_texts(database, acme, keys, stored) == ["our secret"]


async def test_a_key_that_waited_for_a_rotation_is_made_under_the_new_generation(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    async with writing(database, acme) as db:
        await queries.lock_current(db)
        sealing = asyncio.create_task(seal_text(database, acme, keys, make_subject()))
        await until_someone_waits(database, acme)
        keys.add_generation(acme.tenant_id, 2)
        await queries.add_generation(db, 2)
    stored = await sealing

    async with database.tenant_session(acme) as db:
        assert (await db.scalars(select(SubjectKeyRow.generation))).all() == [2]
    assert await open_texts(database, acme, keys, stored) == ["our secret"]


async def test_rows_read_just_before_a_rotation_ended_are_read_again(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada, bob = make_subject(), make_subject()
    stored = await seal_texts(database, acme, keys, [make_plain(ada), make_plain(bob)])
    ids = {vault.Sealed.from_envelope(item.envelope).key_id for item in stored}
    async with database.tenant_session(acme) as db:
        read_before = await queries.list_keys(db, ids)
        await erase(database, acme, ada)
        await vault.rotate(database, keys)

        opened = await service._unwrap(db, keys, read_before)

    assert {key_id: isinstance(key, bytes) for key_id, key in opened.items()} == {
        KeyId(key.id): key.id == vault.Sealed.from_envelope(stored[1].envelope).key_id for key in read_before
    }


async def test_sealing_opening_erasing_and_rotating_at_once_lose_nothing(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    kept: list[tuple[vault.Stored, str]] = []

    async def write(n: int) -> None:
        for m in range(4):
            stored = await seal_text(database, acme, keys, make_subject(), f"text {n} {m}")
            kept.append((stored, f"text {n} {m}"))
            assert await open_texts(database, acme, keys, stored) == [f"text {n} {m}"]

    async def turn_over() -> None:
        for _ in range(4):
            await erase(database, acme, make_subject())
            await vault.rotate_tenant(database, keys, acme.tenant_id)

    await asyncio.gather(*(write(n) for n in range(4)), turn_over(), turn_over())

    opened = await open_texts(database, acme, keys, *(stored for stored, _ in kept))
    assert opened == [text for _, text in kept]
    assert keys.newest_ring(acme.tenant_id) > 2


async def test_a_long_transaction_postpones_a_rotation(
    database: Database, acme: Actor, keys: vault.Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_LOCK_TIMEOUT", "50ms")
    await erase(database, acme, make_subject())
    async with writing(database, acme) as db:
        await vault.seal(db, keys, make_plain(make_subject()))

        with pytest.raises(errors.RotationPostponed):
            await vault.rotate_tenant(database, keys, acme.tenant_id)

    await vault.rotate_tenant(database, keys, acme.tenant_id)
    assert len(files_of(keys, acme)) == 3


async def test_a_tenant_has_one_current_generation(database: Database, acme: Actor, keys: vault.Keys) -> None:
    for _ in range(2):
        await erase(database, acme, make_subject())
        await vault.rotate(database, keys)

    async with database.tenant_session(acme) as db:
        statement = select(TenantKeyRow.generation).where(TenantKeyRow.retired_at.is_(None))
        assert (await db.scalars(statement)).all() == [3]


async def test_a_folder_of_a_tenant_whose_creation_failed_is_passed_over(
    database: Database, keys: vault.Keys, tmp_path: Path
) -> None:
    keys.open_tenant(TenantId(KeyId(make_subject().id)))

    assert tmp_path in keys.folder.parents
    assert await vault.rotate(database, keys) == RotationReport(rotated=(), failed=())
