"""Values that several tests of the vault need."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import text

from answerable import vault
from answerable.infra.db import Database, Db, Unaudited
from answerable.infra.ids import Actor, TenantId
from answerable.vault.keyfiles import Keys
from answerable.vault.values import KeyId

SLOT = "message.text"


class Killed(Exception):
    """Stands for the end of the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DyingKeys(Keys):
    """A key folder whose process is killed at one step of a rotation."""

    dies: str

    def _die(self, step: str) -> None:
        if step == self.dies:
            raise Killed

    def add_generation(self, tenant_id: TenantId, generation: int) -> None:
        Keys.add_generation(self, tenant_id, generation)
        self._die("after the key file")

    def tenant_key(self, tenant_id: TenantId, generation: int) -> bytes:
        if generation == self.newest_generation(tenant_id):
            self._die("before the commit")
        return Keys.tenant_key(self, tenant_id, generation)

    def write_ring(self, tenant_id: TenantId, generation: int, entries: Mapping[KeyId, bytes]) -> None:
        self._die("after the commit")
        Keys.write_ring(self, tenant_id, generation, entries)
        self._die("after the ring")

    def destroy_older(self, tenant_id: TenantId, generation: int) -> None:
        Keys.destroy_older(self, tenant_id, generation)
        self._die("at the end")


@asynccontextmanager
async def writing(database: Database, actor: Actor) -> AsyncGenerator[Db]:
    """A transaction whose audit event is somebody else's test."""
    async with database.tenant_session(actor) as db:
        yield db
        db.unaudited(Unaudited.PROGRESS)


def make_subject() -> vault.Subject:
    return vault.Subject(kind=vault.SubjectKind.CONTACT, id=uuid4())


def make_plain(
    subject: vault.Subject,
    text: str = "our secret",
    *,
    data_class: vault.DataClass = vault.DataClass.CONVERSATION,
) -> vault.Plain:
    return vault.Plain(
        subject=subject, data_class=data_class, record_id=uuid4(), slot=SLOT, content=text.encode()
    )


def store(plain: vault.Plain, sealed: vault.Sealed) -> vault.Stored:
    return vault.Stored(record_id=plain.record_id, slot=plain.slot, envelope=sealed.envelope)


async def seal_texts(
    database: Database, actor: Actor, keys: vault.Keys, plains: Sequence[vault.Plain]
) -> list[vault.Stored]:
    async with writing(database, actor) as db:
        sealed = await vault.seal_many(db, keys, plains)
    return [store(plain, value) for plain, value in zip(plains, sealed, strict=True)]


async def seal_text(
    database: Database, actor: Actor, keys: vault.Keys, subject: vault.Subject, text: str = "our secret"
) -> vault.Stored:
    (stored,) = await seal_texts(database, actor, keys, [make_plain(subject, text)])
    return stored


async def open_texts(
    database: Database, actor: Actor, keys: vault.Keys, *stored: vault.Stored
) -> list[str | None]:
    """The texts; None for an erased one."""
    async with database.tenant_session(actor) as db:
        contents = await vault.open_many(db, keys, stored)
    return [content.decode() if isinstance(content, bytes) else None for content in contents]


async def erase(database: Database, actor: Actor, *subjects: vault.Subject) -> None:
    async with writing(database, actor) as db:
        for subject in subjects:
            await vault.destroy(db, subject)


async def until_someone_waits(database: Database, actor: Actor) -> None:
    """Return when another transaction of the application waits for a lock."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
    while True:
        async with database.tenant_session(actor) as db:
            if await db.scalar(waiting):
                return
