"""What is attacked: a log in a database of its own, made by the product's own code and cloned for each attack."""

import re
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import URL

from answerable import answering, audit, conversations, tenancy, vault
from answerable.answering import Desk
from answerable.audit.guards import APPEND_ONLY
from answerable.audit.heads import Head
from answerable.audit.verifying import Asked, Report, verify
from answerable.conversations import Channel, NewMessage
from answerable.drill.errors import DrillRunning
from answerable.infra import roles, schema
from answerable.infra.clock import Clock, utc_now
from answerable.infra.db import Database, Db, ServiceDatabase, Wiring
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.installation import Installation
from answerable.infra.postgres.bootstrap import MAINTENANCE
from answerable.infra.postgres.connections import connect
from answerable.vault import Keys
from answerable.vault.carried import KEYS

PREFIX: Final = "answerable_drill_"
"""Of the databases of drills: whatever bears it is left over from one that was killed."""

_VALUE: Final = re.compile(r"(?<!:):([a-z_]+)")

# Any number that nothing else in the cluster uses; the letters "dril".
_LOCK: Final = 0x6472696C

LOOKS: Final = 300
"""Enough entries to fill a tile of the tree."""

GUARDED: Final = (*APPEND_ONLY, "audit_queue", "audit_promise", "message", "subject_key", "key_opening")
COVER: Final = tuple(
    f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"
    for table in APPEND_ONLY
    for trigger in ("append_only_rows", "append_only_table")
)
"""What an intruder does last: the triggers are on again, as if nothing had happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One database of the drill, and the folders of its keys and its signer."""

    installation: Installation
    name: str
    keys: Path
    signer: Path

    def url(self, role: roles.DatabaseRole | None = None) -> URL:
        """How to reach it; without a role as whoever makes all others."""
        server = self.installation.server
        if role is None:
            return server.url(database=self.name)
        password = roles.password_of(role, keys=self.installation.settings.keys)
        return server.url(role=role.name, password=password, database=self.name)

    @asynccontextmanager
    async def database(self, *, clock: Clock = utc_now) -> AsyncGenerator[Database]:
        """The application's way to it."""
        carries: dict[str, object] = dict(self.installation.database.carries)
        carries |= {audit.WRITERS: audit.Writers(), KEYS: Keys(folder=self.keys)}
        opened = Database(
            app=self.url(roles.APP),
            system=self.url(roles.SYSTEM),
            wiring=Wiring(carries=carries, clock=clock),
        )
        try:
            yield opened
        finally:
            await opened.close()

    @asynccontextmanager
    async def sessions(self, actor: Actor) -> AsyncGenerator[tuple[Db, Db]]:
        """A session of the actor's log, and one of the log over all logs."""
        async with (
            self.database() as database,
            database.tenant_session(actor) as db,
            database.tenant_session(audit.ROOT_READER) as root,
        ):
            yield db, root

    async def publish(self) -> None:
        """Everything in the tree, every head and receipt signed."""
        sequencer = ServiceDatabase(self.url(roles.SEQUENCER))
        signer = ServiceDatabase(self.url(roles.SIGNER))
        try:
            await audit.advance(sequencer, signer, self.signer)
        finally:
            await sequencer.close()
            await signer.close()

    async def signed_last(self, tenant_id: TenantId) -> Head | None:
        """What the signer itself remembers."""
        async with audit.open_signer(self.signer) as signer:
            return signer.heads.newest().get(tenant_id) if signer else None

    async def verify(self, actor: Actor, asked: Asked) -> Report:
        """Verify a tenant's log, as the system: in a copy nobody's looks have to be recorded."""
        looker = replace(actor, kind=ActorKind.SYSTEM)
        async with self.sessions(looker) as (db, root):
            return await verify(db, replace(asked, root=root))

    def run(self, *statements: str, **values: object) -> Sequence[Mapping[str, Any]]:
        """Run statements with all rights; the rows of the last one. Values stand in them as `:name`."""
        with connect(self.installation.server, database=self.name) as connection:
            found: Sequence[Mapping[str, Any]] = []
            for statement in statements:
                # Two colons are a cast, one is a value.
                cursor = connection.execute(_VALUE.sub(r"%(\1)s", statement).encode(), values)
                names = [column.name for column in cursor.description or ()]
                found = [dict(zip(names, row, strict=True)) for row in cursor] if names else []
            return found

    def run_unguarded(self, *statements: str, **values: object) -> None:
        """Run statements with every trigger out of the way, and put the triggers back."""
        off = [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in GUARDED]
        on = [f"ALTER TABLE {table} ENABLE TRIGGER ALL" for table in GUARDED]
        self.run(*off, *statements, *on, *COVER, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A log with everything that can be attacked."""

    place: Place
    actor: Actor
    """In the workspace that is attacked."""

    other: Actor
    """In the workspace beside it."""

    pinned: bytes
    """The checkpoint that somebody kept when the log was half as long."""

    newest: bytes
    """The newest checkpoint before any attack."""

    erased_key: Mapping[str, Any]
    """A destroyed key as a backup still has it."""


async def make_scene(place: Place) -> Scene:
    """Make the log: two workspaces, a conversation in each, views, an erased contact, several heads."""
    await _make_database(place)
    actors = [Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM) for _ in range(2)]
    async with place.database() as database:
        for actor in actors:
            await _open_workspace(database, actor)
            await _talk(database, actor, "Hello, where is my order?")
        await place.publish()
        pinned = _head_of(place, actors[0])
        await _look(database, actors[0], LOOKS)
        await place.publish()
        erased = await _erase_somebody(database, place, actors[0])
        await _talk(database, actors[0], "Thanks!")
        await place.publish()
    newest = _head_of(place, actors[0])
    return Scene(
        place=place, actor=actors[0], other=actors[1], pinned=pinned, newest=newest, erased_key=erased
    )


def clone(place: Place, folder: Path) -> Place:
    """A copy of the database, with the same keys and a copy of the signer's folder."""
    name = PREFIX + uuid4().hex
    _maintain(place.installation, f'CREATE DATABASE "{name}" TEMPLATE "{place.name}"')
    return replace(place, name=name, signer=folder)


def drop(installation: Installation, name: str) -> None:
    """Delete a database of the drill."""
    _maintain(installation, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def alone(installation: Installation) -> Generator[None]:
    """Hold what only one drill of a server can hold, for as long as the block runs.

    Errors:  DrillRunning.
    """
    with connect(installation.server, database=MAINTENANCE) as connection:
        got = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        if got != (True,):
            raise DrillRunning
        try:
            yield
        finally:
            # Given back at once: the server ends the connection in its own time.
            connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def list_leftovers(installation: Installation) -> list[str]:
    """Databases of drills that were killed."""
    with connect(installation.server, database=MAINTENANCE) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE datname ^@ %s", [PREFIX])
        return [str(row[0]) for row in found]


def shifted(hours: float) -> Clock:
    """A clock that goes wrong by so many hours."""

    def now() -> datetime:
        return utc_now() + timedelta(hours=hours)

    return now


async def _make_database(place: Place) -> None:
    installation = place.installation
    _maintain(installation, f'CREATE DATABASE "{place.name}"')
    place.run("CREATE EXTENSION IF NOT EXISTS vector")
    # Roles belong to the whole cluster; what they may do in a database is granted anew.
    conninfo = installation.server.conninfo(database=place.name)
    roles.ensure_roles(conninfo, keys=installation.settings.keys)
    schema.migrate(place.url(roles.OWNER))


async def _open_workspace(database: Database, actor: Actor) -> None:
    new = tenancy.NewTenant(slug=f"w{actor.tenant_id.hex[-12:]}", name="Shop", owner_email="o@example.com")
    async with database.tenant_session(actor) as db:
        await tenancy.create_tenant(db, new)


async def _talk(database: Database, actor: Actor, said: str) -> conversations.Conversation:
    contact = replace(actor, kind=ActorKind.CONTACT)
    new = NewMessage(text=said, client_id=str(uuid7()), channel=Channel.WEB)
    async with database.tenant_session(contact) as db:
        conversation, _ = await answering.accept(db, new)
    desk = Desk(database=database, embedder=None)
    await answering.answer(desk, replace(actor, kind=ActorKind.ASSISTANT), conversation.id)
    return conversation


async def _look(database: Database, actor: Actor, times: int) -> None:
    for _ in range(times):
        async with database.tenant_session(actor) as db:
            await audit.tail(db, limit=1)


async def _erase_somebody(database: Database, place: Place, actor: Actor) -> Mapping[str, Any]:
    conversation = await _talk(database, actor, "Please forget me.")
    subject = vault.Subject(kind=vault.SubjectKind.CONTACT, id=conversation.contact_id)
    kept = place.run(
        "SELECT id, wrapped FROM subject_key WHERE subject_id = :id ORDER BY id LIMIT 1",
        id=conversation.contact_id,
    )[0]
    async with database.tenant_session(actor) as db:
        await audit.destroy_keys(db, subject)
    return kept


def _head_of(place: Place, actor: Actor) -> bytes:
    found = place.run(
        "SELECT note FROM audit_checkpoint WHERE tenant_id = :id ORDER BY size DESC LIMIT 1",
        id=actor.tenant_id,
    )
    return found[0]["note"].encode()


def _maintain(installation: Installation, statement: str) -> None:
    with connect(installation.server, database=MAINTENANCE) as connection:
        connection.execute(statement.encode())
