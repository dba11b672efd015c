"""Pages of the product in a real browser, in which a member has signed in."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from playwright.async_api import Page

from answerable.dashboard.frame.signing_in import COOKIE
from factories.browser import OpenContext
from factories.members import Browser
from factories.serving import Served


@asynccontextmanager
async def signed_in(
    open_context: OpenContext, served: Served, member: Browser, **options: object
) -> AsyncGenerator[Page]:
    """A page of the member's; what goes wrong in its scripts, or is against the policy, fails the test."""
    async with open_context(locale="en-GB", **options) as context:
        cookie = {"name": COOKIE, "value": member.token, "url": served.origin.replace("http:", "https:")}
        await context.add_cookies([{**cookie, "secure": True}])  # pyright: ignore[reportArgumentType]
        page = await context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        yield page
        assert wrong == []
