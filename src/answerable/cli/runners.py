"""What the command line cannot do itself, since it would need other surfaces: the application hands it in."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from answerable.infra.installation import Installation
from answerable.infra.settings import Settings

Say = Callable[[str], None]
"""Takes a line of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTenant:
    """What the demo holds of one tenant."""

    slug: str
    created: bool
    added: int
    changed: int
    unchanged: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """What loading the demo did."""

    tenants: tuple[DemoTenant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillAttempt:
    """One attack of a drill and what came of it."""

    number: str
    name: str
    expected: str
    finding: str | None
    caught: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessOrder:
    """How a witness is to be run."""

    state: Path
    logs: Path
    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorOrder:
    """How a log is to be watched."""

    url: str
    state: Path
    token: Path | None
    name: str
    key: str | None
    every_s: int
    max_age_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorLook:
    """What one look at a log found."""

    origin: str
    size: int
    added: int
    root_size: int
    published: int
    cosigned: bool
    alarms: tuple[str, ...]
    code: int


Looked = Callable[[MonitorLook], None]
"""Takes what a look found, to print it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runners:
    """The application's own parts, for the commands that run them."""

    open: Callable[[Settings], AbstractAsyncContextManager[Installation]]
    serve: Callable[[Installation], Awaitable[None]]
    """Serves HTTP until it is told to stop."""
    work: Callable[[Installation], Awaitable[None]]
    """Runs jobs until it is told to stop."""
    sequence: Callable[[Installation], Awaitable[None]]
    """Gives events their place in the log until it is told to stop."""
    sign: Callable[[Installation], Awaitable[None]]
    """Signs the heads of logs until it is told to stop."""
    load_demo: Callable[[Installation, Say], Awaitable[DemoReport]]
    """Loads the demo's workspaces."""
    drill: Callable[[Installation, Say], Awaitable[list[DrillAttempt]]]
    """Attacks copies of a log."""
    witness: Callable[[WitnessOrder, Say], None]
    """Serves as a witness until it is told to stop."""
    monitor: Callable[[MonitorOrder, Looked], int]
    """Looks at a log from anywhere, once or for ever; the worst that it found, as an exit code."""
    monitor_key: Callable[[Path, str], str]
    """The key of the monitor of a folder, under a name."""
    stamp: Callable[[Installation], Awaitable[datetime | None]]
    """Has the root log timestamped."""
