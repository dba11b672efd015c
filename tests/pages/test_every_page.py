"""What holds for every page, in light and dark, on a desk and on a phone."""

import re
from typing import Final

import pytest
from fastapi.routing import APIRoute

from answerable.app import create_application
from answerable.dashboard.frame.signing_in import COOKIE
from factories.axe import carry_axe, find_violations
from factories.http import open_socket_client
from factories.routes import walk
from factories.running import Running
from factories.shown import NO_PAGES, PAGES, Shown
from pages.conftest import FORMS, PICTURES, OpenPage, Workspaces, put_on

pytestmark = pytest.mark.xdist_group("browser")

WIDER: Final = """
() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > width + 1)
    .slice(-5)
    .map((one) => `${one.tagName.toLowerCase()}.${one.className}`);
}
"""

LANGUAGE: Final = re.compile(r'<html lang="(\w+)"')

every_page = pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)


@every_page
async def test_a_page_is_whole_in_every_form(open_page: OpenPage, shown: Shown) -> None:
    """No finding of axe-core, nothing wider than the window, nothing that a page must not do; and a picture."""
    wrong: dict[str, list[str]] = {}
    async with open_page(shown, carries=carry_axe) as visit:
        for theme, size in FORMS:
            await put_on(visit.page, theme, size)
            form = f"{theme}-{size[0]}"
            await visit.page.screenshot(path=PICTURES / f"{shown.name}-{form}.png")
            wrong[f"found by axe in {form}"] = await find_violations(visit.page)
            wrong[f"wider than {form}"] = await visit.page.evaluate(WIDER)
        await put_on(visit.page, "light", (320, 800))
        wrong["wider than 320"] = await visit.page.evaluate(WIDER)
        wrong["noticed"] = visit.noticed
        wrong["headings"] = [] if await visit.page.locator("h1").count() == 1 else ["not one h1"]

    assert {what: found for what, found in wrong.items() if found} == {}


async def test_every_page_speaks_german(running: Running, workspaces: Workspaces) -> None:
    spoken: dict[str, str | None] = {}
    async with open_socket_client(running.origin) as client:
        for shown in PAGES:
            token = workspaces.token_for(shown)
            headers = {"Accept": "text/html", "Accept-Language": "de"}
            cookies = {"Cookie": f"{COOKIE}={token}"} if token else {}
            answer = await client.get(shown.path(workspaces.lived), headers=headers | cookies)
            language = LANGUAGE.search(answer.text)
            spoken[shown.name] = language and language[1]

    # On a company's page the company decides.
    assert {name for name, language in spoken.items() if language != "de"} == {"chat", "chat-unknown"}


def test_every_page_there_is_stands_in_the_list(running: Running, workspaces: Workspaces) -> None:
    walked = [shown.path(workspaces.lived).partition("?")[0] for shown in PAGES]
    missing = [
        route.path
        for route in walk(create_application(running.served.web).routes)
        if "GET" in (route.methods or ()) and not route.include_in_schema and route.path not in NO_PAGES
        if not any(matches(route, path) for path in walked)
    ]

    assert missing == []


def matches(route: APIRoute, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", route.path), path) is not None
