"""Runs benchmarks by name: `python -m benchmarks search,turn`; without a name, all of them."""

import asyncio
import importlib
import inspect
import signal
import sys
import time
from collections.abc import Sequence

from answerable.infra.logging import configure_logging
from answerable.infra.settings import LogFormat

NAMES = ("search", "turn", "calibration", "vault", "widget", "log")


def main(arguments: Sequence[str]) -> int:
    """Run each benchmark named; the exit code."""
    named = [name for argument in arguments for name in argument.split(",") if name] or list(NAMES)
    unknown = [name for name in named if name not in NAMES]
    if unknown:
        print(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    # Tables are the output; of the log only what needs a person belongs beside them.
    configure_logging("warning", format=LogFormat.CONSOLE, stream=sys.stderr)
    # Left by an exception and not killed, a benchmark stops its server and deletes its data.
    signal.signal(signal.SIGTERM, _leave)
    for name in named:
        began = time.perf_counter()
        _run(name)
        print(f"\n{name} took {time.perf_counter() - began:.0f} s\n", flush=True)
    return 0


def _leave(_number: int, _frame: object) -> None:
    sys.exit(1)


def _run(name: str) -> None:
    # Imported when run: a benchmark that lacks something does not keep the others from running.
    run = importlib.import_module(f"benchmarks.{name}").main
    if inspect.iscoroutinefunction(run):
        asyncio.run(run())
    else:
        run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
