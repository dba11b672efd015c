"""The application over the real database, without any surface but its own."""

from collections.abc import AsyncGenerator

import pytest
from fastapi import FastAPI

from answerable.api import Web, create_api
from answerable.infra.db import Database
from answerable.infra.schema import EXPECTED_REVISION
from factories.http import Client, open_client


@pytest.fixture
def web(database: Database) -> Web:
    return Web(database=database, expected_revision=EXPECTED_REVISION)


@pytest.fixture
def app(web: Web) -> FastAPI:
    return create_api(web, routers=[])


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[Client]:
    async with open_client(app) as opened:
        yield opened
