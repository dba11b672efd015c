"""Timestamps of the root log: asked for, checked against a root, kept, and told with the heads that they cover."""

import asyncio
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
from sqlalchemy import text

from answerable import audit
from answerable.audit import signed, vouching
from answerable.audit.errors import TimestampRefused, TimestampRootsUnreadable
from answerable.audit.posting import Post
from answerable.audit.rooting import ROOT_READER
from answerable.audit.timestamps import (
    Authority,
    ask_timestamp,
    read_roots,
    stamp_root,
    verify_timestamp,
)
from answerable.audit.verifying import Asked, Assurance, Exit, Fault, Report
from answerable.infra.egress import Response, TimedOut
from answerable.infra.ids import ActorKind
from factories.authority import StampingAuthority, make_authority
from factories.logbook import Logbook

DATA = b"answerable.0011223344556677/root\n1\nAAAA\n"
REPLY = "application/timestamp-reply"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    return make_authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    return make_authority(tmp_path_factory.mktemp("tsa") / "other")


def believed(authority: StampingAuthority) -> Authority:
    return Authority(url="https://tsa.example.com", roots=read_roots(authority.roots))


def answering(status: int = 200, body: bytes = b"", content_type: str = REPLY) -> Post:
    async def post(_url: str, _body: bytes, _headers: Mapping[str, str]) -> Response:
        return Response(status=status, headers={"content-type": content_type}, body=body)

    return post


async def test_a_token_is_checked_here_and_by_openssl_alone(authority: StampingAuthority) -> None:
    stamp = await ask_timestamp(authority.post, believed(authority), DATA)

    assert abs((stamp.at - datetime.now(UTC)).total_seconds()) < 60
    assert verify_timestamp(stamp.token, DATA, read_roots(authority.roots)) == stamp
    assert authority.verify(stamp.token, DATA)
    assert not authority.verify(stamp.token, DATA + b"x")


async def test_what_is_no_token_over_these_bytes_is_refused(
    authority: StampingAuthority, other: StampingAuthority
) -> None:
    token = (await ask_timestamp(authority.post, believed(authority), DATA)).token
    roots = read_roots(authority.roots)
    wrong = [(b"", DATA), (b"junk", DATA), (token * 100, DATA), (token, DATA[:-1]), (token + b"x", DATA)]
    wrong += [(token[:end], DATA) for end in range(1, len(token), 37)]

    for body, data in wrong:
        with pytest.raises(TimestampRefused):
            verify_timestamp(body, data, roots)
    with pytest.raises(TimestampRefused):
        verify_timestamp(token, DATA, read_roots(other.roots))
    with pytest.raises(TimestampRefused):
        verify_timestamp(token, DATA, [])
    refused = 0
    for at in range(0, len(token), 11):
        bent = token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]
        try:
            told = verify_timestamp(bent, DATA, roots)
        except TimestampRefused:
            refused += 1
            continue
        # What a signature does not cover may change without changing what was signed.
        assert told.at == verify_timestamp(token, DATA, roots).at
    assert refused > len(token) / 11 / 2


@pytest.mark.parametrize("what", ["replayed", "unusable", "refused", "status", "type", "empty", "huge"])
async def test_an_answer_that_is_none_is_refused(
    authority: StampingAuthority, tmp_path: Path, what: str
) -> None:
    # An answer to an earlier question, whose nonce is another one.
    query = TimestampRequestBuilder().data(DATA).hash_algorithm(HashAlgorithm.SHA256).build().as_bytes()
    earlier = authority.answer(query)
    posts = {
        "replayed": answering(body=earlier),
        "unusable": make_authority(tmp_path / "plain", digests="sha512").post,
        "refused": answering(body=bytes.fromhex("30073005020102")),
        "status": answering(500, earlier),
        "type": answering(200, earlier, "text/html"),
        "empty": answering(),
        "huge": answering(body=bytes(70_000)),
    }

    with pytest.raises(TimestampRefused):
        await ask_timestamp(posts[what], believed(authority), DATA)


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_without_certificates_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "roots.pem").write_bytes(content)
    with pytest.raises(TimestampRootsUnreadable):
        read_roots(tmp_path / "roots.pem")


async def test_the_root_logs_head_is_stamped_once_and_every_tenants_heads_with_it(
    logbook: Logbook, authority: StampingAuthority
) -> None:
    actor = await logbook.make_tenant()
    await logbook.publish()
    first = await stamp_root(logbook.database, authority.post, believed(authority))
    again = await stamp_root(logbook.database, authority.post, believed(authority))
    sessions = logbook.database.tenant_session
    async with sessions(actor) as db, sessions(ROOT_READER) as root:
        told = await vouching.assess(db, root, await signed.get_head(db))
        head = await signed.get_head(root)
        token = bytes(await root.scalar(text("SELECT token FROM audit_timestamp")) or b"")
    await logbook.record(actor)
    await logbook.publish()
    async with sessions(actor) as db, sessions(ROOT_READER) as root:
        later = await vouching.assess(db, root, await signed.get_head(db))

    assert first is not None
    assert again is None
    assert (told.level, told.timestamped_at) == (Assurance.TIMESTAMPED, first.at)
    assert later.level is Assurance.SIGNED
    assert authority.verify(token, head.text)


async def test_an_authority_that_does_not_answer_leaves_nothing_behind(
    logbook: Logbook, authority: StampingAuthority
) -> None:
    await logbook.make_tenant()
    await logbook.publish()

    async def hangs(url: str, _body: bytes, _headers: Mapping[str, str]) -> Response:
        raise TimedOut(url)

    with pytest.raises(TimedOut):
        await stamp_root(logbook.database, hangs, believed(authority))
    assert await stamp_root(logbook.database, authority.post, believed(authority)) is not None


async def test_verifying_checks_the_newest_timestamp_and_counts_it(
    logbook: Logbook, authority: StampingAuthority, other: StampingAuthority
) -> None:
    actor = await logbook.make_tenant()
    await logbook.publish()
    await stamp_root(logbook.database, authority.post, believed(authority))

    async def verify(roots: Path | None) -> Report:
        sessions = logbook.database.tenant_session
        async with sessions(replace(actor, kind=ActorKind.SYSTEM)) as db, sessions(ROOT_READER) as root:
            certificates = read_roots(roots) if roots else ()
            asked = Asked(root=root, certificates=certificates, require=Assurance.TIMESTAMPED)
            return await audit.verify(db, asked)

    good, unknown, refused = [await verify(roots) for roots in (authority.roots, None, other.roots)]

    assert (good.exit, good.assurance) == (Exit.VERIFIED, Assurance.TIMESTAMPED)
    assert any("ANSWERABLE_TIMESTAMP_ROOTS" in one for one in unknown.not_checked)
    assert [one.finding for one in refused.findings] == [Fault.ROOT_LOG_MISMATCH]


async def test_an_export_carries_the_timestamp_and_the_command_that_checks_it(
    logbook: Logbook, authority: StampingAuthority, tmp_path: Path
) -> None:
    actor = await logbook.make_tenant()
    await logbook.publish()
    await stamp_root(logbook.database, authority.post, believed(authority))
    # Heads that are younger than the timestamp are not what it is about.
    await logbook.record(actor)
    await logbook.publish()
    log = tmp_path / "log"
    sessions = logbook.database.tenant_session
    async with sessions(actor) as db, sessions(ROOT_READER) as root:
        await audit.export(db, root, log)
    (tmp_path / "ROOTS.pem").write_bytes(authority.roots.read_bytes())

    verifier = [sys.executable, "-I", str(log / "answerable_verify.py"), str(log), "--json"]
    done = await asyncio.to_thread(subprocess.run, verifier, capture_output=True, check=True)
    report = json.loads(done.stdout)
    (line,) = [one for one in report["not_checked"] if one.startswith("the timestamp: ")]
    command = shlex.split(line.removeprefix("the timestamp: ").replace("ROOTS.pem", "../ROOTS.pem"))

    assert 0 < report["root_log"]["covers"] < report["size"]
    checked = await asyncio.to_thread(subprocess.run, command, cwd=log, capture_output=True, check=False)
    assert b"Verification: OK" in checked.stdout + checked.stderr
    (log / "root" / "stamped").write_bytes(b"x")
    done = await asyncio.to_thread(subprocess.run, verifier, capture_output=True, check=False)
    assert [one["finding"] for one in json.loads(done.stdout)["findings"]] == ["root_log_mismatch"]
