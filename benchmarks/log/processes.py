"""Processes beside the benchmark: writers that are told rounds, and parts of the product."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from answerable.infra.installation import Installation
from benchmarks.log.writing import Round


def environment(installation: Installation) -> dict[str, str]:
    """What tells another process of this installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSWERABLE_")}
    return kept | {
        "ANSWERABLE_HOME": str(installation.settings.home),
        "ANSWERABLE_EMBEDDER": installation.settings.embedder.value,
        "ANSWERABLE_LOG_LEVEL": "error",
    }


@contextmanager
def part(installation: Installation, name: str) -> Generator[subprocess.Popen[bytes]]:
    """A part of the product, such as the sequencer, for as long as the block runs."""
    process = start_part(installation, name)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def start_part(installation: Installation, name: str) -> subprocess.Popen[bytes]:
    """Start a part of the product."""
    return subprocess.Popen(
        [sys.executable, "-m", "answerable", name],
        env=environment(installation),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


class Writers:
    """A process of writers."""

    def __init__(self, installation: Installation) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.log"],
            env=environment(installation),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def await_ready(self) -> None:
        """Wait until it takes rounds."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "ready"

    def begin(self, todo: Round) -> None:
        """Tell it a round."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asdict(todo)) + "\n")
        self.process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """What the round did."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


@contextmanager
def writers(installation: Installation, count: int) -> Generator[Sequence[Writers]]:
    """So many processes of writers, for as long as the block runs."""
    started = [Writers(installation) for _ in range(count)]
    try:
        for one in started:
            one.await_ready()
        yield started
    finally:
        for one in started:
            one.process.kill()
            one.process.wait()
