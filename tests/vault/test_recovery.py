"""An older dump restored after an erasure: the erased stays erased, the living comes back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from answerable import vault
from answerable.infra.db import Database
from answerable.infra.ids import Actor, TenantId
from answerable.vault import errors, queries, rules
from answerable.vault.models import TenantKeyRow
from answerable.vault.values import KeyId, Recovery
from factories.vault import (
    DyingKeys,
    Killed,
    erase,
    make_plain,
    make_subject,
    open_texts,
    seal_text,
    seal_texts,
    writing,
)

Dump = Callable[[], Path]
Restore = Callable[[Path], Awaitable[Database]]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Two people with one sealed text each."""

    ada: vault.Subject
    bob: vault.Subject
    of_ada: vault.Stored
    of_bob: vault.Stored


@pytest.fixture
async def people(database: Database, acme: Actor, keys: vault.Keys) -> People:
    ada, bob = make_subject(), make_subject()
    of_ada, of_bob = await seal_texts(
        database, acme, keys, [make_plain(ada, "ada's text"), make_plain(bob, "bob's text")]
    )
    return People(ada=ada, bob=bob, of_ada=of_ada, of_bob=of_bob)


async def erase_and_rotate(
    database: Database, actor: Actor, keys: vault.Keys, *people: vault.Subject
) -> None:
    await erase(database, actor, *people)
    assert (await vault.rotate(database, keys)).failed == ()


async def recover(database: Database, actor: Actor, keys: vault.Keys) -> Recovery:
    async with writing(database, actor) as db:
        return await vault.recover(db, keys)


def key_id_of(stored: vault.Stored) -> KeyId:
    return vault.Sealed.from_envelope(stored.envelope).key_id


def opens_with_any_file(keys: vault.Keys, tenant_id: TenantId, wrapped: bytes, key_id: KeyId) -> bool:
    """Whether any key that is still in the key folder opens a wrapped key."""
    generations = range(1, keys.newest_generation(tenant_id) + 1)
    present = [n for n in generations if (keys.folder / "tenants" / str(tenant_id) / f"{n}.key").exists()]
    candidates = [keys.tenant_key(tenant_id, n) for n in present]
    candidates += [keys.search_key(tenant_id), keys._installation_key()]
    binding = rules._bind_subject_key(tenant_id, key_id)
    assert present
    return any(rules.unwrap(key, wrapped, binding=binding) is not None for key in candidates)


async def test_nothing_erased_opens_after_a_restore_and_everything_living_opens_after_a_recovery(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    before = dump()
    await erase_and_rotate(database, acme, keys, people.ada)

    restored = await restore(before)

    async with restored.tenant_session(acme) as db:
        (wrapped,) = [key.wrapped for key in await queries.list_keys(db, [key_id_of(people.of_ada)])]
    assert wrapped is not None
    assert not opens_with_any_file(keys, acme.tenant_id, wrapped, key_id_of(people.of_ada))
    for stored in (people.of_ada, people.of_bob):
        with pytest.raises(errors.RecoveryNeeded):
            await open_texts(restored, acme, keys, stored)

    recovery = await recover(restored, acme, keys)

    assert recovery == Recovery(
        generation=2, rewrapped=1, destroyed=(key_id_of(people.of_ada),), erased_subjects=(people.ada,)
    )
    assert await open_texts(restored, acme, keys, people.of_ada, people.of_bob) == [None, "bob's text"]
    assert key_id_of(people.of_ada) not in keys.read_ring(acme.tenant_id, 2)
    assert not opens_with_any_file(keys, acme.tenant_id, wrapped, key_id_of(people.of_ada))


async def test_a_recovered_database_seals_erases_and_rotates_as_before(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    before = dump()
    await erase_and_rotate(database, acme, keys, people.ada)
    restored = await restore(before)
    await recover(restored, acme, keys)

    later = await seal_text(restored, acme, keys, make_subject(), "later")
    await erase_and_rotate(restored, acme, keys, people.bob)

    assert keys.newest_generation(acme.tenant_id) == 3
    assert await open_texts(restored, acme, keys, people.of_ada, people.of_bob, later) == [
        None,
        None,
        "later",
    ]


async def test_any_number_of_rotations_may_lie_between_dump_and_restore(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    before = dump()
    for subject in (make_subject(), people.ada, make_subject()):
        await erase_and_rotate(database, acme, keys, subject)
    restored = await restore(before)

    recovery = await recover(restored, acme, keys)

    assert (recovery.generation, recovery.rewrapped) == (4, 1)
    assert await open_texts(restored, acme, keys, people.of_ada, people.of_bob) == [None, "bob's text"]


async def test_keys_made_after_the_dump_are_lost_with_it_and_made_anew(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    before = dump()
    newcomer = make_subject()
    lost = await seal_text(database, acme, keys, newcomer)
    await erase_and_rotate(database, acme, keys, people.ada)
    restored = await restore(before)

    recovery = await recover(restored, acme, keys)

    assert recovery.rewrapped == 1
    with pytest.raises(errors.KeyUnknown):
        await open_texts(restored, acme, keys, lost)
    stored = await seal_text(restored, acme, keys, newcomer, "again")
    assert await open_texts(restored, acme, keys, stored) == ["again"]


async def test_before_the_recovery_nothing_is_sealed_rotated_or_destroyed(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    before = dump()
    await erase_and_rotate(database, acme, keys, people.ada)
    restored = await restore(before)
    files = {path: path.read_bytes() for path in keys.folder.rglob("*") if path.is_file()}

    for subject in (people.bob, make_subject()):
        with pytest.raises(errors.RecoveryNeeded):
            await seal_text(restored, acme, keys, subject)
    report = await vault.rotate(restored, keys)

    assert report.failed == ((acme.tenant_id, "vault.recovery_needed"),)
    assert {path: path.read_bytes() for path in keys.folder.rglob("*") if path.is_file()} == files


async def test_a_dump_made_since_the_last_rotation_needs_no_recovery(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    await erase_and_rotate(database, acme, keys, people.ada)
    later = await seal_text(database, acme, keys, make_subject(), "later")
    restored = await restore(dump())

    assert await open_texts(restored, acme, keys, people.of_ada, people.of_bob, later) == [
        None,
        "bob's text",
        "later",
    ]
    assert await recover(restored, acme, keys) == Recovery(
        generation=2, rewrapped=0, destroyed=(), erased_subjects=()
    )


async def test_an_erasure_made_before_the_recovery_holds_after_it(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    before = dump()
    await erase_and_rotate(database, acme, keys, make_subject())
    restored = await restore(before)
    await erase(restored, acme, people.ada)

    await recover(restored, acme, keys)

    assert await open_texts(restored, acme, keys, people.of_ada, people.of_bob) == [None, "bob's text"]
    assert key_id_of(people.of_ada) in keys.read_ring(acme.tenant_id, 2)
    await vault.rotate(restored, keys)
    assert key_id_of(people.of_ada) not in keys.read_ring(acme.tenant_id, 3)


async def test_an_old_file_that_a_killed_rotation_left_brings_nothing_back(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    before = dump()
    await erase(database, acme, people.ada)
    dying = DyingKeys(folder=keys.folder, dies="after the ring")
    with pytest.raises(Killed):
        await vault.rotate_tenant(database, dying, acme.tenant_id)
    restored = await restore(before)

    with pytest.raises(errors.RecoveryNeeded):
        await seal_text(restored, acme, keys, make_subject())
    recovery = await recover(restored, acme, keys)
    await vault.rotate(restored, keys)

    assert recovery.erased_subjects == (people.ada,)
    assert await open_texts(restored, acme, keys, people.of_ada, people.of_bob) == [None, "bob's text"]
    assert not (keys.folder / "tenants" / str(acme.tenant_id) / "1.key").exists()


async def test_a_key_folder_older_than_the_database_destroys_nothing(
    database: Database, acme: Actor, keys: vault.Keys, people: People, tmp_path: Path
) -> None:
    await erase_and_rotate(database, acme, keys, make_subject())
    folder = keys.folder / "tenants" / str(acme.tenant_id)
    for name in ("2.key", "2.ring"):
        (folder / name).rename(tmp_path / name)

    with pytest.raises(errors.KeyFileMissing) as raised:
        await recover(database, acme, keys)

    assert raised.value.code == "vault.key_file_missing"
    for name in ("2.key", "2.ring"):
        (tmp_path / name).rename(folder / name)
    assert await open_texts(database, acme, keys, people.of_ada, people.of_bob) == [
        "ada's text",
        "bob's text",
    ]


async def test_a_damaged_ring_destroys_nothing(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    before = dump()
    await erase_and_rotate(database, acme, keys, people.ada)
    restored = await restore(before)
    ring = keys.folder / "tenants" / str(acme.tenant_id) / "2.ring"
    whole = ring.read_bytes()
    ring.write_bytes(whole[:-9] + b"AAAAAAA=\n")

    with pytest.raises(errors.KeyFileMalformed):
        await recover(restored, acme, keys)

    ring.write_bytes(whole)
    assert (await recover(restored, acme, keys)).rewrapped == 1
    assert await open_texts(restored, acme, keys, people.of_bob) == ["bob's text"]


async def test_a_recovery_touches_one_tenant_alone(
    database: Database,
    acme: Actor,
    globex: Actor,
    keys: vault.Keys,
    people: People,
    dump: Dump,
    restore: Restore,
) -> None:
    of_globex = await seal_text(database, globex, keys, make_subject())
    before = dump()
    await erase_and_rotate(database, acme, keys, people.ada)
    restored = await restore(before)

    await recover(restored, acme, keys)

    assert await open_texts(restored, globex, keys, of_globex) == ["our secret"]
    assert (await recover(restored, globex, keys)).generation == 1


async def test_a_recovery_of_a_tenant_that_the_dump_does_not_know_does_nothing(
    database: Database, keys: vault.Keys, acme: Actor
) -> None:
    unknown = Actor(tenant_id=TenantId(uuid4()), kind=acme.kind)

    assert (await recover(database, unknown, keys)).generation is None


async def test_tokens_find_the_same_rows_after_a_recovery(
    database: Database, acme: Actor, keys: vault.Keys, people: People, dump: Dump, restore: Restore
) -> None:
    async with database.tenant_session(acme) as db:
        token = vault.find_token(db, keys, purpose="contact.email", value="bob@example.org")
    before = dump()
    await erase_and_rotate(database, acme, keys, people.ada)
    restored = await restore(before)
    await recover(restored, acme, keys)

    async with restored.tenant_session(acme) as db:
        assert vault.find_token(db, keys, purpose="contact.email", value="bob@example.org") == token
        generations = select(TenantKeyRow.generation, TenantKeyRow.retired_at.is_(None)).order_by(
            TenantKeyRow.generation
        )
        assert [tuple(row) for row in await db.execute(generations)] == [(1, False), (2, True)]
