"""How the log's work grows with the log, from 10,000 to 1,000,000 leaves of one workspace."""

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg

from answerable import audit, tlog
from answerable.audit import reading
from answerable.audit.proofs import states_of
from answerable.audit.reading import Wanted
from answerable.audit.rules import timestamp
from answerable.audit.sequencing import drain
from answerable.audit.signer import Signer
from answerable.audit.tiles import prove
from answerable.audit.verifying import Asked
from answerable.infra import roles
from answerable.infra.clock import utc_now
from answerable.infra.db import ServiceDatabase
from answerable.infra.ids import Actor, ActorKind, TenantId
from answerable.infra.installation import Installation
from benchmarks.tables import percentile, print_table
from benchmarks.throwaway import add_tenant

SIZES = (10_000, 100_000, 1_000_000)
VERIFIER = Path(__file__).parents[2] / "verifier" / "answerable_verify.py"
PROOFS = 200
PAGES = 20
HEADS = 200

# As the application appends, by the superuser and in bulk: only the filling is not measured.
_FILL = """
WITH appended AS (
    INSERT INTO audit_event (tenant_id, id, type, at, body, leaf_hash, subject_kind, subject_id, actor_kind)
    SELECT %(tenant)s, e.id, 'keys.rotated', %(at)s, e.body, sha256('\\x00'::bytea || e.body),
        'tenant', %(tenant)s, 'platform'
    FROM (
        SELECT id, convert_to(format(%(body)s, id), 'utf8') AS body
        FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, %(count)s)) AS ids
    ) AS e
    RETURNING tenant_id, id, leaf_hash
)
INSERT INTO audit_queue (tenant_id, event_id, leaf_hash) SELECT tenant_id, id, leaf_hash FROM appended
"""
_BODY = (
    '{{"actor":{{"id":null,"kind":"platform"}},"ctx":{{"conv":null}},"d":{{"generation":1,"rewrapped":0}},'
    '"event_id":"%s","ret":"privacy","slots":{{}},"subject":{{"id":"{tenant}","kind":"tenant"}},'
    '"ts":"{at}","type":"keys.rotated","v":1}}'
)


async def measure(installation: Installation) -> None:
    """Print one row a size."""
    tenant_id = await add_tenant(installation)
    async with (
        installation.service(roles.SEQUENCER) as sequencer,
        installation.service(roles.SIGNER) as service,
        audit.open_signer(installation.settings.signer) as signer,
    ):
        assert signer is not None
        await drain(sequencer)
        await audit.sign_heads(signer, service)
        rows = [
            await _measure_size(installation, sequencer, service, signer, tenant_id, size) for size in SIZES
        ]
    print_table(
        "Growth, one workspace",
        [
            "leaves",
            "sequencer leaves/s",
            "head with proof ms",
            "heads/s",
            "proof p50 ms",
            "proof p99 ms",
            "page p50 ms",
            "rare type p50 ms",
            "tree anew leaves/s",
            "audit verify leaves/s",
            "export leaves/s",
            "stand-alone leaves/s",
        ],
        rows,
    )


async def _measure_size(
    installation: Installation,
    sequencer: ServiceDatabase,
    service: ServiceDatabase,
    signer: Signer,
    tenant_id: TenantId,
    size: int,
) -> list[object]:
    held = await asyncio.to_thread(_count, installation, tenant_id)
    await asyncio.to_thread(_fill, installation, tenant_id, size - held)
    drained, sequencing_s = await _timed(lambda: drain(sequencer))
    _, signing_s = await _timed(lambda: audit.sign_heads(signer, service))
    proofs = await _prove_some(installation, tenant_id, size)
    return [
        size,
        drained / sequencing_s,
        signing_s * 1000,
        _sign_some(signer, tenant_id, size),
        percentile(proofs, 50),
        percentile(proofs, 99),
        percentile(await _show_some(installation, tenant_id, Wanted()), 50),
        percentile(await _show_some(installation, tenant_id, Wanted(types=("tenant.created",))), 50),
        size / await asyncio.to_thread(_rehash, installation, tenant_id),
        *await _verify_whole(installation, tenant_id, size),
    ]


async def _verify_whole(installation: Installation, tenant_id: TenantId, size: int) -> list[float]:
    """Leaves a second of the verification in the database, of an export, and of the stand-alone verifier."""
    actor = Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM)
    with tempfile.TemporaryDirectory(prefix="answerable-bench-") as folder:
        sessions = installation.database.tenant_session
        async with sessions(actor) as db, sessions(audit.ROOT_READER) as root:
            began = time.perf_counter()
            report = await audit.verify(db, Asked(root=root))
            verified = time.perf_counter()
            assert not report.findings, report.findings[0]
            await audit.export(db, root, Path(folder) / "log")
            exported = time.perf_counter()
        command = [sys.executable, "-I", str(VERIFIER), str(Path(folder) / "log"), "--json"]
        ended = await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True)
        assert ended.returncode == 0, ended.stdout
        checked = time.perf_counter()
    return [size / took for took in (verified - began, exported - verified, checked - exported)]


async def _prove_some(installation: Installation, tenant_id: TenantId, size: int) -> list[float]:
    """Seconds of inclusion proofs of random leaves, one session each, as the API serves them."""
    actor, took = Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM), list[float]()
    for _ in range(PROOFS):
        index = random.randrange(size)
        began = time.perf_counter()
        async with installation.database.tenant_session(actor) as db:
            await prove(
                db, tenant_id, size, lambda nodes, index=index: tlog.prove_inclusion(index, size, nodes)
            )
        took.append(time.perf_counter() - began)
    return took


async def _show_some(installation: Installation, tenant_id: TenantId, wanted: Wanted) -> list[float]:
    """Seconds of what the log's page reads: its newest entries, where each stands, and how far the log is."""
    actor, took = Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM), list[float]()
    for _ in range(PAGES):
        began = time.perf_counter()
        async with installation.database.tenant_session(actor) as db:
            shown = await reading.list_entries(db, wanted, limit=51)
            await states_of(db, shown)
            await reading.get_standing(db)
        took.append(time.perf_counter() - began)
    return took


def _sign_some(signer: Signer, tenant_id: TenantId, size: int) -> float:
    """Heads signed a second, without looking at the tree."""
    began = time.perf_counter()
    for number in range(HEADS):
        signer.sign(tenant_id, 1, size=size + number, root=tlog.hash_leaf(b"x"), at=1_795_000_000)
    return HEADS / (time.perf_counter() - began)


def _rehash(installation: Installation, tenant_id: TenantId) -> float:
    """Seconds to hash every body again and build the tree over them, read from the database."""
    began = time.perf_counter()
    frontier = tlog.Frontier()
    statement = (
        "SELECT e.body FROM audit_leaf l JOIN audit_event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id"
        " WHERE l.tenant_id = %s ORDER BY l.index"
    )
    with psycopg.connect(installation.server.conninfo()) as connection, connection.cursor(name="all") as rows:
        rows.itersize = 10_000
        rows.execute(statement.encode(), [tenant_id])
        leaves = (tlog.hash_leaf(bytes(row[0])) for row in rows)
        frontier = frontier.extended(leaves)
    assert frontier.size == _count(installation, tenant_id)
    return time.perf_counter() - began


async def _timed(work: Callable[[], Awaitable[int]]) -> tuple[int, float]:
    began = time.perf_counter()
    done = await work()
    return done, time.perf_counter() - began


def _fill(installation: Installation, tenant_id: TenantId, count: int) -> None:
    at = utc_now()
    body = _BODY.format(tenant=tenant_id, at=timestamp(at))
    with psycopg.connect(installation.server.conninfo(), autocommit=True) as connection:
        connection.execute(_FILL.encode(), {"tenant": tenant_id, "at": at, "body": body, "count": count})
        connection.execute("ANALYZE audit_event, audit_leaf, audit_tile, audit_queue")


def _count(installation: Installation, tenant_id: TenantId) -> int:
    with psycopg.connect(installation.server.conninfo(), autocommit=True) as connection:
        row = connection.execute("SELECT size FROM audit_tree WHERE tenant_id = %s", [tenant_id]).fetchone()
    return 0 if row is None else row[0]
