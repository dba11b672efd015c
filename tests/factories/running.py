"""One running product for all browser tests of a test process: web and worker, in a database of its own."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from answerable.answering import Desk
from answerable.api import Limits
from answerable.infra.db import Database
from answerable.infra.embedding import HashingEmbedder, Vectors
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.postgres import Server
from answerable.infra.rates import Rate
from answerable.infra.settings import Settings
from answerable.tenancy import NewTenant, create_tenant
from factories.databases import clone_database, open_database
from factories.jobs import ParkingLot, open_lot
from factories.logbook import publish_log
from factories.serving import Began, Place, Served, serve_product

_OFTEN = Rate(name="often", per_minute=1_000_000)
# A page each second from one address is a test here, not an attack.
PATIENT = Limits(messages=_OFTEN, posts=_OFTEN, reads=_OFTEN, unknown_keys=_OFTEN, sign_ins=_OFTEN)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    assert item
    Began.at = datetime.now(UTC)


class HeldEmbedder:
    """The hashing embedder, which a test can hold while a turn is under way."""

    def __init__(self) -> None:
        self._hashing = HashingEmbedder()
        self._free = asyncio.Event()
        self._free.set()
        self.asked = asyncio.Event()
        """Set as soon as a question has come and is held."""

    @property
    def model(self) -> str:
        return self._hashing.model

    @property
    def dimensions(self) -> int:
        return self._hashing.dimensions

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[asyncio.Event]:
        """Answer no question until the block ends; gives what tells that one waits."""
        self.asked.clear()
        self._free.clear()
        try:
            yield self.asked
        finally:
            self._free.set()

    async def embed_query(self, text: str) -> Vectors:
        if not self._free.is_set():
            self.asked.set()
            await self._free.wait()
        return await self._hashing.embed_query(text)

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return await self._hashing.embed_queries(texts)

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return await self._hashing.embed_passages(texts)

    async def close(self) -> None:
        """Nothing runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running product, and what a test needs to look behind its pages."""

    place: Place
    served: Served
    embedder: HeldEmbedder
    lot: ParkingLot

    @property
    def origin(self) -> str:
        return self.served.origin

    @property
    def database(self) -> Database:
        return self.place.database

    @property
    def desk(self) -> Desk:
        return self.served.desk

    async def publish_log(self) -> None:
        """Do what the sequencer and the signer do, which do not run here."""
        place = self.place
        await publish_log(place.server, place.settings, place.name, place.settings.home / place.name)

    async def make_tenant(self, name: str = "Fernweg Outdoor", *, language: str = "en") -> Actor:
        actor = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM)
        new = NewTenant(
            slug=f"t{actor.tenant_id.hex[-12:]}",
            name=name,
            owner_email="owner@example.com",
            language=language,
        )
        async with self.database.tenant_session(actor) as db:
            await create_tenant(db, new)
        return actor


@pytest.fixture(scope="session")
async def running(server: Server, settings: Settings, database_name: str) -> AsyncGenerator[Running]:
    """A product that runs until the last test; a worker of it would take other tests' jobs in their database."""
    name = f"{database_name}_running"
    clone_database(server, name)
    database = open_database(server, settings, name)
    place = Place(server=server, settings=settings, database=database, name=name)
    embedder = HeldEmbedder()
    # The calibration belongs to another embedder; here every sentence that is found may be quoted.
    desk = Desk(database=database, embedder=embedder, threshold=0.0)
    lot = open_lot(database, server, settings, name)
    async with serve_product(place, desk=desk, limits=PATIENT) as served:
        yield Running(place=place, served=served, embedder=embedder, lot=lot)
    await database.close()
