"""What pages say to robots and what sitemaps list, read from anything that a server may send."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import ParseCrashed
from answerable.knowledge.page_errors import SitemapInvalid
from answerable.knowledge.parsing.findings import PageFacts, Sitemap, SitemapEntry
from answerable.knowledge.parsing.frames import decode_page, decode_sitemap, encode_page, encode_sitemap
from answerable.knowledge.parsing.sandbox import ParserProcess
from answerable.knowledge.parsing.sitemap import find_entries
from answerable.knowledge.parsing.web_page import find_facts

PIECES = (
    b"<urlset>", b"</urlset>", b"<sitemapindex>", b"<url>", b"</url>", b"<sitemap>", b"<loc>", b"</loc>",
    b"https://a.example/", b"<lastmod>2026", b"<!DOCTYPE a>", b"<![CDATA[", b"&lt;", b"\x00", b"\x1f\x8b",
    b"<link rel=canonical href=x>", b"<meta name=robots content=noindex>", b"<input type=password>",
)  # fmt: skip
contents = st.one_of(st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join), st.binary(max_size=200))


@pytest.mark.parametrize("read", [find_facts, find_entries])
@given(data=contents)
def test_anything_is_read_or_refused_with_a_declared_error(
    read: Callable[[bytes], object], data: bytes
) -> None:
    try:
        found = read(data)
    except AnswerableError:
        return

    assert isinstance(found, (PageFacts, Sitemap))


def test_only_addresses_of_entries_count() -> None:
    data = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
        <url><loc> https://a.example/1 </loc><image:image><image:loc>https://a.example/p.png</image:loc></image:image>
        <lastmod>2026-01-02</lastmod></url><url><lastmod>2026</lastmod></url>
        <url><loc>https://a.example/2?a=1&amp;b=2</loc></url></urlset>"""

    assert find_entries(data).pages == (
        SitemapEntry(address="https://a.example/1", changed="2026-01-02"),
        SitemapEntry(address="https://a.example/2?a=1&b=2"),
    )


def test_a_page_says_where_its_original_is_and_what_robots_may_do() -> None:
    facts = find_facts(
        b"<head><LINK REL='Canonical nofollow' HREF=' /a '><meta name=Robots content=noindex>"
        b"<meta name=answerable content=nofollow><body>One two<input type=PASSWORD>"
    )

    assert facts == PageFacts(canonical="/a", robots="noindex,nofollow", asks_password=True, words=2)


@pytest.mark.parametrize(
    "answer",
    [
        b"{}", b"[]", b"null", b'{"pages": [["x"]], "sitemaps": []}', b'{"pages": [[1, 2]], "sitemaps": []}',
        b'{"error": "no.such", "detail": ""}', b"\xff",
        b'{"canonical": 1, "robots": "", "asks_password": true, "words": "many"}',
    ],
)  # fmt: skip
def test_an_answer_that_was_tampered_with_is_not_believed(answer: bytes) -> None:
    for decode in (decode_page, decode_sitemap):
        with pytest.raises(ParseCrashed):
            decode(answer)


def test_what_goes_through_the_pipe_arrives_unchanged() -> None:
    facts = PageFacts(canonical="/ä", robots="none", asks_password=True, words=7)
    sitemap = Sitemap(
        pages=(SitemapEntry(address="https://a.example/", changed="2026"),),
        sitemaps=(SitemapEntry(address="x"),),
    )

    assert decode_page(encode_page(facts)) == facts
    assert decode_sitemap(encode_sitemap(sitemap)) == sitemap


async def test_both_are_read_in_the_limited_process() -> None:
    async with ParserProcess() as parser:
        facts = await parser.read_page(b"<link rel=canonical href=/a>")
        with pytest.raises(SitemapInvalid):
            await parser.read_sitemap(b"<html/>")
        sitemap = await parser.read_sitemap(b"https://a.example/1\nhttps://a.example/2\n")

    assert facts.canonical == "/a"
    assert [entry.address for entry in sitemap.pages] == ["https://a.example/1", "https://a.example/2"]
