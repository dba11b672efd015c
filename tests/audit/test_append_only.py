"""The log against those whom no grant holds back: the schema's owner and a superuser."""

import psycopg
import pytest

from answerable.infra import roles
from answerable.infra.ids import Actor
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings

CHANGES = ("UPDATE audit_event SET type = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event CASCADE")


@pytest.mark.parametrize("change", CHANGES)
async def test_the_owner_of_the_table_cannot_change_the_log(
    server: Server, settings: Settings, database_name: str, acme: Actor, change: str
) -> None:
    password = roles.password_of(roles.OWNER, keys=settings.keys)
    conninfo = server.conninfo(role=roles.OWNER.name, password=password, database=database_name)

    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(acme.tenant_id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append only"):
            connection.execute(change.encode())


@pytest.mark.parametrize("change", CHANGES)
async def test_a_superuser_cannot_change_the_log_without_taking_the_triggers_off(
    server: Server, database_name: str, acme: Actor, change: str
) -> None:
    with psycopg.connect(server.conninfo(database=database_name)) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(acme.tenant_id)])
        # Otherwise this setting would pass every trigger by.
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append only"):
            connection.execute(change.encode())
