"""Addresses, types and directives, taken apart."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.knowledge.errors import AddressInvalid
from answerable.knowledge.fetching import rules
from answerable.knowledge.fetching.addresses import is_same_site, join_address, normalise_address
from answerable.knowledge.page_errors import ContentTypeUnknown
from answerable.knowledge.service.pages import parse_changed


@pytest.mark.parametrize(
    ("given_address", "kept"),
    [
        ("HTTPS://Shop.Example", "https://shop.example/"),
        ("https://shop.example:443/a#part", "https://shop.example/a"),
        ("http://shop.example:8080/a?b=c&d", "http://shop.example:8080/a?b=c&d"),
        ("https://müller.example/größe", "https://xn--mller-kva.example/gr%C3%B6%C3%9Fe"),
        ("https://shop.example/a%20b", "https://shop.example/a%20b"),
        (" https://shop.example./ ", "https://shop.example/"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]/"),
    ],
)
def test_an_address_has_one_spelling(given_address: str, kept: str) -> None:
    assert normalise_address(given_address) == kept


@pytest.mark.parametrize(
    "address",
    [
        "", "shop.example", "ftp://shop.example", "javascript:alert(1)", "https://a:b@shop.example",
        "https://@shop.example", "https://shop.example:99999", "https://[::1", "http://a b/",
        "https://shop.example/" + "a" * 2_000, "https://" + "a" * 70 + ".example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(AddressInvalid):
        normalise_address(address)


@given(st.text(max_size=60), st.sampled_from(["", "https://shop.example/", "http://"]))
def test_any_text_is_an_address_in_one_spelling_or_none(text: str, beginning: str) -> None:
    try:
        once = normalise_address(beginning + text)
    except AddressInvalid:
        return

    assert normalise_address(once) == once
    assert once.isascii()


def test_a_reference_is_joined_to_its_page() -> None:
    assert join_address("https://shop.example/a/b", "../c?d#e") == "https://shop.example/c?d"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://www.shop.example/x", True),
        ("http://shop.example/", True),
        ("https://shop.example:8443/", False),
        ("https://shop.example.evil.example/", False),
        ("https://blog.shop.example/", False),
    ],
)
def test_a_site_is_its_host_with_or_without_www(other: str, *, same: bool) -> None:
    assert is_same_site("https://shop.example/", other) is same


@pytest.mark.parametrize(
    ("content_type", "address", "suffix"),
    [
        ("text/html; charset=utf-8", "https://a.example/", ".html"),
        ("application/pdf", "https://a.example/x", ".pdf"),
        ("application/octet-stream", "https://a.example/x.docx", ".docx"),
        ("text/plain", "https://a.example/x", ".txt"),
        ("text/plain", "https://a.example/x.md", ".md"),
        ("", "https://a.example/x", ".html"),
    ],
)
def test_the_format_is_known_by_the_type_and_where_it_says_nothing_by_the_address(
    content_type: str, address: str, suffix: str
) -> None:
    assert rules.suffix_of(content_type, address) == suffix


@pytest.mark.parametrize(
    "content_type", ["image/png", "application/zip", "application/octet-stream", "video/mp4"]
)
def test_what_is_neither_page_nor_document_is_refused(content_type: str) -> None:
    with pytest.raises(ContentTypeUnknown):
        rules.suffix_of(content_type, "https://a.example/x")


@pytest.mark.parametrize(
    ("directives", "forbidden"),
    [
        ("noindex", True),
        ("NOINDEX, nofollow", True),
        ("none", True),
        ("index, nofollow", False),
        ("googlebot: noindex", False),
        ("answerable: noindex", True),
        ("max-snippet:-1", False),
        ("", False),
    ],
)
def test_noindex_counts_for_everybody_or_for_us(directives: str, *, forbidden: bool) -> None:
    assert rules.forbids_index(directives) is forbidden


@pytest.mark.parametrize(
    ("content_type", "content", "read"),
    [
        ("text/html; charset=iso-8859-1", "Größe 4 €".encode("cp1252"), "Größe 4 €"),
        ('text/html; charset="windows-1252"', b"\x80", "€"),
        ("text/html; charset=utf-8", "Größe".encode(), "Größe"),
        ("text/html; charset=rot13", b"abc", "abc"),
        ("text/html; charset=no-such", b"abc", "abc"),
    ],
)
def test_an_older_encoding_is_read_as_the_server_names_it(
    content_type: str, content: bytes, read: str
) -> None:
    assert rules.to_utf8(content, content_type).decode() == read


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-03-01", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_in_a_sitemap_is_the_latest_that_it_can_mean(written: str, at: datetime | None) -> None:
    assert parse_changed(written) == at


def test_a_header_that_cannot_be_sent_back_is_not_kept() -> None:
    headers = {"etag": '"a\u00e9"', "last-modified": "Tue, 03 Mar 2026 10:00:00 GMT"}

    assert rules.validator_of(headers, "etag") is None
    assert rules.validator_of(headers, "last-modified") == "Tue, 03 Mar 2026 10:00:00 GMT"
