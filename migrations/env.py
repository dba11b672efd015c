"""Runs migrations on the connection that `answerable.infra.schema` hands over, in one transaction each."""

from alembic import context
from sqlalchemy import Connection, text

# Handed over rather than made here: the caller holds the advisory lock on this very connection.
connection: Connection = context.config.attributes["connection"]

context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    # A migration that waits for a lock makes everybody behind it wait too, so it gives up early.
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SET statement_timeout = '60s'"))
    context.run_migrations()
