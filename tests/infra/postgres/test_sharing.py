"""Starting, sharing, adopting and stopping one server by several processes."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
import pytest

from answerable.infra.home import find_home
from answerable.infra.postgres import Server, Tuning, delete_database, running_server
from answerable.infra.postgres.account import choose_account
from answerable.infra.postgres.errors import StillInUse
from answerable.infra.postgres.place import Place, find_place
from answerable.infra.postgres.postmaster import find_postmaster, is_alive
from answerable.infra.settings import Settings
from infra.postgres.children import StartChild

DEADLINE_S = 30


def find_pid(place: Place) -> int:
    postmaster = find_postmaster(place.data)
    assert postmaster is not None
    return postmaster.process.pid


def fetch(server: Server, statement: LiteralString) -> object:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
    return row and row[0]


def fetch_soon(server: Server, statement: LiteralString) -> object:
    """The answer once the server is back."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return fetch(server, statement)
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def execute(server: Server, statement: LiteralString) -> None:
    with psycopg.connect(server.conninfo()) as connection:
        connection.execute(statement)


def kill_with_children(process: psutil.Process) -> None:
    for each in (process, *process.children(recursive=True)):
        # Children end by themselves once their parent is gone.
        with suppress(psutil.NoSuchProcess):
            each.kill()


def test_processes_that_start_at_once_share_one_server_until_the_last_leaves(
    home: Path, place: Place, start_child: StartChild
) -> None:
    first, second = start_child(home, None), start_child(home, None)
    of_first, of_second = first.read_server(), second.read_server()
    first.leave()
    outlived_first = is_alive(place.data)

    second.leave()

    assert of_first.pid == of_second.pid
    assert outlived_first
    assert not is_alive(place.data)


def test_the_server_of_a_killed_process_is_adopted(home: Path, place: Place, start_child: StartChild) -> None:
    child = start_child(home, None)
    left_alone = child.read_server()
    child.kill()

    with running_server(Settings(home=home)) as server:
        adopted = find_pid(place)
        answer = fetch(server, "SELECT 1")

    assert adopted == left_alone.pid
    assert answer == 1
    assert not is_alive(place.data)


def test_a_start_after_everything_was_killed_keeps_what_was_committed(
    new_home: Path, start_child: StartChild
) -> None:
    with running_server(Settings(home=new_home), tuning=Tuning.DURABLE) as server:
        execute(server, "CREATE TABLE kept AS SELECT 41 + 1 AS answer")
    child = start_child(new_home, None)
    postmaster = child.read_server()
    child.process.kill()
    kill_with_children(postmaster)
    child.kill()

    with running_server(Settings(home=new_home)) as server:
        answer = fetch(server, "SELECT answer FROM kept")

    assert answer == 42


def test_a_throwaway_server_keeps_what_it_confirmed_just_before_it_was_killed(
    place: Place, server: Server
) -> None:
    execute(server, "CREATE TABLE confirmed ()")
    kill_with_children(psutil.Process(find_pid(place)))

    found = fetch_soon(server, "SELECT to_regclass('confirmed')::text")
    execute(server, "DROP TABLE confirmed")

    assert found == "confirmed"


def test_a_server_that_dies_is_started_again_under_the_same_address(place: Place, server: Server) -> None:
    killed = find_pid(place)
    kill_with_children(psutil.Process(killed))

    answer = fetch_soon(server, "SELECT 1")

    assert answer == 1
    assert find_pid(place) != killed


def test_the_server_is_out_of_reach_of_the_terminals_interrupt(place: Place, server: Server) -> None:
    assert server.is_embedded
    assert os.getsid(find_pid(place)) != os.getsid(0)


def test_a_process_may_use_the_server_twice(home: Path, place: Place, server: Server) -> None:
    with running_server(Settings(home=home)) as again:
        assert again.conninfo() == server.conninfo()

    assert is_alive(place.data)


def test_an_unrelated_process_with_the_old_servers_id_does_not_stop_a_start(home: Path, place: Place) -> None:
    account = choose_account(place.data)
    unrelated = subprocess.Popen(["/bin/sleep", "60"], cwd="/", **account.switch)
    record = place.data / "postmaster.pid"
    record.write_text(f"{unrelated.pid}\n{place.data}\n1700000000\n5432\n\n\n0 0\nready\n", encoding="utf-8")
    account.give(record)

    try:
        with running_server(Settings(home=home)) as server:
            answer = fetch(server, "SELECT 1")
    finally:
        unrelated.kill()
        unrelated.wait()

    assert answer == 1


def test_a_database_in_use_is_not_deleted(home: Path, server: Server) -> None:
    with pytest.raises(StillInUse):
        delete_database(Settings(home=home))

    assert fetch(server, "SELECT 1") == 1


def test_a_deleted_database_begins_anew(new_home: Path) -> None:
    settings = Settings(home=new_home)
    with running_server(settings, tuning=Tuning.THROWAWAY) as server:
        execute(server, "CREATE TABLE forgotten ()")
    delete_database(settings)

    with running_server(settings, tuning=Tuning.THROWAWAY) as server:
        found = fetch(server, "SELECT to_regclass('forgotten')")

    assert found is None
    assert find_place(find_home(settings)) is not None
