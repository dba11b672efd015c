"""As whom the server runs: root and ordinary users, folders that only root may enter."""

import os
import pwd
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from answerable.infra.home import find_home, open_home
from answerable.infra.postgres import Tuning, delete_database, running_server
from answerable.infra.postgres.account import Account, choose_account
from answerable.infra.postgres.binaries import LIBRARIES_OF_WHEEL, WHEEL, find_binaries
from answerable.infra.postgres.errors import DataNotReachable, PlaceOfAnotherHome
from answerable.infra.postgres.place import find_leftovers, find_place, open_place
from answerable.infra.postgres.postmaster import is_alive
from answerable.infra.settings import Settings
from infra.postgres.children import StartChild

SOMEBODY = Account(uid=12345, gid=12345)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a server as someone else")


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("mode", "owner", "group", "may"),
    [
        (0o700, SOMEBODY.uid, 0, True),
        (0o070, SOMEBODY.uid, SOMEBODY.gid, False),
        (0o710, 0, SOMEBODY.gid, True),
        (0o701, 0, SOMEBODY.gid, False),
        (0o701, 0, 0, True),
        (0o770, 0, 0, False),
    ],
)
@as_root
def test_an_account_enters_where_its_bits_allow(mode: int, owner: int, group: int, may: bool) -> None:  # noqa: FBT001 - a row of the table.
    folder = Path("/var/tmp") / f"answerable-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, owner, group)
    folder.chmod(mode)

    try:
        entered = SOMEBODY.may_enter(folder)
    finally:
        folder.rmdir()

    assert entered is may


@as_root
def test_one_closed_folder_on_the_path_keeps_an_account_out(new_home: Path) -> None:
    inner = new_home / "inner"
    inner.mkdir(mode=0o755)

    assert not SOMEBODY.may_enter(inner)


@as_root
def test_root_runs_the_server_as_someone_else_outside_of_its_own_folders(new_home: Path) -> None:
    settings = Settings(home=new_home)

    with running_server(settings, tuning=Tuning.THROWAWAY):
        place = find_place(find_home(settings))
        assert place is not None
        runs_as = (place.data / "postmaster.pid").stat().st_uid

    assert runs_as == choose_account().uid != 0
    assert not place.folder.is_relative_to(new_home)
    assert mode_of(new_home) == 0o700


@as_root
def test_root_runs_binaries_that_only_root_may_read(new_home: Path) -> None:
    wheel = find_binaries(Settings(home=new_home)).folder.parent
    closed = new_home / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(wheel, closed / WHEEL / wheel.name)
    shutil.copytree(wheel.parents[1] / LIBRARIES_OF_WHEEL, closed / LIBRARIES_OF_WHEEL)
    settings = Settings(home=new_home, pg_bin=closed / WHEEL / wheel.name / "bin")

    with (
        running_server(settings, tuning=Tuning.THROWAWAY) as server,
        psycopg.connect(server.conninfo()) as connection,
    ):
        row = connection.execute("SELECT '[1]'::vector::text").fetchone()

    assert row == ("[1]",)
    assert mode_of(closed) == 0o700


@as_root
def test_root_leaves_data_in_a_home_that_everyone_may_enter(new_home: Path) -> None:
    new_home.chmod(0o755)
    settings = Settings(home=new_home)

    place = open_place(find_home(settings), choose_account())

    assert place.folder == new_home / "postgres"
    assert mode_of(new_home) == 0o755
    shutil.rmtree(place.folder)


@as_root
def test_data_that_its_account_can_no_longer_reach_is_an_error(new_home: Path) -> None:
    new_home.chmod(0o755)
    home = find_home(Settings(home=new_home))
    account = choose_account()
    open_place(home, account).data.mkdir()
    new_home.chmod(0o700)

    with pytest.raises(DataNotReachable):
        open_place(home, account)

    shutil.rmtree(home.postgres)


@as_root
def test_a_copied_home_does_not_take_over_the_database(new_home: Path, home: Path) -> None:
    shutil.copytree(home, new_home, dirs_exist_ok=True)

    with pytest.raises(PlaceOfAnotherHome):
        find_place(find_home(Settings(home=new_home)))

    (new_home / "postgres" / "place").unlink()


@as_root
def test_a_database_whose_home_is_gone_is_a_leftover(make_home: Callable[[], Path]) -> None:
    below, kept, lost = make_home(), make_home(), make_home()
    below.chmod(0o755)
    places = [open_place(open_home(Settings(home=home)), SOMEBODY, places=below) for home in (kept, lost)]
    shutil.rmtree(lost)

    leftovers = find_leftovers(below)

    assert leftovers == [places[1].folder]


def use_as_nobody(home: Path, start_child: StartChild) -> tuple[int, str]:
    """The user and the socket folder or host of a server that an ordinary user starts and stops."""
    nobody = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    home.mkdir(mode=0o700, exist_ok=True)
    os.chown(home, nobody, nobody if os.geteuid() == 0 else -1)
    child = start_child(home, nobody if os.geteuid() == 0 else None)
    user = child.read_server().uids().real
    place = find_place(find_home(Settings(home=home)))
    assert place is not None
    listens = (place.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[4]
    child.leave()
    assert not is_alive(place.data)
    assert place.folder == home / "postgres"
    return user, listens


def test_an_ordinary_user_runs_the_server_in_the_home(new_home: Path, start_child: StartChild) -> None:
    user, socket_folder = use_as_nobody(new_home, start_child)

    assert user == new_home.stat().st_uid
    assert socket_folder == str(new_home.resolve() / "postgres" / "run")


def test_a_path_too_long_for_a_socket_gets_a_port(new_home: Path, start_child: StartChild) -> None:
    new_home.chmod(0o755)

    _, socket_folder = use_as_nobody(new_home / ("long-" * 20), start_child)

    assert not socket_folder


@as_root
def test_root_shares_the_server_of_the_user_whose_home_it_is(new_home: Path, start_child: StartChild) -> None:
    use_as_nobody(new_home, start_child)

    with running_server(Settings(home=new_home), tuning=Tuning.THROWAWAY) as server:
        owner = Path(server.host).stat().st_uid

    assert owner == new_home.stat().st_uid
    assert {path.stat().st_uid for path in (new_home / "locks").iterdir()} == {owner}
    delete_database(Settings(home=new_home))
