"""The product as processes of its own, in a home of its own: what a person or an init system would start."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from answerable.infra.settings import Settings

PATIENCE_S = 90


@dataclass(slots=True)
class Product:
    """One installation and the processes that were started on it."""

    settings: Settings
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSWERABLE_")}
        return kept | {
            "ANSWERABLE_HOME": str(self.settings.home),
            "ANSWERABLE_EMBEDDER": self.settings.embedder.value,
            "ANSWERABLE_PORT": str(self.settings.port),
            "ANSWERABLE_LOG_FORMAT": "json",
        }

    @property
    def output(self) -> Path:
        return self.folder / "output.log"

    @property
    def address(self) -> str:
        return f"http://{self.settings.host}:{self.settings.port}"

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.output.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "answerable", *command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def run(self, *command: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "answerable", *command],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + (done.stderr if code else "")

    def run_json(self, *command: str) -> Any:
        return json.loads(self.run(*command, "--json"))

    def await_ready(self, *, within_s: float = PATIENCE_S) -> float:
        began = time.monotonic()
        until(self._is_ready, within_s=within_s, told=self.output.read_text)
        return time.monotonic() - began

    def _is_ready(self) -> bool:
        with suppress(OSError), socket.create_connection((self.settings.host, self.settings.port), 2) as one:
            one.sendall(b"GET /readyz HTTP/1.0\r\nHost: x\r\n\r\n")
            return b" 200 " in one.recv(64)
        return False

    def postmasters(self) -> list[psutil.Process]:
        """The database server's own process: the one whose parent is none of its kind."""
        found: list[psutil.Process] = []
        place = self.settings.home.name
        for process in psutil.process_iter(["name", "cmdline", "ppid"]):
            line = " ".join(process.info["cmdline"] or ())
            if process.info["name"] == "postgres" and " -D " in line and self._owns(line, place):
                found.append(process)
        return found

    def _owns(self, line: str, place: str) -> bool:
        remembered = self.settings.home / "postgres" / "place"
        data = remembered.read_text().strip() if remembered.exists() else place
        return data in line or str(self.settings.home) in line

    def stop_all(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(holds: Callable[[], bool], *, within_s: float, told: Callable[[], str]) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, told()[-4000:]
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
