"""The database, actors and fakes that tests share; nothing else.

Every test works in tenants of its own and really commits: deferred triggers, locks and notifications then
behave as they do in production, and no test sees another's rows. See docs/decisions/0003.
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import suppress
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock

from answerable import tenancy
from answerable.infra import roles, schema
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.postgres import Server, Tuning, delete_database, running_server
from answerable.infra.postgres.errors import StillInUse
from answerable.infra.settings import Embedder, Settings
from factories.databases import clone_database, open_database
from factories.inbox import make_member
from factories.serving import Place

# Two cores and a neighbour make any example slow once in a while; what hangs is ended by the test's time limit.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

pytest_plugins = ("factories.browser", "factories.running")

MakeTenant = Callable[..., Awaitable[Actor]]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "home"


@pytest.fixture(scope="session")
def settings(home: Path) -> Settings:
    # `make test-pg16` runs the same tests on the other server of the wheel.
    return Settings(
        home=home,
        pg_major="16" if os.environ.get("TEST_PG_MAJOR") == "16" else "18",
        embedder=Embedder.HASHING,
    )


@pytest.fixture(scope="session")
def server(settings: Settings) -> Generator[Server]:
    with running_server(settings, tuning=Tuning.THROWAWAY) as running:
        yield running
    # Started as root, the data lies outside pytest's own folder; the last of several processes deletes it.
    with suppress(StillInUse):
        delete_database(settings)


@pytest.fixture(scope="session")
def database_name(server: Server, settings: Settings) -> str:
    """A migrated database of this test process, cloned from one that was migrated once."""
    with FileLock(settings.home / "template.lock"):
        roles.ensure_roles(server.conninfo(), keys=settings.keys)
        owner = roles.password_of(roles.OWNER, keys=settings.keys)
        schema.migrate(server.url(role=roles.OWNER.name, password=owner))
        name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        clone_database(server, name)
    return name


@pytest.fixture(scope="session")
async def database(server: Server, settings: Settings, database_name: str) -> AsyncGenerator[Database]:
    opened = open_database(server, settings, database_name)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def place(server: Server, settings: Settings, database: Database, database_name: str) -> Place:
    return Place(server=server, settings=settings, database=database, name=database_name)


@pytest.fixture
def make_tenant(database: Database) -> MakeTenant:
    async def make(*, slug: str | None = None, language: str = "en") -> Actor:
        tenant_id = TenantId(uuid7())
        actor = Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM)
        new = tenancy.NewTenant(
            slug=slug or f"t{tenant_id.hex[-12:]}",
            name="A shop",
            owner_email="owner@example.com",
            language=language,
        )
        async with database.tenant_session(actor) as db:
            await tenancy.create_tenant(db, new)
        return actor

    return make


@pytest.fixture
async def acme(make_tenant: MakeTenant) -> Actor:
    return await make_tenant()


@pytest.fixture
async def globex(make_tenant: MakeTenant) -> Actor:
    return await make_tenant()


@pytest.fixture
async def anna(database: Database, acme: Actor) -> Actor:
    """A member who answers contacts."""
    return await make_member(database, acme)


@pytest.fixture
async def ben(database: Database, acme: Actor) -> Actor:
    """Anna's colleague."""
    return await make_member(database, acme)
