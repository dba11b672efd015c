"""A copy of the log that is sent: each batch to an address, signed, and again until it is accepted.

How far the receiver is stands in a file of ours, written after each batch that was accepted: whoever is killed in
between sends a batch once more, and never leaves one out. Where a batch begins and ends stands in it.

Source:  Standard Webhooks, version 1: identifier, time and signature in headers.
"""

import asyncio
import hashlib
import hmac
import json
import random
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import structlog

from answerable.audit.errors import CopyUnreadable, StreamRefused
from answerable.audit.posting import Post
from answerable.audit.streaming import Batch, Reached, render_batch
from answerable.infra.egress import Response
from answerable.infra.errors import AnswerableError
from answerable.infra.home import write_private_file

log = structlog.get_logger()

LEAST_SECRET_BYTES: Final = 24
MOST_ATTEMPTS: Final = 5
"""So often a batch is sent by a command that ends; one that follows the log goes on for ever."""

_WAITS_S: Final = (1.0, 60.0)
"""Before the second attempt, and at most."""

_BUSY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where batches are sent."""

    url: str
    secret: bytes
    """What they are signed with, and the receiver knows."""
    state: Path
    """The file that remembers how far the receiver is."""


class WebhookSink:
    """A receiver at an address."""

    def __init__(
        self,
        hook: Hook,
        post: Post,
        *,
        gives_up: bool,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Send to a hook.

        Errors:  StreamRefused for a secret that is too short.
        """
        if len(hook.secret) < LEAST_SECRET_BYTES:
            raise StreamRefused(f"The secret has {len(hook.secret)} bytes instead of {LEAST_SECRET_BYTES}.")
        self._hook = hook
        self._post = post
        self._gives_up = gives_up
        self._now = now
        self._sleep = sleep

    async def find_reached(self) -> Reached:
        """How far the receiver is, as far as it is known here.

        Errors:  CopyUnreadable.
        """
        path = self._hook.state
        try:
            value: dict[str, Any] = json.loads(path.read_bytes())
            return Reached(size=int(value["size"]), origin=str(value["origin"]))
        except FileNotFoundError:
            return Reached()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CopyUnreadable(str(path)) from error

    async def take(self, batch: Batch) -> None:
        """Send a batch until it is accepted, and remember that it was.

        Errors:  StreamRefused; HomeNotUsable, NoDiskLeft of the file.
        """
        body = render_batch(batch)
        attempt = 0
        while (wait_s := await self._send(batch, body)) is not None:
            attempt += 1
            if self._gives_up and attempt >= MOST_ATTEMPTS:
                raise StreamRefused(f"Not accepted in {attempt} attempts.")
            await self._sleep(max(wait_s, _backoff(attempt)))
        state = json.dumps({"origin": batch["origin"], "size": batch["to"]})
        await asyncio.to_thread(write_private_file, self._hook.state, state)

    async def _send(self, batch: Batch, body: bytes) -> float | None:
        """Nothing once it is accepted; else how long the receiver asks to be left alone.

        Errors:  StreamRefused.
        """
        headers = sign(batch, body, self._hook.secret, at=int(self._now()))
        try:
            answer = await self._post(self._hook.url, body, headers)
        except AnswerableError as error:
            log.warning("log.batch_not_sent", code=error.code)
            return 0.0
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in _BUSY:
            raise StreamRefused(f"It answered {answer.status}.")
        log.warning("log.batch_not_sent", status=answer.status)
        return _asked_wait(answer)


def sign(batch: Batch, body: bytes, secret: bytes, *, at: int) -> dict[str, str]:
    """The headers of a batch: one and the same for the same batch, but for the time."""
    place = f"{batch['origin']}:{batch['from']}:{batch['to']}".encode()
    identifier = f"batch_{hashlib.sha256(place).hexdigest()[:32]}"
    signed = f"{identifier}.{at}.".encode() + body
    signature = b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    return {
        "content-type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{signature}",
    }


def _backoff(attempt: int) -> float:
    shortest, longest = _WAITS_S
    # Spread out, so that many streams do not come back in the same moment.
    return min(longest, shortest * 2 ** min(attempt - 1, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _asked_wait(answer: Response) -> float:
    said = answer.headers.get("retry-after", "")
    return min(float(said), _WAITS_S[1]) if said.isascii() and said.isdigit() and len(said) < 6 else 0.0
