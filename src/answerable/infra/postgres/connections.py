"""First contact with a server: signs in, or says why not, in our words. Sessions are in `infra.db`."""

import psycopg

from answerable.infra.errors import AnswerableError
from answerable.infra.postgres.errors import (
    DatabaseMissing,
    ServerUnreachable,
    SignInRefused,
    WrongUrl,
)
from answerable.infra.postgres.server import Server

CONNECT_TIMEOUT_S = 5

# By its English words, which are what the server says unless its operator chose another language.
SIGNS: tuple[tuple[tuple[str, ...], type[AnswerableError]], ...] = (
    (("database", "does not exist"), DatabaseMissing),
    (("invalid connection option",), WrongUrl),
    (("fatal:",), SignInRefused),
)


def connect(server: Server, *, database: str | None = None) -> psycopg.Connection[tuple[object, ...]]:
    """A connection as the role that makes all others; each statement is its own transaction.

    Errors:  ServerUnreachable, SignInRefused, DatabaseMissing, WrongUrl.
    """
    try:
        conninfo = server.conninfo(database=database)
        return psycopg.connect(conninfo, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        # `from None`: the error holds the connection, and that its password.
        raise _explain(str(error), server) from None


def _explain(said: str, server: Server) -> AnswerableError:
    lowered = said.lower()
    where = f"Host: {server.host}, port: {server.port}, role: {server.role}, database: {server.database}."
    for words, error in SIGNS:
        if all(word in lowered for word in words):
            return error(where)
    return ServerUnreachable(where)
