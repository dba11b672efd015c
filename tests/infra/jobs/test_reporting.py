"""What is said of jobs, and what never is."""

import logging

import pytest
from structlog.testing import capture_logs

from answerable.infra import jobs
from answerable.infra.jobs.reporting import quiet_libraries
from answerable.infra.metrics import REGISTRY
from infra.jobs.queues import Diary, Errand, Queue, failing, is_empty, until

CANARY = "canary-7f3a: Ada Lovelace, ada@example.com"


def ended(outcome: str) -> float:
    labels = {"task": Errand.task, "outcome": outcome}
    return REGISTRY.get_sample_value("answerable_jobs_ended_total", labels) or 0.0


async def test_each_attempt_has_one_line(queue: Queue) -> None:
    with capture_logs() as lines:
        await queue.defer(Errand())
        async with queue.working({Errand.task: jobs.Task(run=Diary().write)}):
            await until(lambda: is_empty(queue))

    (line,) = [line for line in lines if line["event"].startswith("job.")]
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "job.finished",
        "log_level": "info",
        "task": "test.errand",
        "job_id": 1,
        "attempt": 1,
        "outcome": "succeeded",
        "error_code": None,
        "tenant_id": str(queue.actor.tenant_id),
    }


async def test_failures_are_told_by_code_and_place(queue: Queue) -> None:
    with capture_logs() as lines:
        await queue.defer(Errand())
        async with queue.working({Errand.task: jobs.Task(run=failing(KeyError("x"), Diary()), attempts=2)}):
            await until(queue.parked)

    told = [line for line in lines if line["event"].startswith("job.")]
    assert [(line["event"], line["error_code"]) for line in told] == [
        ("job.retried", "internal.error"),
        ("job.parked", "internal.error"),
    ]
    assert told[0]["error_types"] == ("builtins.KeyError",)
    assert any(frame.startswith("infra.jobs.queues:") for frame in told[0]["error_frames"])


async def test_attempts_are_counted_by_task_and_outcome(queue: Queue) -> None:
    before = ended("succeeded"), ended("parked")

    await queue.defer(Errand())
    async with queue.working({Errand.task: jobs.Task(run=failing(jobs.NotParked(), Diary()))}):
        await until(queue.parked)
    await queue.defer(Errand())
    async with queue.working({Errand.task: jobs.Task(run=Diary().write)}):
        await until(lambda: is_empty(queue))

    assert (ended("succeeded"), ended("parked")) == (before[0] + 1, before[1] + 1)


async def test_what_an_exception_says_reaches_no_sink(
    queue: Queue, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async def fail(context: jobs.JobContext) -> None:
        try:
            int(CANARY)
        except ValueError as error:
            raise (jobs.NotParked if context.is_last_attempt else RuntimeError)(CANARY) from error

    caplog.set_level(logging.DEBUG)
    await queue.defer(Errand())
    async with queue.working({Errand.task: jobs.Task(run=fail, attempts=2)}):
        await until(queue.parked)

    said = "".join(capfd.readouterr()) + caplog.text + repr([vars(record) for record in caplog.records])
    async with jobs.connect(queue.conninfo) as connection:
        for table in ("procrastinate_jobs", "procrastinate_events", "parked_job"):
            rows = await connection.execute(f"SELECT * FROM {table}")  # pyright: ignore[reportArgumentType] - names of ours
            said += repr(await rows.fetchall())
    assert "job.parked" in said
    assert "canary" not in said


def test_a_librarys_warning_says_where_and_not_what(capfd: pytest.CaptureFixture[str]) -> None:
    quiet_libraries()

    with capture_logs() as lines:
        try:
            int(CANARY)
        except ValueError:
            logging.getLogger("procrastinate.worker.worker").exception(
                "Job %s failed", CANARY, extra={"job": {"call_string": CANARY}}
            )

    assert [(line["event"], line["error_types"]) for line in lines] == [
        ("library.warned", ("builtins.ValueError",))
    ]
    assert "canary" not in repr(lines) + "".join(capfd.readouterr())
