"""A workspace with documents, and a browser of its owner."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from answerable import knowledge
from answerable.answering import Desk, Record
from answerable.infra.db import Database
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor
from answerable.infra.rates import Rates
from answerable.infra.schema import EXPECTED_REVISION
from answerable.infra.web import Web
from answerable.knowledge.values import Document
from factories.desks import Miss, ask
from factories.knowledge import RETURNS, Import, import_texts, list_documents


@pytest.fixture
def web(database: Database) -> Web:
    return Web(
        database=database,
        embedder=HashingEmbedder(),
        expected_revision=EXPECTED_REVISION,
        rates=Rates(),
        public_url="https://care.example",
    )


@pytest.fixture(autouse=True)
async def leave_nothing_to_read(database: Database, acme: Actor) -> AsyncGenerator[None]:
    """Stops what a test has begun: the next worker would otherwise read it, in whichever test that runs."""
    yield
    async with database.tenant_session(acme) as db:
        for batch in await knowledge.list_imports(db):
            if batch.ended_at is None:
                await knowledge.cancel_batch(db, batch.id)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database=database, embedder=HashingEmbedder(), threshold=0.0)


@pytest.fixture
def import_one(database: Database, acme: Actor, tmp_path: Path) -> Import:
    """Imports a text under a name; the document as it is then."""

    async def make(text: str = RETURNS, *, name: str = "returns.md", tenant: Actor = acme) -> Document:
        folder = tmp_path / tenant.tenant_id.hex
        await import_texts(database, tenant, folder, {name: text}, embedder=HashingEmbedder())
        found = await list_documents(database, tenant)
        return next(one for one in found if one.source == name)

    return make


@pytest.fixture
def miss(desk: Desk, acme: Actor) -> Miss:
    """Asks something to which no document has an answer."""

    async def make(said: str, *, tenant: Actor = acme) -> Record:
        return await ask(replace(desk, threshold=1.1), tenant, said)

    return make
