"""What `answerable doctor` says of the database: each thing by itself, nothing started, nothing changed."""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from os import environ
from pathlib import Path

from answerable.infra.errors import AnswerableError
from answerable.infra.home import (
    Home,
    HomeNotUsable,
    find_home,
    refuse_keys_inside,
    require_room,
    require_writable,
)
from answerable.infra.postgres import locks
from answerable.infra.postgres.account import Account, choose_account
from answerable.infra.postgres.addresses import require_free
from answerable.infra.postgres.binaries import find_binaries, is_reachable
from answerable.infra.postgres.cluster import check_data
from answerable.infra.postgres.configuration import fits_a_socket
from answerable.infra.postgres.errors import DataNotReachable, PasswordMissing
from answerable.infra.postgres.external import check_external
from answerable.infra.postgres.place import PLACES, Place, find_leftovers, find_place
from answerable.infra.postgres.postmaster import find_postmaster
from answerable.infra.postgres.sharing import password_file, users_lock
from answerable.infra.settings import Settings, unknown_variables


class Status(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check."""

    name: str
    status: Status
    message: str
    remedy: str = ""


Check = Callable[[Settings, Home], Finding]


def diagnose(settings: Settings) -> list[Finding]:
    """Every check of settings, home and database server, in the order in which one builds on another.

    Errors:  none; what is wrong is a finding.
    """
    home = find_home(settings)
    checks = EXTERNAL if settings.database_url else EMBEDDED
    return [_run(name, check, settings, home) for name, check in checks.items()]


def _run(name: str, check: Check, settings: Settings, home: Home) -> Finding:
    try:
        finding = check(settings, home)
    except AnswerableError as error:
        return Finding(name=name, status=Status.FAILED, message=error.message, remedy=error.remedy)
    except OSError as error:
        message = f"{error.filename}: {error.strerror}"
        return Finding(name=name, status=Status.FAILED, message=message, remedy=HomeNotUsable.remedy)
    return Finding(name=name, status=finding.status, message=finding.message, remedy=finding.remedy)


def _ok(message: str) -> Finding:
    return Finding(name="", status=Status.OK, message=message)


def _warning(message: str, remedy: str) -> Finding:
    return Finding(name="", status=Status.WARNING, message=message, remedy=remedy)


def _check_variables(_settings: Settings, _home: Home) -> Finding:
    unknown = unknown_variables(environ)
    if unknown:
        return _warning(f"No setting reads {', '.join(unknown)}.", "Correct the name or unset the variable.")
    return _ok("Every variable is a setting.")


def _check_home(_settings: Settings, home: Home) -> Finding:
    existing = _nearest_existing(home.folder)
    require_writable(existing)
    if existing != home.folder:
        return _ok(f"{home.folder} is made at first use.")
    if home.folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return _warning(f"Others may enter {home.folder}.", f"Close it: chmod 700 {home.folder}")
    return _ok(f"{home.folder} is private and writable.")


def _check_keys(_settings: Settings, home: Home) -> Finding:
    place = find_place(home)
    refuse_keys_inside(home.keys, place.folder if place else home.postgres)
    return _ok(f"{home.keys} lies outside of the database's folder.")


def _check_disk(_settings: Settings, home: Home) -> Finding:
    place = find_place(home)
    folder = _nearest_existing(place.folder if place else _future_place(home))
    require_room(folder)
    return _ok(f"{folder} has room.")


def _check_binaries(settings: Settings, home: Home) -> Finding:
    binaries = find_binaries(settings)
    if not is_reachable(binaries, _choose_account(home)):
        return _ok(
            f"PostgreSQL {binaries.version} in {binaries.folder}, of which the server's account gets a copy."
        )
    return _ok(f"PostgreSQL {binaries.version} in {binaries.folder}.")


def _check_account(_settings: Settings, home: Home) -> Finding:
    account = _choose_account(home)
    if account.is_self:
        return _ok("The server runs as the user of this command.")
    return _ok(f"Started by root, the server runs as user {account.uid}.")


def _check_data(settings: Settings, home: Home) -> Finding:
    place = find_place(home)
    if place is None or not place.data.exists():
        return _ok("The data folder is made at first use.")
    account = _choose_account(home)
    if not account.may_enter(place.folder):
        raise DataNotReachable(f"Folder: {place.folder}, user: {account.uid}.")
    check_data(place.data, find_binaries(settings), account)
    if not password_file(home).exists():
        raise PasswordMissing(f"Path: {password_file(home)}.")
    return _ok(f"{place.data} is whole.")


def _check_address(settings: Settings, home: Home) -> Finding:
    place = find_place(home)
    running = find_postmaster(place.data) if place else None
    if running is not None:
        return _ok(f"The server listens on {running.address.host}, port {running.address.port}.")
    if settings.pg_port is not None:
        require_free(settings.pg_port)
        return _ok(f"Port {settings.pg_port} is free.")
    folder = Place(folder=place.folder if place else _future_place(home)).run
    if fits_a_socket(folder):
        return _ok("It listens on a unix socket.")
    return _ok("It listens on a free port: the path is too long for a unix socket.")


def _check_server(_settings: Settings, home: Home) -> Finding:
    place = find_place(home)
    running = find_postmaster(place.data) if place else None
    if running is None:
        return _ok("Not running; every command that needs it starts it.")
    if not running.is_ready:
        return _warning("It starts, stops or recovers.", "Wait, then look again.")
    if not locks.is_shared(users_lock(home)):
        return _warning("It outlived the process that used it.", "Nothing to do: the next command adopts it.")
    return _ok(f"Running as process {running.process.pid}.")


def _check_leftovers(_settings: Settings, _home: Home) -> Finding:
    leftovers = find_leftovers()
    if leftovers:
        names = " ".join(str(folder) for folder in leftovers)
        return _warning(
            f"Databases whose homes are not where they were: {names}.",
            "If a home was moved or its disk is not mounted, mend that; only if it is gone, delete its folder.",
        )
    return _ok("No database lies without a home.")


def _check_external(settings: Settings, _home: Home) -> Finding:
    assert settings.database_url is not None
    server = check_external(settings.database_url)
    return _ok(
        f"PostgreSQL {server.version} at {server.host}, port {server.port}, database {server.database}."
    )


def _choose_account(home: Home) -> Account:
    place = find_place(home)
    return choose_account(*((place.data,) if place else ()), home.folder)


def _future_place(home: Home) -> Path:
    account = _choose_account(home)
    reachable = account.is_self or (home.folder.exists() and account.may_enter(home.folder))
    return home.postgres if reachable else PLACES / ("0" * 16)


def _nearest_existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


EXTERNAL: dict[str, Check] = {
    "variables": _check_variables,
    "home": _check_home,
    "external server": _check_external,
}
EMBEDDED: dict[str, Check] = {
    "variables": _check_variables,
    "home": _check_home,
    "keys": _check_keys,
    "disk": _check_disk,
    "account": _check_account,
    "binaries": _check_binaries,
    "data": _check_data,
    "address": _check_address,
    "server": _check_server,
    "leftovers": _check_leftovers,
}
