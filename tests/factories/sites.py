"""A web site on this machine, with pages as a test asks, and a way to it that waits for nothing."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from answerable.knowledge.fetching.manners import Manners
from answerable.knowledge.fetching.web import Web
from infra.egress.servers import serve

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the site answers at one path."""

    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0
    etag: str = ""

    @property
    def data(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


def html(body: str, *, head: str = "", **headers: str) -> Page:
    content = f"<html lang=en><head><title>A page</title>{head}</head><body>{body}</body></html>"
    return Page(body=content, headers={"content-type": "text/html", **headers})


def leading_to(target: str, status: int = 302) -> Page:
    return Page(status=status, headers={"location": target})


@dataclass(slots=True)
class Watch:
    """A clock that goes on by what is slept, and remembers it."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list[float])

    def read(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass(slots=True)
class Site:
    """A running site."""

    pages: dict[str, Page]
    origin: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list[str])
    heads: list[str] = field(default_factory=list[str])
    watch: Watch = field(default_factory=Watch)

    def at(self, path: str) -> str:
        return f"{self.origin}{path}"

    def web(self, *, total_timeout_s: float = 20.0, manners: Manners | None = None) -> Web:
        return Web(
            private_sites=frozenset({(HOST, self.port)}),
            manners=manners or Manners(clock=self.watch.read, sleep=self.watch.sleep),
            sleep=self.watch.sleep,
            total_timeout_s=total_timeout_s,
        )

    async def answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        path = head.split(" ", 2)[1]
        self.asked.append(path)
        self.heads.append(head)
        page = self.pages.get(path, Page(status=404))
        await asyncio.sleep(page.delay_s)
        headers = dict(page.headers)
        status, data = page.status, page.data
        if page.etag:
            headers["etag"] = page.etag
            if f"if-none-match: {page.etag}" in head:
                status, data = 304, b""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(
            f"HTTP/1.1 {status} X\r\n{lines}content-length: {len(data)}\r\nconnection: close\r\n\r\n".encode()
            + data
        )


@contextlib.asynccontextmanager
async def running_site(pages: Mapping[str, Page]) -> AsyncGenerator[Site]:
    site = Site(pages=dict(pages))
    async with serve(site.answer) as server:
        site.port = server.port
        site.origin = f"http://{HOST}:{server.port}"
        yield site
