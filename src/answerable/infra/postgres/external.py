"""A server that the operator runs: its URL read, its fitness checked. Nothing in it is changed here."""

from dataclasses import dataclass, replace

from psycopg.rows import class_row
from pydantic import SecretStr
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from answerable.infra.postgres.binaries import OLDEST_MAJOR
from answerable.infra.postgres.connections import connect
from answerable.infra.postgres.errors import (
    ExtensionMissing,
    RoleTooWeak,
    VersionNotSupported,
    WrongEncoding,
    WrongUrl,
)
from answerable.infra.postgres.server import DRIVER, Server

DRIVERS = frozenset({"postgresql", "postgres", DRIVER})
DEFAULT_PORT = 5432

CHECK = """
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::integer / 10000 AS major,
       current_setting('server_encoding') AS encoding,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AS has_vector,
       (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user)
           OR (SELECT count(*) >= 6 FROM pg_roles WHERE rolname ^@ 'answerable_') AS may_create_roles,
       (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database())
           AS owns_database
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a server says of itself, of its database and of our role there."""

    version: str
    major: int
    encoding: str
    has_vector: bool
    may_create_roles: bool
    """Or need not, since an administrator has made them."""

    owns_database: bool


def check_external(url: SecretStr) -> Server:
    """The server that a URL names, once it is found fit for the product.

    Errors:  WrongUrl, ServerUnreachable, SignInRefused, DatabaseMissing, VersionNotSupported, WrongEncoding,
             ExtensionMissing, RoleTooWeak.
    """
    named = read_url(url)
    with connect(named) as connection, connection.cursor(row_factory=class_row(Found)) as cursor:
        found = cursor.execute(CHECK).fetchone()
    assert found is not None
    require_fit(named, found)
    return replace(named, version=found.version.split()[0])


def require_fit(server: Server, found: Found) -> None:
    """Refuse a server that the product cannot live in.

    Errors:  VersionNotSupported, WrongEncoding, ExtensionMissing, RoleTooWeak.
    """
    if found.major < OLDEST_MAJOR:
        raise VersionNotSupported(f"Version: {found.version}.")
    if found.encoding != "UTF8":
        raise WrongEncoding(f"Encoding: {found.encoding}.")
    if not found.has_vector:
        raise ExtensionMissing(f"Database: {server.database}.")
    if not found.may_create_roles:
        raise RoleTooWeak(f"{server.role} lacks CREATEROLE.")
    if not found.owns_database:
        raise RoleTooWeak(f"{server.role} does not own {server.database}.")


def read_url(url: SecretStr) -> Server:
    """The server that a URL names, its version unknown.

    Errors:  WrongUrl.
    """
    try:
        parts = make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        # `from None`: the error quotes the URL, and that holds a password.
        raise WrongUrl from None
    problem = _find_problem(parts)
    if problem:
        raise WrongUrl(problem)
    options = {name: value if isinstance(value, str) else value[-1] for name, value in parts.query.items()}
    return Server(
        host=options.pop("host", "") or parts.host or "",
        port=int(options.pop("port", "") or parts.port or DEFAULT_PORT),
        version="",
        is_embedded=False,
        database=parts.database or "",
        role=parts.username or "",
        password=SecretStr(str(parts.password or "")),
        options=options,
    )


def _find_problem(parts: URL) -> str:
    if parts.drivername not in DRIVERS:
        return f"It begins with {parts.drivername}."
    if not (parts.host or "host" in parts.query):
        return "It names no host."
    if not parts.username:
        return "It names no role."
    if not parts.database:
        return "It names no database."
    return ""
