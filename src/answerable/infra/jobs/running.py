"""The worker: takes jobs from the queue and runs their functions, until it is asked to stop."""

import asyncio
import signal
from collections.abc import Mapping
from datetime import timedelta

import procrastinate
import structlog

from answerable.infra.jobs.attempting import attempt
from answerable.infra.jobs.connecting import open_pool
from answerable.infra.jobs.deferring import QUEUE
from answerable.infra.jobs.reporting import describe, quiet_libraries
from answerable.infra.jobs.rescue import keep_watch
from answerable.infra.jobs.store import Store
from answerable.infra.jobs.values import Pace, Task

log = structlog.get_logger()

# A periodic time is caught up however long nothing ran: nightly work must also happen on a machine that is
# switched off at night.
_CATCH_UP = timedelta(days=400)


class JobRunner:
    """One worker of this process."""

    def __init__(
        self, conninfo: str, tasks: Mapping[str, Task], *, concurrency: int = 4, pace: Pace | None = None
    ) -> None:
        self._conninfo = conninfo
        self._tasks = tasks
        self._concurrency = concurrency
        self._pace = pace or Pace()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Take no more jobs, let the running ones end for a while, put the rest back."""
        self._stopping.set()

    async def run(self) -> None:
        """Run jobs until `stop` is called; a database that goes away is waited for."""
        quiet_libraries()
        # One connection for each job that ends at the same time would be idle; the two others take jobs and
        # give signs of life.
        async with open_pool(self._conninfo, size=2 + self._concurrency // 2) as pool:
            store = Store(pool, tasks=self._tasks, pace=self._pace)
            watch = asyncio.create_task(keep_watch(store), name="keep_watch")
            try:
                await self._work(store, watch)
            finally:
                watch.cancel()
                await asyncio.wait({watch})
                await store.leave()

    async def _work(self, store: Store, watch: asyncio.Task[None]) -> None:
        stopping = asyncio.create_task(self._stopping.wait(), name="wait_for_stop")
        while not stopping.done():
            worker = asyncio.create_task(self._run_worker(store), name="run_worker")
            try:
                await asyncio.wait({worker, stopping, watch}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                store.is_stopping = not worker.done()
                # To Procrastinate a cancellation is the wish to stop: it waits for the running jobs.
                worker.cancel()
                await asyncio.wait({worker})
            if watch.done():
                stopping.cancel()
                watch.result()
            if not stopping.done():
                _report_end(worker)
                await asyncio.wait({stopping}, timeout=self._pace.poll.total_seconds())

    async def _run_worker(self, store: Store) -> None:
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(),
            periodic_defaults={"max_delay": _CATCH_UP.total_seconds()},
        )
        # The application and the store that answers for it must share one connector.
        store.connector = app.connector
        app.job_manager = store
        for name, task in self._tasks.items():
            _register(app, name, task, store)
        async with app.open_async(store.pool):
            await app.run_worker_async(
                concurrency=self._concurrency,
                fetch_job_polling_interval=self._pace.poll.total_seconds(),
                shutdown_graceful_timeout=self._pace.drain.total_seconds(),
                install_signal_handlers=False,
                # Ours goes on while jobs drain; the library's own stops first, and the drained jobs would be
                # rescued from a living worker.
                update_heartbeat_interval=timedelta(days=365).total_seconds(),
                abort_job_polling_interval=timedelta(days=365).total_seconds(),
            )


async def run_jobs(
    conninfo: str, tasks: Mapping[str, Task], *, concurrency: int = 4, pace: Pace | None = None
) -> None:
    """Run jobs until this process is asked to stop by SIGTERM or SIGINT."""
    runner = JobRunner(conninfo, tasks, concurrency=concurrency, pace=pace)
    loop = asyncio.get_running_loop()
    asked = (signal.SIGTERM, signal.SIGINT)
    for each in asked:
        loop.add_signal_handler(each, runner.stop)
    try:
        await runner.run()
    finally:
        for each in asked:
            loop.remove_signal_handler(each)


def _register(app: procrastinate.App, name: str, task: Task, store: Store) -> None:
    # The library hands a job's fields over as keywords; the job itself has them, too.
    async def run(context: procrastinate.JobContext, **_fields: object) -> None:
        await attempt(context.job, task, store)

    registered = app.task(name=name, queue=QUEUE, pass_context=True)(run)
    if task.cron:
        app.periodic_registry.register_task(
            task=registered,  # pyright: ignore[reportArgumentType] - the time it is for is among the fields
            cron=task.cron,
            periodic_id="",
            configure_kwargs={"lock": f"periodic:{name}"},
        )


def _report_end(worker: asyncio.Task[None]) -> None:
    error = None if worker.cancelled() else worker.exception()
    failure = describe(error) if error else None
    log.error(
        "worker.failed",
        error_types=failure.types if failure else (),
        error_frames=failure.frames if failure else (),
    )
