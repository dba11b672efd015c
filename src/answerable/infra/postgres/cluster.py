"""Makes a data folder and starts the server on it. Who shares it, and when it stops: see `sharing`."""

import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from answerable.infra.home import require_room, storage_error, write_private_file
from answerable.infra.postgres import failures
from answerable.infra.postgres.account import Account
from answerable.infra.postgres.addresses import choose_address
from answerable.infra.postgres.binaries import Binaries
from answerable.infra.postgres.configuration import (
    Address,
    Tuning,
    measure_machine,
    render_configuration,
    render_sign_in_rules,
)
from answerable.infra.postgres.errors import (
    AnotherMajorVersion,
    DataNotOwned,
    HalfWrittenData,
    InitFailed,
    PasswordMissing,
    StartTooSlow,
)
from answerable.infra.postgres.place import Place
from answerable.infra.postgres.postmaster import POLL_S, Postmaster, discard_stale_records, find_postmaster
from answerable.infra.postgres.programs import run_program
from answerable.infra.postgres.server_log import Marks, mark_log, read_log

log = structlog.get_logger()

SUPERUSER = "postgres"
INIT_TIMEOUT_S = 120
START_TIMEOUT_S = 60
FIRST_WITH_BUILTIN_LOCALE = 17
INCLUDE = "include '../answerable.conf'"
IN_EVERY_DATA_FOLDER = ("PG_VERSION", "global/pg_control", "postgresql.conf", "base", "pg_wal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Programs, account and folder of the embedded server."""

    binaries: Binaries
    account: Account
    place: Place
    password_file: Path
    tuning: Tuning
    fixed_port: int | None
    """The TCP port that the operator asks for, if any."""


def prepare_data(cluster: Cluster) -> None:
    """Make the data folder where there is none, and refuse one that cannot be used.

    Errors:  InitFailed, NoDiskLeft, HomeNotUsable, PasswordMissing and those of `check_data`.
    Effects: writes the superuser's password into the home.
    """
    if not cluster.place.data.exists():
        password = secrets.token_urlsafe(32)
        write_private_file(cluster.password_file, password)
        _init_data(cluster, password)
    if not cluster.password_file.exists():
        raise PasswordMissing(f"Path: {cluster.password_file}.")
    check_data(cluster.place.data, cluster.binaries, cluster.account)


def _init_data(cluster: Cluster, password: str) -> None:
    place = cluster.place
    require_room(place.folder)
    handed_over = place.run / "password"
    try:
        # Made beside its place and moved there whole: what a crash leaves behind is known to be unfinished.
        shutil.rmtree(place.unfinished_data, ignore_errors=True)
        place.unfinished_data.mkdir(mode=0o700)
        cluster.account.give(place.unfinished_data)
        write_private_file(handed_over, password)
        cluster.account.give(handed_over)
        _run_initdb(cluster, handed_over)
        with (place.unfinished_data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"\n{INCLUDE}\n")
        place.unfinished_data.rename(place.data)
    except OSError as error:
        raise storage_error(error, place.folder) from error
    finally:
        handed_over.unlink(missing_ok=True)
    log.info("postgres.data_made", version=cluster.binaries.version)


def _run_initdb(cluster: Cluster, password_file: Path) -> None:
    # Order by code point: the same on every machine, where a library's order may change under an index.
    if cluster.binaries.major >= FIRST_WITH_BUILTIN_LOCALE:
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    else:
        locale = ("--locale-provider=libc", "--locale=C.UTF-8")
    code, said = run_program(
        (
            cluster.binaries.program("initdb"),
            f"--pgdata={cluster.place.unfinished_data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--data-checksums",
            *locale,
            *(("--no-sync",) if cluster.tuning is Tuning.THROWAWAY else ()),
        ),
        cluster.account,
        cluster.place,
        timeout_s=INIT_TIMEOUT_S,
    )
    if code != 0:
        raise failures.explain(said, otherwise=InitFailed)


def check_data(data: Path, binaries: Binaries, account: Account) -> None:
    """Refuse a data folder that the server would refuse or could damage.

    Errors:  HalfWrittenData, AnotherMajorVersion, DataNotOwned.
    """
    status = data.stat()
    if status.st_uid != account.uid or status.st_mode & 0o077:
        raise DataNotOwned(f"{data} has owner {status.st_uid} and mode {status.st_mode & 0o777:o}.")
    missing = [name for name in IN_EVERY_DATA_FOLDER if not (data / name).exists()]
    if missing:
        raise HalfWrittenData(f"{data} lacks {', '.join(missing)}.")
    written_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if written_by != str(binaries.major):
        raise AnotherMajorVersion(f"Data: {written_by}, server: {binaries.version}.")


def start_cluster(
    cluster: Cluster, *, address: Address | None = None, timeout_s: float = START_TIMEOUT_S
) -> Postmaster:
    """Start the server and wait until it accepts connections; at an address if one is given.

    Errors:  PortInUse, NoDiskLeft, HomeNotUsable, StartFailed, StartTooSlow and what `failures` knows.
    """
    began = time.monotonic()
    discard_stale_records(cluster.place.data, cluster.place.run)
    _write_configuration(cluster, address or choose_address(cluster.place, cluster.fixed_port))
    while (said := _start(cluster, timeout_s)) is not None:
        # Children of a killed server hold its memory until they notice that it is gone.
        if failures.STILL_IN_USE not in said or time.monotonic() > began + timeout_s:
            raise failures.explain(said)
        time.sleep(POLL_S)
    postmaster = await_ready(cluster, timeout_s=timeout_s)
    start_ms = round((time.monotonic() - began) * 1000)
    log.info("postgres.started", start_ms=start_ms, version=cluster.binaries.version)
    return postmaster


def _start(cluster: Cluster, timeout_s: float) -> str | None:
    """Nothing once the server runs, else what was said."""
    place = cluster.place
    place.start_log.unlink(missing_ok=True)
    marks = mark_log(place)
    code, said = run_program(
        (
            cluster.binaries.program("pg_ctl"),
            "start",
            "--silent",
            "--wait",
            f"--timeout={max(1, round(timeout_s))}",
            f"--pgdata={place.data.resolve()}",
            f"--log={place.start_log}",
        ),
        cluster.account,
        place,
        timeout_s=timeout_s + 10,
    )
    if code == 0:
        return None
    if find_postmaster(place.data) is not None:
        raise StartTooSlow(f"Waited {timeout_s:.0f} s.")
    return said + read_log(place, marks)


def await_ready(cluster: Cluster, *, timeout_s: float = START_TIMEOUT_S) -> Postmaster:
    """The living server once it accepts connections.

    Errors:  StartTooSlow; StartFailed when it ends while we wait.
    """
    marks: Marks = mark_log(cluster.place)
    deadline = time.monotonic() + timeout_s
    while True:
        postmaster = find_postmaster(cluster.place.data)
        if postmaster is None:
            raise failures.explain(read_log(cluster.place, marks))
        if postmaster.is_ready:
            return postmaster
        if time.monotonic() > deadline:
            raise StartTooSlow(f"Waited {timeout_s:.0f} s.")
        time.sleep(POLL_S)


def _write_configuration(cluster: Cluster, address: Address) -> None:
    place = cluster.place
    configuration = render_configuration(
        machine=measure_machine(),
        address=address,
        tuning=cluster.tuning,
        log_folder=place.log.resolve(),
        sign_in_rules=place.sign_in_rules.resolve(),
    )
    for path, text in ((place.configuration, configuration), (place.sign_in_rules, render_sign_in_rules())):
        write_private_file(path, text)
        cluster.account.give(path)
