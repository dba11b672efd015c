"""The chat on a page, as somebody uses it in a browser."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from playwright.async_api import BrowserContext, Locator, Page, Request, expect

from answerable import tenancy
from answerable.conversations import ConversationId
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from factories.serving import Served

VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """The chat on a page, as somebody uses it."""

    page: Page
    requests: list[str] = field(default_factory=list[str])

    @property
    def bubble(self) -> Locator:
        return self.page.get_by_role("button", name="Open chat")

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name="Write a message")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def said(self) -> Locator:
        return self.page.locator("answerable-chat .said > p")

    @property
    def answers(self) -> Locator:
        return self.page.locator("answerable-chat .answer")

    @property
    def underway(self) -> Locator:
        """Messages that the server has not confirmed."""
        return self.page.locator("answerable-chat .said[data-underway]")

    async def open(self) -> None:
        await self.bubble.click()
        await expect(self.field).to_be_focused()

    async def write(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")


async def visit(context: BrowserContext, address: str) -> Chat:
    page = await context.new_page()
    await page.add_init_script(VIOLATIONS)
    chat = Chat(page=page)
    page.on("request", lambda request: chat.requests.append(address_of(request)))
    await page.goto(address)
    await expect(chat.bubble).to_be_visible()
    return chat


def address_of(request: Request) -> str:
    return request.url


async def kept_by(page: Page) -> dict[str, str]:
    """What the browser remembers of its conversation."""
    kept: dict[str, Any] = await page.evaluate("JSON.parse(Object.values(localStorage)[0])")
    return kept["conversation"]


async def conversation_of(page: Page) -> ConversationId:
    return ConversationId(UUID((await kept_by(page))["id"]))


async def key_of(database: Database, tenant: Actor) -> str:
    async with database.tenant_session(tenant) as db:
        return (await tenancy.get_tenant(db)).public_key


def carrying(served: Served, key: str) -> str:
    """A page of a shop that carries the chat by the one tag that the documentation shows."""
    tag = f'<script async src="{served.origin}/widget/chat.js" data-key="{key}"></script>'
    return f'<!doctype html><html lang="en"><title>A shop</title>{tag}<h1>A shop</h1></html>'


async def overflows(page: Page) -> bool:
    """Whether anything of the chat is wider than what it lies in."""
    script = """
    () => [...document.querySelector("answerable-chat").shadowRoot.querySelectorAll(".log, .chat, .foot, .sheet")]
      .some((one) => one.scrollWidth > one.clientWidth + 1)
      || document.documentElement.scrollWidth > document.documentElement.clientWidth
    """
    return bool(await page.evaluate(script))
