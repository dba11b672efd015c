"""What is left after random kills: every committed event is one leaf, and nothing else is.

Writers, sequencer, signer and database are killed at random moments while transactions are given up at random.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import psutil
import psycopg

from answerable import audit
from answerable.audit.rooting import ROOT_READER
from answerable.audit.verifying import Asked
from answerable.infra import roles
from answerable.infra.db import DatabaseUnavailable
from answerable.infra.ids import Actor, ActorKind, TenantId
from answerable.infra.installation import Installation
from answerable.infra.postgres.postmaster import find_postmaster
from benchmarks.log.processes import Writers, start_part
from benchmarks.log.writing import Round
from benchmarks.tables import print_table
from benchmarks.throwaway import add_tenant

SECONDS = 120.0
TENANTS = 8
PARTS = ("sequencer", "signer", "writers 1", "writers 2")
WRITERS = 16
"""In each process of writers."""

ROLLBACKS = 0.2
EVERY_S = (0.5, 4.0)
"""Between two kills, at random."""


GAPS = """
SELECT coalesce(sum(size), 0)::bigint
FROM (SELECT max(index) + 1 - count(*) AS size FROM audit_leaf GROUP BY tenant_id) AS missing
"""


@dataclass(slots=True, kw_only=True)
class Stage:
    """What runs, and what is killed."""

    installation: Installation
    tenants: Sequence[TenantId]
    journal: Path
    data: Path
    ends: float
    running: dict[str, Popen[bytes] | Popen[str]] = field(
        default_factory=dict[str, "Popen[bytes] | Popen[str]"]
    )
    kills: Counter[str] = field(default_factory=Counter[str])

    def start(self, name: str) -> None:
        """Start a part; writers write until the time is over."""
        if not name.startswith("writers"):
            self.running[name] = start_part(self.installation, name)
            return
        process = Writers(self.installation)
        self.running[name] = process.process
        process.await_ready()
        process.begin(
            Round(
                design="log",
                tenants=[str(one) for one in self.tenants],
                events=3,
                seconds=max(0.0, self.ends - time.monotonic()),
                writers=WRITERS,
                rollbacks=ROLLBACKS,
                journal=f"{self.journal}.{process.process.pid}",
            )
        )

    def kill(self, name: str) -> None:
        """Kill -9; the database is started again by whoever shares it."""
        self.kills[name] += 1
        if name == "database":
            self._kill_database()
        else:
            self.running[name].kill()
            self.running[name].wait()

    def kill_and_start(self, name: str) -> None:
        """Kill a part and start it again."""
        self.kill(name)
        if name != "database":
            self.start(name)

    def _kill_database(self) -> None:
        postmaster = find_postmaster(self.data)
        if postmaster is None:
            return
        for process in [postmaster.process, *postmaster.process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()


async def measure(installation: Installation, *, seconds: float = SECONDS) -> None:
    """Kill for a while, then compare what was committed with what is in the log."""
    tenants = [await add_tenant(installation) for _ in range(TENANTS)]
    ((data,),) = _fetch(installation, "SHOW data_directory")
    before = {str(row[0]) for row in _fetch(installation, "SELECT id FROM audit_event")}
    stage = Stage(
        installation=installation,
        tenants=tenants,
        journal=installation.settings.home / "journal",
        data=Path(str(data)),
        ends=time.monotonic() + seconds,
    )
    for name in PARTS:
        await asyncio.to_thread(stage.start, name)
    while time.monotonic() < stage.ends:
        await asyncio.sleep(random.uniform(*EVERY_S))
        await asyncio.to_thread(stage.kill_and_start, random.choice([*PARTS, "database"]))
    for name in PARTS:
        await asyncio.to_thread(stage.kill, name)
    await _settle(installation)
    _compare(stage, before, seconds, findings=await _verify(installation, tenants))


async def _settle(installation: Installation) -> None:
    deadline = time.monotonic() + 60
    async with (
        installation.service(roles.SEQUENCER) as sequencer,
        installation.service(roles.SIGNER) as signer,
    ):
        while True:
            try:
                await audit.advance(sequencer, signer, installation.settings.signer)
            except DatabaseUnavailable:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.5)
            else:
                return


async def _verify(installation: Installation, tenants: Sequence[TenantId]) -> int:
    """How many findings the verification of all logs has."""
    findings = 0
    for tenant_id in tenants:
        actor = Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM)
        sessions = installation.database.tenant_session
        async with sessions(actor) as db, sessions(ROOT_READER) as root:
            findings += len((await audit.verify(db, Asked(root=root))).findings)
    return findings


def _compare(stage: Stage, before: set[str], seconds: float, *, findings: int) -> None:
    begun, committed = _read_journals(stage.journal)
    stored = {str(row[0]) for row in _fetch(stage.installation, "SELECT id FROM audit_event")} - before
    heads = {str(row[0]) for row in _fetch(stage.installation, "SELECT event_id FROM audit_root_entry")}
    leaves = _fetch(stage.installation, "SELECT tenant_id, index, event_id FROM audit_leaf")
    ((gaps,),) = _fetch(stage.installation, GAPS)
    in_root = {str(row[2]) for row in leaves if str(row[0]) == str(ROOT_READER.tenant_id)}
    sequenced = {str(row[2]) for row in leaves} - before - in_root
    kills = ", ".join(f"{name} {count}" for name, count in sorted(stage.kills.items()))
    print(f"\nKilled at random for {seconds:.0f} s under {2 * WRITERS} writers: {kills}")
    print_table(
        "What is left",
        ["", "events"],
        [
            ["known to be committed", len(committed)],
            ["given up, or ended by a kill", len(begun - committed)],
            ["in the database", len(stored)],
            ["in the tree", len(sequenced)],
            ["committed and lost (must be 0)", len(committed - sequenced)],
            ["in the tree and not in the database, or the other way (must be 0)", len(sequenced ^ stored)],
            ["in the tree and never begun (must be 0)", len(sequenced - begun)],
            ["in the root log without an entry, or the other way (must be 0)", len(in_root ^ heads)],
            ["in the tree twice (must be 0)", len(leaves) - len({row[2] for row in leaves})],
            ["gaps (must be 0)", gaps],
            ["findings of the verification (must be 0)", findings],
        ],
    )


def _read_journals(journal: Path) -> tuple[set[str], set[str]]:
    words: dict[str, set[str]] = {"begun": set(), "committed": set()}
    for path in journal.parent.glob(f"{journal.name}.*"):
        for line in path.read_text().splitlines():
            word, *ids = line.split()
            words[word].update(ids)
    return words["begun"], words["committed"]


def _fetch(installation: Installation, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(installation.server.conninfo(), autocommit=True) as connection:
        return connection.execute(statement.encode()).fetchall()
