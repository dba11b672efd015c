"""The record and the playground in a real browser: keys, sliders, paper, and no script at all."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from answerable import answering
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from factories.browser import OpenContext
from factories.desks import QUESTION, write
from factories.http import Client
from factories.members import Browser, sign_in
from factories.pages import signed_in
from factories.serving import Place, serve_product, serve_web
from factories.shops import Shop, open_shop

PATIENCE_MS = 40_000
"""A machine with neighbours may keep a worker waiting."""


@pytest.fixture
async def shop(database: Database, acme: Actor, tmp_path: Path) -> Shop:
    return await open_shop(database, acme, tmp_path)


@pytest.fixture
async def owner(database: Database, client: Client, acme: Actor) -> Browser:
    return await sign_in(database, client, acme)


async def test_the_keyboard_leads_through_turns_heights_and_steps(
    open_context: OpenContext, place: Place, owner: Browser, shop: Shop
) -> None:
    conversation_id = await write(shop.desk, shop.actor, QUESTION)
    first = await shop.answer(conversation_id)
    await write(shop.desk, shop.actor, "Thanks!", conversation_id=conversation_id)
    second = await shop.answer(conversation_id)

    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/records/{first}")
        await page.keyboard.press("j")
        await page.wait_for_url(f"**/records/{second}")
        await page.keyboard.press("k")
        await page.wait_for_url(f"**/records/{first}")
        await page.keyboard.press("3")
        await page.wait_for_url("**#proof")
        await page.keyboard.press("2")
        await page.wait_for_url("**#chain")
        await page.locator("#step-1 > summary").focus()
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#step-2 > summary")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#p1 > summary")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#p1 mark")).to_be_visible()
        await page.keyboard.press("ArrowUp")
        await expect(page.locator("#step-2 > summary")).to_be_focused()


async def test_on_paper_everything_is_open_and_nothing_to_press_is_left(
    open_context: OpenContext, place: Place, owner: Browser, shop: Shop
) -> None:
    turn_id = await shop.ask()

    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/records/{turn_id}")
        await page.emulate_media(media="print")

        await expect(page.locator("nav.nav")).to_be_hidden()
        await expect(page.locator(".record-actions")).to_be_hidden()
        await expect(page.locator("#step-1 .step-body")).to_be_visible()
        assert await page.locator("time[data-when]").count() == 0


async def test_the_sliders_choose_among_what_was_decided(
    open_context: OpenContext, place: Place, owner: Browser, shop: Shop
) -> None:
    async with shop.desk.database.tenant_session(owner.actor) as db:
        conversation = await answering.try_out(db, QUESTION, language=None)
    await shop.answer(conversation.id)

    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/playground/{conversation.id}")
        requests: list[str] = []
        # The stream of what happens in the workspace begins by itself, when the page has settled.
        own = ("/static/", "/dashboard/v1/events")
        page.on(
            "request",
            lambda one: None if any(part in one.url for part in own) else requests.append(one.url),
        )
        chosen = page.locator("[data-what-if] td[aria-current]")
        await expect(chosen).to_contain_text("Reply")

        await page.locator("#what-if-threshold").fill("1")
        await expect(chosen).to_contain_text("Handoff")
        await expect(page.locator("[data-said]")).to_contain_text("passed your question on")
        await page.locator("#what-if-threshold").fill("0")
        await page.get_by_label("Draft", exact=True).check()
        await expect(chosen).to_contain_text("Draft")
        assert requests == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_a_question_is_asked_and_answered_by_the_worker(
    open_context: OpenContext, place: Place, owner: Browser, shop: Shop, *, scripts: bool
) -> None:
    assert shop.actor.tenant_id == owner.actor.tenant_id

    async with (
        serve_product(place) as served,
        signed_in(open_context, served, owner, java_script_enabled=scripts) as page,
    ):
        await page.goto(f"{served.origin}/playground")
        await page.get_by_role("textbox", name="Question").fill(QUESTION)
        if scripts:
            await page.keyboard.press("Control+Enter")
        else:
            await page.get_by_role("button", name="Ask the assistant").click()

        await expect(page.locator("#story")).to_contain_text(QUESTION, timeout=PATIENCE_MS)
        await expect(page.locator("#chain")).to_contain_text("Passages found: 1")


@pytest.mark.parametrize("width", [1440, 400, 320])
async def test_no_page_is_wider_than_its_window(
    open_context: OpenContext, place: Place, owner: Browser, shop: Shop, width: int
) -> None:
    turn_id = await shop.ask("Wie lange kann ich " + "Donaudampfschifffahrtsgesellschaft" * 20 + "?")
    async with shop.desk.database.tenant_session(owner.actor) as db:
        conversation = await answering.try_out(db, QUESTION * 20, language=None)
    await shop.answer(conversation.id)

    async with (
        serve_web(place) as served,
        signed_in(open_context, served, owner, viewport={"width": width, "height": 800}) as page,
    ):
        for address in (f"/records/{turn_id}", "/playground", f"/playground/{conversation.id}"):
            await page.goto(served.origin + address)
            await page.evaluate(
                "for (const one of document.querySelectorAll('main details')) one.open = true"
            )
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, address
