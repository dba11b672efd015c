"""Pages and sitemaps become documents, each by itself, and again only where something changed."""

import gzip
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from answerable import knowledge
from answerable.infra.db import Database, Unaudited
from answerable.infra.ids import Actor
from answerable.knowledge.errors import AddressInvalid
from answerable.knowledge.imports import ImportKind, ItemState
from answerable.knowledge.service import pages as page_service
from answerable.knowledge.values import ImportState, ParseNote, Progress
from factories.docx import make_docx, paragraph
from factories.imports import import_page, import_sitemap, look
from factories.knowledge import CountingEmbedder, list_documents
from factories.pdf import make_pdf, write_lines
from factories.sites import Page, Site, html, leading_to, running_site

TEXT = "<h1>Returns</h1><p>You have 30 days from receipt to send something back.</p>"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def sitemap(
    *addresses: str, root: str = "urlset", each: str = "url", changed: Mapping[str, str] | None = None
) -> Page:
    rows = "".join(
        f"<{each}><loc>{address}</loc>"
        + (f"<lastmod>{(changed or {})[address]}</lastmod>" if address in (changed or {}) else "")
        + f"<image><loc>https://a.example/picture.png</loc></image></{each}>"
        for address in addresses
    )
    return Page(
        body=f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{root}>'
    )


async def test_a_page_becomes_a_document_with_its_address_for_a_source(
    database: Database, acme: Actor
) -> None:
    async with running_site({"/returns": html(TEXT)}) as site:
        item = await import_page(database, acme, site.at("/returns#top"), site.web())

    (document,) = await list_documents(database, acme)
    assert (item.state, item.kind, item.source) == (ItemState.ADDED, ImportKind.URL, site.at("/returns"))
    assert (document.title, document.source) == ("Returns", site.at("/returns"))
    assert item.size_bytes


@pytest.mark.parametrize(
    "page",
    [
        Page(
            body=make_pdf([write_lines(["A sentence on paper."])]),
            headers={"content-type": "application/pdf"},
        ),
        Page(body=make_docx(paragraph("A sentence on paper.")), headers={"content-type": WORD}),
        Page(body="A sentence on paper.", headers={"content-type": "text/plain; charset=utf-8"}),
        Page(body="# Title\n\nA sentence on paper.", headers={"content-type": "text/markdown"}),
    ],
    ids=["pdf", "word", "text", "markdown"],
)
async def test_documents_on_a_site_are_read_by_their_type(
    database: Database, acme: Actor, page: Page
) -> None:
    async with running_site({"/file": page}) as site:
        item = await import_page(database, acme, site.at("/file"), site.web())

    assert item.state is ItemState.ADDED


async def test_a_page_again_is_only_fetched_if_it_changed(database: Database, acme: Actor) -> None:
    async with running_site(
        {"/": Page(body=TEXT, headers={"content-type": "text/html"}, etag='"1"')}
    ) as site:
        states = [(await import_page(database, acme, site.at("/"), site.web())).state for _ in range(2)]
        asked = "if-none-match" in site.heads[-1]
        site.pages["/"] = html(TEXT.replace("30 days", "45 days"))
        states.append((await import_page(database, acme, site.at("/"), site.web())).state)

    assert states == [ItemState.ADDED, ItemState.UNCHANGED, ItemState.CHANGED]
    assert asked


async def test_a_page_whose_document_was_deleted_is_fetched_in_full(database: Database, acme: Actor) -> None:
    async with running_site(
        {"/": Page(body=TEXT, headers={"content-type": "text/html"}, etag='"1"')}
    ) as site:
        await import_page(database, acme, site.at("/"), site.web())
        (document,) = await list_documents(database, acme)
        async with database.tenant_session(acme) as db:
            await knowledge.delete_document(db, document.id)
        item = await import_page(database, acme, site.at("/"), site.web())

    assert item.state is ItemState.ADDED


async def test_a_page_is_fetched_in_full_when_another_model_makes_the_vectors(
    database: Database, acme: Actor
) -> None:
    async with running_site(
        {"/": Page(body=TEXT, headers={"content-type": "text/html"}, etag='"1"')}
    ) as site:
        for model in ("one", "two"):
            intake = knowledge.Intake(database=database, embedder=CountingEmbedder(model), web=site.web())
            await knowledge.import_addresses(intake, acme, [site.at("/")])

    async with database.tenant_session(acme) as db:
        assert list(await db.scalars(text("SELECT DISTINCT embedding_model FROM passage"))) == ["two"]


@pytest.mark.parametrize(
    ("page", "state", "code"),
    [
        (html(TEXT, head="<meta name=robots content='noindex, follow'>"), ItemState.SKIPPED, "noindex"),
        (html(TEXT, head="<META NAME='Answerable' CONTENT='NONE'>"), ItemState.SKIPPED, "noindex"),
        (html(TEXT, **{"x-robots-tag": "noindex"}), ItemState.SKIPPED, "noindex"),
        (html(TEXT, head="<meta name=googlebot content=noindex>"), ItemState.ADDED, None),
        (html(TEXT, head="<meta name=robots content=nofollow>"), ItemState.ADDED, None),
        (html("<form>Please sign in<input type=Password></form>"), ItemState.FAILED, "sign_in_needed"),
        (leading_to("/wp-login.php"), ItemState.FAILED, "sign_in_needed"),
        (leading_to("/"), ItemState.FAILED, "endless_redirects"),
        (Page(status=404), ItemState.FAILED, "page_not_found"),
        (
            Page(body=b"\x89PNG", headers={"content-type": "image/png"}),
            ItemState.SKIPPED,
            "content_type_unknown",
        ),
        (html(""), ItemState.FAILED, "empty_document"),
        (html("x" * 10_000_001), ItemState.FAILED, "file_too_large"),
        (
            Page(body=b"%PDF-1.7", headers={"content-type": "application/pdf"}),
            ItemState.FAILED,
            "file_damaged",
        ),
    ],
)
async def test_a_page_that_is_not_read_says_why(
    database: Database, acme: Actor, page: Page, state: ItemState, code: str | None
) -> None:
    async with running_site({"/": page}) as site:
        item = await import_page(database, acme, site.at("/"), site.web())

    assert (item.state, item.error_code) == (state, f"knowledge.{code}" if code else None)
    assert bool(item.remedy) is (code is not None)


async def test_a_long_page_with_a_sign_in_in_its_corner_is_read(database: Database, acme: Actor) -> None:
    page = html("<input type=password>" + TEXT + "<p>More words to read here.</p>" * 60)

    async with running_site({"/": page}) as site:
        assert (await import_page(database, acme, site.at("/"), site.web())).state is ItemState.ADDED


async def test_a_page_that_names_its_original_is_found_by_that(database: Database, acme: Actor) -> None:
    page = html(TEXT, head="<link rel=canonical href='/returns'>")

    async with running_site({"/returns?from=mail": page}) as site:
        await import_page(database, acme, site.at("/returns?from=mail"), site.web())

    (document,) = await list_documents(database, acme)
    assert document.source == site.at("/returns")


@pytest.mark.parametrize("original", ["https://elsewhere.example/", "http://[broken", "javascript:x"])
async def test_an_original_on_another_site_does_not_count(
    database: Database, acme: Actor, original: str
) -> None:
    async with running_site({"/": html(TEXT, head=f"<link rel=canonical href='{original}'>")}) as site:
        await import_page(database, acme, site.at("/"), site.web())

    (document,) = await list_documents(database, acme)
    assert document.source == site.at("/")


async def test_a_page_that_failed_is_fetched_once_more_when_asked(database: Database, acme: Actor) -> None:
    async with running_site({}) as site:
        failed = await import_page(database, acme, site.at("/"), site.web())
        site.pages["/"] = html(TEXT)
        async with database.tenant_session(acme) as db:
            waiting = await knowledge.retry_item(db, failed.id)
        intake = knowledge.Intake(database=database, embedder=None, web=site.web())
        await knowledge.read_item(intake, acme, failed.id)

    ended = await look(database, acme, failed.batch_id)
    assert (failed.state, waiting.state, waiting.error_code) == (ItemState.FAILED, ItemState.WAITING, None)
    assert ended.items[0].state is ItemState.ADDED
    assert ended.batch.ended_at is not None


async def test_a_sitemap_becomes_an_item_for_each_page_and_each_fails_alone(
    database: Database, acme: Actor
) -> None:
    async with running_site({"/a": html(TEXT), "/c": html("", head="")}) as site:
        site.pages["/sitemap.xml"] = sitemap(site.at("/a"), site.at("/b"), site.at("/c"), site.at("/a#again"))
        first, pages = await import_sitemap(database, acme, site.at("/sitemap.xml"), site.web())

    ended = await look(database, acme, first.batch_id)
    assert (first.state, first.kind) == (ItemState.LISTED, ImportKind.SITEMAP)
    assert {address: item.error_code for address, item in pages.items()} == {
        site.at("/a"): None,
        site.at("/b"): "knowledge.page_not_found",
        site.at("/c"): "knowledge.empty_document",
    }
    assert ended.batch.counts == {ItemState.LISTED: 1, ItemState.ADDED: 1, ItemState.FAILED: 2}
    assert ended.batch.ended_at is not None


async def test_sitemaps_of_sitemaps_are_read_packed_or_not_and_one_that_fails_is_named(
    database: Database, acme: Actor
) -> None:
    async with running_site({"/a": html(TEXT), "/b": html(TEXT)}) as site:
        index = site.at("/index.xml")
        site.pages["/index.xml"] = sitemap(
            site.at("/one.xml.gz"), site.at("/two.txt"), site.at("/gone.xml"), index,
            root="sitemapindex", each="sitemap",
        )  # fmt: skip
        site.pages["/one.xml.gz"] = Page(body=gzip.compress(sitemap(site.at("/a")).data))
        site.pages["/two.txt"] = Page(body=f"{site.at('/b')}\r\n\r\nnonsense\r\n")
        first, pages = await import_sitemap(database, acme, index, site.web())

    assert list(pages) == [site.at("/a"), site.at("/b")]
    assert set(first.notes) == {ParseNote.SITEMAPS_FAILED, ParseNote.OTHER_SITES_LEFT_OUT}


async def test_pages_of_other_sites_are_left_out(database: Database, acme: Actor) -> None:
    async with running_site({"/a": html(TEXT)}) as site:
        site.pages["/s.xml"] = sitemap("https://elsewhere.example/", "http://169.254.169.254/", site.at("/a"))
        first, pages = await import_sitemap(database, acme, site.at("/s.xml"), site.web())

    assert list(pages) == [site.at("/a")]
    assert first.notes == (ParseNote.OTHER_SITES_LEFT_OUT,)


async def test_of_a_vast_sitemap_the_first_pages_are_imported_and_the_rest_is_named(
    database: Database, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_service, "MAX_ITEMS", 3)
    async with running_site({}) as site:
        site.pages["/s.xml"] = sitemap(*(site.at(f"/{number}") for number in range(9)))
        first, pages = await import_sitemap(database, acme, site.at("/s.xml"), site.web())

    assert len(pages) == 3
    assert first.notes == (ParseNote.LINKS_LEFT_OUT,)


async def test_two_thousand_pages_are_listed_at_once(database: Database, acme: Actor) -> None:
    async with running_site({}) as site:
        site.pages["/s.xml"] = sitemap(*(site.at(f"/{number}") for number in range(2_000)))
        async with database.tenant_session(acme) as db:
            begun = await knowledge.add_sitemap(db, site.at("/s.xml"))
        intake = knowledge.Intake(database=database, embedder=None, web=site.web())
        await knowledge.read_item(intake, acme, begun.items[0].id)

    async with database.tenant_session(acme) as db:
        stopped = await knowledge.cancel_batch(db, begun.batch.id)
    assert stopped.counts == {ItemState.LISTED: 1, ItemState.SKIPPED: 2_000}


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (html(TEXT), "sitemap_invalid"),
        (Page(body="<rss><channel/></rss>"), "sitemap_invalid"),
        (Page(body=b"\x1f\x8bbroken"), "sitemap_invalid"),
        (Page(body=gzip.compress(b" " * 60_000_000)), "unpacks_too_large"),
        (
            Page(body='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><urlset>&x;</urlset>'),
            "markup_refused",
        ),
        (sitemap(), "sitemap_empty"),
        (sitemap("https://elsewhere.example/"), "sitemap_empty"),
        (Page(status=403), "sign_in_needed"),
    ],
)
async def test_what_is_no_sitemap_says_why(database: Database, acme: Actor, page: Page, code: str) -> None:
    async with running_site({"/s.xml": page}) as site:
        first, pages = await import_sitemap(database, acme, site.at("/s.xml"), site.web())

    assert (first.state, first.error_code, pages) == (ItemState.FAILED, f"knowledge.{code}", {})


async def test_a_page_that_a_sitemap_calls_unchanged_is_not_asked_for(
    database: Database, acme: Actor
) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    async with running_site({"/old": html(TEXT), "/new": html(TEXT)}) as site:
        changed = {site.at("/old"): "2020-01-01", site.at("/new"): tomorrow}
        site.pages["/s.xml"] = sitemap(*changed, changed=changed)
        await import_sitemap(database, acme, site.at("/s.xml"), site.web())
        site.asked.clear()
        _, pages = await import_sitemap(database, acme, site.at("/s.xml"), site.web())

    assert "/old" not in site.asked
    assert "/new" in site.asked
    assert {item.state for item in pages.values()} == {ItemState.UNCHANGED}
    assert all(item.document_ids for item in pages.values())


async def test_a_copy_of_a_page_in_the_same_sitemap_is_left_out(database: Database, acme: Actor) -> None:
    async with running_site({"/": html(TEXT)}) as site:
        site.pages["/copy"] = html("<p>Another text.</p>", head="<link rel=canonical href='/'>")
        site.pages["/s.xml"] = sitemap(site.at("/"), site.at("/copy"))
        _, pages = await import_sitemap(database, acme, site.at("/s.xml"), site.web())

    assert pages[site.at("/copy")].error_code == "knowledge.copy_of_another"
    (document,) = await list_documents(database, acme)
    assert document.version == 1


async def test_what_is_known_of_pages_stays_in_its_tenant(
    database: Database, acme: Actor, globex: Actor
) -> None:
    async with running_site(
        {"/": Page(body=TEXT, headers={"content-type": "text/html"}, etag='"1"')}
    ) as site:
        await import_page(database, acme, site.at("/"), site.web())
        item = await import_page(database, globex, site.at("/"), site.web())

    assert item.state is ItemState.ADDED
    async with database.tenant_session(globex) as db:
        db.unaudited(Unaudited.PROGRESS)
        assert await db.scalar(text("SELECT count(*) FROM fetched_page")) == 1


async def import_now(
    database: Database, acme: Actor, site: Site, *paths: str, sitemaps: tuple[str, ...] = ()
) -> dict[str, Progress]:
    told: list[Progress] = []
    intake = knowledge.Intake(database=database, embedder=None, web=site.web())
    await knowledge.import_addresses(
        intake,
        acme,
        [site.at(path) for path in paths],
        sitemaps=[site.at(path) for path in sitemaps],
        report=told.append,
    )
    return {progress.item.removeprefix(site.origin): progress for progress in told}


async def test_pages_and_sitemaps_are_imported_at_once_from_the_command_line(
    database: Database, acme: Actor
) -> None:
    async with running_site({"/a": html(TEXT), "/b": html(TEXT), "/no": html(TEXT)}) as site:
        site.pages["/robots.txt"] = Page(body="User-agent: *\nDisallow: /no")
        site.pages["/s.xml"] = sitemap(site.at("/b"), site.at("/no"), "https://elsewhere.example/")
        told = await import_now(database, acme, site, "/a", "/gone", sitemaps=("/s.xml", "/missing.xml"))

    assert {path: (one.state, one.error_code) for path, one in told.items()} == {
        "/missing.xml": (ImportState.FAILED, "knowledge.page_not_found"),
        "/s.xml": (ImportState.SKIPPED, None),
        "/a": (ImportState.ADDED, None),
        "/gone": (ImportState.FAILED, "knowledge.page_not_found"),
        "/b": (ImportState.ADDED, None),
        "/no": (ImportState.SKIPPED, "knowledge.robots_disallow"),
    }


async def test_an_invalid_address_is_refused_before_anything_is_fetched(
    database: Database, acme: Actor
) -> None:
    async with running_site({"/": html(TEXT)}) as site:
        intake = knowledge.Intake(database=database, embedder=None, web=site.web())
        with pytest.raises(AddressInvalid):
            await knowledge.import_addresses(intake, acme, [site.at("/"), "nonsense"])

    assert site.asked == []
