"""Running jobs: order, retries, parking, stopping."""

import asyncio
from datetime import timedelta

import pytest

from answerable.infra import jobs
from answerable.infra.db import DatabaseUnavailable
from answerable.infra.ids import uuid7
from infra.jobs.queues import HASTY, Diary, Errand, OrderedErrand, Queue, Way, failing, is_empty, until


async def test_a_job_reaches_its_function_with_its_tenant_and_fields(queue: Queue) -> None:
    diary = Diary()
    errand = Errand(way=Way.LONG, number=3, is_urgent=True)

    async with queue.working({Errand.task: jobs.Task(run=diary.write)}):
        await queue.defer(errand)
        await until(diary.has_entries)

    (context,) = diary.contexts
    assert context.tenant_id == queue.actor.tenant_id
    assert jobs.unpack(Errand, context.payload) == errand
    assert (context.attempt, context.is_last_attempt) == (1, False)


async def test_a_job_that_succeeds_leaves_the_queue(queue: Queue) -> None:
    await queue.defer(Errand())

    async with queue.working({Errand.task: jobs.Task(run=Diary().write)}):
        await until(lambda: is_empty(queue))

    assert await queue.depth() == jobs.QueueDepth(waiting=0, delayed=0, running=0, parked=0)


async def test_jobs_of_one_lock_run_one_at_a_time_and_in_order(queue: Queue) -> None:
    place = uuid7()
    steps: list[tuple[str, int]] = []

    async def run(context: jobs.JobContext) -> None:
        number = jobs.unpack(OrderedErrand, context.payload).number
        steps.append(("begins", number))
        await asyncio.sleep(0.01)
        steps.append(("ends", number))

    tasks = {OrderedErrand.task: jobs.Task(run=run)}
    await queue.defer(*[OrderedErrand(place=place, number=number) for number in range(8)])
    async with queue.working(tasks), queue.working(tasks):
        await until(lambda: is_empty(queue))

    assert steps == [(step, number) for number in range(8) for step in ("begins", "ends")]


async def test_a_job_that_waits_for_its_next_attempt_holds_its_place_in_the_order(queue: Queue) -> None:
    place = uuid7()
    numbers: list[int] = []

    async def run(context: jobs.JobContext) -> None:
        number = jobs.unpack(OrderedErrand, context.payload).number
        numbers.append(number)
        if number == 0 and context.attempt < 3:
            raise DatabaseUnavailable

    await queue.defer(*[OrderedErrand(place=place, number=number) for number in range(2)])
    async with queue.working({OrderedErrand.task: jobs.Task(run=run)}):
        await until(lambda: is_empty(queue))

    assert numbers == [0, 0, 0, 1]


async def test_jobs_of_different_locks_run_side_by_side(queue: Queue) -> None:
    both = asyncio.Barrier(2)

    async def run(_context: jobs.JobContext) -> None:
        await both.wait()

    await queue.defer(OrderedErrand(place=uuid7()), OrderedErrand(place=uuid7()))
    async with queue.working({OrderedErrand.task: jobs.Task(run=run)}):
        await until(lambda: is_empty(queue))

    assert (await queue.depth()).parked == 0


async def test_a_job_that_goes_on_failing_is_parked_with_the_code_of_its_error(queue: Queue) -> None:
    diary = Diary()
    await queue.defer(Errand())

    async with queue.working({Errand.task: jobs.Task(run=failing(DatabaseUnavailable(), diary), attempts=3)}):
        await until(queue.parked)

    (parked,) = await queue.parked()
    assert diary.attempts == [1, 2, 3]
    assert [context.is_last_attempt for context in diary.contexts] == [False, False, True]
    assert (parked.task, parked.tenant_id, parked.attempts) == (Errand.task, queue.actor.tenant_id, 3)
    assert parked.error_code == "database.unavailable"


async def test_an_undeclared_exception_is_parked_as_an_internal_error(queue: Queue) -> None:
    await queue.defer(Errand())

    async with queue.working({Errand.task: jobs.Task(run=failing(KeyError("x"), Diary()), attempts=2)}):
        await until(queue.parked)

    assert [parked.error_code for parked in await queue.parked()] == ["internal.error"]


async def test_a_job_that_asks_for_something_that_is_gone_is_parked_at_once(queue: Queue) -> None:
    diary = Diary()
    await queue.defer(Errand())

    async with queue.working({Errand.task: jobs.Task(run=failing(jobs.NotParked(), diary))}):
        await until(queue.parked)

    assert diary.attempts == [1]


async def test_when_a_job_is_parked_the_task_that_wants_to_know_is_told(queue: Queue) -> None:
    told = Diary()
    errand = OrderedErrand(place=uuid7(), number=5)
    tasks = {
        OrderedErrand.task: jobs.Task(run=failing(jobs.NotParked(), Diary()), when_parked="test.told"),
        "test.told": jobs.Task(run=told.write),
    }

    await queue.defer(errand)
    async with queue.working(tasks):
        await until(told.has_entries)

    (context,) = told.contexts
    assert context.tenant_id == queue.actor.tenant_id
    assert context.parked_code == "jobs.not_parked"
    assert jobs.unpack(OrderedErrand, context.payload) == errand


async def test_a_job_without_a_task_is_tried_again_and_then_parked(queue: Queue) -> None:
    await queue.defer(Errand())

    async with queue.working({}):
        await until(queue.parked)

    (parked,) = await queue.parked()
    assert (parked.error_code, parked.attempts) == ("jobs.unknown_task", 6)


async def test_a_job_that_hangs_is_ended_at_its_time_limit(queue: Queue) -> None:
    async def hang(_context: jobs.JobContext) -> None:
        await asyncio.Event().wait()

    await queue.defer(Errand())
    async with queue.working(
        {Errand.task: jobs.Task(run=hang, attempts=1, time_limit=timedelta(seconds=0.1))}
    ):
        await until(queue.parked)

    assert [parked.error_code for parked in await queue.parked()] == ["jobs.timed_out"]


async def test_a_job_that_cancels_itself_counts_as_failed(queue: Queue) -> None:
    async def cancel(_context: jobs.JobContext) -> None:
        raise asyncio.CancelledError

    await queue.defer(Errand())
    async with queue.working({Errand.task: jobs.Task(run=cancel, attempts=2)}):
        await until(queue.parked)

    assert [(parked.error_code, parked.attempts) for parked in await queue.parked()] == [
        ("internal.error", 2)
    ]


async def test_a_parked_job_that_is_retried_has_all_its_attempts_again(queue: Queue) -> None:
    diary = Diary()
    await queue.defer(Errand())
    async with queue.working({Errand.task: jobs.Task(run=failing(jobs.NotParked(), Diary()))}):
        await until(queue.parked)

    async with jobs.connect(queue.conninfo) as connection:
        (parked,) = await jobs.list_parked(connection, limit=1)
        await jobs.retry_parked(connection, parked.id)
    async with queue.working({Errand.task: jobs.Task(run=diary.write)}):
        await until(lambda: is_empty(queue))

    assert diary.attempts == [1]
    assert await queue.parked() == []


async def test_a_parked_job_that_is_discarded_is_gone(queue: Queue) -> None:
    await queue.defer(Errand())
    async with queue.working({Errand.task: jobs.Task(run=failing(jobs.NotParked(), Diary()))}):
        await until(queue.parked)

    async with jobs.connect(queue.conninfo) as connection:
        (parked,) = await jobs.list_parked(connection, limit=1)
        await jobs.discard_parked(connection, parked.id)
        with pytest.raises(jobs.NotParked):
            await jobs.retry_parked(connection, parked.id)

    assert await queue.depth() == jobs.QueueDepth(waiting=0, delayed=0, running=0, parked=0)


async def test_only_parked_jobs_can_be_discarded(queue: Queue) -> None:
    await queue.defer(Errand())

    async with jobs.connect(queue.conninfo) as connection:
        with pytest.raises(jobs.NotParked):
            await jobs.discard_parked(connection, 1)

    assert (await queue.depth()).waiting == 1


async def test_a_worker_that_stops_lets_its_jobs_end(queue: Queue) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def run(_context: jobs.JobContext) -> None:
        began.set()
        await may_end.wait()

    await queue.defer(Errand())
    async with queue.working({Errand.task: jobs.Task(run=run)}) as runner:
        await began.wait()
        runner.stop()
        await queue.defer(Errand())
        may_end.set()

    # The second one came after the stop: it waits for another worker.
    depth = await queue.depth()
    assert (depth.waiting, depth.running) == (1, 0)


async def test_a_job_that_does_not_end_in_time_goes_back_uncounted(queue: Queue) -> None:
    began = asyncio.Event()
    diary = Diary()

    async def hang(_context: jobs.JobContext) -> None:
        began.set()
        await asyncio.Event().wait()

    await queue.defer(Errand())
    async with queue.working({Errand.task: jobs.Task(run=hang)}, pace=HASTY):
        await began.wait()
    async with queue.working({Errand.task: jobs.Task(run=diary.write)}):
        await until(diary.has_entries)

    assert diary.attempts == [1]


async def test_a_periodic_job_whose_time_was_missed_runs_once(queue: Queue) -> None:
    diary, errands = Diary(), Diary()
    tasks = {
        "test.nightly": jobs.Task(run=diary.write, cron="0 3 * * *"),
        Errand.task: jobs.Task(run=errands.write),
    }

    async with queue.working(tasks), queue.working(tasks):
        await until(diary.has_entries)
    async with queue.working(tasks):
        await queue.defer(Errand())
        await until(errands.has_entries)

    assert [(context.tenant_id, context.payload) for context in diary.contexts] == [(None, {})]
