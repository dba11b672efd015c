"""Server-sent events as a contact's browser reads them, over a real socket."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from factories.http import Client

SOON_S = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event, or a comment, whose name is then empty."""

    name: str
    data: Any = None
    id: int | None = None


class Events:
    """The events of one open stream."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self, *names: str) -> Event:
        """The next event with one of these names; the very next one without any."""
        while True:
            event = await asyncio.wait_for(self._take(), SOON_S)
            if not names or event.name in names:
                return event

    async def until_end(self) -> None:
        """Go on when the server has ended the stream."""
        with_rest = self._lines
        async with asyncio.timeout(SOON_S):
            async for _line in with_rest:
                pass

    async def _take(self) -> Event:
        fields: dict[str, str] = {}
        async for line in self._lines:
            if not line:
                break
            name, _, value = line.partition(": ")
            fields[name] = value
        if "event" not in fields:
            return Event(name="")
        number = int(fields["id"]) if "id" in fields else None
        return Event(name=fields["event"], data=json.loads(fields["data"]), id=number)


@asynccontextmanager
async def follow(
    client: Client, *, key: str, begun: dict[str, str], after: int = 0, last_event_id: int | None = None
) -> AsyncGenerator[Events]:
    """Open a conversation's stream; `begun` is the answer to its first message."""
    headers = {"Answerable-Key": key, "Answerable-Conversation": begun["conversation_token"]}
    if last_event_id is not None:
        headers["Last-Event-ID"] = str(last_event_id)
    wanted = {"conversation_id": begun["conversation_id"], "after": str(after)}
    async with client.stream("GET", "/widget/v1/stream", params=wanted, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Events(answer.aiter_lines())
