"""Running a monitor: its token, its way to the installation, and the pace of its looks."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from answerable.infra.egress import Client, EgressPolicy, Response, UrlRefused, open_client, take_apart
from answerable.infra.errors import AnswerableError
from answerable.vault import secretfiles
from answerable.witness.errors import MonitorRefused, MonitorUnreachable
from answerable.witness.memory import Memory
from answerable.witness.monitoring import Look, Monitor

_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})
MAX_ANSWER_BYTES: Final = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorOptions:
    """How a log is watched."""

    url: str
    """The installation's address."""
    state: Path
    """Folder of the key and of what was seen."""
    token: Path | None
    """File with the token that the monitor got when it was registered."""
    name: str
    key: str | None
    """The log's verifier key, where it is known from elsewhere."""
    every_s: int
    """Looks again after so many seconds; 0 looks once."""
    max_age_s: int | None


async def watch(options: MonitorOptions, looked: Callable[[Look], None]) -> int:
    """Look at the log, once or for ever; the worst that was found, as an exit code.

    Errors:  MonitorUnreachable, MonitorRefused, unless it looks for ever; UrlRefused, and those of the folder.
    """
    if options.token is None:
        raise MonitorRefused("Name the file with its token: --token FILE.")
    memory, token = Memory(options.state, options.name), secretfiles.read_given(options.token)
    policy = _policy(options.url)
    while True:
        async with open_client(policy) as client:
            way = _Way(client=client, url=options.url.rstrip("/"), token=token)
            monitor = Monitor(memory, way.fetch, way.bring, now=time.time, max_age_s=options.max_age_s)
            try:
                look = await monitor.look(key=options.key)
                looked(look)
            except (MonitorUnreachable, MonitorRefused):
                if not options.every_s:
                    raise
            else:
                if not options.every_s:
                    return look.code
        await asyncio.sleep(options.every_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Requests to one installation, with the monitor's token."""

    client: Client
    url: str
    token: str

    async def fetch(self, path: str) -> bytes:
        """What lies at a path.

        Errors:  MonitorUnreachable, MonitorRefused.
        """
        return (await self._send("GET", path)).body

    async def bring(self, note: bytes) -> None:
        """Hand a cosigned head in.

        Errors:  MonitorUnreachable, MonitorRefused.
        """
        content = json.dumps({"note": note.decode()}).encode()
        await self._send("POST", "/v1/audit/cosignatures", content)

    async def _send(self, method: str, path: str, content: bytes = b"") -> Response:
        headers = {"authorization": f"Bearer {self.token}"}
        if content:
            headers["content-type"] = "application/json"
        try:
            answer = await self.client.send(
                method, self.url + path, headers=headers, content=content, follow=False
            )
        except AnswerableError as error:
            raise MonitorUnreachable(f"{error.code}.") from error
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise MonitorUnreachable(f"It answered {answer.status}.")
        if answer.status != HTTPStatus.OK:
            raise MonitorRefused(f"It answered {answer.status} for {path.partition('?')[0]}.")
        return answer


def _policy(url: str) -> EgressPolicy:
    """Whoever runs the monitor names the address, so it may be a private one; without TLS only on this machine."""
    target = take_apart(url)
    if target.scheme == "http" and target.host not in _HERE:
        raise UrlRefused("The token would be readable on the way.")
    return EgressPolicy(
        private_endpoints=frozenset({(target.host, target.port)}), max_body_bytes=MAX_ANSWER_BYTES
    )
