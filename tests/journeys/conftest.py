"""An installation of its own for each journey."""

from collections.abc import AsyncGenerator, Generator
from contextlib import suppress
from pathlib import Path

import pytest

from answerable.app import open_product
from answerable.infra.installation import Installation
from answerable.infra.postgres import delete_database
from answerable.infra.postgres.errors import StillInUse
from answerable.infra.settings import Embedder, Settings
from factories.product import Product, free_port


@pytest.fixture
def product(tmp_path: Path) -> Generator[Product]:
    settings = Settings(home=tmp_path / "home", embedder=Embedder.HASHING, port=free_port())
    started = Product(settings=settings, folder=tmp_path)
    yield started
    started.stop_all()
    with suppress(StillInUse):
        delete_database(settings)


@pytest.fixture
async def installation(product: Product) -> AsyncGenerator[Installation]:
    async with open_product(product.settings) as opened:
        yield opened
