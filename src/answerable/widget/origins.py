"""Which pages may ask: cross-origin requests to the widget's endpoints, answered in one place.

It stops the pages of other sites in their visitors' browsers. It stops no script that runs elsewhere: that sends
whatever origin it likes, or none, and meets the limits instead.
"""

from collections.abc import Collection
from typing import Final

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from answerable.widget.errors import OriginRefused

PREFIX: Final = "/widget/v1/"

# Anybody may ask for leave: what decides is the request itself, whose key names the workspace. No answer ever
# allows credentials, so that no cookie has a part in any of this.
_PREFLIGHT: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Answerable-Key, Answerable-Conversation, Content-Type, Last-Event-ID",
    "Access-Control-Max-Age": "7200",
}


class CrossOrigin:
    """Wraps an application: preflights are answered here, and pages may read what the widget's endpoints say."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
            return

        async def give(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
            await send(message)

        await self._app(scope, receive, give)


def require_origin(request: Request, allowed: Collection[str]) -> None:
    """Go on only if the page that asks is the installation's own or one of those allowed.

    Errors:  OriginRefused.
    """
    origin = request.headers.get("origin")
    if origin is None or origin in allowed or _is_own(origin, request.headers.get("host", "")):
        return
    raise OriginRefused


def _is_own(origin: str, host: str) -> bool:
    # Without the scheme, which a proxy may have changed; a browser lets no page choose its Host header.
    return bool(host) and origin.partition("://")[2] == host.lower()
