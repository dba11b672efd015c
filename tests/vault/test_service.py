"""Sealing, opening and destroying against the real database."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, select, update

from answerable import vault
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind, TenantId
from answerable.vault import errors, queries
from answerable.vault.models import SubjectKeyRow, TenantKeyRow
from answerable.vault.values import KeyScope
from factories.vault import (
    erase,
    make_plain,
    make_subject,
    open_texts,
    seal_text,
    seal_texts,
    store,
    until_someone_waits,
    writing,
)


@contextmanager
def counted_statements() -> Generator[list[str]]:
    seen: list[str] = []

    def note(*arguments: object) -> None:
        statement = str(arguments[2])
        if "set_config" not in statement and "pg_current_xact_id" not in statement:
            seen.append(statement.split(maxsplit=1)[0])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_what_a_tenant_seals_it_can_open(database: Database, acme: Actor, keys: vault.Keys) -> None:
    subjects = [make_subject(), make_subject()]
    plains = [make_plain(subject, f"text {n}") for n in range(3) for subject in subjects]

    stored = await seal_texts(database, acme, keys, plains)

    assert await open_texts(database, acme, keys, *stored) == [plain.content.decode() for plain in plains]


@pytest.mark.parametrize("data_class", list(vault.DataClass))
@pytest.mark.parametrize("kind", list(vault.SubjectKind))
async def test_every_class_of_data_of_every_person_can_be_sealed(
    database: Database, acme: Actor, keys: vault.Keys, kind: vault.SubjectKind, data_class: vault.DataClass
) -> None:
    subject = vault.Subject(kind=kind, id=uuid4())

    stored = await seal_texts(database, acme, keys, [make_plain(subject, data_class=data_class)])

    assert await open_texts(database, acme, keys, *stored) == ["our secret"]


async def test_one_key_seals_one_person_one_class_and_one_month(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada, bob = make_subject(), make_subject()
    record = vault.DataClass.RECORD
    async with writing(database, acme) as db:
        values = await vault.seal_many(
            db,
            keys,
            [make_plain(ada), make_plain(ada), make_plain(bob), make_plain(ada, data_class=record)],
        )
        db.now = db.now.replace(year=db.now.year + 1)
        later = await vault.seal(db, keys, make_plain(ada))

    first, again, of_bob, of_record = (value.key_id for value in values)

    assert first == again
    assert len({first, of_bob, of_record, later.key_id}) == 4


async def test_sealing_many_values_of_one_person_costs_one_query(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada = make_subject()
    await seal_text(database, acme, keys, ada)

    with counted_statements() as statements:
        await seal_texts(database, acme, keys, [make_plain(ada, f"text {n}") for n in range(10)])

    assert statements == ["SELECT"]


async def test_sealing_for_new_people_makes_all_their_keys_in_one_insert(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    with counted_statements() as statements:
        await seal_texts(database, acme, keys, [make_plain(make_subject()) for _ in range(10)])

    assert statements == ["SELECT", "SELECT", "INSERT"]


async def test_opening_many_values_costs_one_query(database: Database, acme: Actor, keys: vault.Keys) -> None:
    stored = await seal_texts(database, acme, keys, [make_plain(make_subject()) for _ in range(100)])

    with counted_statements() as statements:
        await open_texts(database, acme, keys, *stored)

    assert statements == ["SELECT"]


async def test_nothing_to_seal_or_open_asks_nothing(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    async with database.tenant_session(acme) as db:
        assert await vault.seal_many(db, keys, []) == []
        assert await vault.open_many(db, keys, []) == []


async def test_two_transactions_that_meet_a_person_first_share_one_key(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    people = [make_subject() for _ in range(5)]

    # The same people in opposite orders: keys are inserted in one order, so nobody waits in a circle.
    orders = [people, people[::-1]] * 4
    stored = await asyncio.gather(
        *(seal_texts(database, acme, keys, [make_plain(person) for person in order]) for order in orders)
    )

    flat = [item for items in stored for item in items]
    assert await open_texts(database, acme, keys, *flat) == ["our secret"] * 40
    assert len({vault.Sealed.from_envelope(item.envelope).key_id for item in flat}) == 5


def test_new_keys_are_inserted_in_one_order_whoever_asks() -> None:
    scopes = [
        KeyScope(subject=make_subject(), data_class=data_class, epoch=date(2026, 11, 1))
        for data_class in vault.DataClass
    ]

    assert list(queries.name_keys(scopes)) == list(queries.name_keys(scopes[::-1]))


async def test_a_tenant_without_keys_can_seal_nothing(database: Database, keys: vault.Keys) -> None:
    nobody = Actor(tenant_id=TenantId(uuid4()), kind=ActorKind.SYSTEM)

    async with database.tenant_session(nobody) as db:
        with pytest.raises(errors.TenantNotOpened):
            await vault.seal(db, keys, make_plain(make_subject()))


async def test_opening_a_tenant_again_keeps_its_key(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    stored = await seal_text(database, acme, keys, make_subject())

    async with database.tenant_session(acme) as db:
        await vault.open_tenant(db, keys)

    assert await open_texts(database, acme, keys, stored) == ["our secret"]


async def test_a_tenant_whose_opening_failed_can_be_opened_again(
    database: Database, keys: vault.Keys
) -> None:
    actor = Actor(tenant_id=TenantId(uuid4()), kind=ActorKind.SYSTEM)
    async with database.tenant_session(actor) as db:
        await vault.open_tenant(db, keys)
        await db.rollback()

    async with writing(database, actor) as db:
        await vault.open_tenant(db, keys)

    stored = await seal_text(database, actor, keys, make_subject())
    assert await open_texts(database, actor, keys, stored) == ["our secret"]


async def test_another_tenant_cannot_open_a_value_and_does_not_know_its_key(
    database: Database, acme: Actor, globex: Actor, keys: vault.Keys
) -> None:
    stored = await seal_text(database, acme, keys, make_subject())

    with pytest.raises(errors.KeyUnknown):
        await open_texts(database, globex, keys, stored)


async def test_a_value_moved_to_another_row_or_column_does_not_open(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    stored = await seal_text(database, acme, keys, make_subject())

    for moved in (replace(stored, record_id=uuid4()), replace(stored, slot="message.note")):
        with pytest.raises(errors.CommitmentMismatch):
            await open_texts(database, acme, keys, moved)


async def test_a_value_exchanged_for_one_of_the_same_person_does_not_open(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada = make_subject()
    first, second = await seal_texts(database, acme, keys, [make_plain(ada, "yes"), make_plain(ada, "no")])

    with pytest.raises(errors.CommitmentMismatch):
        await open_texts(database, acme, keys, replace(first, envelope=second.envelope))


async def test_a_key_put_into_another_keys_row_does_not_open(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    first, second = [await seal_text(database, acme, keys, make_subject()) for _ in range(2)]
    first_id, second_id = (vault.Sealed.from_envelope(item.envelope).key_id for item in (first, second))
    async with writing(database, acme) as db:
        (second_key,) = await queries.list_keys(db, [second_id])
        statement = update(SubjectKeyRow).where(SubjectKeyRow.id == first_id)
        await db.execute(statement.values(wrapped=second_key.wrapped))

    with pytest.raises(errors.KeyDamaged):
        await open_texts(database, acme, keys, first)


async def test_destroying_a_persons_keys_erases_that_person_alone(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada, bob = make_subject(), make_subject()
    of_ada, of_bob = await seal_texts(database, acme, keys, [make_plain(ada), make_plain(bob)])

    await erase(database, acme, ada)

    assert await open_texts(database, acme, keys, of_ada, of_bob) == [None, "our secret"]


async def test_an_erased_value_says_which_key_was_destroyed_and_when(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada = make_subject()
    stored = await seal_text(database, acme, keys, ada)
    async with writing(database, acme) as db:
        destroyed = await vault.destroy(db, ada)
        destroyed_at = db.now

    async with database.tenant_session(acme) as db:
        opened = await vault.open_one(db, keys, stored)

    key_id = vault.Sealed.from_envelope(stored.envelope).key_id
    assert (destroyed.count, destroyed.ids) == (1, (key_id,))
    assert opened == vault.Erased(key_id=key_id, destroyed_at=destroyed_at)


async def test_classes_of_data_can_be_erased_apart(database: Database, acme: Actor, keys: vault.Keys) -> None:
    ada = make_subject()
    spoken, decided = await seal_texts(
        database, acme, keys, [make_plain(ada), make_plain(ada, data_class=vault.DataClass.RECORD)]
    )

    async with writing(database, acme) as db:
        destroyed = await vault.destroy(db, ada, classes={vault.DataClass.RECORD})

    assert destroyed.count == 1
    assert await open_texts(database, acme, keys, spoken, decided) == ["our secret", None]


async def test_a_member_and_a_contact_with_one_id_are_two_people(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    contact = make_subject()
    member = vault.Subject(kind=vault.SubjectKind.MEMBER, id=contact.id)
    stored = await seal_texts(database, acme, keys, [make_plain(contact), make_plain(member)])

    await erase(database, acme, contact)

    assert await open_texts(database, acme, keys, *stored) == [None, "our secret"]


async def test_one_tenant_cannot_destroy_anothers_keys(
    database: Database, acme: Actor, globex: Actor, keys: vault.Keys
) -> None:
    ada = make_subject()
    stored = await seal_text(database, acme, keys, ada)

    async with writing(database, globex) as db:
        destroyed = await vault.destroy(db, ada)

    assert destroyed.count == 0
    assert await open_texts(database, acme, keys, stored) == ["our secret"]


async def test_an_erasure_that_is_rolled_back_erases_nothing(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada = make_subject()
    stored = await seal_text(database, acme, keys, ada)

    async with database.tenant_session(acme) as db:
        await vault.destroy(db, ada)
        await db.rollback()

    assert await open_texts(database, acme, keys, stored) == ["our secret"]


async def test_nothing_is_sealed_for_a_person_after_the_erasure(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada = make_subject()
    await seal_text(database, acme, keys, ada)
    await erase(database, acme, ada)

    with pytest.raises(errors.SubjectErased):
        await seal_text(database, acme, keys, ada)


async def test_a_key_made_beside_an_erasure_does_not_outlive_it(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada = make_subject()
    async with writing(database, acme) as db:
        plain = make_plain(ada)
        stored = store(plain, await vault.seal(db, keys, plain))
        erasure = asyncio.create_task(erase(database, acme, ada))
        await until_someone_waits(database, acme)
    await erasure

    assert await open_texts(database, acme, keys, stored) == [None]


async def test_a_first_erasure_marks_the_generation_and_later_ones_keep_the_mark(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada, bob = make_subject(), make_subject()
    await seal_texts(database, acme, keys, [make_plain(ada), make_plain(bob)])

    marks: list[datetime | None] = []
    for subject in (ada, bob):
        await erase(database, acme, subject)
        async with database.tenant_session(acme) as db:
            marks.append(await db.scalar(select(TenantKeyRow.dirty_at)))

    assert marks[0] is not None
    assert marks[0] == marks[1]


async def test_tokens_find_a_value_again_within_one_tenant_alone(
    database: Database, acme: Actor, globex: Actor, keys: vault.Keys
) -> None:
    tokens: list[bytes] = []
    for actor in (acme, acme, globex):
        async with database.tenant_session(actor) as db:
            tokens.append(vault.find_token(db, keys, purpose="contact.email", value="ada@example.org"))

    assert tokens[0] == tokens[1]
    assert tokens[0] != tokens[2]
    assert len(tokens[0]) == 32


async def test_no_key_and_no_content_lies_readable_in_the_database(
    database: Database, acme: Actor, keys: vault.Keys
) -> None:
    ada = make_subject()
    stored = await seal_text(database, acme, keys, ada, "canary")

    async with database.tenant_session(acme) as db:
        (wrapped,) = [key.wrapped for key in await queries.list_living_keys(db)]

    assert b"canary" not in stored.envelope
    assert wrapped is not None
    assert len(wrapped) == 12 + 32 + 16
