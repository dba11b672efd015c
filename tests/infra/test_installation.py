"""Opening an installation: with keys that do not fit its database, and with one that goes away meanwhile."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from answerable.infra import installation, roles
from answerable.infra.db import DatabaseUnavailable
from answerable.infra.installation import patiently, prepare
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from factories.product import free_port


async def test_a_password_of_another_key_folder_is_an_error_with_a_remedy(
    server: Server, settings: Settings, database_name: str, tmp_path: Path
) -> None:
    # A folder with all files in place, as a restored one would have, and passwords of another installation.
    folder = tmp_path / "keys" / "roles"
    folder.mkdir(parents=True, mode=0o700)
    for role in roles.ROLES:
        file = folder / f"{role.name}.password"
        file.write_text("another")
        file.chmod(0o600)

    with pytest.raises(roles.PasswordRefused):
        prepare(settings.model_copy(update={"keys": tmp_path / "keys"}), server)

    assert database_name


async def test_a_start_waits_for_a_database_that_goes_away_under_it(
    server: Server, settings: Settings, database_name: str
) -> None:
    gone = replace(server, port=free_port(), host="127.0.0.1")
    tried: list[Server] = []

    async def start() -> None:
        tried.append(server if tried else gone)
        await asyncio.to_thread(prepare, settings, tried[-1])

    await patiently(start)

    assert tried == [gone, server]
    assert database_name


async def test_a_start_gives_up_on_a_database_that_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "PATIENCE_S", 0)

    async def start() -> None:
        raise DatabaseUnavailable

    with pytest.raises(DatabaseUnavailable):
        await patiently(start)
