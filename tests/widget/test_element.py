"""The chat in a real browser, against the real application with a worker."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from answerable import conversations, handoff
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from factories.browser import OpenContext, require_chromium
from factories.chat import Chat, carrying, conversation_of, kept_by, key_of, overflows, visit
from factories.contacts import allow
from factories.desks import QUESTION
from factories.inbox import make_member, reply
from factories.serving import Place, Served, run_worker, serve_page, serve_web

QUOTE = "You have 30 days from receipt of the goods to send something back."
HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>",
    "![x](https://evil.example/x.png) [y](javascript:window.hacked=1)",
    "left \u202egnp.exe\u202c right \x00 null",
    "[" * 3_000 + "]" * 3_000,
)


@pytest.fixture
async def address(served: Served, database: Database, shop: Actor) -> str:
    """The page on which the shop's chat is tried."""
    return f"{served.origin}/try/{await key_of(database, shop)}"


@pytest.fixture
async def context(open_context: OpenContext) -> AsyncGenerator[BrowserContext]:
    async with open_context(locale="en-GB", viewport={"width": 1280, "height": 800}) as opened:
        yield opened


@pytest.fixture
async def chat(context: BrowserContext, address: str) -> Chat:
    return await visit(context, address)


def test_without_a_browser_the_tests_fail_and_name_the_remedy() -> None:
    with pytest.raises(AssertionError, match="run `apt-get install chromium`"):
        require_chromium(Path("/nowhere"))


async def test_a_question_is_answered_with_a_quote_whose_passage_opens(chat: Chat) -> None:
    await chat.open()
    await chat.write(QUESTION)

    await expect(chat.answers.locator("blockquote")).to_contain_text(QUOTE)
    await expect(chat.answers.locator(".who")).to_contain_text("AI assistant")
    source = chat.page.get_by_role("button", name="Returns")
    await source.click()
    await expect(chat.page.locator("answerable-chat mark")).to_have_text(QUOTE)
    await expect(chat.page.locator("answerable-chat .sheet")).to_contain_text("Sale items")
    await chat.page.keyboard.press("Escape")
    await expect(source).to_be_focused()


async def test_on_a_page_of_another_site_with_a_strict_policy_nothing_is_violated(
    context: BrowserContext, served: Served, database: Database, shop: Actor
) -> None:
    policy = f"default-src 'none'; script-src {served.origin}; connect-src {served.origin}"
    key = await key_of(database, shop)
    async with serve_page(carrying(served, key), policy=policy) as site:
        await allow(database, shop, site)
        chat = await visit(context, site)
        await chat.open()
        await chat.write(QUESTION)
        await expect(chat.answers).to_have_count(1)
        await chat.page.get_by_role("button", name="Returns").click()
        await expect(chat.page.locator("answerable-chat mark")).to_be_visible()
        violations = await chat.page.evaluate("window.violations")
        cookies = await context.cookies()
        token = (await kept_by(chat.page))["token"]
        elsewhere = [url for url in chat.requests if not url.startswith((served.origin, site))]

    assert (violations, elsewhere, cookies) == ([], [], [])
    assert all(token not in url for url in chat.requests)


async def test_nothing_is_stored_before_the_first_message(chat: Chat) -> None:
    await chat.open()
    await chat.field.fill("Not sent yet")
    before = await chat.page.evaluate("[localStorage.length, sessionStorage.length]")

    await chat.field.press("Enter")
    await expect(chat.answers).to_have_count(1)
    after = await chat.page.evaluate("[localStorage.length, sessionStorage.length]")

    assert before == [0, 0]
    assert after == [1, 0]


async def test_stored_payloads_are_inert(chat: Chat, database: Database, shop: Actor) -> None:
    member = await make_member(database, shop)
    await chat.open()
    for payload in HOSTILE:
        await chat.write(payload)
    await expect(chat.underway).to_have_count(0)
    async with database.tenant_session(member) as db:
        conversation = await handoff.take_over(db, await conversation_of(chat.page))
    for payload in HOSTILE:
        await reply(database, member, conversation, payload)
        async with database.tenant_session(member) as db:
            conversation = await handoff.take_over(db, conversation.id)
    await expect(chat.answers.filter(has_text="[[[[")).to_have_count(1)

    assert await chat.page.evaluate("window.hacked") is None
    assert await chat.page.evaluate("window.violations") == []
    assert {url for url in chat.requests if "evil" in url} == set()
    foreign = "answerable-chat :is(script, img, iframe, a)"
    await expect(chat.page.locator(foreign)).to_have_count(0)
    assert "\u202e" not in await chat.log.inner_text()
    assert await overflows(chat.page) is False


async def test_the_keyboard_is_enough(chat: Chat) -> None:
    page = chat.page
    await page.keyboard.press("Tab")
    await expect(chat.bubble).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(chat.field).to_be_focused()
    await page.keyboard.type(QUESTION)
    await page.keyboard.press("Enter")
    await expect(chat.answers).to_have_count(1)
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="Talk to a person")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="This did not help")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="What was wrong or missing?")).to_be_focused()
    await page.keyboard.type("Too short")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="This did not help")).to_have_attribute(
        "aria-pressed", "true"
    )
    await page.keyboard.press("Escape")

    await expect(chat.bubble).to_be_focused()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_on_a_small_screen_the_panel_covers_it_and_keeps_focus(
    open_context: OpenContext, address: str
) -> None:
    async with open_context(locale="en-GB", viewport={"width": 320, "height": 480}) as context:
        chat = await visit(context, address)
        await chat.open()
        await chat.write(QUESTION)
        await expect(chat.answers).to_have_count(1)
        box = await chat.page.get_by_role("dialog").bounding_box()
        modal = await chat.page.get_by_role("dialog").get_attribute("aria-modal")
        focused: set[str] = set()
        for _ in range(20):
            await chat.page.keyboard.press("Tab")
            focused.add(await chat.page.evaluate("document.activeElement.tagName"))
        wide = await overflows(chat.page)

    assert box == {"x": 0, "y": 0, "width": 320, "height": 480}
    assert (modal, focused, wide) == ("true", {"ANSWERABLE-CHAT"}, False)


async def test_a_reload_goes_on_and_marks_what_is_new(chat: Chat, database: Database, shop: Actor) -> None:
    member = await make_member(database, shop)
    await chat.open()
    await chat.write(QUESTION)
    await expect(chat.answers).to_have_count(1)
    conversation_id = await conversation_of(chat.page)
    await chat.page.reload()
    await expect(chat.page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()
    async with database.tenant_session(member) as db:
        conversation = await handoff.take_over(db, conversation_id)
    await reply(database, member, conversation, "A person here.")

    unread = chat.page.get_by_role("button", name="Open chat, 1 new reply")
    await expect(unread).to_be_visible()
    await expect(chat.page.locator("answerable-chat .teaser")).to_contain_text("A person here.")
    await unread.click()

    await expect(chat.said).to_have_count(1)
    await expect(chat.answers).to_have_count(2)
    await expect(chat.page.locator("answerable-chat .head")).to_contain_text("A person answers here")


async def test_a_second_window_goes_on_and_both_see_the_same(chat: Chat, address: str) -> None:
    await chat.open()
    await chat.write(QUESTION)
    await expect(chat.answers).to_have_count(1)
    other = await visit(chat.page.context, address)
    await other.open()
    await expect(other.answers).to_have_count(1)

    await other.write("Thank you!")

    for each in (chat, other):
        await expect(each.said).to_have_count(2)
        await expect(each.answers).to_have_count(2)
    assert await conversation_of(chat.page) == await conversation_of(other.page)


async def test_first_messages_of_two_windows_begin_one_conversation(
    chat: Chat, address: str, database: Database, shop: Actor
) -> None:
    other = await visit(chat.page.context, address)
    await other.open()
    await chat.page.bring_to_front()
    await chat.open()

    await asyncio.gather(chat.write("First"), other.write("Second"))

    for each in (chat, other):
        await each.page.bring_to_front()
        await expect(each.said).to_have_count(2)
        await expect(each.underway).to_have_count(0)
    async with database.tenant_session(shop) as db:
        begun = await conversations.list_all(db)
    assert len(begun) == 1


async def test_what_is_written_offline_is_sent_once_there_is_a_connection(chat: Chat) -> None:
    await chat.open()
    await chat.page.context.set_offline(True)
    await chat.write(QUESTION)
    await expect(chat.page.get_by_text("No connection.")).to_be_visible()
    await expect(chat.underway).to_have_count(1)

    await chat.page.context.set_offline(False)

    await expect(chat.answers).to_have_count(1)
    await expect(chat.said).to_have_count(1)
    await expect(chat.page.get_by_text("No connection.")).to_have_count(0)


async def test_a_server_restart_under_an_open_chat_loses_nothing(
    place: Place, context: BrowserContext, database: Database, shop: Actor
) -> None:
    key = await key_of(database, shop)
    async with serve_web(place) as first:
        port = int(first.origin.rpartition(":")[2])
        chat = await visit(context, f"{first.origin}/try/{key}")
        await chat.open()
        await chat.write("Hello")
        await expect(chat.underway).to_have_count(0)
    await chat.write(QUESTION)
    await expect(chat.page.get_by_text("No connection.")).to_be_visible()

    async with serve_web(place, port=port) as second, run_worker(place, second.desk):
        await expect(chat.answers.locator("blockquote")).to_contain_text(QUOTE)
        await expect(chat.said).to_have_count(2)


async def test_a_person_is_asked_for_with_an_address_when_nobody_is_there(chat: Chat) -> None:
    await chat.open()
    await chat.page.get_by_role("button", name="Talk to a person").click()
    field = chat.page.get_by_role("textbox", name="E-mail address")
    await expect(field).to_be_focused()
    await field.fill("nonsense")
    await field.press("Enter")
    await expect(chat.page.get_by_role("alert")).to_have_text("Write an address such as anna@example.com.")
    await field.fill("anna@example.com")
    await field.press("Enter")

    await expect(chat.answers).to_contain_text("within 24 hours")
    await expect(chat.page.locator("answerable-chat .head")).to_contain_text("Waiting for a person")
    await expect(chat.page.get_by_role("button", name="Talk to a person")).to_have_count(0)


async def test_a_closed_conversation_offers_a_new_one(chat: Chat, database: Database, shop: Actor) -> None:
    member = await make_member(database, shop)
    await chat.open()
    await chat.write("Hello")
    await expect(chat.answers).to_have_count(1)
    first = await conversation_of(chat.page)
    async with database.tenant_session(member) as db:
        await handoff.close_conversation(db, first)

    await chat.page.get_by_role("button", name="Begin a new conversation").click()
    await chat.write(QUESTION)

    await expect(chat.said).to_have_count(1)
    await expect(chat.answers.locator("blockquote")).to_contain_text(QUOTE)
    assert await conversation_of(chat.page) != first


async def test_files_are_refused_in_words(chat: Chat) -> None:
    await chat.open()

    await chat.page.evaluate(
        """() => {
          const carried = new DataTransfer();
          carried.items.add(new File(["x"], "photo.png", { type: "image/png" }));
          const place = document.querySelector("answerable-chat").shadowRoot.querySelector("textarea");
          const how = { clipboardData: carried, bubbles: true, composed: true };
          place.dispatchEvent(new ClipboardEvent("paste", how));
        }"""
    )

    await expect(chat.page.get_by_text("Files cannot be sent here yet.")).to_be_visible()


async def test_the_chat_speaks_the_pages_language_and_keeps_what_its_tag_says(chat: Chat) -> None:
    told = await chat.page.evaluate(
        """() => new Promise((resolve) => {
          document.querySelector("answerable-chat").remove();
          document.documentElement.lang = "de-AT";
          const heard = [];
          for (const name of ["ready", "opened", "closed"])
            document.addEventListener(`answerable:${name}`, () => heard.push(name));
          const first = document.querySelector("script[data-key]");
          const script = document.createElement("script");
          script.src = first.src;
          script.dataset.key = first.dataset.key;
          script.dataset.theme = "dark";
          script.dataset.position = "left";
          script.dataset.open = "";
          document.addEventListener("answerable:opened", (event) => {
            const chat = event.target;
            chat.close();
            resolve({ heard, theme: getComputedStyle(chat).colorScheme });
          });
          document.head.append(script);
        })"""
    )

    assert told == {"heard": ["ready", "opened", "closed"], "theme": "dark"}
    bubble = chat.page.get_by_role("button", name="Chat öffnen")
    box = await bubble.bounding_box()
    assert box is not None
    assert box["x"] < 100


async def test_a_page_that_is_not_allowed_is_told_what_to_do(
    context: BrowserContext, served: Served, database: Database, shop: Actor
) -> None:
    key = await key_of(database, shop)
    async with serve_page(carrying(served, key)) as site:
        chat = await visit(context, site)
        await chat.open()

        await expect(chat.page.get_by_text("This chat is not set up for this page.")).to_be_visible()


async def test_both_languages_have_the_same_texts_with_the_same_gaps(chat: Chat) -> None:
    texts: dict[str, dict[str, str]] = await chat.page.evaluate(
        """async () => {
          const link = document.querySelector("link[rel=stylesheet]").href;
          return (await import(new URL("texts.js", link).href)).TEXTS;
        }"""
    )

    gaps = {
        language: {
            key: sorted(part.split("}")[0] for part in text.split("{")[1:]) for key, text in each.items()
        }
        for language, each in texts.items()
    }
    assert gaps["en"] == gaps["de"]
    assert all(text.strip() for each in texts.values() for text in each.values())
