"""Processes that share a server, as tests see them."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import psutil

from answerable.infra.postgres.account import Account
from answerable.infra.postgres.binaries import LIBRARIES_OF_WHEEL, WHEEL, find_binaries
from answerable.infra.settings import Settings

SCRIPT = Path(__file__).with_name("server_user.py")


@cache
def binaries_for(account: Account) -> Path:
    """The wheel's binaries, as a copy where the checkout lies below a folder that this account may not enter."""
    folder = find_binaries(Settings()).folder
    if account.may_enter(folder):
        return folder
    prefix = folder.parent
    copy = Path(tempfile.mkdtemp(prefix="binaries-"))
    copy.chmod(0o755)
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    shutil.copytree(prefix, copy / WHEEL / prefix.name)
    shutil.copytree(prefix.parents[1] / LIBRARIES_OF_WHEEL, copy / LIBRARIES_OF_WHEEL)
    return copy / WHEEL / prefix.name / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process that uses a server."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, home: Path, uid: int | None) -> Self:
        command = [sys.executable, str(SCRIPT), str(home), *([] if uid is None else [str(uid)])]
        environment = dict(os.environ)
        if uid is not None:
            environment["ANSWERABLE_PG_BIN"] = str(binaries_for(Account(uid=uid, gid=uid)))
        return cls(
            process=subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )

    def read_server(self) -> psutil.Process:
        """The server's process, once the child may use it."""
        assert self.process.stdout is not None
        said: list[str] = []
        while not said or not said[-1].startswith("ready"):
            said.append(self.process.stdout.readline())
            assert said[-1], said
        return psutil.Process(int(said[-1].split()[1]))

    def leave(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)

    def end(self) -> None:
        """Leave if still running, else be killed."""
        if self.process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.process.communicate(timeout=30)
        if self.process.poll() is None:
            self.kill()


StartChild = Callable[[Path, int | None], Child]
