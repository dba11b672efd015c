"""Putting jobs into the queue."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from answerable.infra import jobs
from answerable.infra.db import UnrecordedChange
from answerable.infra.ids import TenantId, uuid7
from answerable.infra.jobs import packing
from infra.jobs.queues import Errand, OrderedErrand, Queue, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A job that would carry content."""

    task: ClassVar[str] = "test.letter"

    text: object

    @property
    def lock(self) -> str | None:
        return None


class GoneWrong(Exception):
    """Something else in the transaction fails."""


async def test_a_job_is_in_the_queue_once_its_transaction_commits(queue: Queue) -> None:
    await queue.defer(Errand())

    assert (await queue.depth()).waiting == 1


async def test_a_transaction_that_fails_leaves_no_job(queue: Queue) -> None:
    with pytest.raises(GoneWrong):
        async with queue.session() as db:
            await jobs.defer(db, Errand())
            raise GoneWrong

    assert (await queue.depth()).waiting == 0


async def test_a_job_is_a_change_that_must_be_recorded(queue: Queue) -> None:
    with pytest.raises(UnrecordedChange):
        async with queue.database.tenant_session(queue.actor) as db:
            await jobs.defer(db, Errand())

    assert (await queue.depth()).waiting == 0


async def test_a_job_with_a_delay_waits_for_its_time(queue: Queue) -> None:
    await queue.defer(Errand(), delay=timedelta(hours=1))

    depth = await queue.depth()
    assert (depth.waiting, depth.delayed) == (0, 1)


@pytest.mark.parametrize("content", ["Hello, my name is Ada", 1.5, b"bytes", None, ("a", "b")])
async def test_a_job_with_content_is_refused(queue: Queue, content: object) -> None:
    with pytest.raises(jobs.PayloadRefused) as refused:
        await queue.defer(Letter(text=content))  # pyright: ignore[reportArgumentType] - refused is what is tested

    assert refused.value.detail == "Letter.text"
    assert (await queue.depth()).waiting == 0


def test_a_job_survives_the_way_through_the_queue_unchanged() -> None:
    errand = Errand(way=Way.LONG, number=7, is_urgent=True)

    packed = packing.pack(errand, tenant_id=TenantId(uuid7()))
    payload = {name: value for name, value in packed.items() if name != "tenant_id"}

    assert jobs.unpack(Errand, payload) == errand


@pytest.mark.parametrize(
    "payload",
    [{}, {"place": "x", "number": 1}, {"place": str(uuid7()), "number": "one"}, {"place": str(uuid7())}],
)
def test_fields_of_another_job_are_refused(payload: dict[str, str | int | bool]) -> None:
    with pytest.raises(jobs.PayloadRefused):
        jobs.unpack(OrderedErrand, payload)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT args FROM jobs.procrastinate_jobs",
        "UPDATE jobs.procrastinate_jobs SET attempts = 0",
        "DELETE FROM jobs.procrastinate_jobs",
        "INSERT INTO jobs.procrastinate_jobs (queue_name, task_name) VALUES ('default', 'x')",
        "SELECT error_code FROM jobs.parked_job",
        "SELECT jobs.procrastinate_fetch_job_v2(NULL, 1)",
        "SELECT jobs.procrastinate_finish_job_v1(1, 'succeeded', true)",
        "SELECT jobs.procrastinate_retry_job_v2(1, now(), 0, NULL, NULL)",
        "SELECT jobs.procrastinate_cancel_job_v1(1, true, true)",
    ],
)
async def test_the_application_may_defer_jobs_and_neither_see_nor_change_them(
    queue: Queue, statement: str
) -> None:
    await queue.defer(Errand())

    with pytest.raises(ProgrammingError) as refused:
        async with queue.database.tenant_session(queue.actor) as db:
            await db.execute(text(statement))

    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
