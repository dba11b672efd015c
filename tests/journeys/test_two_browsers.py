"""A contact in one browser and a member in another: what one does, the other sees."""

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import expect

from answerable.answering.values import OutcomeKind
from answerable.infra.ids import Actor
from factories.browser import OpenContext
from factories.chat import Chat, conversation_of, visit
from factories.desks import QUESTION, RETURNS, record_of
from factories.lived import key_of, publish, until_answered
from factories.pdf import make_pdf, write_lines
from factories.running import Running
from factories.visits import Visit, make_token, open_visit

pytestmark = pytest.mark.xdist_group("browser")

DROP: Final = """
([name, content]) => {
  const given = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  given.items.add(new File([bytes], name, { type: "application/pdf" }));
  const target = document.querySelector("[data-drop]");
  for (const kind of ["dragover", "drop"])
    target.dispatchEvent(new DragEvent(kind, { dataTransfer: given, bubbles: true, cancelable: true }));
}
"""
SLEDGES: Final = ("Sledges", "", "Sledges can be borrowed for five days in winter.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """A contact's chat and a member's pages, of one workspace."""

    tenant: Actor
    chat: Chat
    member: Visit


@asynccontextmanager
async def open_both(running: Running, open_context: OpenContext, **options: object) -> AsyncGenerator[Both]:
    tenant = await running.make_tenant("A shop")
    address = f"{running.origin}/try/{await key_of(running, tenant)}"
    token = await make_token(running, tenant)
    async with (
        open_context(locale="en-GB", **options) as context,
        open_visit(open_context, running.origin, token=token, carries=None, **options) as member,
    ):
        yield Both(tenant=tenant, chat=await visit(context, address), member=member)
        assert member.noticed == []


async def publish_returns(running: Running, tenant: Actor, folder: Path) -> None:
    (folder / "returns.md").write_text(RETURNS)
    await publish(running, tenant, folder)


async def test_a_dropped_pdf_is_found_then_cited_then_deleted_and_the_record_says_so(
    running: Running, open_context: OpenContext
) -> None:
    pdf = base64.b64encode(make_pdf([write_lines(SLEDGES)])).decode()
    async with open_both(running, open_context) as both:
        page = both.member.page
        await both.member.go("/knowledge/add")
        await page.evaluate(DROP, ["sledges.pdf", pdf])
        await page.wait_for_url("**/knowledge/imports/*")
        await page.get_by_role("link", name="sledges.pdf").click(timeout=30_000)
        await page.locator("#question").fill("How long can sledges be borrowed?")
        await page.get_by_role("button", name="Find passages").click()
        await expect(page.locator("blockquote").first).to_contain_text("five days in winter")

        await both.chat.open()
        await both.chat.write("How long can sledges be borrowed?")
        await expect(both.chat.answers.locator("blockquote")).to_contain_text("five days in winter")
        turn_id = await until_answered(running, both.tenant, await conversation_of(both.chat.page))

        await page.get_by_role("link", name="Sledges").first.click()
        await page.get_by_role("link", name="Delete").click()
        await page.get_by_role("button", name="Delete for good").click()
        await expect(page.get_by_text("nothing to answer from yet")).to_be_visible()
        await both.member.go(f"/records/{turn_id}")
        await expect(page.locator("main")).to_contain_text("five days in winter")
        await expect(page.locator("main")).to_contain_text("deleted")


async def test_no_assistant_word_follows_a_takeover_in_the_middle_of_a_turn(
    running: Running, open_context: OpenContext, tmp_path: Path
) -> None:
    async with open_both(running, open_context) as both:
        await publish_returns(running, both.tenant, tmp_path)
        await both.chat.open()
        async with running.embedder.hold() as held:
            await both.chat.write(QUESTION)
            await held.wait()
            conversation_id = await conversation_of(both.chat.page)
            await both.member.go(f"/conversations/{conversation_id}")
            await both.member.page.get_by_role("button", name="Take over").first.click()
            await expect(both.member.page.get_by_text("the assistant is silent").first).to_be_visible()
        turn_id = await until_answered(running, both.tenant, conversation_id)
        await both.member.page.locator("textarea[name=text]").first.fill("Thirty days. Ask for me, Mira.")
        await both.member.page.keyboard.press("Control+Enter")

        await expect(both.chat.answers).to_have_count(1)
        await expect(both.chat.answers).to_contain_text("Ask for me, Mira.")
        await expect(both.chat.log).not_to_contain_text("Our documents say")
    assert (await record_of(running.desk, both.tenant, turn_id)).outcome is OutcomeKind.SUPERSEDED


async def test_from_the_inbox_to_the_record_of_a_reply_without_a_pointer(
    running: Running, open_context: OpenContext, tmp_path: Path
) -> None:
    async with open_both(running, open_context, color_scheme="dark") as both:
        await publish_returns(running, both.tenant, tmp_path)
        await both.chat.page.keyboard.press("Tab")
        await expect(both.chat.bubble).to_be_focused()
        await both.chat.page.keyboard.press("Enter")
        await expect(both.chat.field).to_be_focused()
        await both.chat.page.keyboard.type(QUESTION)
        await both.chat.page.keyboard.press("Enter")
        await expect(both.chat.answers.locator("blockquote")).to_contain_text("30 days")

        page = both.member.page
        await both.member.go("/settings")
        await page.keyboard.press("g")
        await page.keyboard.press("i")
        await page.wait_for_url("**/conversations")
        await tab_to(both.member, "Visitor")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/conversations/*-*")
        await tab_to(both.member, "record")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/records/*")
        await expect(page.locator("main")).to_contain_text("30 days from receipt")


async def test_on_a_phone_a_contact_and_a_member_write_to_each_other(
    running: Running, open_context: OpenContext
) -> None:
    phone = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
    async with open_both(running, open_context, **phone) as both:
        await both.chat.open()
        await both.chat.write("I would like to talk to a person.")
        await expect(both.chat.answers).to_have_count(1)
        page = both.member.page
        await both.member.go("/conversations")
        await page.get_by_role("link", name="I would like to talk").first.tap()
        await page.locator("textarea[name=text]").first.fill("Here I am.")
        await page.get_by_role("button", name="Send", exact=False).first.tap()

        await expect(both.chat.answers.last).to_contain_text("Here I am.")


async def tab_to(visit: Visit, text: str) -> None:
    """Press Tab until a link that says so has the focus."""
    says = "(text) => document.activeElement?.closest('a')?.textContent.includes(text) ?? false"
    for _ in range(80):
        await visit.page.keyboard.press("Tab")
        if await visit.page.evaluate(says, text):
            return
    pytest.fail(f"No link says {text!r} on the way of the Tab key.")
