"""A queue of its own for each test: a worker takes every job that it finds."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL

from answerable.infra import roles, schema
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.postgres import Server, Tuning, delete_database, running_server
from answerable.infra.settings import Settings
from infra.jobs.queues import Queue


@pytest.fixture
async def queue(server: Server, settings: Settings, database_name: str) -> AsyncGenerator[Queue]:
    name = f"{database_name}_{uuid7().hex}"
    with _cloned(server, name):
        async with _opened(server, settings, name) as opened:
            yield opened


@pytest.fixture
async def queue_of_own_server(settings: Settings) -> AsyncGenerator[Queue]:
    """For a test that kills the server, which other test processes share."""
    # Not below pytest's own folder, whose path is too long for a unix socket.
    home = Path(tempfile.mkdtemp(prefix="home-"))
    own = settings.model_copy(update={"home": home, "keys": home / "keys"})
    with running_server(own, tuning=Tuning.THROWAWAY) as server:
        await asyncio.to_thread(_migrate, server, own)
        async with _opened(server, own, server.database) as opened:
            yield opened
    delete_database(own)
    shutil.rmtree(home)


@asynccontextmanager
async def _opened(server: Server, settings: Settings, name: str) -> AsyncGenerator[Queue]:
    def url_of(role: roles.DatabaseRole) -> URL:
        password = roles.password_of(role, keys=settings.keys)
        return server.url(role=role.name, password=password, database=name)

    database = Database(app=url_of(roles.APP), system=url_of(roles.SYSTEM))
    password = roles.password_of(roles.JOBS, keys=settings.keys)
    try:
        yield Queue(
            conninfo=server.conninfo(role=roles.JOBS.name, password=password, database=name),
            database=database,
            actor=Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.SYSTEM),
        )
    finally:
        await database.close()


@contextmanager
def _cloned(server: Server, name: str) -> Generator[None]:
    identifier = sql.Identifier(name)
    with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
        template = sql.Identifier(server.database)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, template))
    yield
    with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _migrate(server: Server, settings: Settings) -> None:
    roles.ensure_roles(server.conninfo(), keys=settings.keys)
    password = roles.password_of(roles.OWNER, keys=settings.keys)
    schema.migrate(server.url(role=roles.OWNER.name, password=password))
