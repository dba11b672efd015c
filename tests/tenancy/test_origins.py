"""Which pages may show the widget: every origin in the spelling that browsers send, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.tenancy.errors import OriginInvalid, TooManyOrigins
from answerable.tenancy.origins import MAX_ORIGINS, check_origin, check_origins


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        (" HTTPS://Shop.Example ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:5173", "http://[::1]:5173"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://[2001:DB8:0:0::1]", "https://[2001:db8::1]"),
        ("https://[::ffff:192.0.2.7]", "https://[::ffff:c000:207]"),
        ("https://müller.example", "https://xn--mller-kva.example"),
        # Browsers keep the sharp s; the older standard, and Python's own codec, make it ss.
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://日本。example", "https://xn--wgv71a.example"),
        ("https://xn--mller-kva.example", "https://xn--mller-kva.example"),
    ],
)
def test_an_origin_is_kept_as_a_browser_sends_it(written: str, sent: str) -> None:
    assert check_origin(written) == sent
    assert check_origin(sent) == sent


@pytest.mark.parametrize(
    "written",
    [
        "shop.example",
        "//shop.example",
        "http://shop.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "ftp://shop.example",
        "javascript://shop.example",
        "null",
        "https://",
        "https://:8443",
        "https://shop.example:",
        "https://shop.example:0",
        "https://shop.example:65536",
        "https://shop.example:eight",
        "https://shop.example/path",
        "https://shop.example?query",
        "https://shop.example#part",
        "https://owner@shop.example",
        "https://*.shop.example",
        "https://*",
        "https://shop.example https://b.example",
        "https://shop\x00.example",
        "https://shop.example\\path",
        "https://shop..example",
        "https://-shop.example",
        "https://shop_front.example",
        "https://intranet",
        "https://shop.example.",
        "https://127.1",
        "https://0x7f.1",
        "https://1.2.3.4.5",
        "https://[::1",
        "https://[::1%25eth0]",
        "https://" + "a" * 64 + ".example",
        "https://" + "a." * 200 + "example",
    ],
)
def test_what_no_browser_would_send_as_an_origin_is_refused(written: str) -> None:
    with pytest.raises(OriginInvalid):
        check_origin(written)


@given(st.text())
def test_whatever_is_written_is_an_origin_or_refused(written: str) -> None:
    try:
        origin = check_origin(written)
    except OriginInvalid:
        return

    assert origin.isascii()
    assert check_origin(origin) == origin


def test_each_origin_is_kept_once_and_empty_lines_count_for_nothing() -> None:
    kept = check_origins(["https://b.example", "", "  ", "https://a.example", "https://B.example/"])

    assert kept == ("https://b.example", "https://a.example")


def test_there_are_at_most_fifty_origins() -> None:
    allowed = [f"https://s{number}.example" for number in range(MAX_ORIGINS)]

    assert len(check_origins([*allowed, allowed[0]])) == MAX_ORIGINS
    with pytest.raises(TooManyOrigins, match="51"):
        check_origins([*allowed, "https://one-more.example"])
