"""The edge of every surface: a request gets its id, its log line, its measure, its headers and its limit here.

What a request asks for is not looked at; errors become answers in `problems`.
"""

import time
from dataclasses import dataclass, field
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from answerable.infra.ids import uuid7
from answerable.infra.metrics import REQUEST_DURATION, REQUESTS
from answerable.infra.web.errors import BodyTooLarge
from answerable.infra.web.problems import answer_error, answer_failure

log = structlog.get_logger()

LARGEST_BODY: Final = 1_048_576
"""Bytes of a request's body, at most."""

_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
# Anybody may invent methods; as labels they could be without number, and as text in the log anything.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_GONE = 499
"""What the log says when nobody was there to answer; no status of HTTP."""

_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


class Edge:
    """Wraps an application: one id, one log line and one measure for each request, and no silent failure."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        before = get_contextvars()
        clear_contextvars()
        exchange = _Exchange(scope=scope, receive=receive, send=send)
        bind_contextvars(request_id=exchange.request_id)
        try:
            await self._serve(exchange)
        finally:
            exchange.report()
            clear_contextvars()
            bind_contextvars(**before)

    async def _serve(self, exchange: "_Exchange") -> None:
        try:
            await self._app(exchange.scope, exchange.take, exchange.give)
        except Exception:
            log.exception("request.failed")
            if exchange.status:
                # Half an answer is out: the server must cut the connection, so that it is not taken for whole.
                raise
            await answer_failure()(exchange.scope, exchange.receive, exchange.give)


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """A request and its answer, counted while they pass."""

    scope: Scope
    receive: Receive
    send: Send
    request_id: str = field(default_factory=lambda: str(uuid7()))
    began: float = field(default_factory=time.perf_counter)
    status: int = 0
    bytes_in: int = 0
    bytes_out: int = 0

    async def take(self) -> Message:
        message = await self.receive()
        self.bytes_in += len(message.get("body", b""))
        return message

    async def give(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            for name, value in _HEADERS:
                headers.setdefault(name, value)
        else:
            self.bytes_out += len(message.get("body", b""))
        await self.send(message)

    def report(self) -> None:
        duration_s = time.perf_counter() - self.began
        method = self.scope["method"] if self.scope["method"] in _METHODS else "other"
        status = self.status or _GONE
        route = _route_of(self.scope)
        REQUESTS.labels(method, route, status).inc()
        REQUEST_DURATION.labels(method, route).observe(duration_s)
        fields: dict[str, str | int | float] = {
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(duration_s * 1000, 1),
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
        }
        if status >= 500:
            log.warning("request.finished", **fields)
        elif route in _PROBES:
            # Asked every few seconds by machines: of interest only when they fail.
            log.debug("request.finished", **fields)
        else:
            log.info("request.finished", **fields)


class BodyLimit:
    """Refuses bodies that are too large: by what they announce, or when they turn out to be."""

    def __init__(
        self, app: ASGIApp, *, largest: int = LARGEST_BODY, counted_by_routes: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._largest = largest
        self._counted_by_routes = counted_by_routes
        """Beginnings of addresses whose routes take a body piece by piece and count it themselves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request whose body cannot be read beyond the limit."""
        if scope["type"] == "http" and scope["path"].startswith(self._counted_by_routes):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if announced.isdecimal() and int(announced) > self._largest:
            await answer_error(BodyTooLarge())(scope, receive, send)
            return
        taken = 0

        async def take() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._largest:
                # The one exception that the framework lets through from the middle of its reading.
                raise HTTPException(413)
            return message

        await self._app(scope, take, send)


def _route_of(scope: Scope) -> str:
    # The template and never the path, which is the sender's own text.
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "unmatched"
