"""Manners towards sites: what their robots.txt allows, and a pause between two requests of one host.

Kept for as long as a worker lives; several workers keep their pauses each by itself.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from protego import Protego

from answerable.infra.errors import AnswerableError

AGENT = "Answerable"
"""The name by which robots.txt may address us."""

USER_AGENT = "Answerable/0.1 (customer care; reads pages on behalf of their owner)"
ROBOTS_BYTES = 500_000
"""So much of a robots.txt counts (RFC 9309, section 2.5)."""

_REMEMBERED_S = 3_600.0
_FAILURE_REMEMBERED_S = 300.0
_HOSTS = 500

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How long to wait between two requests of one host."""

    usual_s: float = 1.0
    longest_s: float = 10.0
    """However long a robots.txt asks for."""


class Robots:
    """What a robots.txt says to us."""

    def __init__(self, content: str) -> None:
        # Its parser is lenient, and matches patterns without backtracking.
        self._rules = Protego.parse(content)

    def allows(self, address: str) -> bool:
        """Whether a page may be fetched."""
        return self._rules.can_fetch(address, AGENT)

    @property
    def delay_s(self) -> float | None:
        """How long to wait between two requests; None when it does not say."""
        return self._rules.crawl_delay(AGENT)


@dataclass(slots=True)
class _Site:
    """What is known of one origin."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    robots: Robots | None = None
    failure: AnswerableError | None = None
    robots_until: float = 0.0
    next_at: float = 0.0


class Manners:
    """What is known of the sites that were visited."""

    def __init__(
        self, *, pause: Pause | None = None, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._pause = pause or Pause()
        self._clock = clock
        self._sleep = sleep
        self._sites: OrderedDict[str, _Site] = OrderedDict()

    @asynccontextmanager
    async def turn(self, origin: str) -> AsyncGenerator[None]:
        """Wait until this site may be asked again; nobody else asks it meanwhile."""
        site = self._site(origin)
        async with site.lock:
            wait = site.next_at - self._clock()
            if wait > 0:
                await self._sleep(wait)
            try:
                yield
            finally:
                site.next_at = self._clock() + self._pause_of(site)

    async def robots_of(self, origin: str, ask: Callable[[str], Awaitable[Robots]]) -> Robots:
        """The rules of a site, asked for once an hour.

        Errors:  what `ask` raises, remembered for five minutes so that a site that is down is left alone.
        """
        site = self._site(origin)
        if self._clock() < site.robots_until:
            if site.failure is not None:
                raise type(site.failure)(site.failure.detail)
            if site.robots is not None:
                return site.robots
        try:
            site.robots, site.failure = await ask(origin), None
        except AnswerableError as error:
            site.robots, site.failure = None, error
            site.robots_until = self._clock() + _FAILURE_REMEMBERED_S
            raise
        site.robots_until = self._clock() + _REMEMBERED_S
        return site.robots

    def _pause_of(self, site: _Site) -> float:
        asked = site.robots.delay_s if site.robots else None
        return min(self._pause.longest_s, max(self._pause.usual_s, asked or 0.0))

    def _site(self, origin: str) -> _Site:
        site = self._sites.setdefault(origin, _Site())
        self._sites.move_to_end(origin)
        if len(self._sites) > _HOSTS:
            self._sites.popitem(last=False)
        return site
