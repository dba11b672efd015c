"""Conversations in a real browser: kept up to date, two members at once, everything by keyboard."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, Page, expect

from answerable import conversations, identity
from answerable.conversations import ConversationId
from answerable.conversations.values import Author, Delivery
from answerable.dashboard.frame.signing_in import COOKIE
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from factories.browser import OpenContext
from factories.inbox import hear, make_member, settle
from factories.serving import Place, Served, serve_web


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A workspace that is served, and two of its members."""

    served: Served
    tenant: Actor
    anna: Actor
    ben: Actor


@pytest.fixture
async def team(database: Database, place: Place, acme: Actor) -> AsyncGenerator[Team]:
    anna = await make_member(database, acme, "anna@example.com")
    ben = await make_member(database, acme, "ben@example.com")
    async with serve_web(place) as served:
        yield Team(served=served, tenant=acme, anna=anna, ben=ben)


async def enter(database: Database, team: Team, context: BrowserContext, email: str) -> Page:
    """A page of a browser in which that member has signed in."""
    async with database.tenant_session(team.tenant) as db:
        link = await identity.make_sign_in_link(db, email)
    token = await identity.sign_in(database, link.token)
    host = urlsplit(team.served.origin)
    await context.add_cookies(
        [{"name": COOKIE, "value": token, "url": f"https://{host.netloc}", "secure": True, "httpOnly": True}]
    )
    return await context.new_page()


async def messages(
    database: Database, team: Team, asked: ConversationId
) -> list[tuple[Author, str | None, Delivery]]:
    async with database.tenant_session(team.tenant) as db:
        dialogue = await conversations.view(db, asked)
    return [(one.author, one.text, one.delivery) for one in dialogue.messages]


async def test_a_new_message_appears_by_itself_and_what_is_being_written_stays(
    database: Database, team: Team, open_context: OpenContext
) -> None:
    asked = await hear(database, team.tenant, "Hello?")
    async with open_context(locale="en-GB", viewport={"width": 1440, "height": 900}) as context:
        page = await enter(database, team, context, "anna@example.com")
        await page.goto(f"{team.served.origin}/conversations/{asked}")
        field = page.get_by_role("textbox", name="Your message to")
        await field.fill("I am just writ")

        await hear(database, team.tenant, "Is anybody there?", within=asked)

        await expect(page.get_by_role("log")).to_contain_text("Is anybody there?")
        await expect(field).to_have_value("I am just writ")
        await expect(field).to_be_focused()
        await field.press("Control+Enter")
        await expect(page.get_by_role("log")).to_contain_text("I am just writ")
        await expect(page.get_by_role("textbox", name="Your message to")).to_have_value("")
    assert (await messages(database, team, asked))[-1][:2] == (Author.MEMBER, "I am just writ")


async def test_two_members_see_each_other_and_the_slower_one_loses_nothing(
    database: Database, team: Team, open_context: OpenContext
) -> None:
    asked = await hear(database, team.tenant, "Hello?")
    async with open_context(locale="en-GB") as one, open_context(locale="en-GB") as other:
        annas = await enter(database, team, one, "anna@example.com")
        await annas.goto(f"{team.served.origin}/conversations/{asked}")
        bens = await enter(database, team, other, "ben@example.com")
        await bens.goto(f"{team.served.origin}/conversations/{asked}")

        await expect(annas.locator("#present")).to_contain_text("ben has this open too")
        await annas.get_by_role("textbox", name="Your message to").type("From Anna")
        await expect(bens.locator("#present")).to_contain_text("anna is writing")
        # Ben's page is cut off, so that it cannot learn of what happens next.
        await bens.route("**/talk*", lambda route: route.abort())
        await bens.get_by_role("textbox", name="Your message to").fill("From Ben")
        await annas.get_by_role("button", name="Send reply").click()
        await expect(annas.get_by_role("log")).to_contain_text("From Anna")
        await bens.get_by_role("button", name="Send reply").click()

        await expect(bens.get_by_role("alert")).to_contain_text("Nothing was sent, and nothing is lost")
        await expect(bens.get_by_role("log")).to_contain_text("From Anna")
        await expect(bens.get_by_role("textbox", name="Your message to")).to_have_value("From Ben")
        await bens.get_by_role("button", name="Send reply all the same").click()
        await expect(bens.get_by_role("log")).to_contain_text("From Ben")
    assert [text for _author, text, _delivery in await messages(database, team, asked)][1:] == [
        "From Anna",
        "From Ben",
    ]


async def test_a_day_at_the_inbox_needs_no_mouse(
    database: Database, team: Team, open_context: OpenContext
) -> None:
    first = await hear(database, team.tenant, "The first question")
    second = await hear(database, team.tenant, "The second question")
    for asked in (first, second):
        await settle(database, team.tenant, asked)
    async with open_context(locale="en-GB", viewport={"width": 1440, "height": 900}) as context:
        page = await enter(database, team, context, "anna@example.com")
        await page.goto(f"{team.served.origin}/conversations")

        await page.keyboard.press("j")
        await expect(page.get_by_role("log")).to_contain_text("The first question")
        await page.keyboard.press("j")
        await expect(page.get_by_role("log")).to_contain_text("The second question")
        await page.keyboard.press("k")
        await expect(page.get_by_role("log")).to_contain_text("The first question")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("log")).to_contain_text("sent the assistant's draft as it was")
        await page.keyboard.press("t")
        await expect(page.get_by_role("log")).to_contain_text("anna took over")
        await page.keyboard.press("Shift+C")
        await expect(page.get_by_role("log")).to_contain_text("anna closed the conversation")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("Next conversation")
    assert (await messages(database, team, first))[1][2] is Delivery.SENT


async def test_writing_in_the_composer_never_sends_the_draft(
    database: Database, team: Team, open_context: OpenContext
) -> None:
    asked = await hear(database, team.tenant, "A question")
    await settle(database, team.tenant, asked, said="The draft")
    async with open_context(locale="en-GB") as context:
        page = await enter(database, team, context, "anna@example.com")
        await page.goto(f"{team.served.origin}/conversations/{asked}")
        field = page.get_by_role("textbox", name="Your message to")
        await field.fill("My own words")
        await field.press("Control+Enter")

        await expect(page.get_by_role("log")).to_contain_text("My own words")
    assert (await messages(database, team, asked))[1:] == [
        (Author.ASSISTANT, "The draft", Delivery.WITHDRAWN),
        (Author.MEMBER, "My own words", Delivery.DELIVERED),
    ]


async def test_one_browser_holds_one_stream_however_many_pages_it_has(
    database: Database, team: Team, open_context: OpenContext
) -> None:
    asked = await hear(database, team.tenant, "A question")
    async with open_context(locale="en-GB") as context:
        first = await enter(database, team, context, "anna@example.com")
        await first.goto(f"{team.served.origin}/conversations")
        second = await context.new_page()
        await second.goto(f"{team.served.origin}/conversations")
        streams = await count_streams(team, expected=1)

        await hear(database, team.tenant, "And another", within=asked)

        await expect(first.locator("#rows")).to_contain_text("And another")
        await expect(second.locator("#rows")).to_contain_text("And another")
        assert (streams, team.served.web.hub.subscribers) == (1, 1)


async def test_a_page_that_nobody_sees_holds_no_stream_and_catches_up_when_it_is_seen(
    database: Database, team: Team, open_context: OpenContext
) -> None:
    asked = await hear(database, team.tenant, "A question")
    async with open_context(locale="en-GB") as context:
        page = await enter(database, team, context, "anna@example.com")
        await page.goto(f"{team.served.origin}/conversations")
        seen = await count_streams(team, expected=1)

        await show(page, "hidden")
        hidden = await count_streams(team, expected=0)
        await hear(database, team.tenant, "Said meanwhile", within=asked)
        await show(page, "visible")

        await expect(page.locator("#rows")).to_contain_text("Said meanwhile")
        assert (seen, hidden, await count_streams(team, expected=1)) == (1, 0, 1)


async def show(page: Page, state: str) -> None:
    """Have the page believe that it is seen or not: a browser without a window never hides one."""
    await page.evaluate(
        """state => {
            Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


async def count_streams(team: Team, *, expected: int) -> int:
    """How many streams are held, once it is as many as expected or has been too long in coming."""
    for _try in range(200):
        if team.served.web.hub.subscribers == expected:
            break
        await asyncio.sleep(0.05)
    return team.served.web.hub.subscribers
