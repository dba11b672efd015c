"""The settings in a real browser: the preview, the line to copy, what is not saved, the slider, no script."""

import pytest
from playwright.async_api import Dialog, Page, expect

from answerable import tenancy
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from answerable.tenancy import Tenant
from factories.browser import OpenContext
from factories.http import Client
from factories.members import Browser, sign_in
from factories.pages import signed_in
from factories.serving import Place, serve_web

NARROW = {"width": 400, "height": 800}


@pytest.fixture
async def owner(database: Database, client: Client, acme: Actor) -> Browser:
    return await sign_in(database, client, acme)


async def read(database: Database, actor: Actor) -> Tenant:
    async with database.tenant_session(actor) as db:
        return await tenancy.get_tenant(db)


async def test_the_preview_shows_the_widget_in_its_colour(
    open_context: OpenContext, place: Place, owner: Browser
) -> None:
    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/settings/widget")
        await page.fill("#brand_colour", "#7a1f3d")
        await page.click("text=Save settings")

        bubble = page.frame_locator("iframe").locator("answerable-chat button.bubble")
        await expect(bubble).to_be_visible()
        await expect(bubble).to_have_css("background-color", "rgb(122, 31, 61)")
        await bubble.click()
        await expect(page.frame_locator("iframe").get_by_role("dialog")).to_be_visible()


async def test_the_line_for_pages_is_copied(
    open_context: OpenContext, place: Place, database: Database, owner: Browser
) -> None:
    options = {"permissions": ["clipboard-read", "clipboard-write"]}
    async with serve_web(place) as served, signed_in(open_context, served, owner, **options) as page:
        await page.goto(f"{served.origin}/settings/widget")
        await page.click("text=Copy the line")

        await expect(page.locator("#toasts")).to_contain_text("Copied.")
        copied = await page.evaluate("navigator.clipboard.readText()")

    key = (await read(database, owner.actor)).public_key
    assert copied == f'<script async src="{served.origin}/widget/chat.js" data-key="{key}"></script>'


async def test_who_leaves_with_something_unsaved_is_asked(
    open_context: OpenContext, place: Place, owner: Browser
) -> None:
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        page.on("dialog", stay)
        await page.goto(f"{served.origin}/settings")
        await expect(page.locator("[data-unsaved]")).to_be_hidden()
        await page.fill("#name", "Another shop")
        await expect(page.locator("[data-unsaved]")).to_be_visible()
        await page.click("nav.tabs >> text=History")
        await expect(page.locator("#name")).to_have_value("Another shop")
        await page.fill("#name", "A shop")
        await expect(page.locator("[data-unsaved]")).to_be_hidden()
        await page.click("nav.tabs >> text=History")
        await page.wait_for_url("**/settings/history")

    assert asked == ["beforeunload"]


async def test_the_slider_and_the_number_say_the_same_and_what_it_means(
    open_context: OpenContext, place: Place, database: Database, owner: Browser
) -> None:
    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/settings/answering")
        await page.fill("#threshold", "0.9")
        await expect(page.locator("#meaning")).to_contain_text("Of 29 replies 29 were right")
        slider = page.get_by_label("Move the threshold")
        await expect(slider).to_have_value("0.9")
        await slider.press("ArrowLeft")
        await expect(page.locator("#threshold")).to_have_value("0.895")
        await expect(page.locator("#threshold_by_own")).to_be_checked()
        await page.click("text=Save settings")
        await expect(page.locator("text=Version 2 holds from now on.")).to_be_visible()

    assert (await read(database, owner.actor)).threshold == 0.895


async def test_everything_works_without_scripts(
    open_context: OpenContext, place: Place, database: Database, owner: Browser
) -> None:
    options = {"java_script_enabled": False, "viewport": NARROW}
    async with serve_web(place) as served, signed_in(open_context, served, owner, **options) as page:
        await page.goto(f"{served.origin}/settings/answering")
        await page.check("input[name=posture][value=draft]")
        await page.click("text=Save settings")
        await expect(page.locator("text=Version 2 holds from now on.")).to_be_visible()
        drafting = await read(database, owner.actor)
        await page.click("text=Undo")
        await page.wait_for_url("**/settings/history")

    assert drafting.posture == "draft"
    assert (await read(database, owner.actor)).posture == "auto"


@pytest.mark.parametrize(
    "path", ["/settings", "/settings/widget", "/settings/answering", "/settings/history"]
)
async def test_nothing_is_wider_than_a_small_phone(
    open_context: OpenContext, place: Place, owner: Browser, path: str
) -> None:
    viewport = {"width": 320, "height": 640}
    async with serve_web(place) as served, signed_in(open_context, served, owner, viewport=viewport) as page:
        await page.goto(f"{served.origin}{path}")

        assert await _overflow(page) <= 0


async def _overflow(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))
