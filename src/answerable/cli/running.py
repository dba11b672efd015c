"""Running the parts of the product as processes: start, watch, restart, stop."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from answerable import tenancy
from answerable.cli.errors import AddressUnusable, NotReady, PortInUse, ProcessesFailed
from answerable.cli.members import address_of, make_link
from answerable.cli.output import say
from answerable.cli.runners import Runners
from answerable.cli.session import platform_actor
from answerable.infra.installation import Installation
from answerable.infra.logging import configure_logging
from answerable.infra.settings import Settings

log = structlog.get_logger()

_PARTS = ("serve", "worker")
# What nobody waits for: the log keeps what happens in its queue meanwhile.
_LATER_PARTS = ("sequencer", "signer")
_PATIENCE_S = 60.0
_DRAIN_S = 30.0
_MAX_RESTARTS = 5
_CALM_S = 60.0
_DEMO_WORKSPACE = "shop"
_FIRST_LINK_LIFETIME = timedelta(days=1)


@dataclass(slots=True)
class _Part:
    """One process and how often it had to be started lately."""

    name: str
    process: subprocess.Popen[bytes]
    starts: list[float] = field(default_factory=list[float])


def run_everything(runners: Runners) -> None:
    """Start the server, the demo, the web server and a worker, and stay until told to stop.

    Errors:  those of opening the installation; PortInUse, NotReady, ProcessesFailed.
    """
    settings = Settings.load()
    configure_logging(settings.log_level, format=settings.log_format, stream=sys.stdout)
    asyncio.run(_run_everything(runners, settings))


def run_part(runners: Runners, work: Callable[[Installation], Awaitable[None]], *, leash: bool) -> None:
    """Run one part in this process until it is told to stop.

    With a leash it also stops when whoever started it is gone, however that ended.
    """
    settings = Settings.load()
    configure_logging(settings.log_level, format=settings.log_format, stream=sys.stdout)
    if leash:
        threading.Thread(target=_follow_leash, daemon=True).start()

    async def in_installation() -> None:
        async with runners.open(settings) as installation:
            await work(installation)

    asyncio.run(in_installation())


def _follow_leash() -> None:
    # The starter holds the other end of standard input and never writes: an end means that it is gone. Read
    # without Python's buffer, whose lock a waiting thread would hold while the interpreter ends.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


async def _run_everything(runners: Runners, settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    check_port(settings)
    async with runners.open(settings) as installation:
        # Side by side: the parts take a second to start, and the demo that is there already as long to compare.
        parts = [_Part(name=name, process=_start(name)) for name in _PARTS]
        try:
            loading = asyncio.create_task(_load_demo(runners, installation))
            waiting = asyncio.create_task(_await_ready(settings))
            if await _unless(stopping, loading) and await _unless(stopping, waiting):
                await _print_addresses(installation)
                parts += [_Part(name=name, process=_start(name)) for name in _LATER_PARTS]
                await _watch(parts, stopping)
        finally:
            say("Stopping …")
            await asyncio.to_thread(_stop, parts)


async def _load_demo(runners: Runners, installation: Installation) -> None:
    await runners.load_demo(installation, say)


async def _unless(stopping: asyncio.Event, task: asyncio.Task[None]) -> bool:
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({stop, task}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        stop.cancel()
        task.result()
        return True
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return False


def check_port(settings: Settings) -> None:
    """Go on only if the web server can have its port.

    Errors:  PortInUse, AddressUnusable.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise (PortInUse if taken else AddressUnusable)(f"{settings.host}:{settings.port}.") from error


def _start(name: str) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C at the terminal reaches this process alone, which then stops its parts.
    return subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "answerable", name, "--leash"], stdin=subprocess.PIPE, start_new_session=True
    )


async def _await_ready(settings: Settings) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if await asyncio.to_thread(is_ready, settings):
            return
        await asyncio.sleep(0.1)
    raise NotReady


def is_ready(settings: Settings, *, path: str = "/readyz") -> bool:
    """Whether our web server answers on its port and takes traffic; at `/healthz`, whether it lives."""
    # Spoken by hand: the one factory for outbound HTTP is for the outside, this is our own process.
    try:
        with socket.create_connection((settings.host, settings.port), timeout=2) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


async def _print_addresses(installation: Installation) -> None:
    address = address_of(installation.settings)
    link = await make_link(
        installation, _DEMO_WORKSPACE, f"owner@{_DEMO_WORKSPACE}.example", lifetime=_FIRST_LINK_LIFETIME
    )
    platform = await platform_actor(installation.database, _DEMO_WORKSPACE)
    async with installation.database.tenant_session(platform) as db:
        shop = await tenancy.get_tenant(db)
    print(f"\nAnswerable is ready at {address}")
    print(f"  the chat    {address}/try/{shop.public_key}")
    print("              what a contact sees: ask about returns, or ask for a person")
    print(f"  the pages   {link.url}")
    print("              what the team sees; signs in once, within a day")
    print("              another: .venv/bin/answerable sign-in-link WORKSPACE EMAIL")
    print('  ask         .venv/bin/answerable ask shop "How long do I have to send something back?"')
    print(f"  health      {address}/healthz   {address}/readyz   {address}/metrics")
    print("Ctrl-C stops it.", flush=True)


async def _watch(parts: list[_Part], stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        for part in parts:
            if part.process.poll() is not None:
                _restart(part)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), timeout=0.5)


def _restart(part: _Part) -> None:
    now = time.monotonic()
    part.starts = [start for start in part.starts if now - start < _CALM_S] + [now]
    if len(part.starts) > _MAX_RESTARTS:
        raise ProcessesFailed(part.name)
    log.warning("process.restarted", part=part.name, exit_code=part.process.returncode)
    part.process = _start(part.name)


def _stop(parts: list[_Part]) -> None:
    for part in parts:
        part.process.terminate()
    deadline = time.monotonic() + _DRAIN_S
    for part in parts:
        try:
            part.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            part.process.kill()
            part.process.wait()
