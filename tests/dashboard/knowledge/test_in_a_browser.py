"""Knowledge in a real browser: dropped files, progress, search, deletion; and all of it without a script."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from answerable import knowledge
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from factories.browser import OpenContext
from factories.desks import Miss
from factories.knowledge import Import
from factories.members import Browser
from factories.pages import signed_in
from factories.serving import Place, serve_product, serve_web

DROP = """([name, text]) => {
    const given = new DataTransfer();
    given.items.add(new File([text], name, { type: "text/markdown" }));
    const target = document.querySelector("[data-drop]");
    for (const kind of ["dragover", "drop"])
        target.dispatchEvent(new DragEvent(kind, { dataTransfer: given, bubbles: true, cancelable: true }));
}"""
POLICY = "# Sledges\n\nSledges can be borrowed for five days in winter.\n"


async def drop(page: Page, name: str, text: str) -> None:
    await page.evaluate(DROP, [name, text])


async def test_a_dropped_file_is_read_found_and_deleted(
    open_context: OpenContext, place: Place, owner: Browser
) -> None:
    async with serve_product(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/knowledge/add")
        await drop(page, "sledges.md", POLICY)
        await page.wait_for_url("**/knowledge/imports/*")
        await expect(page.get_by_text("Everything is read.")).to_be_visible(timeout=30_000)
        await page.get_by_role("link", name="sledges.md").click()
        await expect(page.get_by_role("heading", name="Sledges", level=1)).to_be_visible()

        await page.locator("#question").fill("How long can sledges be borrowed?")
        await page.get_by_role("button", name="Find passages").click()
        await expect(page.locator("blockquote").first).to_contain_text("five days in winter")

        await page.get_by_role("link", name=re.compile("Sledges")).first.click()
        await page.get_by_role("link", name="Delete").click()
        await page.get_by_role("button", name="Delete for good").click()
        await expect(page.get_by_text("found nothing left")).to_be_visible()
        await expect(page.get_by_text("nothing to answer from yet")).to_be_visible()


async def test_progress_survives_a_reload(open_context: OpenContext, place: Place, owner: Browser) -> None:
    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/knowledge/add")
        await drop(page, "sledges.md", POLICY)
        await page.wait_for_url("**/knowledge/imports/*")
        await page.reload()

        await expect(page.get_by_text("0 of 1 read")).to_be_visible()
        await expect(page.get_by_text("sledges.md").first).to_be_visible()


async def test_what_cannot_be_read_is_refused_in_the_browser_with_its_reason(
    open_context: OpenContext, place: Place, owner: Browser
) -> None:
    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{served.origin}/knowledge/add")
        await drop(page, "setup.exe", "MZ")

        await expect(page.locator(".uploads li")).to_contain_text("This kind of file cannot be read.")
        await expect(page.get_by_text("Nothing of this can be read.")).to_be_visible()
        assert not [url for url in asked if "/dashboard/v1/imports" in url]


async def test_a_folder_is_sent_with_the_names_of_its_folders(
    open_context: OpenContext, place: Place, owner: Browser, tmp_path: Path
) -> None:
    for name in ("help/returns.md", "help/more/shipping.md", "help/.hidden.md", "help/logo.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(POLICY)

    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/knowledge/add")
        async with page.expect_file_chooser() as choosing:
            await page.get_by_role("button", name="Choose a folder").click()
        await (await choosing.value).set_files(tmp_path / "help")
        # The picture was refused, so the page stays and offers the way on.
        await page.get_by_role("link", name="Follow the import").click()
        await page.wait_for_url("**/knowledge/imports/*")

        names = await page.locator(".import-items .break").all_inner_texts()
        assert sorted(names) == ["help/more/shipping.md", "help/returns.md"]


async def test_a_file_whose_way_breaks_is_sent_again(
    open_context: OpenContext, place: Place, owner: Browser
) -> None:
    async with serve_web(place) as served, open_context(locale="en-GB") as context:
        page = await context.new_page()
        await page.context.set_extra_http_headers(owner.cookie)
        broken = 0

        async def break_three_times(route: object) -> None:
            nonlocal broken
            broken += 1
            await (route.abort() if broken <= 3 else route.continue_())  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]

        await page.route("**/imports/content/*", break_three_times)
        await page.goto(f"{served.origin}/knowledge/add")
        await drop(page, "sledges.md", POLICY)
        await page.get_by_role("button", name="Try again").click(timeout=20_000)
        await page.wait_for_url("**/knowledge/imports/*")

    assert broken == 4


async def test_a_page_that_gets_no_answer_says_how_old_it_is(
    open_context: OpenContext, place: Place, owner: Browser
) -> None:
    async with serve_web(place) as served, open_context(locale="en-GB") as context:
        page = await context.new_page()
        await page.context.set_extra_http_headers(owner.cookie)
        await page.goto(f"{served.origin}/knowledge/add")
        await drop(page, "sledges.md", POLICY)
        await page.wait_for_url("**/knowledge/imports/*")
        await page.context.set_offline(offline=True)

        await expect(page.get_by_text("The server does not answer")).to_be_visible(timeout=20_000)


async def test_the_list_follows_the_filter_and_so_does_the_address(
    open_context: OpenContext, place: Place, owner: Browser, import_one: Import
) -> None:
    await import_one(name="returns.md")
    await import_one(POLICY, name="sledges.md")

    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/knowledge")
        await page.keyboard.press("/")
        await page.keyboard.type("sledg")
        await page.wait_for_url("**q=sledg**")
        await expect(page.locator(".knowledge-table tbody tr")).to_have_count(1)
        await page.reload()
        await expect(page.locator(".knowledge-table tbody tr")).to_have_count(1)


async def test_a_question_is_marked_and_that_taken_back_where_it_stands(
    open_context: OpenContext, place: Place, owner: Browser, miss: Miss
) -> None:
    await miss("Do you repair skis?")

    async with serve_web(place) as served, signed_in(open_context, served, owner) as page:
        await page.goto(f"{served.origin}/knowledge/questions")
        await page.get_by_role("button", name="Mark as done").click()
        await expect(page.get_by_text("Marked: Done")).to_be_visible()
        await page.get_by_role("button", name="Undo").click()
        await page.wait_for_url("**/knowledge/questions**")
        await expect(page.get_by_text("Do you repair skis?")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 320])
async def test_everything_works_without_scripts_and_nothing_is_wider_than_the_page(
    open_context: OpenContext, place: Place, owner: Browser, database: Database, acme: Actor, width: int
) -> None:
    size = {"width": width, "height": 800}
    async with (
        serve_product(place) as served,
        signed_in(open_context, served, owner, java_script_enabled=False, viewport=size) as page,
    ):
        await page.goto(f"{served.origin}/knowledge/add")
        await page.get_by_label("Title").fill("Sledges")
        await page.locator("#text").fill("Sledges can be borrowed for five days in winter.")
        await page.get_by_role("button", name="Add this text").click()
        await page.wait_for_url("**/knowledge/imports/*")
        # The page asks again by itself, every five seconds.
        await expect(page.get_by_text("Everything is read.")).to_be_visible(timeout=30_000)
        await page.get_by_role("link", name="pasted/Sledges").click()
        await page.locator("details summary", has_text="Change days").click()
        await page.get_by_label("Last day").fill("2099-12-31")
        await page.get_by_role("button", name="Keep changes").click()
        await expect(page.get_by_text("31 Dec 2099").first).to_be_visible()
        wide = await page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        assert not wide

    async with database.tenant_session(acme) as db:
        (document,) = await knowledge.list_documents(db)
    assert document.valid_until is not None
