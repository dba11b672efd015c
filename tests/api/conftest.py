"""The application over the real database, without any surface but its own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from fastapi import FastAPI

from answerable.api import Web, create_api
from answerable.infra.db import Database
from answerable.infra.postgres import Server
from answerable.infra.schema import EXPECTED_REVISION
from answerable.infra.settings import Settings
from factories.http import Client, open_client
from factories.readers import Reader, opened_reader


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


@pytest.fixture
async def reader(
    server: Server, settings: Settings, database_name: str, tmp_path: Path
) -> AsyncGenerator[Reader]:
    assert database_name  # migrated
    async with opened_reader(server, settings, tmp_path / "signer") as opened:
        yield opened
