"""What others stored comes out as text on every page and in every file: nothing runs, loads or turns round."""

from typing import Final

import pytest
from playwright.async_api import expect

from answerable.dashboard.frame.signing_in import COOKIE
from factories.browser import OpenContext
from factories.chat import Chat
from factories.hostile import ASKED, make_hostile
from factories.http import open_socket_client
from factories.lived import ANSWERED, Lived
from factories.running import Running
from factories.shown import PAGES
from factories.visits import make_token, open_visit

pytestmark = pytest.mark.xdist_group("browser")

FOREIGN: Final = """
() => [...document.querySelectorAll("script:not([src^='/']), img, object, embed, a[href^='javascript:'],"
  + " iframe:not([src^='/try/']), base, [onclick], [onerror]")].map((one) => one.outerHTML.slice(0, 200))
"""
TURNING: Final = """
() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!/[\\u202a-\\u202e\\u2066-\\u2069]/.test(walker.currentNode.data)) continue;
    const around = getComputedStyle(walker.currentNode.parentElement);
    // A block of its own ends what turns letters round; within a line only isolation does.
    if (around.display === "inline" && !/isolate|plaintext/.test(around.unicodeBidi))
      found.push(`turns its line: ${walker.currentNode.parentElement.outerHTML.slice(0, 200)}`);
  }
  return found;
}
"""
SHOWN_WITH: Final = frozenset({"document", "record-reply", "knowledge", "settings", "conversation-replied"})
"""Pages on which the payload itself must stand, as text."""


@pytest.fixture(scope="module")
async def hostile(running: Running) -> Lived:
    return await make_hostile(running)


async def test_on_every_page_what_others_stored_is_text(
    running: Running, hostile: Lived, open_context: OpenContext
) -> None:
    token = await make_token(running, hostile.tenant)
    wrong: dict[str, list[str]] = {}
    telling: set[str] = set()
    async with open_visit(open_context, running.origin, token=token) as visit:
        for shown in PAGES:
            if not shown.signed_in or shown.empty:
                continue
            await visit.go(shown.path(hostile))
            if shown.asks:
                await visit.ask(ASKED)
            foreign, turning = [await visit.page.evaluate(script) for script in (FOREIGN, TURNING)]
            wrong[shown.name] = [*visit.noticed, *foreign, *turning]
            visit.noticed.clear()
            if "alert('ran')" in await visit.page.inner_text("body"):
                telling.add(shown.name)

    assert {name: found for name, found in wrong.items() if found} == {}
    assert telling >= SHOWN_WITH


async def test_in_the_chat_what_documents_say_is_text(
    running: Running, hostile: Lived, open_context: OpenContext
) -> None:
    async with open_visit(open_context, running.origin) as visit:
        await visit.go(f"/try/{hostile.public_key}")
        chat = Chat(page=visit.page)
        await chat.open()
        await chat.write(ASKED)
        await expect(chat.answers.last).to_contain_text("alert('ran')")
        await visit.page.locator("answerable-chat .sources button").first.click()
        await expect(visit.page.locator("answerable-chat mark")).to_be_visible()

        assert visit.noticed == []
        await expect(visit.page.locator("answerable-chat :is(script, img, iframe, a)")).to_have_count(0)


async def test_a_record_that_is_taken_away_is_a_file_and_nothing_that_a_browser_runs(
    running: Running, hostile: Lived
) -> None:
    token = await make_token(running, hostile.tenant)
    async with open_socket_client(running.origin) as client:
        answer = await client.get(
            f"/records/{hostile.turns[ANSWERED]}/download", headers={"Cookie": f"{COOKIE}={token}"}
        )

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "\u202e" not in answer.text
    assert answer.json()
