"""Appending to the log against a real Postgres, as the role that the application has."""

import hashlib
from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from answerable import audit, tenancy
from answerable.audit import RetentionClass, SubjectKind
from answerable.audit.errors import EventRefused, EventUnregistered
from answerable.infra.db import Database, Unaudited, UnrecordedChange
from answerable.infra.ids import Actor, MemberId, uuid7
from answerable.tenancy.values import MemberAdded, TenantCreated


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """An event that no domain lists."""

    type: ClassVar[str] = "stray.event"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID


FORBIDDEN = (
    "UPDATE audit_event SET type = 'x'",
    "UPDATE audit_event SET body = body",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "TRUNCATE audit_event CASCADE",
    "DELETE FROM audit_queue",
    "UPDATE audit_queue SET leaf_hash = leaf_hash",
    "TRUNCATE audit_queue",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE audit_event DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE audit_event NO FORCE ROW LEVEL SECURITY",
    "DROP TABLE audit_event",
    "SET session_replication_role = replica",
    "DROP POLICY tenant ON audit_event",
    "CREATE TABLE mine (id int)",
)


async def count_events(database: Database, actor: Actor) -> int:
    async with database.tenant_session(actor) as db:
        return await db.scalar(text("SELECT count(*) FROM audit_event")) or 0


def event(actor: Actor) -> TenantCreated:
    return TenantCreated(subject_id=actor.tenant_id, posture=tenancy.Posture.AUTO)


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_application_cannot_change_the_log(database: Database, acme: Actor, statement: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with database.tenant_session(acme) as db:
            await db.execute(text(statement))

    assert type(refused.value.orig).__name__ == "InsufficientPrivilege"


async def test_an_event_and_its_place_in_the_queue_commit_together(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        (event_id,) = await audit.append(db, event(acme))

    async with database.tenant_session(acme) as db:
        row = (
            await db.execute(
                text(
                    "SELECT e.body, e.leaf_hash, q.leaf_hash AS queued FROM audit_event e"
                    " JOIN audit_queue q ON q.event_id = e.id WHERE e.id = :id"
                ),
                {"id": event_id},
            )
        ).one()
    assert row.leaf_hash == row.queued == hashlib.sha256(b"\x00" + row.body).digest()


async def test_the_database_hashes_the_bytes_again(database: Database, acme: Actor) -> None:
    statement = (
        "INSERT INTO audit_event (id, type, at, body, leaf_hash, subject_kind, subject_id, actor_kind)"
        " VALUES (:id, 'x', now(), 'one'::bytea, sha256('\\x00'::bytea || 'two'::bytea), 'log', :id, 'system')"
    )

    with pytest.raises(DBAPIError) as refused:
        async with database.tenant_session(acme) as db:
            await db.execute(text(statement), {"id": uuid7()})

    assert "leaf_hash_is_of_body" in str(refused.value)


async def test_a_change_without_an_event_is_refused_and_undone(database: Database, acme: Actor) -> None:
    with pytest.raises(UnrecordedChange):
        async with database.tenant_session(acme) as db:
            await db.execute(text("UPDATE tenant SET name = 'Another'"))

    async with database.tenant_session(acme) as db:
        assert await db.scalar(text("SELECT name FROM tenant")) == "A shop"


async def test_a_row_lock_without_an_event_is_refused(database: Database, acme: Actor) -> None:
    with pytest.raises(UnrecordedChange):
        async with database.tenant_session(acme) as db:
            await db.execute(text("SELECT FROM tenant FOR UPDATE"))


async def test_reading_alone_needs_no_event(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        found = await db.scalar(text("SELECT count(*) FROM tenant"))

    assert found == 1


async def test_a_named_reason_lets_a_change_pass_without_an_event(database: Database, acme: Actor) -> None:
    before = await count_events(database, acme)

    async with database.tenant_session(acme) as db:
        db.unaudited(Unaudited.PROGRESS)
        await db.execute(text("UPDATE tenant SET name = 'Another'"))

    assert await count_events(database, acme) == before


async def test_an_event_lost_with_its_savepoint_does_not_count(database: Database, acme: Actor) -> None:
    with pytest.raises(UnrecordedChange):
        async with database.tenant_session(acme) as db:
            await db.execute(text("UPDATE tenant SET name = 'Another'"))
            savepoint = await db.begin_nested()
            await audit.append(db, event(acme))
            await savepoint.rollback()


async def test_a_failed_operation_leaves_no_event(database: Database, acme: Actor) -> None:
    before = await count_events(database, acme)

    with pytest.raises(RuntimeError):
        async with database.tenant_session(acme) as db:
            await audit.append(db, event(acme))
            raise RuntimeError

    assert await count_events(database, acme) == before


async def test_an_event_type_that_is_not_registered_is_refused(database: Database, acme: Actor) -> None:
    with pytest.raises(EventUnregistered):
        async with database.tenant_session(acme) as db:
            await audit.append(db, Stray(subject_id=uuid7()))


async def test_an_event_with_a_personal_value_takes_its_transaction_with_it(
    database: Database, acme: Actor
) -> None:
    # The wrong type is the point.
    smuggled = MemberAdded(subject_id=MemberId(uuid7()), role=tenancy.Role.OWNER, email="max@example.com")  # pyright: ignore[reportArgumentType]

    with pytest.raises(EventRefused):
        async with database.tenant_session(acme) as db:
            await db.execute(text("UPDATE tenant SET name = 'Another'"))
            await audit.append(db, smuggled)

    async with database.tenant_session(acme) as db:
        assert await db.scalar(text("SELECT name FROM tenant")) == "A shop"


async def test_a_repeated_append_with_the_same_key_adds_one_event(database: Database, acme: Actor) -> None:
    before = await count_events(database, acme)

    for _repetition in range(3):
        async with database.tenant_session(acme) as db:
            await audit.append(db, event(acme), idem_key="once")
            db.unaudited(Unaudited.ROW_LOCK)

    assert await count_events(database, acme) == before + 1


async def test_a_repeated_event_does_not_cover_another_change(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        await audit.append(db, event(acme), idem_key="once")

    with pytest.raises(UnrecordedChange):
        async with database.tenant_session(acme) as db:
            await db.execute(text("UPDATE tenant SET name = 'Another'"))
            await audit.append(db, event(acme), idem_key="once")


async def test_appending_nothing_records_nothing(database: Database, acme: Actor) -> None:
    with pytest.raises(EventRefused):
        async with database.tenant_session(acme) as db:
            await audit.append(db)


async def test_an_event_outlasts_the_release_of_a_savepoint(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        await audit.append(db, event(acme))
        async with db.begin_nested():
            await db.execute(text("UPDATE tenant SET name = 'Another'"))

    async with database.tenant_session(acme) as db:
        assert await db.scalar(text("SELECT name FROM tenant")) == "Another"


async def test_reading_the_log_is_an_event_itself(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        await audit.tail(db, limit=5)

    async with database.tenant_session(acme) as db:
        newest, *_rest = await audit.tail(db, limit=5)

    assert newest.type == "access.log_queried"


async def test_actor_and_tenant_come_from_the_session(database: Database, acme: Actor, globex: Actor) -> None:
    forged = replace(event(acme), subject_id=globex.tenant_id)

    async with database.tenant_session(acme) as db:
        await audit.append(db, forged)

    async with database.tenant_session(globex) as db:
        seen = await db.scalar(
            text("SELECT count(*) FROM audit_event WHERE actor_kind = 'platform' AND type = 'tenant.created'")
        )
    assert seen == 1
