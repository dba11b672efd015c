"""A monitor follows a log from outside, cosigns what holds, and raises alarm about every other history."""

import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from answerable import tlog
from answerable.api import Web, create_api, routers
from answerable.audit import signed, vouching, witnesses
from answerable.audit.rooting import ROOT_READER
from answerable.audit.verifying import Assurance
from answerable.infra.ids import Actor
from answerable.infra.postgres import Server
from answerable.infra.schema import EXPECTED_REVISION
from answerable.infra.settings import Settings
from answerable.witness import Look, Memory, Monitor
from answerable.witness.errors import MonitorRefused, StateMissing, StateUnreadable
from factories.http import Client, open_client
from factories.logbook import Logbook, opened_logbook

NAME = "example.com/monitor"
Change = Callable[[str, bytes], bytes]


@dataclass(slots=True, kw_only=True)
class Watch:
    """A monitor beside an installation, over its real API; what it is shown can be changed on the way."""

    book: Logbook
    client: Client
    tenant: Actor
    folder: Path
    token: str = ""
    change: Change = field(default=lambda _path, body: body)
    now: float = 1_795_000_000.0
    max_age_s: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def fetch(self, path: str) -> bytes:
        answer = await self.client.get(path, headers=self.headers)
        if answer.status_code != 200:
            raise MonitorRefused(f"{answer.status_code} {path}")
        return self.change(path, answer.content)

    async def bring(self, note: bytes) -> None:
        answer = await self.client.post(
            "/v1/audit/cosignatures", headers=self.headers, json={"note": note.decode()}
        )
        assert answer.status_code == 200, answer.text

    async def look(self, *, key: str | None = None) -> Look:
        memory = Memory(self.folder, NAME)
        monitor = Monitor(memory, self.fetch, self.bring, now=lambda: self.now, max_age_s=self.max_age_s)
        return await monitor.look(key=key)

    async def grow(self, count: int = 1) -> None:
        await self.book.record(self.tenant, count)
        await self.book.publish()

    def evidence(self) -> list[str]:
        return [one.read_text() for one in sorted(self.folder.glob("evidence-*"))]


@pytest.fixture
async def watch(
    server: Server, settings: Settings, database_name: str, tmp_path: Path
) -> AsyncGenerator[Watch]:
    assert database_name  # migrated
    async with opened_logbook(server, settings, tmp_path / "signer") as book:
        web = Web(database=book.database, expected_revision=EXPECTED_REVISION)
        async with open_client(create_api(web, routers=routers)) as client:
            tenant = await book.make_tenant()
            opened = Watch(book=book, client=client, tenant=tenant, folder=tmp_path / "monitor")
            async with book.database.tenant_session(tenant) as db:
                _, token = await witnesses.add_witness(db, Memory(opened.folder, NAME).key, url=None)
            assert token is not None
            opened.token = token
            await opened.grow(5)
            yield opened


async def level_of(watch: Watch) -> tuple[Assurance, int]:
    sessions = watch.book.database.tenant_session
    async with sessions(watch.tenant) as db, sessions(ROOT_READER) as root:
        head = await signed.get_head(db, covering=0)
        return (await vouching.assess(db, root, head)).level, head.size


async def test_what_holds_is_followed_cosigned_and_kept(watch: Watch) -> None:
    first = await watch.look()
    for _ in range(3):
        await watch.grow(130)
    second = await watch.look()
    third = await watch.look()

    assert (first.code, first.alarms, first.cosigned) == (0, (), True)
    assert second.added >= 390
    assert second.published == 3
    assert (third.code, third.added) == (0, 0)
    assert await level_of(watch) == (Assurance.TENANT_WITNESSED, third.size)
    assert watch.evidence() == []


BENT: dict[str, tuple[str, Callable[[Watch], Awaitable[Change]]]] = {}


def bends(name: str, alarm: str) -> Callable[[Callable[[Watch], Awaitable[Change]]], None]:
    def note(make: Callable[[Watch], Awaitable[Change]]) -> None:
        BENT[name] = (alarm, make)

    return note


@bends("an old head again", "rollback")
async def old_head(watch: Watch) -> Change:
    old = {path: await watch.fetch(path) for path in ("/v1/audit/tlog/checkpoint",)}
    await watch.grow(3)
    watch.change = lambda _path, body: body
    await watch.look()
    return old.get


@bends("another leaf", "fork")
async def other_leaf(watch: Watch) -> Change:
    await watch.grow(3)
    return lambda path, body: bytes(body[:-1]) + bytes([body[-1] ^ 1]) if "/tlog/tile/" in path else body


@bends("another signature", "refused")
async def other_signature(watch: Watch) -> Change:
    await watch.grow(3)

    def change(path: str, body: bytes) -> bytes:
        if path != "/v1/audit/tlog/checkpoint":
            return body
        lines = body.split(b"\n")
        at = next(at for at, line in enumerate(lines) if line.startswith("— ".encode()))
        lines[at] = lines[at][:-4] + (b"AAA=" if lines[at][-4:] != b"AAA=" else b"BBB=")
        return b"\n".join(lines)

    return change


@bends("a tile that is cut off", "refused")
async def short_tile(watch: Watch) -> Change:
    await watch.grow(3)
    return lambda path, body: body[:-1] if "/tlog/tile/" in path else body


@bends("an entry of the root log changed", "fork")
async def root_entry(watch: Watch) -> Change:
    await watch.grow(3)
    return lambda path, body: body.replace(b'"v":1', b'"v":2') if "/root/tile/" in path else body


@bends("a head kept from the monitor", "head_unknown")
async def hidden_head(watch: Watch) -> Change:
    before = {
        path: await watch.fetch(path)
        for path in ("/v1/audit/tlog/checkpoint", "/v1/audit/heads?after=0&limit=1000")
    }
    await watch.grow(3)

    def change(path: str, body: bytes) -> bytes:
        # The log as it was, beside a root log that has gone on.
        return json.dumps({"items": []}).encode() if "/heads" in path else before.get(path, body)

    return change


@pytest.mark.parametrize("what", BENT)
async def test_what_does_not_hold_is_told_and_not_cosigned(watch: Watch, what: str) -> None:
    alarm, make = BENT[what]
    await watch.look()
    watch.change = await make(watch)
    seen = (watch.folder / "seen.json").read_bytes()

    bent = await watch.look()

    assert bent.alarms[0].startswith(f"{alarm}:"), bent
    assert bent.code == (41 if alarm in {"fork", "rollback", "head_unknown"} else 40)
    assert not bent.cosigned
    assert (watch.folder / "seen.json").read_bytes() == seen
    assert len(watch.evidence()) == 1
    watch.change = lambda _path, body: body
    assert (await watch.look()).code == 0


async def test_a_head_that_never_enters_the_root_log_is_an_alarm_once_it_is_late(watch: Watch) -> None:
    await watch.look()
    old = {path: await watch.fetch(path) for path in ("/v1/audit/root/checkpoint",)}
    await watch.grow(3)
    watch.change = old.get

    assert (await watch.look()).code == 0
    watch.now += 200
    late = await watch.look()

    assert late.alarms[0].startswith("head_not_in_root:")
    assert late.code == 40


async def test_an_old_head_is_told_when_asked_for(watch: Watch) -> None:
    watch.max_age_s = 60
    watch.now = time.time() + 100

    old = await watch.look()

    assert (old.code, old.cosigned) == (20, True)


async def test_another_key_than_the_one_that_is_known_is_refused(watch: Watch) -> None:
    with pytest.raises(MonitorRefused):
        await watch.look(key="example.com/log+00000000+AAAA")


async def test_a_monitors_token_opens_heads_and_hashes_and_no_entry(watch: Watch) -> None:
    for path, status in (
        ("/v1/audit/tlog/checkpoint", 200),
        ("/v1/audit/witnesses", 200),
        ("/v1/audit/events", 403),
        ("/v1/audit/tlog/tile/entries/000.p/5", 403),
        ("/v1/audit/assurance", 403),
    ):
        assert (await watch.client.get(path, headers=watch.headers)).status_code == status, path
    async with watch.book.database.tenant_session(watch.tenant) as db:
        await witnesses.remove_witness(db, NAME)
    assert (await watch.client.get("/v1/audit/policy", headers=watch.headers)).status_code == 401
    for token in ("awt_", "awt_x", f"awt_{'0' * 32}_{'A' * 43}"):
        answer = await watch.client.get("/v1/audit/policy", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_a_folder_that_lost_what_was_seen_looks_at_nothing(watch: Watch) -> None:
    await watch.look()
    for content in (b"", b"[]", b'{"v":2}', b'{"v":1,"log":{}}', b"\xff"):
        (watch.folder / "seen.json").write_bytes(content)
        with pytest.raises(StateUnreadable):
            await watch.look()
    (watch.folder / "seen.json").unlink()
    with pytest.raises(StateMissing):
        await watch.look()


def test_one_that_was_killed_in_its_first_moment_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as first:
        first.setattr("answerable.vault.secretfiles.create_file", killed)
        with pytest.raises(KeyboardInterrupt):
            Memory(tmp_path / "monitor", NAME)

    assert Memory(tmp_path / "monitor", NAME).load() is None


async def test_a_checkpoint_that_somebody_has_cosigned_since_is_sent_again(watch: Watch) -> None:
    path = "/v1/audit/tlog/checkpoint"
    before = await watch.client.get(path, headers=watch.headers)
    # As a witness does that saw this very head: nothing new is signed meanwhile.
    memory = Memory(watch.folder, NAME)
    text = tlog.parse_note(before.content).text
    await watch.bring(text + b"\n" + memory.cosign(tlog.parse_checkpoint(text), at=1_795_000_000))

    known = watch.headers | {"If-None-Match": before.headers["etag"]}
    after = await watch.client.get(path, headers=known)

    assert after.status_code == 200
    assert NAME in after.text
    again = await watch.client.get(path, headers=watch.headers | {"If-None-Match": after.headers["etag"]})
    assert again.status_code == 304
