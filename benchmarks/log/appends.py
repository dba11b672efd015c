"""Appends side by side: the log, the limit without one, and the usual chain, in the same session type."""

import asyncio
from collections.abc import Sequence
from typing import Any

from answerable.infra.ids import TenantId
from answerable.infra.installation import Installation
from benchmarks.log.processes import Writers, part, writers
from benchmarks.log.writing import Round
from benchmarks.tables import percentile, print_table
from benchmarks.throwaway import add_tenant, execute

SECONDS = 6.0
WARM_UP_S = 1.5
WORK_S = 0.005
"""What an operation does besides recording, between its first statement and its commit."""

PROCESSES = 2
WRITERS = 8
"""In each process."""

DESIGNS = {
    "limit": "one INSERT of the same bytes",
    "log": "audit.append",
    "chain": "a chain with a locked head",
}

TABLES = """
CREATE TABLE bench_plain (tenant_id uuid DEFAULT app_tenant() NOT NULL, id uuid NOT NULL, body bytea NOT NULL,
    PRIMARY KEY (tenant_id, id));
CREATE TABLE bench_chain (tenant_id uuid DEFAULT app_tenant() NOT NULL, id uuid NOT NULL, hash bytea NOT NULL,
    body bytea NOT NULL, PRIMARY KEY (tenant_id, id));
CREATE TABLE bench_head (tenant_id uuid DEFAULT app_tenant() NOT NULL PRIMARY KEY, hash bytea NOT NULL);
COMMENT ON TABLE bench_plain IS 'x'; COMMENT ON TABLE bench_chain IS 'x'; COMMENT ON TABLE bench_head IS 'x';
CALL guard_tenant_table('bench_plain', 'SELECT, INSERT');
CALL guard_tenant_table('bench_chain', 'SELECT, INSERT');
CALL guard_tenant_table('bench_head', 'SELECT, INSERT, UPDATE');
INSERT INTO bench_head SELECT tenant_id, sha256('') FROM tenant
"""
LAG = """
SELECT percentile_cont(ARRAY[0.5, 0.99, 1.0]) WITHIN GROUP (ORDER BY extract(epoch FROM l.sequenced_at - e.at))
FROM audit_leaf l JOIN audit_event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
WHERE e.at > now() - interval '{} s'
"""


async def measure(installation: Installation) -> None:
    """Print entries a second, latency, and how long until an entry is in the tree."""
    tenants = [await add_tenant(installation) for _ in range(16)]
    execute(installation, *TABLES.split(";"))
    with part(installation, "sequencer"), writers(installation, PROCESSES) as processes:
        for design in DESIGNS:
            await _run(processes, design, tenants[:1], 1, WARM_UP_S)
        for work_s in (WORK_S, 0.0):
            rows = [
                row
                for count in (1, 16)
                for events in (1, 8)
                for row in await _compare(installation, processes, tenants[:count], events, work_s)
            ]
            _print(rows, work_s)


def _print(rows: Sequence[Sequence[object]], work_s: float) -> None:
    work = f"{work_s * 1000:.0f} ms of other work" if work_s else "nothing else"
    print_table(
        f"Appends, {PROCESSES * WRITERS} writers as coroutines in {PROCESSES} processes, {SECONDS:.0f} s each,"
        f" {work} in each transaction",
        [
            "tenants, events a transaction, design",
            "entries/s",
            "of limit",
            "of chain",
            "p50 ms",
            "p99 ms",
            "added p50",
            "added p99",
            "lag p50 ms",
            "lag p99 ms",
            "lag max ms",
        ],
        rows,
    )


async def _compare(
    installation: Installation,
    processes: Sequence[Writers],
    tenants: Sequence[TenantId],
    events: int,
    work_s: float,
) -> list[list[object]]:
    done = {design: await _run(processes, design, tenants, events, SECONDS, work_s) for design in DESIGNS}
    rates = {design: sum(one["entries"] for one in found) / SECONDS for design, found in done.items()}
    times = {design: [took for one in found for took in one["latencies"]] for design, found in done.items()}
    limit = [percentile(times["limit"], share) for share in (50, 99)]
    lag = await _lag(installation)
    rows: list[list[object]] = []
    for design, words in DESIGNS.items():
        here = [percentile(times[design], share) for share in (50, 99)]
        rows.append(
            [
                f"{len(tenants)}, {events}, {words}",
                rates[design],
                rates[design] / rates["limit"],
                rates[design] / rates["chain"],
                *here,
                *(ours - theirs for ours, theirs in zip(here, limit, strict=True)),
                *(lag if design == "log" else ("", "", "")),
            ]
        )
    return rows


async def _run(
    processes: Sequence[Writers],
    design: str,
    tenants: Sequence[TenantId],
    events: int,
    seconds: float,
    work_s: float = 0.0,
) -> list[dict[str, Any]]:
    todo = Round(
        design=design,
        tenants=[str(one) for one in tenants],
        events=events,
        seconds=seconds,
        writers=WRITERS,
        work_s=work_s,
    )
    for one in processes:
        one.begin(todo)
    return [await asyncio.to_thread(one.result) for one in processes]


async def _lag(installation: Installation) -> list[float]:
    """How long entries of the last round waited for their place: p50, p99 and the longest, in ms."""
    # The chain ran after the log, so the log's round lies at most two rounds and some time back.
    await asyncio.sleep(1)
    statement = LAG.format(int(2 * SECONDS + 4))
    (found,) = await asyncio.to_thread(_fetch, installation, statement)
    return [value * 1000 for value in found]


def _fetch(installation: Installation, statement: str) -> tuple[list[float]]:
    import psycopg  # noqa: PLC0415 - the superuser's own connection, as in `throwaway`

    with psycopg.connect(installation.server.conninfo(), autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return (row[0],)
