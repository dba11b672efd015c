"""Addresses of web pages in one spelling, and which of them belong to one site. Pure."""

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from answerable.knowledge.errors import AddressInvalid

MAX_CHARACTERS = 2_000

_KEPT = "%/:=&?~+!$,;'@()*[]-._|"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_BLANKS = re.compile(r"[\x00-\x20\x7f]")


def normalise_address(address: str) -> str:
    """The address in the spelling by which its page is found again: ASCII, no fragment, no default port.

    Errors:  AddressInvalid.
    """
    try:
        parts = urlsplit(address.strip())
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
        path, query = quote(parts.path, safe=_KEPT), quote(parts.query, safe=_KEPT)
    except (ValueError, UnicodeError) as error:
        raise AddressInvalid from error
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or _BLANKS.search(host):
        raise AddressInvalid
    named = f"[{host}]" if ":" in host else host
    place = named if port is None or port == _DEFAULT_PORTS[scheme] else f"{named}:{port}"
    whole = urlunsplit((scheme, place, path or "/", query, ""))
    if len(whole) > MAX_CHARACTERS:
        raise AddressInvalid("It is too long.")
    return whole


def join_address(base: str, reference: str) -> str:
    """The address that a reference on a page leads to.

    Errors:  AddressInvalid.
    """
    try:
        return normalise_address(urljoin(base, reference.strip()))
    except ValueError as error:
        raise AddressInvalid from error


def origin_of(address: str) -> str:
    """Scheme, host and port of a normalised address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def host_of(address: str) -> str:
    """The host of a normalised address."""
    return urlsplit(address).hostname or ""


def is_same_site(first: str, second: str) -> bool:
    """Whether two addresses have the same host and port, `www.` before it or not; https may replace http."""
    return _site(first) == _site(second)


def _site(address: str) -> tuple[str, int | None]:
    parts = urlsplit(address)
    return (parts.hostname or "").removeprefix("www."), parts.port
