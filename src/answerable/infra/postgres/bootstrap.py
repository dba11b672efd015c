"""Makes of a new embedded server what an external one must be: a database with the extension vector."""

from psycopg import sql

from answerable.infra.postgres.connections import connect
from answerable.infra.postgres.server import Server

MAINTENANCE = "postgres"


def ensure_database(server: Server) -> None:
    """Make the product's database and its extension where they are missing.

    Errors:  ServerUnreachable, SignInRefused.
    """
    with connect(server, database=MAINTENANCE) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", (server.database,)
        ).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(server.database)))
    with connect(server) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
