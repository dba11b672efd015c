import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from answerable import vault
from answerable.infra import roles
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind, TenantId
from answerable.infra.postgres import Server
from answerable.infra.postgres.binaries import find_binaries
from answerable.infra.settings import Settings
from factories.vault import writing


@pytest.fixture
def keys(tmp_path: Path) -> vault.Keys:
    """A key folder of the test's own: it may break it."""
    return vault.Keys(folder=tmp_path / "keys")


@pytest.fixture
async def acme(database: Database, keys: vault.Keys) -> Actor:
    return await _add_tenant(database, keys)


@pytest.fixture
async def globex(database: Database, keys: vault.Keys) -> Actor:
    return await _add_tenant(database, keys)


@pytest.fixture
def dump(settings: Settings, server: Server, database_name: str, tmp_path: Path) -> Callable[[], Path]:
    def make() -> Path:
        path = tmp_path / f"{uuid4()}.dump"
        _run(
            settings, "pg_dump", "--format=custom", f"--file={path}", server.conninfo(database=database_name)
        )
        return path

    return make


@pytest.fixture
async def restore(
    settings: Settings, server: Server
) -> AsyncGenerator[Callable[[Path], Awaitable[Database]]]:
    async with AsyncExitStack() as stack:

        async def make(path: Path) -> Database:
            name = f"restored_{uuid4().hex}"
            with psycopg.connect(server.conninfo(), autocommit=True) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            _run(settings, "pg_restore", f"--dbname={server.conninfo(database=name)}", str(path))
            database = _connect(settings, server, name)
            stack.push_async_callback(database.close)
            return database

        yield make


async def _add_tenant(database: Database, keys: vault.Keys) -> Actor:
    actor = Actor(tenant_id=TenantId(uuid4()), kind=ActorKind.SYSTEM)
    async with writing(database, actor) as db:
        await vault.open_tenant(db, keys)
    return actor


def _connect(settings: Settings, server: Server, name: str) -> Database:
    app, system = (
        server.url(role=role.name, password=roles.password_of(role, keys=settings.keys), database=name)
        for role in (roles.APP, roles.SYSTEM)
    )
    return Database(app=app, system=system)


def _run(settings: Settings, program: str, *arguments: str) -> None:
    subprocess.run([find_binaries(settings).program(program), *arguments], check=True)
