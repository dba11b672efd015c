"""What opens over a page holds to the same as the page: palette, keys, menu, and the chat with all it shows."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

import pytest
from playwright.async_api import expect

from factories.axe import carry_axe, find_violations
from factories.chat import Chat
from factories.desks import QUESTION
from factories.shown import PAGES, Shown
from factories.visits import Visit
from pages.conftest import FORMS, PICTURES, OpenPage, put_on

pytestmark = pytest.mark.xdist_group("browser")

SETTINGS: Final = next(shown for shown in PAGES if shown.name == "settings")
CHAT: Final = next(shown for shown in PAGES if shown.name == "chat")


async def open_palette(visit: Visit) -> None:
    await visit.page.keyboard.press("Control+k")
    await visit.page.keyboard.type("k")
    await expect(visit.page.locator("#palette")).to_be_visible()


async def open_keys(visit: Visit) -> None:
    await visit.page.keyboard.press("?")
    await expect(visit.page.locator("#keys")).to_be_visible()


async def open_menu(visit: Visit) -> None:
    await visit.page.locator("details[data-menu] > summary").click()
    await expect(visit.page.locator("#preference-theme")).to_be_visible()


async def open_chat(visit: Visit) -> None:
    await Chat(page=visit.page).open()


async def open_answer(visit: Visit) -> None:
    chat = Chat(page=visit.page)
    await chat.open()
    await chat.write(QUESTION)
    await expect(chat.answers.last).to_contain_text("30 days")


async def open_passage(visit: Visit) -> None:
    await open_answer(visit)
    await visit.page.locator("answerable-chat").get_by_role("button", name="Returns").first.click()
    await expect(visit.page.locator("answerable-chat mark")).to_be_visible()


async def open_receipt(visit: Visit) -> None:
    await open_answer(visit)
    await visit.page.locator("answerable-chat").get_by_role("button", name="Receipt").last.click()
    await expect(visit.page.locator("answerable-chat .receipt")).to_contain_text("An AI wrote")
    await expect(visit.page.locator("answerable-chat .receipt .notice")).to_be_visible()


async def open_way_to_a_person(visit: Visit) -> None:
    await open_answer(visit)
    await visit.page.get_by_role("button", name="Talk to a person").click()
    await expect(visit.page.locator("answerable-chat input[type=email]")).to_be_visible()


OPENED: Final[Mapping[str, tuple[Shown, Callable[[Visit], Awaitable[None]]]]] = MappingProxyType(
    {
        "palette": (SETTINGS, open_palette),
        "keys": (SETTINGS, open_keys),
        "menu": (SETTINGS, open_menu),
        "chat-open": (CHAT, open_chat),
        "chat-answer": (CHAT, open_answer),
        "chat-passage": (CHAT, open_passage),
        "chat-receipt": (CHAT, open_receipt),
        "chat-person": (CHAT, open_way_to_a_person),
    }
)


@pytest.mark.parametrize("name", OPENED)
async def test_what_opens_is_whole_in_every_form(open_page: OpenPage, name: str) -> None:
    shown, opens = OPENED[name]
    wrong: dict[str, list[str]] = {}
    async with open_page(shown, carries=carry_axe) as visit:
        await opens(visit)
        for theme, size in FORMS:
            await put_on(visit.page, theme, size)
            await visit.page.screenshot(path=PICTURES / f"{name}-{theme}-{size[0]}.png")
            wrong[f"{theme} {size[0]}"] = await find_violations(visit.page)
        wrong["noticed"] = visit.noticed

    assert {what: found for what, found in wrong.items() if found} == {}
