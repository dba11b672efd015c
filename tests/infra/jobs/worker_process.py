"""A worker in a process of its own: says that it has a job, then hangs, kills itself or blocks, as told."""

import asyncio
import os
import signal
import sys
import time

from answerable.infra import jobs
from infra.jobs.queues import HASTY, QUICK, Errand


async def hang(_context: jobs.JobContext) -> None:
    print("began", flush=True)  # noqa: T201 - the test reads it
    await asyncio.Event().wait()


async def die(_context: jobs.JobContext) -> None:
    print("began", flush=True)  # noqa: T201 - the test reads it
    os.kill(os.getpid(), signal.SIGKILL)


async def block(_context: jobs.JobContext) -> None:
    print("began", flush=True)  # noqa: T201 - the test reads it
    time.sleep(3)  # noqa: ASYNC251 - what a living worker may do to its event loop
    print("ended", flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    conninfo, way = sys.argv[1:]
    run = {"hang": hang, "die": die, "block": block}[way]
    asyncio.run(
        jobs.run_jobs(
            conninfo, {Errand.task: jobs.Task(run=run, attempts=2)}, pace=QUICK if way == "block" else HASTY
        )
    )
