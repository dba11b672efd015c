"""Databases of tests: cloned from one that was migrated once, opened as the product opens its own."""

import psycopg
from psycopg import sql
from sqlalchemy import URL

from answerable import audit
from answerable.app import event_registry
from answerable.infra import roles
from answerable.infra.db import Database, Wiring
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.vault import Keys
from answerable.vault.carried import KEYS


def clone_database(server: Server, name: str) -> None:
    with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(server.database)))


def open_database(server: Server, settings: Settings, name: str) -> Database:
    def url_of(role: roles.DatabaseRole) -> URL:
        return server.url(role=role.name, password=roles.password_of(role, keys=settings.keys), database=name)

    carries = {
        audit.REGISTRY: event_registry(),
        audit.WRITERS: audit.Writers(),
        KEYS: Keys(folder=settings.keys),
    }
    return Database(app=url_of(roles.APP), system=url_of(roles.SYSTEM), wiring=Wiring(carries=carries))


def drop_database(server: Server, name: str) -> None:
    with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run_as_superuser(server: Server, name: str, *statements: str) -> None:
    """What an intruder with all rights does."""
    with psycopg.connect(server.conninfo(database=name), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
