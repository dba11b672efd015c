"""The chat in every form, looked through by axe-core: light and dark, large and small, in both languages."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from answerable.infra.db import Database
from answerable.infra.ids import Actor
from factories.browser import OpenContext
from factories.chat import key_of, visit
from factories.desks import QUESTION
from factories.serving import Served

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """
async () => (await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }))
  .violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`)
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (400, 800)])
async def test_axe_finds_nothing_in_any_state(
    open_context: OpenContext,
    served: Served,
    database: Database,
    shop: Actor,
    scheme: str,
    size: tuple[int, int],
) -> None:
    address = f"{served.origin}/try/{await key_of(database, shop)}"
    viewport = {"width": size[0], "height": size[1]}
    found: dict[str, Any] = {}
    # Without the page's policy, which the examiner's own script would violate.
    async with open_context(
        locale="en-GB", color_scheme=scheme, viewport=viewport, bypass_csp=True, reduced_motion="reduce"
    ) as context:
        chat = await visit(context, address)
        await chat.page.evaluate(AXE.read_text())
        found["closed"] = await chat.page.evaluate(RUN)
        await chat.open()
        found["open"] = await chat.page.evaluate(RUN)
        await chat.write(QUESTION)
        await expect(chat.answers).to_have_count(1)
        await chat.page.get_by_role("button", name="This did not help").click()
        found["answered"] = await chat.page.evaluate(RUN)
        await chat.page.get_by_role("button", name="Returns").click()
        await expect(chat.page.locator("answerable-chat mark")).to_be_visible()
        found["passage"] = await chat.page.evaluate(RUN)
        await chat.page.keyboard.press("Escape")
        await chat.page.get_by_role("button", name="Talk to a person").click()
        await chat.page.get_by_role("textbox", name="E-mail address").fill("nonsense")
        await chat.page.keyboard.press("Enter")
        found["address"] = await chat.page.evaluate(RUN)

    assert {state: problems for state, problems in found.items() if problems} == {}
