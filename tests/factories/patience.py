"""Waiting for what another task or process does, in small steps and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_S = 30
STEP_S = 0.02

Seen = TypeVar("Seen")


async def until(look: Callable[[], Awaitable[Seen | None]], *, within_s: float = PATIENCE_S) -> Seen:
    """What `look` sees as soon as it sees something; nothing is None, False, and whatever is empty."""
    async with asyncio.timeout(within_s):
        while not (seen := await look()):  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(STEP_S)
    return seen
