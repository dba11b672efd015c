"""A copy of the log that is sent: whole, signed, again until it is accepted, never with a gap."""

import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from answerable.audit.errors import CopyOfAnother, CopyUnreadable, StreamRefused
from answerable.audit.streaming import MOST, copy_log
from answerable.audit.values import ExportFormat
from answerable.audit.webhooks import MOST_ATTEMPTS, Hook, WebhookSink
from answerable.infra.egress import Response, TimedOut
from answerable.infra.ids import Actor
from audit.test_streaming import verify
from factories.logbook import Logbook

SECRET = b"a secret of twenty-four bytes and more"
AT = 1_795_000_000


@dataclass(slots=True)
class Receiver:
    """Answers what it is told to, then accepts, and keeps what it accepted."""

    folder: Path
    answers: list[int | Exception] = field(default_factory=list[int | Exception])
    batches: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    asked: int = 0
    slept: list[float] = field(default_factory=list[float])
    headers: dict[str, str] = field(default_factory=dict[str, str])

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        self.asked += 1
        assert url == "https://collector.example.com/hook"
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = hmac.digest(SECRET, signed, hashlib.sha256)
        assert b64decode(headers["webhook-signature"].removeprefix("v1,")) == expected
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        if answer < 300:
            self.batches.append(json.loads(body))
        return Response(status=answer, headers=self.headers, body=b"whatever it says")

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def stream(
        self, logbook: Logbook, tenant: Actor, *, wanted: ExportFormat = ExportFormat.CLOUDEVENTS
    ) -> int:
        hook = Hook(url="https://collector.example.com/hook", secret=SECRET, state=self.folder / "state")
        sink = WebhookSink(hook, self.post, gives_up=True, now=lambda: AT, sleep=self.sleep)
        return await copy_log(logbook.database, tenant, sink, wanted=wanted)


@pytest.fixture
def receiver(tmp_path: Path) -> Receiver:
    return Receiver(folder=tmp_path)


async def grown(logbook: Logbook, count: int = 3) -> Actor:
    tenant = await logbook.make_tenant()
    await logbook.record(tenant, count)
    await logbook.publish()
    return tenant


async def test_batches_arrive_whole_signed_and_go_on_where_they_ended(
    logbook: Logbook, receiver: Receiver
) -> None:
    tenant = await grown(logbook, MOST + 3)
    first = await receiver.stream(logbook, tenant)
    await logbook.record(tenant, 2)
    await logbook.publish()

    second = await receiver.stream(logbook, tenant)

    assert second == first + 3
    assert verify(receiver.batches) == second
    assert len(receiver.batches) == 3


@pytest.mark.parametrize("answer", [500, 503, 429, 408, TimedOut("collector.example.com:443")])
async def test_what_passes_is_tried_again(
    logbook: Logbook, receiver: Receiver, answer: int | Exception
) -> None:
    tenant = await grown(logbook)
    receiver.answers = [answer, answer]

    size = await receiver.stream(logbook, tenant)

    assert verify(receiver.batches) == size
    assert receiver.asked == 3
    assert len(receiver.slept) == 2
    assert receiver.slept[1] > receiver.slept[0] / 2


async def test_a_receiver_that_names_a_time_is_left_alone_for_as_long(
    logbook: Logbook, receiver: Receiver
) -> None:
    tenant = await grown(logbook)
    receiver.answers, receiver.headers = [429], {"retry-after": "30"}

    await receiver.stream(logbook, tenant)

    assert receiver.slept == [30.0]


@pytest.mark.parametrize("answer", [302, 400, 401, 404, 410, 413])
async def test_what_does_not_pass_ends_the_stream_at_once(
    logbook: Logbook, receiver: Receiver, answer: int
) -> None:
    tenant = await grown(logbook)
    receiver.answers = [answer]

    with pytest.raises(StreamRefused, match=str(answer)):
        await receiver.stream(logbook, tenant)

    assert (receiver.asked, receiver.batches) == (1, [])
    assert verify(receiver.batches) == 0
    assert await receiver.stream(logbook, tenant) == verify(receiver.batches)


async def test_one_that_never_accepts_is_given_up_and_nothing_is_left_out_later(
    logbook: Logbook, receiver: Receiver
) -> None:
    tenant = await grown(logbook)
    receiver.answers = [503] * MOST_ATTEMPTS

    with pytest.raises(StreamRefused):
        await receiver.stream(logbook, tenant)

    assert await receiver.stream(logbook, tenant) == verify(receiver.batches)


async def test_killed_before_it_remembered_it_sends_a_batch_once_more(
    logbook: Logbook, receiver: Receiver
) -> None:
    tenant = await grown(logbook)
    await receiver.stream(logbook, tenant)
    (receiver.folder / "state").unlink()

    await logbook.publish()
    again = await receiver.stream(logbook, tenant)

    assert [one["from"] for one in receiver.batches] == [0, 0]
    assert verify(receiver.batches[1:]) == again


async def test_a_state_of_another_log_or_of_something_else_sends_nothing(
    logbook: Logbook, receiver: Receiver
) -> None:
    acme, globex = await grown(logbook), await grown(logbook)
    await receiver.stream(logbook, acme)
    sent = receiver.asked

    with pytest.raises(CopyOfAnother):
        await receiver.stream(logbook, globex)
    for content in (b"", b"[]", b"{}", b'{"size":"x","origin":"y"}', b"\xff"):
        (receiver.folder / "state").write_bytes(content)
        with pytest.raises(CopyUnreadable):
            await receiver.stream(logbook, acme)
    assert receiver.asked == sent


def test_a_short_secret_signs_nothing(receiver: Receiver) -> None:
    hook = Hook(url="https://collector.example.com", secret=b"short", state=receiver.folder / "state")
    with pytest.raises(StreamRefused):
        WebhookSink(hook, receiver.post, gives_up=True)
