"""A tenant's parked jobs: its own alone, tried again or given up, and recorded."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from answerable import tenancy
from answerable.infra import jobs
from answerable.infra.db import Database, UnrecordedChange
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.infra.jobs import NotParked, OwnParkedJob
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.tenancy.errors import PermissionDenied
from factories.jobs import Chore, ParkingLot, open_lot


@pytest.fixture
def lot(database: Database, server: Server, settings: Settings, database_name: str) -> ParkingLot:
    return open_lot(database, server, settings, database_name)


async def listed(database: Database, actor: Actor, *, limit: int = 50) -> list[OwnParkedJob]:
    async with database.tenant_session(actor) as db:
        return await tenancy.list_parked_jobs(db, limit=limit)


async def retry(database: Database, actor: Actor, job_id: int) -> None:
    async with database.tenant_session(actor) as db:
        await tenancy.retry_job(db, job_id)


async def discard(database: Database, actor: Actor, job_id: int) -> None:
    async with database.tenant_session(actor) as db:
        await tenancy.discard_job(db, job_id)


async def events_of(database: Database, actor: Actor) -> list[dict[str, Any]]:
    async with database.tenant_session(actor) as db:
        statement = text("SELECT body FROM audit_event WHERE type ^@ 'job.' ORDER BY id")
        return [json.loads(body) for body in await db.scalars(statement)]


def member(of: Actor, role: str) -> Actor:
    return Actor(tenant_id=of.tenant_id, kind=ActorKind.MEMBER, id=uuid7(), role=role)


async def test_a_tenant_sees_its_parked_jobs_latest_first(
    database: Database, lot: ParkingLot, acme: Actor
) -> None:
    chore = Chore()
    first = await lot.park(acme, code="jobs.worker_lost")
    second = await lot.park(acme, chore=chore)
    await lot.defer(acme, Chore())

    newest, oldest = await listed(database, member(acme, "viewer"))

    assert (newest.id, newest.error_code, newest.attempts) == (second, "jobs.timed_out", 6)
    assert (oldest.id, oldest.error_code) == (first, "jobs.worker_lost")
    assert newest.payload == {"conversation_id": str(chore.conversation_id)}
    assert newest.parked_at > oldest.parked_at
    assert [one.id for one in await listed(database, acme, limit=1)] == [second]


async def test_a_job_that_is_tried_again_has_all_its_attempts(
    database: Database, lot: ParkingLot, acme: Actor
) -> None:
    job_id = await lot.park(acme)
    owner = member(acme, "owner")

    await retry(database, owner, job_id)

    (event,) = await events_of(database, acme)
    assert await lot.state(job_id) == "todo 0"
    assert await listed(database, acme) == []
    assert event["type"] == "job.retried"
    assert event["actor"]["id"] == str(owner.id)
    assert event["subject"] == {"kind": "job", "id": str(UUID(int=job_id))}
    assert event["d"] == {"error_code": "jobs.timed_out"}


async def test_a_job_that_is_given_up_is_gone(database: Database, lot: ParkingLot, acme: Actor) -> None:
    job_id = await lot.park(acme)

    await discard(database, member(acme, "admin"), job_id)

    assert await lot.state(job_id) is None
    assert await listed(database, acme) == []
    assert [event["type"] for event in await events_of(database, acme)] == ["job.discarded"]


async def test_no_tenant_sees_or_touches_another_s_jobs(
    database: Database, lot: ParkingLot, acme: Actor, globex: Actor
) -> None:
    job_id = await lot.park(acme)

    assert await listed(database, globex) == []
    with pytest.raises(NotParked):
        await retry(database, globex, job_id)
    with pytest.raises(NotParked):
        await discard(database, globex, job_id)

    assert await lot.state(job_id) == "failed 6"
    assert [one.id for one in await listed(database, acme)] == [job_id]
    assert await events_of(database, globex) == []


async def test_a_job_of_the_installation_is_no_tenant_s(
    database: Database, lot: ParkingLot, acme: Actor
) -> None:
    async with jobs.connect(lot.conninfo) as connection:
        cursor = await connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
            " VALUES ('default', 'rotate_keys', 'failed') RETURNING id"
        )
        row = await cursor.fetchone()
        assert row is not None
        await connection.execute(
            "INSERT INTO parked_job (job_id, error_code) VALUES (%s, 'jobs.timed_out')", [row[0]]
        )

    assert await listed(database, acme) == []
    with pytest.raises(NotParked):
        await retry(database, acme, row[0])
    async with jobs.connect(lot.conninfo) as connection:
        await connection.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [row[0]])


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63 - 1, 2**63, 10**40])
async def test_a_number_that_names_no_parked_job_is_not_found(
    database: Database, acme: Actor, number: int
) -> None:
    with pytest.raises(NotParked):
        await retry(database, acme, number)
    with pytest.raises(NotParked):
        await discard(database, acme, number)


async def test_a_job_that_is_not_parked_is_left_alone(
    database: Database, lot: ParkingLot, acme: Actor
) -> None:
    job_id = await lot.defer(acme, Chore())

    with pytest.raises(NotParked):
        await retry(database, acme, job_id)
    with pytest.raises(NotParked):
        await discard(database, acme, job_id)

    assert await lot.state(job_id) == "todo 0"


async def test_of_two_who_press_at_once_one_finds_nothing_left(
    database: Database, lot: ParkingLot, acme: Actor
) -> None:
    job_id = await lot.park(acme)

    done = await asyncio.gather(
        retry(database, acme, job_id), retry(database, acme, job_id), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in done) == ["NoneType", "NotParked"]
    assert len(await events_of(database, acme)) == 1


@pytest.mark.parametrize("role", ["privacy_officer", "auditor", "responder", "viewer"])
async def test_who_may_only_look_mends_nothing(
    database: Database, lot: ParkingLot, acme: Actor, role: str
) -> None:
    job_id = await lot.park(acme)

    with pytest.raises(PermissionDenied):
        await retry(database, member(acme, role), job_id)
    with pytest.raises(PermissionDenied):
        await discard(database, member(acme, role), job_id)

    assert await lot.state(job_id) == "failed 6"


async def test_a_code_of_another_version_can_be_recorded(
    database: Database, lot: ParkingLot, acme: Actor
) -> None:
    job_id = await lot.park(acme, code="future.unknown")

    await retry(database, acme, job_id)

    (event,) = await events_of(database, acme)
    assert event["d"] == {"error_code": "internal.error"}


async def test_a_retry_without_an_event_is_refused(database: Database, lot: ParkingLot, acme: Actor) -> None:
    job_id = await lot.park(acme)

    with pytest.raises(UnrecordedChange):
        async with database.tenant_session(acme) as db:
            await jobs.retry_own_parked(db, job_id)

    assert await lot.state(job_id) == "failed 6"


@pytest.mark.parametrize("table", ["jobs.procrastinate_jobs", "jobs.parked_job"])
async def test_the_application_reads_no_table_of_the_queue(
    database: Database, acme: Actor, table: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.tenant_session(acme) as db:
            await db.execute(text(f"SELECT 1 FROM {table}"))
