"""The two ways to the database: whose rows a session sees, what it leaves behind, how a lost server is told."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from answerable.infra import roles
from answerable.infra.db import Database, DatabaseUnavailable, Db, SystemReason, Unaudited, Wiring
from answerable.infra.ids import Actor, uuid7
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings

ASKED = text("SELECT app_tenant()")
CONNECTION = text("SELECT pg_backend_pid()")
LEFT = text("SELECT current_setting('app.tenant_id', true)")


def address(server: Server, settings: Settings, name: str, role: roles.DatabaseRole) -> URL:
    return server.url(role=role.name, password=roles.password_of(role, keys=settings.keys), database=name)


@pytest.fixture
async def narrow(server: Server, settings: Settings, database_name: str) -> AsyncGenerator[Database]:
    """A database of whose pool everybody gets the same connection."""
    opened = Database(
        app=address(server, settings, database_name, roles.APP),
        system=address(server, settings, database_name, roles.SYSTEM),
        wiring=Wiring(app_connections=1, system_connections=1),
    )
    yield opened
    await opened.close()


async def test_the_tenant_outlives_savepoints_whatever_becomes_of_them(
    database: Database, acme: Actor
) -> None:
    async with database.tenant_session(acme) as db:
        released = await db.begin_nested()
        await db.execute(text("SELECT 1"))
        await released.commit()
        after_release = await db.scalar(ASKED)

        undone = await db.begin_nested()
        with pytest.raises(DBAPIError):
            await db.execute(text("SELECT 1 / 0"))
        await undone.rollback()
        after_rollback = await db.scalar(ASKED)

    assert after_release == after_rollback == acme.tenant_id


async def test_a_tenant_named_inside_a_savepoint_ends_with_it(
    database: Database, acme: Actor, globex: Actor
) -> None:
    async with database.tenant_session(acme) as db:
        savepoint = await db.begin_nested()
        await db.execute(
            text("SELECT set_config('app.tenant_id', :other, true)"), {"other": str(globex.tenant_id)}
        )
        await savepoint.rollback()

        assert await db.scalar(ASKED) == acme.tenant_id


async def test_the_tenant_ends_with_its_transaction_and_not_with_the_connection(
    narrow: Database, acme: Actor
) -> None:
    async with narrow.tenant_session(acme) as db:
        used = await db.scalar(CONNECTION)

    async with narrow._app.connect() as connection:
        assert await connection.scalar(CONNECTION) == used
        assert await connection.scalar(LEFT) == ""
        assert await connection.scalar(ASKED) is None
        assert await connection.scalar(text("SELECT count(*) FROM tenant")) == 0


async def test_a_failed_transaction_leaves_no_tenant_behind(narrow: Database, acme: Actor) -> None:
    with pytest.raises(RuntimeError):
        async with narrow.tenant_session(acme) as db:
            await db.execute(text("SELECT 1"))
            raise RuntimeError

    async with narrow._app.connect() as connection:
        assert await connection.scalar(ASKED) is None


async def test_two_tenants_over_one_connection_see_their_own_rows(
    narrow: Database, acme: Actor, globex: Actor
) -> None:
    seen: set[tuple[object, ...]] = set()

    for actor in (acme, globex, acme, globex):
        async with narrow.tenant_session(actor) as db:
            connection, asked = await db.scalar(CONNECTION), await db.scalar(ASKED)
            rows = tuple(await db.scalars(text("SELECT tenant_id FROM tenant")))
            assert (asked, rows) == (actor.tenant_id, (actor.tenant_id,))
            seen.add((connection,))

    assert len(seen) == 1


async def test_sessions_side_by_side_keep_their_tenants(
    database: Database, acme: Actor, globex: Actor
) -> None:
    both_begun = asyncio.Barrier(2)

    async def look(actor: Actor) -> tuple[object, ...]:
        async with database.tenant_session(actor) as db:
            await db.execute(text("SELECT 1"))
            await both_begun.wait()
            return tuple(await db.scalars(text("SELECT tenant_id FROM tenant")))

    assert await asyncio.gather(look(acme), look(globex)) == [(acme.tenant_id,), (globex.tenant_id,)]


async def test_what_a_session_writes_is_there_only_once_its_block_has_ended(
    database: Database, acme: Actor
) -> None:
    async with database.tenant_session(acme) as db:
        db.unaudited(Unaudited.PROGRESS)
        await db.execute(text("UPDATE tenant SET name = 'Renamed'"))
        async with database.tenant_session(acme) as other:
            meanwhile = await other.scalar(text("SELECT name FROM tenant"))

    async with database.tenant_session(acme) as db:
        assert (meanwhile, await db.scalar(text("SELECT name FROM tenant"))) == ("A shop", "Renamed")


async def test_a_session_knows_who_acts_and_when(
    server: Server, settings: Settings, database_name: str, acme: Actor
) -> None:
    at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    opened = Database(
        app=address(server, settings, database_name, roles.APP),
        system=address(server, settings, database_name, roles.SYSTEM),
        wiring=Wiring(clock=lambda: at, carries={"a.thing": 7}),
    )

    async with opened.tenant_session(acme) as db:
        found = (db.actor, db.now, db.info["a.thing"])
    await opened.close()

    assert found == (acme, at, 7)


async def test_a_system_session_sees_the_names_of_tenants_and_nothing_else(
    database: Database, acme: Actor, globex: Actor
) -> None:
    async with database.system_session(SystemReason.LIST_TENANTS) as session:
        seen = set(await session.scalars(text("SELECT tenant_id FROM tenant")))
        await session.execute(text("SELECT slug, name, public_key FROM tenant"))
        tables = set(
            await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        )

    assert {acme.tenant_id, globex.tenant_id} <= seen
    assert {"message", "member", "audit_event", "subject_key"} <= tables
    for table in sorted(tables - {"alembic_version"}):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with database.system_session(SystemReason.LIST_TENANTS) as session:
                await session.execute(text(f"SELECT * FROM {table}"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenant SET name = 'x'",
        "CREATE TEMPORARY TABLE mine (id int)",
        "SELECT jobs.procrastinate_defer_jobs_v1(NULL)",
    ],
)
async def test_a_system_session_writes_nothing(database: Database, acme: Actor, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"read-only transaction|permission denied"):
        async with database.system_session(SystemReason.RESOLVE_TENANT) as session:
            await session.execute(text(statement))

    async with database.tenant_session(acme) as db:
        assert await db.scalar(text("SELECT name FROM tenant")) == "A shop"


async def test_a_system_session_is_read_only_beyond_its_grants(narrow: Database) -> None:
    async with narrow.system_session(SystemReason.CHECK_SCHEMA) as session:
        first = await session.scalar(text("SHOW transaction_read_only"))
    async with narrow.system_session(SystemReason.CHECK_SCHEMA) as session:
        second = await session.scalar(text("SHOW transaction_read_only"))

    assert (first, second) == ("on", "on")


async def test_no_server_is_told_as_such(acme: Actor) -> None:
    nowhere = URL.create(
        "postgresql+psycopg", username="u", password="p", host="127.0.0.1", port=1, database="d"
    )
    lost = Database(app=nowhere, system=nowhere)

    with pytest.raises(DatabaseUnavailable):
        async with lost.tenant_session(acme) as db:
            await db.execute(text("SELECT 1"))
    with pytest.raises(DatabaseUnavailable):
        async with lost.system_session(SystemReason.LIST_TENANTS):
            pass
    await lost.close()


def kill(server: Server, connection: object) -> None:
    with psycopg.connect(server.conninfo(), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [connection])


async def test_a_connection_lost_in_the_middle_is_told_and_the_next_session_gets_another(
    server: Server, narrow: Database, acme: Actor
) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with narrow.tenant_session(acme) as db:
            await asyncio.to_thread(kill, server, await db.scalar(CONNECTION))
            await db.execute(text("SELECT 1"))

    async with narrow.tenant_session(acme) as db:
        assert await db.scalar(ASKED) == acme.tenant_id


async def test_a_connection_lost_before_the_commit_is_told(
    server: Server, narrow: Database, acme: Actor
) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with narrow.tenant_session(acme) as db:
            db.unaudited(Unaudited.PROGRESS)
            await db.execute(text("UPDATE tenant SET name = 'Renamed'"))
            await asyncio.to_thread(kill, server, await db.scalar(CONNECTION))

    async with narrow.tenant_session(acme) as db:
        assert await db.scalar(text("SELECT name FROM tenant")) == "A shop"


async def test_a_connection_lost_between_two_sessions_is_not_noticed(
    server: Server, narrow: Database, acme: Actor
) -> None:
    async with narrow.tenant_session(acme) as db:
        first = await db.scalar(CONNECTION)
    await asyncio.to_thread(kill, server, first)

    async with narrow.tenant_session(acme) as db:
        assert await db.scalar(CONNECTION) != first


async def test_what_the_database_refuses_is_not_told_as_a_lost_server(
    database: Database, acme: Actor
) -> None:
    with pytest.raises(IntegrityError):
        async with database.tenant_session(acme) as db:
            db.unaudited(Unaudited.PROGRESS)
            await db.execute(text("UPDATE tenant SET answer_hours = 0"))


async def test_an_error_of_the_database_shows_no_parameter(database: Database, acme: Actor) -> None:
    with pytest.raises(DBAPIError) as failed:
        async with database.tenant_session(acme) as db:
            await db.execute(text("SELECT 1 / 0 WHERE :told <> ''"), {"told": "brunhilde@canary.example"})

    assert "brunhilde" not in str(failed.value)
    assert "hidden" in str(failed.value)


async def test_a_tenant_that_does_not_exist_has_no_rows(database: Database, acme: Actor) -> None:
    stranger = replace(acme, tenant_id=uuid7())  # pyright: ignore[reportArgumentType] - any other identifier

    async with database.tenant_session(stranger) as db:
        counts = [await count(db, table) for table in ("tenant", "member", "audit_event", "tenant_key")]

    assert counts == [0, 0, 0, 0]


async def count(db: Db, table: str) -> int:
    return await db.scalar(text(f"SELECT count(*) FROM {table}")) or 0
