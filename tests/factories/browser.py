"""A real browser for tests: Debian's Chromium, driven without a download, that knows nobody but this machine."""

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

CHROMIUM = Path("/usr/bin/chromium")
REMEDY = f"{CHROMIUM} is missing: run `apt-get install chromium`."
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A machine of two cores that runs everything else beside it is slow now and then; what is wrong stays wrong.
expect.set_options(timeout=20_000)
THIS_MACHINE = re.compile(r"(https?|wss?)://(127\.0\.0\.1|localhost)(:\d+)?/|(data|blob|about):")

OpenContext = Callable[..., AbstractAsyncContextManager[BrowserContext]]


def require_chromium(path: Path = CHROMIUM) -> None:
    assert path.exists(), REMEDY


@asynccontextmanager
async def open_browser() -> AsyncGenerator[Browser]:
    """Chromium without a window."""
    require_chromium()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest.fixture
def open_context(browser: Browser) -> OpenContext:
    """Open a profile of its own: `async with open_context(locale="de", color_scheme="dark") as context`."""

    @asynccontextmanager
    async def open_one(**options: object) -> AsyncGenerator[BrowserContext]:
        context = await browser.new_context(**options)  # pyright: ignore[reportArgumentType] - Playwright's own
        context.set_default_timeout(20_000)
        # Whatever the page wants from elsewhere fails, and a test that counts requests sees that it was wanted.
        await context.route(lambda url: not THIS_MACHINE.match(url), lambda route: route.abort())
        try:
            yield context
        finally:
            await context.close()

    return open_one


@pytest.fixture
async def page(open_context: OpenContext) -> AsyncGenerator[Page]:
    """A page of a profile of its own, in English."""
    async with open_context(locale="en-GB", viewport={"width": 1280, "height": 800}) as context:
        yield await context.new_page()
