"""Who starts the server, who shares it, who stops it; each process that needs it holds a shared lock.

Making data folders and starting programs is in `cluster`.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import structlog
from pydantic import SecretStr

from answerable.infra.errors import AnswerableError
from answerable.infra.home import Home, open_home
from answerable.infra.postgres import locks
from answerable.infra.postgres.account import choose_account
from answerable.infra.postgres.binaries import find_binaries, make_reachable
from answerable.infra.postgres.bootstrap import ensure_database
from answerable.infra.postgres.cluster import SUPERUSER, Cluster, await_ready, prepare_data, start_cluster
from answerable.infra.postgres.configuration import Address, Tuning
from answerable.infra.postgres.errors import StartTooSlow, StillInUse
from answerable.infra.postgres.external import check_external
from answerable.infra.postgres.place import delete_place, find_place, open_place
from answerable.infra.postgres.postmaster import Postmaster, find_postmaster, is_alive, stop_postmaster
from answerable.infra.postgres.server import Server
from answerable.infra.settings import Settings

log = structlog.get_logger()

DATABASE = "answerable"
WATCH_S = 0.5
LONGEST_WAIT_S = 30.0
# The embedded server speaks neither; variables such as PGSSLMODE must not ask it to.
PLAIN = {"sslmode": "disable", "gssencmode": "disable"}


@contextmanager
def running_server(settings: Settings, *, tuning: Tuning = Tuning.DURABLE) -> Generator[Server]:
    """A server for as long as the block runs: started when none runs, shared when one does.

    The last process to leave stops it. While the block runs, a server that dies is started again under the
    same address. An external server is only checked. Asynchronous code enters and leaves it in a thread.

    Errors:  those of `answerable.infra.postgres.errors` and `answerable.infra.home`.
    Effects: makes home and data folder at first use; starts a process that outlives this one if killed.
    """
    if settings.database_url is not None:
        yield check_external(settings.database_url)
        return
    home = open_home(settings)
    with locks.hold_exclusively(control_lock(home)):
        users = locks.share(users_lock(home))
        cluster, server = _join(settings, home, tuning, users)
    watch = _Watch(cluster, home, Address.of(server.host, server.port))
    watch.start()
    try:
        yield server
    finally:
        watch.stop()
        _leave(cluster, home, users)


def delete_database(settings: Settings) -> None:
    """Delete the embedded server's data for good, such as that of a test.

    Errors:  StillInUse while any process uses the server.
    """
    home = open_home(settings)
    with locks.hold_exclusively(control_lock(home)):
        place = find_place(home)
        if locks.is_shared(users_lock(home)):
            raise StillInUse
        if place is not None:
            stop_postmaster(place.data)
            delete_place(home, place)


def control_lock(home: Home) -> Path:
    """Locked by whoever starts or stops the server."""
    return home.locks / "postgres-control"


def users_lock(home: Home) -> Path:
    """Shared by all who use the server."""
    return home.locks / "postgres-users"


def password_file(home: Home) -> Path:
    """Where the superuser's password lies."""
    return home.secrets / "postgres-superuser"


def _join(settings: Settings, home: Home, tuning: Tuning, users: int) -> tuple[Cluster, Server]:
    try:
        cluster = _prepare(settings, home, tuning)
    except BaseException:
        locks.leave(users)
        raise
    try:
        return cluster, _ensure_running(cluster)
    except StartTooSlow:
        # It recovers from a crash; stopped now, it would begin again.
        locks.leave(users)
        raise
    except BaseException:
        if locks.leave(users):
            stop_postmaster(cluster.place.data)
        raise


def _prepare(settings: Settings, home: Home, tuning: Tuning) -> Cluster:
    found = find_place(home)
    account = choose_account(*((found.data,) if found else ()), home.folder)
    place = open_place(home, account)
    cluster = Cluster(
        binaries=make_reachable(find_binaries(settings), account, place.folder),
        account=account,
        place=place,
        password_file=password_file(home),
        tuning=tuning,
        fixed_port=settings.pg_port,
    )
    prepare_data(cluster)
    return cluster


def _ensure_running(cluster: Cluster) -> Server:
    data = cluster.place.data
    postmaster = find_postmaster(data)
    if postmaster is not None and postmaster.is_ending:
        # Whoever told it to stop was killed before it did.
        stop_postmaster(data)
        postmaster = None
    if postmaster is None:
        postmaster = start_cluster(cluster)
    else:
        postmaster = await_ready(cluster)
        log.debug("postgres.adopted", pid=postmaster.process.pid)
    server = _describe(cluster, postmaster)
    ensure_database(server)
    return server


def _describe(cluster: Cluster, postmaster: Postmaster) -> Server:
    return Server(
        host=postmaster.address.host,
        port=postmaster.address.port,
        version=cluster.binaries.version,
        is_embedded=True,
        database=DATABASE,
        role=SUPERUSER,
        password=SecretStr(cluster.password_file.read_text(encoding="utf-8")),
        options=PLAIN,
    )


def _leave(cluster: Cluster, home: Home, users: int) -> None:
    with locks.hold_exclusively(control_lock(home)):
        if locks.leave(users):
            stop_postmaster(cluster.place.data)
            log.info("postgres.stopped")


class _Watch:
    """Starts a server again that died while this process needs it."""

    def __init__(self, cluster: Cluster, home: Home, address: Address) -> None:
        self._cluster = cluster
        self._home = home
        self._address = address
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postgres-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._leaving.set()
        self._thread.join()

    def _run(self) -> None:
        wait_s = WATCH_S
        while not self._leaving.wait(wait_s):
            try:
                self._restart_if_dead()
            except (AnswerableError, OSError) as error:
                code = getattr(error, "code", "internal.error")
                log.error("postgres.restart_failed", code=code)  # noqa: TRY400 - the code says it; no traces here.
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            else:
                wait_s = WATCH_S

    def _restart_if_dead(self) -> None:
        if is_alive(self._cluster.place.data):
            return
        with locks.hold_exclusively(control_lock(self._home)):
            if not self._leaving.is_set() and not is_alive(self._cluster.place.data):
                log.warning("postgres.died")
                start_cluster(self._cluster, address=self._address)
