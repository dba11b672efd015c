"""Connections of the queue's own role. The application's are in `infra.db`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

# What psycopg calls a connection whose rows are tuples of anything.
Connection = AsyncConnection[tuple[Any, ...]]
Pool = AsyncConnectionPool[Connection]

# How long a step waits for a connection, and how long the pool tries by itself: short, since every step is
# tried again by whoever needs it, and the pool's own waits would grow to minutes after a long outage.
_PATIENCE_S = 3.0


@asynccontextmanager
async def connect(conninfo: str) -> AsyncGenerator[Connection]:
    """One connection of the queue's role, to look into the queue and to mend it.

    Errors:  psycopg.OperationalError when the database does not answer.
    """
    async with await AsyncConnection.connect(with_jobs_schema(conninfo), autocommit=True) as connection:
        yield connection


@asynccontextmanager
async def open_pool(conninfo: str, *, size: int) -> AsyncGenerator[Pool]:
    """Connections for a worker; it opens even while the database does not answer."""
    pool: Pool = AsyncConnectionPool(
        with_jobs_schema(conninfo),
        configure=_commit_each_statement,
        min_size=1,
        max_size=size,
        timeout=_PATIENCE_S,
        reconnect_timeout=_PATIENCE_S,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
    await pool.open(wait=False)
    try:
        yield pool
    finally:
        await pool.close()


async def _commit_each_statement(connection: Connection) -> None:
    # Not as an argument of the connection: Procrastinate passes it as well, to the one that it listens on.
    await connection.set_autocommit(True)


def with_jobs_schema(conninfo: str) -> str:
    """The same address, for connections that see the queue's schema and notice when the server is gone."""
    options = str(conninfo_to_dict(conninfo).get("options") or "")
    return make_conninfo(
        conninfo,
        options=f"{options} -c search_path=jobs -c statement_timeout=30s".strip(),
        application_name="answerable-jobs",
        connect_timeout=5,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=15_000,
    )
