"""What a started server is: both versions, its settings, and what its log never holds."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from answerable.infra.home import find_home
from answerable.infra.postgres import Server, Tuning, delete_database, running_server
from answerable.infra.postgres.place import find_place
from answerable.infra.settings import Settings

DEADLINE_S = 30
CANARY = "Hannelore-Kanarienvogel"


@pytest.fixture(scope="module", params=["16", "18"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(home=tmp_path_factory.mktemp("home"), pg_major=request.param)
    yield settings
    delete_database(settings)


@pytest.fixture(scope="module")
def major(settings: Settings) -> Iterator[Server]:
    with running_server(settings, tuning=Tuning.THROWAWAY) as server:
        yield server


def fetch(server: Server, statement: LiteralString) -> object:
    with psycopg.connect(server.conninfo()) as connection:
        row = connection.execute(statement).fetchone()
    return row and row[0]


def test_the_chosen_version_runs(settings: Settings, major: Server) -> None:
    assert str(fetch(major, "SHOW server_version")).startswith(f"{settings.pg_major}.")
    assert major.version == fetch(major, "SHOW server_version")


def test_vectors_can_be_stored(major: Server) -> None:
    assert fetch(major, "SELECT '[1,2,3]'::vector <-> '[1,2,5]'::vector") == 2.0


def test_text_is_utf8_in_the_same_order_on_every_machine(settings: Settings, major: Server) -> None:
    provider = {"16": "c", "18": "b"}[settings.pg_major]

    assert fetch(major, "SHOW server_encoding") == "UTF8"
    assert fetch(major, "SELECT datlocprovider FROM pg_database WHERE datname = 'answerable'") == provider
    assert fetch(major, "SELECT upper('größe') || ('Z' < 'a')::text") == "GRÖßEtrue"


def test_pages_carry_checksums(major: Server) -> None:
    assert fetch(major, "SHOW data_checksums") == "on"


@pytest.mark.parametrize("role", ["postgres", "somebody"])
def test_nobody_signs_in_without_the_password(major: Server, role: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(major.conninfo(role=role, password=SecretStr("guessed")))


def test_sqlalchemy_connects_by_the_url(major: Server) -> None:
    engine = create_engine(major.url())

    with engine.connect() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
    engine.dispose()

    assert name == "answerable"


def test_the_password_is_not_shown(major: Server) -> None:
    assert major.password.get_secret_value() not in f"{major} {major.url()}"


def cause_errors_with_content(server: Server) -> None:
    statements: tuple[LiteralString, ...] = (
        "CREATE TABLE canary (name text PRIMARY KEY CHECK (length(name) < 40))",
        "INSERT INTO canary VALUES (%(canary)s)",
        "INSERT INTO canary VALUES (%(canary)s)",
        "INSERT INTO canary VALUES (repeat(%(canary)s, 3))",
        "SELECT %(canary)s::text::uuid",
        "SELECT nothing FROM canary WHERE name = %(canary)s",
        "DO $$ BEGIN RAISE WARNING 'Hannelore-Kanarienvogel'; RAISE EXCEPTION 'Hannelore-Kanarienvogel'; END $$",
        "SET statement_timeout = 10; SELECT pg_sleep(5) /* Hannelore-Kanarienvogel */",
    )
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        for statement in statements:
            try:
                connection.execute(statement, {"canary": CANARY} if "%(" in statement else None)
            except psycopg.Error:
                continue


def crash_with_content(server: Server) -> None:
    with (
        psycopg.connect(server.conninfo(), autocommit=True) as connection,
        pytest.raises(psycopg.OperationalError),
    ):
        connection.execute("COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID # Hannelore-Kanarienvogel'")


def await_restart(server: Server) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            fetch(server, "SELECT 1")
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def read_logs(settings: Settings) -> str:
    place = find_place(find_home(settings))
    assert place is not None
    return "".join(path.read_text(encoding="utf-8") for path in sorted(place.log.iterdir()))


def test_no_content_reaches_the_servers_log(settings: Settings, major: Server) -> None:
    cause_errors_with_content(major)
    crash_with_content(major)
    await_restart(major)

    logged = read_logs(settings)

    assert "was terminated by signal 9" in logged
    assert CANARY not in logged


def test_what_is_committed_is_durable_unless_a_test_says_otherwise(new_home: Path) -> None:
    # A home of its own: in the shared one a server that another test left behind would be adopted as it runs.
    with running_server(Settings(home=new_home)) as server:
        durable = fetch(server, "SHOW fsync"), fetch(server, "SHOW synchronous_commit")

    assert durable == ("on", "on")
