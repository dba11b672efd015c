"""Two workspaces for all tests of pages, one full of everything and one in which nothing has happened."""

import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, Literal, Protocol

import pytest
from playwright.async_api import Page

from answerable.infra.ids import Actor
from factories.browser import OpenContext
from factories.lived import Lived, make_lived
from factories.running import Running
from factories.shown import Shown
from factories.visits import Carry, Visit, make_token, open_visit

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
SIZES: Final = ((1440, 900), (400, 800))
FORMS: Final[tuple[tuple[Theme, tuple[int, int]], ...]] = tuple(product(THEMES, SIZES))
PICTURES: Final = Path(
    os.environ.get("ANSWERABLE_TEST_PICTURES") or Path(__file__).parents[2] / "artefacts" / "pictures"
)


async def put_on(page: Page, theme: Theme, size: tuple[int, int]) -> None:
    await page.emulate_media(color_scheme=theme)
    await page.set_viewport_size({"width": size[0], "height": size[1]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspaces:
    """What there is to look at, and what signs its owners in."""

    lived: Lived
    lived_token: str
    bare: Actor
    bare_token: str

    def token_for(self, shown: Shown) -> str | None:
        if not shown.signed_in:
            return None
        return self.bare_token if shown.empty else self.lived_token


class OpenPage(Protocol):
    """Opens a page as whoever may see it."""

    def __call__(
        self, shown: Shown, *, carries: Carry | None = None, **options: object
    ) -> AbstractAsyncContextManager[Visit]: ...


@pytest.fixture(scope="session")
async def workspaces(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Workspaces:
    PICTURES.mkdir(parents=True, exist_ok=True)
    lived = await make_lived(running, tmp_path_factory.mktemp("documents"))
    bare = await running.make_tenant("Nothing yet")
    return Workspaces(
        lived=lived,
        lived_token=await make_token(running, lived.tenant),
        bare=bare,
        bare_token=await make_token(running, bare),
    )


@pytest.fixture
def open_page(running: Running, workspaces: Workspaces, open_context: OpenContext) -> OpenPage:
    @asynccontextmanager
    async def opened(
        shown: Shown, *, carries: Carry | None = None, **options: object
    ) -> AsyncGenerator[Visit]:
        token = workspaces.token_for(shown)
        visiting = open_visit(open_context, running.origin, token=token, carries=carries, **options)
        async with visiting as visit:
            answer = await visit.go(shown.path(workspaces.lived))
            assert answer.status == shown.status, visit.page.url
            if shown.asks:
                await visit.ask(shown.asks)
            yield visit

    return opened
