"""An installation for one benchmark: its own home, durable as in production, deleted afterwards."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import ModuleType

import psycopg

from answerable import tenancy
from answerable.app import open_product
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.installation import Installation
from answerable.infra.postgres import delete_database
from answerable.infra.postgres.errors import StillInUse
from answerable.infra.settings import Embedder, Settings


@asynccontextmanager
async def open_throwaway() -> AsyncGenerator[Installation]:
    """An installation with the hashing embedder and nothing in it.

    Effects: starts a server; stops it and deletes its data at the end.
    """
    with tempfile.TemporaryDirectory(prefix="answerable-bench-") as folder:
        home = Path(folder) / "home"
        # Said and not left to the environment, which may name a real installation.
        settings = Settings(home=home, keys=home / "keys", database_url=None, embedder=Embedder.HASHING)
        try:
            async with open_product(settings) as installation:
                yield installation
        finally:
            with suppress(StillInUse):
                await asyncio.to_thread(delete_database, settings)


async def add_tenant(installation: Installation) -> TenantId:
    """A new workspace."""
    actor = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM)
    new = tenancy.NewTenant(slug=f"t{actor.tenant_id.hex[-12:]}", name="Shop", owner_email="o@example.com")
    async with installation.database.tenant_session(actor) as db:
        await tenancy.create_tenant(db, new)
    return actor.tenant_id


def execute(installation: Installation, *statements: str) -> None:
    """Run statements as the superuser."""
    with psycopg.connect(installation.server.conninfo(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@contextmanager
def replaced(module: ModuleType, name: str, value: object) -> Generator[None]:
    """Something else under a module's name while the block runs."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
