"""Commands of the product, run over a database of the tests, from arguments to output and exit code."""

import json
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import pytest
from sqlalchemy import URL

from answerable.app import carried
from answerable.cli import DemoReport, DemoTenant, Runners, Say, main
from answerable.infra import roles
from answerable.infra.db import Database, Wiring
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.installation import Installation
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from factories.log import captured_log

LOADED = DemoReport(
    tenants=(DemoTenant(slug="shop", created=True, added=41, changed=0, unchanged=0, failed=0),)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command left: its exit code and its two outputs."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:  # whatever JSON the command printed
        return json.loads(self.out)


Run = Callable[..., Done]


@contextmanager
def running_commands(
    server: Server, settings: Settings, name: str, capsys: pytest.CaptureFixture[str]
) -> Generator[Run]:
    """What runs a command over the database of this name."""

    def url_of(role: roles.DatabaseRole) -> URL:
        password = roles.password_of(role, keys=settings.keys)
        return server.url(role=role.name, password=password, database=name)

    @asynccontextmanager
    async def open_installation(_settings: Settings) -> AsyncGenerator[Installation]:
        # Opened for each command: every one runs in an event loop of its own.
        wiring = Wiring(carries=carried(settings))
        database = Database(app=url_of(roles.APP), system=url_of(roles.SYSTEM), wiring=wiring)
        try:
            yield Installation(
                settings=settings,
                server=replace(server, database=name),
                database=database,
                embedder=HashingEmbedder(),
            )
        finally:
            await database.close()

    async def load_demo(_installation: Installation, say: Say) -> DemoReport:
        say("Demo workspace shop: created.")
        return LOADED

    async def stay(_installation: Installation, _say: Say | None = None) -> NoReturn:
        raise AssertionError

    def never(_order: object, _say: object) -> NoReturn:
        raise AssertionError

    staying = dict.fromkeys(("serve", "work", "sequence", "sign", "drill", "stamp"), stay)
    apart = dict.fromkeys(("witness", "monitor", "monitor_key"), never)
    runners = Runners(open=open_installation, load_demo=load_demo, **staying, **apart)

    def run_command(*arguments: str) -> Done:
        code = main(runners, arguments)
        printed = capsys.readouterr()
        return Done(code=code, out=printed.out, err=printed.err)

    with captured_log():
        yield run_command
