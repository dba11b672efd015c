"""Cross-site request forgery, refused in one place: what changes something comes from a page of ours."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.web.problems import answer_error

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


class ForeignOrigin(AnswerableError):
    """This request does not come from a page of this installation."""

    code = "web.foreign_origin"
    kind = Kind.FORBIDDEN
    remedy = "Open the page at its own address and try again; set ANSWERABLE_PUBLIC_URL behind a proxy."


class OriginGuard:
    """Refuses requests that change something unless a page of ours sends them.

    Browsers say where a request comes from in `Sec-Fetch-Site` and `Origin`, and no script can forge either.
    Addresses that other sites are meant to ask, and that no cookie opens, are named as open.

    Source:  Fetch Metadata Request Headers, section 2.4; RFC 6454, section 7.
    """

    def __init__(self, app: ASGIApp, *, public_url: str | None, open_prefixes: Sequence[str] = ()) -> None:
        self._app = app
        self._public_origin = _origin_of(public_url) if public_url else None
        self._open_prefixes = tuple(open_prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "http" and not self._may_pass(scope):
            await answer_error(ForeignOrigin())(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        if scope["method"] in SAFE_METHODS or scope["path"].startswith(self._open_prefixes):
            return True
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None and site != "same-origin":
            return False
        origin = headers.get("origin")
        if origin is None and "authorization" in headers and "cookie" not in headers:
            # A program with a token of its own: no page of another site can send one in a browser's name.
            return True
        if origin is None:
            # A browser that sends a cookie with a change names at least one of the two.
            return site == "same-origin"
        return self._is_ours(origin, headers.get("host", ""))

    def _is_ours(self, origin: str, host: str) -> bool:
        if origin == self._public_origin:
            return True
        # The scheme is not compared: a proxy that ends TLS speaks plain HTTP to us.
        parts = urlsplit(origin)
        return parts.scheme in {"http", "https"} and bool(host) and parts.netloc == host


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
