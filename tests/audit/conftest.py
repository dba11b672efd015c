"""Logs in a database of their own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from factories.logbook import Logbook, opened_logbook
from factories.witnessing import Wired


@pytest.fixture
async def logbook(
    server: Server, settings: Settings, database_name: str, tmp_path: Path
) -> AsyncGenerator[Logbook]:
    assert database_name  # migrated
    async with opened_logbook(server, settings, tmp_path / "signer") as opened:
        yield opened


@pytest.fixture
def wired(tmp_path: Path) -> Wired:
    return Wired(tmp_path)
