import errno
import os
from pathlib import Path

import pytest

from answerable.infra.home import (
    HomeNotUsable,
    KeysInsideDatabase,
    NoDiskLeft,
    open_home,
    refuse_keys_inside,
    storage_error,
    write_private_file,
)
from answerable.infra.settings import Settings


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_home_is_private_to_its_owner(tmp_path: Path) -> None:
    home = open_home(Settings(home=tmp_path / "new" / "home"))

    folders = (home.folder, home.keys, home.secrets, home.locks, home.postgres)
    assert {mode_of(folder) for folder in folders} == {0o700}


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    open_home(Settings(home=tmp_path))

    assert mode_of(tmp_path) == 0o750


def test_a_file_in_place_of_the_home_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")

    with pytest.raises(HomeNotUsable):
        open_home(Settings(home=tmp_path / "home"))


def test_keys_may_not_lie_in_the_databases_folder_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "keys").mkdir(parents=True)
    (tmp_path / "keys").symlink_to(tmp_path / "postgres" / "keys")

    with pytest.raises(KeysInsideDatabase):
        refuse_keys_inside(tmp_path / "keys", tmp_path / "postgres")


def test_a_private_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)

    write_private_file(path, "new")

    assert path.read_text() == "new"
    assert mode_of(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to someone else")
def test_what_root_writes_into_a_persons_folder_is_theirs(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)

    home = open_home(Settings(home=tmp_path))
    write_private_file(home.secrets / "secret", "text")

    assert {path.stat().st_uid for path in tmp_path.rglob("*")} == {12345}


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, NoDiskLeft), (errno.EDQUOT, NoDiskLeft), (errno.EACCES, HomeNotUsable)],
)
def test_a_failed_write_is_explained(tmp_path: Path, number: int, error: type[Exception]) -> None:
    assert type(storage_error(OSError(number, "failed"), tmp_path)) is error
