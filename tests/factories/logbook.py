"""A database of its own with everything that keeps the log: the application, the sequencer, the signer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from answerable import audit, tenancy
from answerable.audit.sequencing import drain
from answerable.audit.signing import open_signer, sign_heads, sign_receipts
from answerable.infra import roles
from answerable.infra.db import Database, ServiceDatabase
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.tenancy.values import KeysRotated
from factories.databases import clone_database, drop_database, open_database


@dataclass(frozen=True, slots=True, kw_only=True)
class Logbook:
    """What keeps logs in one database, and a folder for its signer."""

    server: Server
    settings: Settings
    name: str
    database: Database
    sequencer: ServiceDatabase
    signer: ServiceDatabase
    folder: Path

    async def make_tenant(self) -> Actor:
        """A tenant, whose log begins with its creation and its owner."""
        tenant_id = TenantId(uuid7())
        actor = Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM)
        new = tenancy.NewTenant(
            slug=f"t{tenant_id.hex[-12:]}", name="A shop", owner_email="owner@example.com"
        )
        async with self.database.tenant_session(actor) as db:
            await tenancy.create_tenant(db, new)
        return actor

    async def record(self, actor: Actor, count: int = 1) -> list[audit.EventId]:
        """Some events in one transaction."""
        async with self.database.tenant_session(actor) as db:
            events = [
                KeysRotated(subject_id=TenantId(uuid7()), generation=1, rewrapped=0) for _ in range(count)
            ]
            return list(await audit.append(db, *events))

    async def publish(self) -> None:
        """Everything in the tree, every head and receipt signed."""
        await drain(self.sequencer)
        async with open_signer(self.folder) as signer:
            assert signer is not None
            await sign_heads(signer, self.signer)
            while await sign_receipts(signer, self.signer):
                pass

    def run_plain(self, statement: str) -> None:
        """One statement with all rights, and the triggers left as they are."""
        with psycopg.connect(self.server.conninfo(database=self.name), autocommit=True) as connection:
            connection.execute(statement.encode())

    def run_as_superuser(self, *statements: str) -> list[tuple[object, ...]]:
        """What an intruder with all rights does, with every trigger out of the way; rows of the last one."""
        with psycopg.connect(self.server.conninfo(database=self.name), autocommit=True) as connection:
            for table in (
                "audit_event",
                "audit_leaf",
                "audit_tile",
                "audit_tree",
                "audit_checkpoint",
                "audit_root_entry",
                "audit_schema",
            ):
                name = sql.Identifier(table)
                connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(name))
            found = [connection.execute(statement.encode()) for statement in statements]
            return found[-1].fetchall() if found and found[-1].description else []


async def publish_log(server: Server, settings: Settings, name: str, folder: Path) -> None:
    """Everything in the trees of a database, every head and receipt signed by the signer of that folder."""
    services = open_services(server, settings, name)
    try:
        await audit.advance(*services, folder)
    finally:
        for service in services:
            await service.close()


def open_services(server: Server, settings: Settings, name: str) -> tuple[ServiceDatabase, ServiceDatabase]:
    """How the sequencer and the signer reach a database; to be closed by whoever opens it."""
    sequencer, signer = (
        ServiceDatabase(
            server.url(role=role.name, password=roles.password_of(role, keys=settings.keys), database=name)
        )
        for role in (roles.SEQUENCER, roles.SIGNER)
    )
    return sequencer, signer


@asynccontextmanager
async def opened_logbook(server: Server, settings: Settings, folder: Path) -> AsyncGenerator[Logbook]:
    """A logbook in a fresh clone of the migrated database, dropped afterwards."""
    name = f"log_{uuid4().hex}"
    clone_database(server, name)
    database = open_database(server, settings, name)
    services = open_services(server, settings, name)
    try:
        yield Logbook(
            server=server,
            settings=settings,
            name=name,
            database=database,
            sequencer=services[0],
            signer=services[1],
            folder=folder,
        )
    finally:
        await database.close()
        for service in services:
            await service.close()
        drop_database(server, name)
