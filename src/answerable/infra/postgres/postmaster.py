"""The living server of a data folder: found and stopped. Making folders and starting servers is not here."""

import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from answerable.infra.postgres.configuration import Address
from answerable.infra.postgres.errors import StopFailed

STAGES = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))
PATIENCE_S = 1.0
POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmaster:
    """The parent process of a server."""

    process: psutil.Process
    address: Address
    is_ready: bool
    """Whether it accepts connections."""

    is_ending: bool
    """Whether it was told to stop."""


def find_postmaster(data: Path) -> Postmaster | None:
    """The living server of a data folder, also one that is still starting, or None.

    Source:  https://www.postgresql.org/docs/18/storage-file-layout.html, postmaster.pid
    """
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        process = psutil.Process(int(lines[0]))
    except (FileNotFoundError, psutil.NoSuchProcess, ValueError, IndexError):
        return None
    if not _serves(process, data):
        return None
    lines += [""] * (8 - len(lines))
    socket_folder = Path(lines[4]) if lines[4] else None
    port = int(lines[3]) if lines[3].isdigit() else 0
    return Postmaster(
        process=process,
        address=Address(socket_folder=socket_folder, port=port),
        is_ready=lines[7].strip() == "ready",
        is_ending=lines[7].strip() == "stopping",
    )


def is_alive(data: Path) -> bool:
    """Whether a server of the data folder lives."""
    return find_postmaster(data) is not None


def discard_stale_records(data: Path, run: Path) -> None:
    """Remove the process id that a dead server left behind in its data folder and beside its socket.

    PostgreSQL itself overwrites a record whose process is gone. But it takes any process with that id for its
    own server and refuses to start: another program of the same user, since ids repeat soon in containers, or
    the dead server itself while nobody has collected it.
    """
    if find_postmaster(data) is None:
        for path in (data / "postmaster.pid", *run.glob(".s.PGSQL.*")):
            path.unlink(missing_ok=True)


def stop_postmaster(data: Path) -> None:
    """End a data folder's server: connections are cut, open transactions rolled back, the data left clean.

    Errors:  StopFailed.
    """
    for how, timeout_s in STAGES:
        postmaster = find_postmaster(data)
        if postmaster is None:
            return
        with suppress(psutil.NoSuchProcess):
            postmaster.process.send_signal(how)
        if _await_end(data, timeout_s, may_hang=how is signal.SIGINT):
            return
    raise StopFailed(f"Data: {data}.")


def _await_end(data: Path, timeout_s: float, *, may_hang: bool) -> bool:
    # Not by waiting for the process itself: where nobody collects orphans it stays as a zombie.
    began = time.monotonic()
    while (postmaster := find_postmaster(data)) is not None:
        waited_s = time.monotonic() - began
        hangs = may_hang and waited_s > PATIENCE_S and _hangs(postmaster.process)
        if hangs or waited_s > timeout_s:
            return False
        time.sleep(POLL_S)
    return True


def _hangs(process: psutil.Process) -> bool:
    # Told to stop in the middle of crash recovery, version 16 waits for a checkpointer that nobody told: no
    # other child is left, and it does not write. An abrupt end loses nothing, since recovery begins again.
    with suppress(psutil.Error):
        titles = [" ".join(child.cmdline()).strip() for child in process.children()]
        return all(title.endswith(("checkpointer", "logger")) for title in titles)
    return False


def _serves(process: psutil.Process, data: Path) -> bool:
    # By the data folder it was started with: another server may have the id that ours had before the machine
    # restarted. Not by its working folder, which root may not read in a container without CAP_SYS_PTRACE.
    try:
        return process.status() != psutil.STATUS_ZOMBIE and str(data.resolve()) in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
