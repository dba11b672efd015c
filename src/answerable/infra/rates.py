"""How often something may happen, counted in this process.

Who is counted and how much is allowed, each surface says.
"""

import math
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.ids import TenantId

Seconds = Callable[[], float]
"""A clock that never jumps."""

MOST_KEYS = 20_000
"""So many are counted at once; the one that was quiet longest is forgotten first."""


class RateExceeded(AnswerableError):
    """That was more often than is allowed."""

    code = "rates.exceeded"
    kind = Kind.LIMITED
    remedy = "Wait as long as the answer says, then try again."

    def __init__(self, *, wait_s: int) -> None:
        super().__init__(f"Try again in {wait_s} s.")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often something may happen in any sixty seconds."""

    name: str
    per_minute: int


def scoped_key(tenant_id: TenantId, *parts: str | UUID) -> str:
    """The key under which something of one tenant is counted, locked or kept; no two lists of parts share one."""
    return "/".join([tenant_id.hex, *(quote(str(part), safe="") for part in parts)])


class Rates:
    """Counters of what happened lately, forgotten when the process ends."""

    def __init__(self, *, clock: Seconds = time.monotonic, most_keys: int = MOST_KEYS) -> None:
        self._clock = clock
        self._limiter = MovingWindowRateLimiter(_Window(clock=clock, most_keys=most_keys))

    async def spend(self, rate: Rate, key: str) -> None:
        """Count one more, if it is allowed.

        Errors:  RateExceeded; nothing is counted then.
        """
        if not await self._limiter.hit(_item(rate), key):
            raise await self._exceeded(rate, key)

    async def check(self, rate: Rate, key: str) -> None:
        """Go on only if one more would be allowed; counts nothing.

        Errors:  RateExceeded.
        """
        if not await self._limiter.test(_item(rate), key):
            raise await self._exceeded(rate, key)

    async def _exceeded(self, rate: Rate, key: str) -> RateExceeded:
        item = _item(rate)
        stats = await self._limiter.get_window_stats(item, key)
        wait_s = math.ceil(stats.reset_time - self._clock())
        return RateExceeded(wait_s=min(max(wait_s, 1), item.get_expiry()))


class TooManyOpen(AnswerableError):
    """So many streams cannot be open at once."""

    code = "rates.too_many_open"
    kind = Kind.LIMITED
    remedy = "Close one of the windows that show this conversation, then try again."


class Occupancy:
    """How many of something are open now in this process."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @contextmanager
    def take(self, key: str, *, most: int) -> Generator[None]:
        """Be one of the open ones while the block lasts.

        Errors:  TooManyOpen.
        """
        if self._open[key] >= most:
            raise TooManyOpen
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]


def _item(rate: Rate) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(rate.per_minute, namespace=rate.name)


class _Window(MemoryStorage):
    """The library's storage with another memory of what happened.

    Its own reads the wall clock, so that a clock set back by a day would lock people out for a day, and walks
    all keys in a thread at every hit: 0.9 s of work a hit at 4,000 keys.
    """

    STORAGE_SCHEME = None

    def __init__(self, *, clock: Seconds, most_keys: int) -> None:
        super().__init__()
        self._clock = clock
        self._most_keys = most_keys
        self._hits: OrderedDict[str, deque[float]] = OrderedDict()

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        hits = self._hits_within(key, expiry)
        if len(hits) + amount > limit:
            return False
        hits.extend([self._clock()] * amount)
        self._hits[key] = hits
        self._hits.move_to_end(key)
        self._forget(expiry)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the library's signature
        hits = self._hits_within(key, expiry)
        return (hits[0], len(hits)) if hits else (self._clock(), 0)

    def _hits_within(self, key: str, expiry: int) -> deque[float]:
        hits = self._hits.get(key, deque())
        now = self._clock()
        while hits and hits[0] <= now - expiry:
            hits.popleft()
        # Hits that have not happened yet: the clock was set back, and nobody is to wait for it to catch up.
        while hits and hits[-1] > now:
            hits.pop()
        return hits

    def _forget(self, expiry: int) -> None:
        # Keys stand in the order of their last hit, so whatever can be forgotten stands in front.
        now = self._clock()
        while self._hits:
            key, hits = next(iter(self._hits.items()))
            if hits and hits[-1] > now - expiry and len(self._hits) <= self._most_keys:
                return
            del self._hits[key]
