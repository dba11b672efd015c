"""Fetching one address: politely, within limits, through the guarded way out, each hop judged by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from answerable.infra import egress
from answerable.infra.egress import EgressPolicy, Response, open_client, system_resolve
from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import AddressInvalid
from answerable.knowledge.fetching import rules
from answerable.knowledge.fetching.addresses import host_of, is_same_site, join_address, origin_of
from answerable.knowledge.fetching.manners import ROBOTS_BYTES, USER_AGENT, Manners, Robots
from answerable.knowledge.page_errors import (
    AddressPrivate,
    EndlessRedirects,
    LeadsElsewhere,
    PageTooLarge,
    RobotsDisallow,
    RobotsUnavailable,
    SiteBusy,
    SiteTooSlow,
    SiteUnreachable,
)
from answerable.knowledge.parsing import BINARY_BYTES

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_TOTAL_S = 60.0
_ACCEPT = (
    "text/html,application/xhtml+xml,application/pdf,"
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document,text/*;q=0.8,*/*;q=0.1"
)
_OURS: Mapping[type[AnswerableError], type[AnswerableError]] = {
    egress.AddressRefused: AddressPrivate,
    egress.HostNotAllowed: LeadsElsewhere,
    egress.UrlRefused: AddressInvalid,
    egress.RedirectRefused: EndlessRedirects,
    egress.TlsRefused: SiteUnreachable,
    egress.ConnectionFailed: SiteUnreachable,
    egress.TimedOut: SiteTooSlow,
    egress.ResponseTooLarge: PageTooLarge,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What an address led to."""

    address: str
    """Where it was found in the end."""

    content: bytes
    content_type: str
    is_unchanged: bool = False
    """Whether the server says that it is as it was; there is no content then."""

    robots: str = ""
    """What its headers say to robots."""

    etag: str | None = None
    last_modified: str | None = None


class Web:
    """The way to pages; made once for as long as a process lives, since it remembers its manners."""

    def __init__(
        self,
        *,
        private_sites: frozenset[tuple[str, int]] = frozenset(),
        manners: Manners | None = None,
        resolve: egress.Resolve = system_resolve,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        total_timeout_s: float = _TOTAL_S,
    ) -> None:
        self._private_sites = private_sites
        self._manners = manners or Manners()
        self._resolve = resolve
        self._sleep = sleep
        self._total_timeout_s = total_timeout_s

    async def fetch(self, address: str, *, condition: Mapping[str, str] | None = None) -> Fetched:
        """What a normalised address leads to, if its site lets us; redirects within the site are followed.

        Errors:  those of `page_errors`, AddressInvalid.
        """
        here = address
        for _ in range(_MAX_REDIRECTS + 1):
            robots = await self._manners.robots_of(origin_of(here), self._ask_robots)
            if not robots.allows(here):
                raise RobotsDisallow
            response = await self._ask_patiently(here, condition or {})
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or location is None:
                return _fetched(here, response)
            target = join_address(here, location)
            refused = rules.judge_redirect(address, here, target)
            if refused is not None:
                raise refused
            here = target
        raise EndlessRedirects

    async def _ask_patiently(self, address: str, headers: Mapping[str, str]) -> Response:
        """The answer, asked for once more after a while where the site is busy.

        Errors:  as `fetch`.
        """
        response = await self._ask(address, headers)
        if isinstance(rules.judge_status(response.status), SiteBusy):
            await self._sleep(rules.wait_before_retry(response.headers.get("retry-after", "")))
            response = await self._ask(address, headers)
        return response

    async def _ask(
        self, address: str, headers: Mapping[str, str], *, max_bytes: int = BINARY_BYTES
    ) -> Response:
        host = host_of(address)
        policy = EgressPolicy(
            hosts=frozenset({host}),
            ports=frozenset({80, 443}),
            private_endpoints=self._private_sites,
            total_timeout_s=self._total_timeout_s,
            read_timeout_s=min(15.0, self._total_timeout_s),
            max_body_bytes=max_bytes,
        )
        sent = {"user-agent": USER_AGENT, "accept": _ACCEPT, **headers}
        async with self._manners.turn(origin_of(address)):
            try:
                async with open_client(policy, resolve=self._resolve) as client:
                    return await client.get(address, headers=sent, follow=False)
            except AnswerableError as error:
                ours = _OURS.get(type(error))
                if ours is None:
                    raise
                raise ours(_detail(error)) from error

    async def _ask_robots(self, origin: str) -> Robots:
        """The rules of a site.

        Errors:  RobotsUnavailable, and those of reaching the site.
        Source:  RFC 9309, section 2.3.1: what is not there allows everything, what fails allows nothing.
        """
        here = f"{origin}/robots.txt"
        for _ in range(_MAX_REDIRECTS + 1):
            try:
                response = await self._ask(here, {}, max_bytes=2 * ROBOTS_BYTES)
            except PageTooLarge as error:
                raise RobotsUnavailable from error
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or location is None:
                return _robots(response)
            here = join_address(here, location)
            if not is_same_site(origin, here):
                break
        return Robots("")


def _detail(error: AnswerableError) -> str:
    if isinstance(error, egress.UrlRefused):
        return "Its port is neither 80 nor 443."
    return "Its certificate cannot be trusted." if isinstance(error, egress.TlsRefused) else ""


def _robots(response: Response) -> Robots:
    if response.status >= 500 or response.status == 429:
        raise RobotsUnavailable
    is_there = 200 <= response.status < 300
    return Robots(response.body[:ROBOTS_BYTES].decode("utf-8-sig", "replace") if is_there else "")


def _fetched(address: str, response: Response) -> Fetched:
    refused = rules.judge_status(response.status)
    if refused is not None:
        raise refused
    return Fetched(
        address=address,
        content=response.body,
        content_type=response.headers.get("content-type", ""),
        is_unchanged=response.status == 304,
        robots=response.headers.get("x-robots-tag", ""),
        etag=rules.validator_of(response.headers, "etag"),
        last_modified=rules.validator_of(response.headers, "last-modified"),
    )
