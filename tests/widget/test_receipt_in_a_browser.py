"""The receipt in a real browser: opened from the keyboard, read, taken along."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from factories.browser import OpenContext
from factories.chat import visit
from factories.desks import QUESTION
from factories.knowledge import SHOP
from factories.lived import key_of, publish
from factories.running import Running

pytestmark = pytest.mark.xdist_group("browser")


def messages_of(path: Path) -> list[dict[str, Any]]:
    """The messages of a transcript, each of them promised and proved."""
    transcript = json.loads(path.read_text())
    assert transcript["format"] == "answerable.transcript/v1"
    assert all(one["proof"] and one["receipt"] for one in transcript["messages"])
    return transcript["messages"]


def change_a_digit(path: Path) -> Path:
    """The same file beside it, with one digit of the answer changed."""
    transcript = json.loads(path.read_text())
    answer = transcript["messages"][1]
    answer["text"] = answer["text"].replace("30", "31")
    changed = path.with_name("changed.json")
    changed.write_text(json.dumps(transcript))
    return changed


async def check(page: Page, path: Path, context: BrowserContext) -> None:
    """The downloaded page says that the file holds, and names the line in which one digit was changed."""
    await page.wait_for_load_state("load")
    await context.set_offline(True)
    await page.set_input_files("input[type=file]", path)
    await expect(page.locator("[data-verdict=proved]")).to_be_visible()
    await expect(page.locator("li p.good")).to_have_count(2)
    await page.set_input_files("input[type=file]", change_a_digit(path))
    await expect(page.locator("[data-verdict=wrong]")).to_be_visible()
    await expect(page.locator("li").nth(1).locator("p.bad")).to_contain_text("commitment_mismatch")
    await expect(page.locator("li p.bad")).to_have_count(1)
    await context.set_offline(False)


async def test_a_contact_opens_the_receipt_of_an_answer_and_checks_it_offline(
    open_context: OpenContext, running: Running, tmp_path: Path
) -> None:
    tenant = await running.make_tenant()
    await publish(running, tenant, SHOP)
    async with open_context(locale="en-GB", accept_downloads=True) as context:
        chat = await visit(context, f"{running.origin}/try/{await key_of(running, tenant)}")
        await chat.open()
        await chat.write(QUESTION)
        await expect(chat.answers).to_have_count(1)
        await running.publish_log()
        opener = chat.page.get_by_role("button", name="Receipt")
        await opener.press("Enter")
        sheet = chat.page.get_by_role("region", name="Receipt")

        await expect(sheet).to_contain_text("An AI wrote")
        await expect(sheet).to_contain_text(QUESTION)
        await expect(sheet).to_contain_text("under a signed checkpoint")
        await expect(sheet.locator("[data-level=signed]")).to_contain_text(
            "Only the company's own installation"
        )
        async with chat.page.expect_download() as waiting:
            await sheet.get_by_role("link", name="Download").click()
        await (await waiting.value).save_as(tmp_path / "transcript.json")
        async with context.expect_page() as opening:
            await sheet.get_by_role("link", name="Check it yourself").click()
        await check(await opening.value, tmp_path / "transcript.json", context)
        await chat.page.keyboard.press("Escape")
        await expect(opener).to_be_focused()
        assert await chat.page.evaluate("window.violations") == []
        assert messages_of(tmp_path / "transcript.json")[0]["text"] == QUESTION
