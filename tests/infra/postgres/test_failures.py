"""Each way in which the embedded server cannot start, with its own error and remedy."""

import socket
from pathlib import Path

import pytest

from answerable.infra.errors import AnswerableError
from answerable.infra.home import KeysInsideDatabase, NoDiskLeft, find_home, open_home, require_room
from answerable.infra.postgres import Server, Tuning, failures, running_server
from answerable.infra.postgres.account import choose_account
from answerable.infra.postgres.errors import (
    AnotherMajorVersion,
    BinariesNotFound,
    DataNotOwned,
    HalfWrittenData,
    InitFailed,
    PasswordMissing,
    PortInUse,
    StartFailed,
    VersionNotSupported,
)
from answerable.infra.postgres.place import Place, open_place
from answerable.infra.postgres.sharing import password_file
from answerable.infra.settings import Settings


def start(settings: Settings) -> Server:
    with running_server(settings, tuning=Tuning.THROWAWAY) as server:
        return server


def write_programs(folder: Path, *, version: str) -> None:
    for name in ("postgres", "initdb", "pg_ctl"):
        (folder / name).write_text(
            f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\ntest $1 = --version\n"
        )
        (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("FATAL:  could not write lock file: No space left on device", NoDiskLeft),
        ('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', PortInUse),
        ("FATAL:  database files are incompatible with server", AnotherMajorVersion),
        ('FATAL:  data directory "/data" has wrong ownership', DataNotOwned),
        ('FATAL:  data directory "/data" has invalid permissions', DataNotOwned),
        ('FATAL:  "/data" is not a valid data directory', HalfWrittenData),
        ("PANIC:  could not locate a valid checkpoint record at 0/0", HalfWrittenData),
        ("FATAL:  something new", StartFailed),
    ],
)
def test_what_the_server_says_becomes_an_error_with_a_remedy(said: str, error: type[AnswerableError]) -> None:
    explained = failures.explain(f"LOG:  starting\n{said}\n")

    assert type(explained) is error
    assert said in explained.detail


def test_a_data_folder_that_lacks_files_is_named_half_written(new_home: Path) -> None:
    home = open_home(Settings(home=new_home))
    account = choose_account()
    place = open_place(home, account)
    place.data.mkdir(mode=0o700)
    (place.data / "base").mkdir()
    account.give(place.data)
    password_file(home).write_text("secret")

    with pytest.raises(HalfWrittenData, match="PG_VERSION"):
        start(Settings(home=new_home))


def test_what_an_interrupted_first_start_left_is_cleared_away(new_home: Path) -> None:
    place = open_place(open_home(Settings(home=new_home)), choose_account())
    place.unfinished_data.mkdir()
    (place.unfinished_data / "PG_VERSION").write_text("18\n")

    server = start(Settings(home=new_home))

    assert server.version.startswith("18.")
    assert not place.unfinished_data.exists()


def test_another_major_version_is_refused(home: Path) -> None:
    with pytest.raises(AnotherMajorVersion, match="Data: 18, server: 16"):
        start(Settings(home=home, pg_major="16"))


def test_data_that_others_may_read_is_refused(home: Path, place: Place) -> None:
    place.data.chmod(0o755)

    try:
        with pytest.raises(DataNotOwned, match="mode 755"):
            start(Settings(home=home))
    finally:
        place.data.chmod(0o700)


def test_a_lost_password_is_an_error(home: Path) -> None:
    password = password_file(find_home(Settings(home=home)))
    kept = password.rename(password.with_name("kept"))

    try:
        with pytest.raises(PasswordMissing):
            start(Settings(home=home))
    finally:
        kept.rename(password)


def test_a_port_in_use_is_named(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortInUse, match=str(port)):
            start(Settings(home=home, pg_port=port))


def test_the_port_asked_for_is_the_servers(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    server = start(Settings(home=home, pg_port=port))

    assert (server.host, server.port) == ("127.0.0.1", port)


def test_a_configuration_the_server_refuses_is_shown_by_its_last_words(home: Path, place: Place) -> None:
    configuration = place.data / "postgresql.conf"
    whole = configuration.read_text()
    configuration.write_text(f"{whole}\nno_such_setting = on\n")

    try:
        with pytest.raises(StartFailed, match="no_such_setting"):
            start(Settings(home=home))
    finally:
        configuration.write_text(whole)


def test_a_full_disk_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(NoDiskLeft):
        require_room(tmp_path, needed_bytes=2**62)


def test_missing_binaries_are_named(new_home: Path, tmp_path: Path) -> None:
    with pytest.raises(BinariesNotFound, match="postgres, initdb, pg_ctl"):
        start(Settings(home=new_home, pg_bin=tmp_path))


def test_an_old_server_is_refused(new_home: Path, tmp_path: Path) -> None:
    write_programs(tmp_path, version="15.3")

    with pytest.raises(VersionNotSupported, match=r"15\.3"):
        start(Settings(home=new_home, pg_bin=tmp_path))


def test_a_failing_initdb_is_shown_by_its_words_and_leaves_no_password_behind(new_home: Path) -> None:
    programs = new_home / "programs"
    programs.mkdir()
    write_programs(programs, version="18.1")

    with pytest.raises(InitFailed):
        start(Settings(home=new_home, pg_bin=programs))

    place = open_place(open_home(Settings(home=new_home)), choose_account())
    assert not list(place.run.iterdir())


def test_keys_inside_the_databases_folder_are_refused(new_home: Path) -> None:
    with pytest.raises(KeysInsideDatabase):
        start(Settings(home=new_home, keys=new_home / "postgres" / "keys"))


def test_keys_inside_the_databases_folder_elsewhere_are_refused(home: Path, place: Place) -> None:
    with pytest.raises(KeysInsideDatabase):
        start(Settings(home=home, keys=place.data / "keys"))
