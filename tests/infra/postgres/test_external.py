"""A server that the operator runs: each way in which its URL or the server itself does not fit."""

from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from answerable.infra.errors import AnswerableError
from answerable.infra.postgres import Server, check_external, running_server
from answerable.infra.postgres.errors import (
    DatabaseMissing,
    ExtensionMissing,
    RoleTooWeak,
    ServerUnreachable,
    SignInRefused,
    VersionNotSupported,
    WrongEncoding,
    WrongUrl,
)
from answerable.infra.postgres.external import Found, read_url, require_fit
from answerable.infra.settings import Settings

PASSWORD = "a secret of the operator"
FIT = Found(
    version="16.1", major=16, encoding="UTF8", has_vector=True, may_create_roles=True, owns_database=True
)


def url_of(server: Server, *, role: str | None = None, database: str | None = None) -> SecretStr:
    password = SecretStr(PASSWORD) if role else None
    url = server.url(role=role, password=password, database=database)
    return SecretStr(url.render_as_string(hide_password=False))


def execute(server: Server, *statements: sql.Composed) -> None:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def make_role(server: Server, name: str, attributes: LiteralString = "") -> str:
    statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} {}").format(
        sql.Identifier(name), sql.Literal(PASSWORD), sql.SQL(attributes)
    )
    execute(server, sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)), statement)
    return name


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://somebody:secret@localhost/care",
        "postgresql://somebody:secret@/care",
        "postgresql://localhost/care",
        "postgresql://somebody:secret@localhost",
        "postgresql://somebody:secret@localhost:port/care",
        "postgresql://somebody:secret@localhost/care?no_such_option=1",
    ],
)
def test_a_url_of_something_else_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(WrongUrl) as refused:
        check_external(SecretStr(url))

    assert "secret" not in str(refused.value)


def test_a_url_is_read_with_its_options() -> None:
    server = read_url(SecretStr("postgres://o:p%40ss@db.example:6432/care?sslmode=verify-full"))

    assert (server.host, server.port, server.database, server.role) == ("db.example", 6432, "care", "o")
    assert server.password.get_secret_value() == "p@ss"
    assert server.options == {"sslmode": "verify-full"}


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(ServerUnreachable, match="port: 1,"):
        check_external(SecretStr("postgresql://somebody:secret@127.0.0.1:1/care"))


def test_a_wrong_password_is_refused_without_being_shown(server: Server) -> None:
    with pytest.raises(SignInRefused) as refused:
        check_external(url_of(server, role="nobody"))

    assert PASSWORD not in str(refused.value)


def test_a_missing_database_is_named(server: Server) -> None:
    with pytest.raises(DatabaseMissing):
        check_external(url_of(server, database="nowhere"))


def test_a_missing_extension_is_named_with_its_remedy(server: Server) -> None:
    with pytest.raises(ExtensionMissing, match="CREATE EXTENSION vector"):
        check_external(url_of(server, database="postgres"))


def test_a_role_that_may_not_create_roles_is_refused(server: Server) -> None:
    role = make_role(server, "weak")

    with pytest.raises(RoleTooWeak, match="weak lacks CREATEROLE"):
        check_external(url_of(server, role=role))


def test_a_role_that_does_not_own_the_database_is_refused(server: Server) -> None:
    role = make_role(server, "guest", "CREATEROLE")

    with pytest.raises(RoleTooWeak, match="guest does not own answerable"):
        check_external(url_of(server, role=role))


def test_a_role_that_fits_is_what_the_product_gets(server: Server, new_home: Path) -> None:
    role = make_role(server, "owner_of_care", "CREATEROLE")
    database = sql.Identifier(server.database)
    execute(server, sql.SQL("ALTER DATABASE {} OWNER TO owner_of_care").format(database))
    settings = Settings(home=new_home, database_url=url_of(server, role=role))

    with running_server(settings) as external, psycopg.connect(external.conninfo()) as connection:
        row = connection.execute("SELECT current_user, current_database()").fetchone()
    execute(server, sql.SQL("ALTER DATABASE {} OWNER TO postgres").format(database))

    assert row == ("owner_of_care", "answerable")
    assert (external.is_embedded, external.version) == (False, server.version)
    assert not list(new_home.iterdir())


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (replace(FIT, version="15.9", major=15), VersionNotSupported),
        (replace(FIT, encoding="LATIN1"), WrongEncoding),
    ],
)
def test_a_server_that_does_not_fit_is_refused(found: Found, error: type[AnswerableError]) -> None:
    server = read_url(SecretStr("postgresql://o:p@db.example/care"))

    with pytest.raises(error):
        require_fit(server, found)
