"""Two workspaces behind one application, and a way to write to each as its contact."""

import io
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from answerable import knowledge
from answerable.answering import Desk
from answerable.api import Web
from answerable.app import create_application
from answerable.infra.db import Database
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor
from answerable.infra.rates import Rates
from answerable.infra.schema import EXPECTED_REVISION
from factories.contacts import Contact, Seconds, make_contact
from factories.desks import RETURNS
from factories.http import Client, open_client, open_socket_client
from factories.log import captured_log
from factories.serving import Place, Served, serve_product


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def web(database: Database, seconds: Seconds) -> Web:
    return Web(database=database, expected_revision=EXPECTED_REVISION, rates=Rates(clock=seconds))


@pytest.fixture
async def client(web: Web) -> AsyncGenerator[Client]:
    async with open_client(create_application(web)) as opened:
        yield opened


@pytest.fixture
async def anna(client: Client, database: Database, acme: Actor) -> Contact:
    """A contact of acme."""
    return await make_contact(client, database, acme)


@pytest.fixture
async def gus(client: Client, database: Database, globex: Actor) -> Contact:
    """A contact of globex."""
    return await make_contact(client, database, globex)


@pytest.fixture
def stream() -> Generator[io.StringIO]:
    with captured_log() as opened:
        yield opened


@pytest.fixture
async def shop(database: Database, acme: Actor, tmp_path: Path) -> Actor:
    """Acme with something to quote."""
    return await publish(database, acme, tmp_path)


async def publish(database: Database, tenant: Actor, folder: Path) -> Actor:
    (folder / "returns.md").write_text(RETURNS)
    await knowledge.import_paths(
        knowledge.Intake(database=database, embedder=HashingEmbedder()), tenant, [folder / "returns.md"]
    )
    return tenant


@pytest.fixture(scope="module")
async def served(place: Place) -> AsyncGenerator[Served]:
    """The whole product behind a socket, for the tests of one module."""
    async with serve_product(place) as running:
        yield running


@pytest.fixture
async def visitor(served: Served, database: Database, shop: Actor) -> AsyncGenerator[Contact]:
    """A contact of a shop with documents, who writes over the socket."""
    async with open_socket_client(served.origin) as client:
        yield await make_contact(client, database, shop)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database=database, embedder=HashingEmbedder())
