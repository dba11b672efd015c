"""Looking at pages as a member: signed in, with everything noticed that a page must never do."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, Response

from answerable import identity
from answerable.dashboard.frame.signing_in import COOKIE
from answerable.infra.ids import Actor
from answerable.tenancy import Role
from factories.browser import OpenContext
from factories.members import make_member
from factories.running import Running

# Chromium tells of every refused document of its own accord; that it was refused is what the test looks at.
EXPECTED = "Failed to load resource: the server responded with a status of "
TOLD = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`violation of ${event.effectiveDirective}: ${event.blockedURI || event.sourceFile}`));
"""


Carry = Callable[[BrowserContext], Awaitable[None]]
"""Gives a profile something that all of its pages carry."""


@dataclass(kw_only=True)  # neither frozen nor slotted: Playwright marks whatever listens to it
class Visit:
    """A browser of one person, and what was noticed in it."""

    origin: str
    context: BrowserContext
    page: Page
    noticed: list[str] = field(default_factory=list[str])
    """Dialogs, errors of scripts, violations of the policy, requests to elsewhere."""

    async def go(self, path: str) -> Response:
        """Open an address of the product and wait until it stands still."""
        answer = await self.page.goto(self.origin + path)
        assert answer is not None
        await self.settle()
        return answer

    async def ask(self, question: str) -> None:
        """Write into the page's question and send it."""
        field = self.page.locator("main [name=question]")
        await field.fill(question)
        await field.evaluate("(field) => field.form.requestSubmit()")
        await self.page.wait_for_load_state("networkidle")
        await self.settle()

    async def settle(self) -> None:
        """Wait until style sheets, scripts and first swaps are there, and nothing moves any more."""
        await self.page.wait_for_load_state("load")
        await self.page.evaluate(
            "() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})))"
        )

    def listen(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.noticed.append(f"error: {error}"))
        page.on("dialog", self._dismiss)
        page.on("request", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
            self.noticed.append(f"console: {message.text}")

    async def _dismiss(self, dialog: Dialog) -> None:
        self.noticed.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _see(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.noticed.append(f"request: {request.url}")


@asynccontextmanager
async def open_visit(
    open_context: OpenContext,
    origin: str,
    *,
    token: str | None = None,
    carries: Carry | None = None,
    **options: object,
) -> AsyncGenerator[Visit]:
    """A profile of its own in English; with a token, that of a member who has signed in."""
    wanted = {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
    async with open_context(**(wanted | options)) as context:
        if token is not None:
            await context.add_cookies(
                # Chromium takes a secure cookie for this machine, which it trusts without TLS.
                [{"name": COOKIE, "value": token, "url": origin.replace("http:", "https:"), "secure": True}]
            )
        visit = Visit(origin=origin, context=context, page=await context.new_page())
        await context.add_init_script(TOLD)
        if carries is not None:
            await carries(context)
        visit.listen(visit.page)
        context.on("page", visit.listen)
        yield visit


async def make_token(running: Running, tenant: Actor, role: Role = Role.OWNER) -> str:
    """What signs a member of that role in."""
    _member, email = await make_member(running.database, tenant, role)
    async with running.database.tenant_session(tenant) as db:
        link = await identity.make_sign_in_link(db, email)
    return await identity.sign_in(running.database, link.token)
