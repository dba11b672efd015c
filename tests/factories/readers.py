"""Members who read a log through the API, each in a database of its own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from answerable.api import Web, create_api, routers
from answerable.infra.ids import Actor
from answerable.infra.postgres import Server
from answerable.infra.schema import EXPECTED_REVISION
from answerable.infra.settings import Settings
from answerable.tenancy import Role
from factories.http import Client, Response, open_client
from factories.logbook import Logbook, opened_logbook
from factories.members import Browser, sign_in

ROOT = "/v1/audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A member who reads a log in a database of its own."""

    book: Logbook
    client: Client
    tenant: Actor
    browser: Browser

    async def get(self, path: str, **params: object) -> Response:
        return await self.client.get(ROOT + path, headers=self.browser.cookie, params=params)  # pyright: ignore[reportArgumentType]

    async def list_all(self, **params: object) -> list[dict[str, object]]:
        return (await self.get("/events", limit=200, **params)).json()["items"]


@asynccontextmanager
async def opened_reader(server: Server, settings: Settings, folder: Path) -> AsyncGenerator[Reader]:
    """An owner who is signed in, and the log of their workspace."""
    async with opened_logbook(server, settings, folder) as book:
        web = Web(database=book.database, expected_revision=EXPECTED_REVISION)
        async with open_client(create_api(web, routers=routers)) as client:
            tenant = await book.make_tenant()
            browser = await sign_in(book.database, client, tenant, Role.OWNER)
            yield Reader(book=book, client=client, tenant=tenant, browser=browser)
