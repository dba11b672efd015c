"""A walk over the catalogue: every table, view, function, constraint and policy keeps tenants apart."""

import psycopg
import pytest
from sqlalchemy import text

from answerable.audit.values import ROOT
from answerable.infra import roles
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings

TENANT_FREE = {"alembic_version"}
"""Tables of the schema `public` that hold no tenant's rows; the job tables lie in a schema of their own."""

PUBLIC_NAMES = {"uq_tenant_slug", "uq_tenant_public_key"}
"""Unique over all tenants, because a tenant is found by them; see docs/decisions/0002."""

DEFINERS = {
    "jobs.defer_own_job",
    "jobs.discard_own_parked",
    "jobs.list_own_parked",
    "jobs.retry_own_parked",
    "public.hand_out_keys",
    "public.hand_out_keys_of",
}
"""Functions that run with their owner's rights."""

SEQUENCED = ("audit_queue", "audit_tree", "audit_leaf", "audit_tile")
"""What the sequencer sees of every tenant: hashes and identifiers of events."""

TREES = ("audit_tree", "audit_leaf", "audit_tile")
SIGNED = (
    *("audit_log", "audit_checkpoint", "audit_promise", "audit_receipt", "audit_alarm"),
    *("audit_root_entry", "audit_label"),
)
"""What the signer sees of every tenant besides trees: what it has signed itself, and what it enters above them."""

TABLES = """
    SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
        obj_description(c.oid, 'pg_class') AS comment
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    ORDER BY 1
"""
POLICIES = """
    SELECT tablename AS name, policyname AS policy, roles::text[] AS roles, cmd, qual, with_check, permissive
    FROM pg_policies WHERE schemaname = 'public' ORDER BY 1, 2
"""
KEYS = """
    SELECT c.conname AS name, c.contype AS kind, c.conrelid::regclass::text AS table_name,
        (SELECT attname FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = c.conkey[1]) AS first
    FROM pg_constraint c
    WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'f', 'x') ORDER BY 1
"""
UNIQUE_INDEXES = """
    SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS table_name,
        (SELECT attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0]) AS first
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace ORDER BY 1
"""
FUNCTIONS = """
    SELECT n.nspname || '.' || p.proname AS name, p.proconfig AS config
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prosecdef AND n.nspname IN ('public', 'jobs') ORDER BY 1
"""
VIEWS = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace IN ('public'::regnamespace, 'jobs'::regnamespace) AND c.relkind IN ('v', 'm', 'f')
"""
ROLES = """
    SELECT rolname AS name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
        (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owns
    FROM pg_roles r WHERE rolname ^@ 'answerable_' ORDER BY 1
"""


async def rows(database: Database, acme: Actor, statement: str) -> list[dict[str, object]]:
    async with database.tenant_session(acme) as db:
        return [dict(row) for row in (await db.execute(text(statement))).mappings()]


async def test_every_table_is_guarded_by_exactly_the_one_policy(database: Database, acme: Actor) -> None:
    tables = {str(row["name"]): row for row in await rows(database, acme, TABLES)}
    policies = await rows(database, acme, POLICIES)

    guarded = {name for name, row in tables.items() if row["enabled"] and row["forced"]}
    general = [row for row in policies if row["policy"] == "tenant"]

    assert tables.keys() - guarded == TENANT_FREE
    assert {row["name"] for row in general} == guarded
    for row in general:
        assert row["roles"] == ["public"]
        assert row["cmd"] == "ALL"
        assert row["permissive"] == "PERMISSIVE"
        expected = "(tenant_id = ( SELECT app_tenant() AS app_tenant))"
        assert (row["qual"], row["with_check"]) == (expected, expected), row["name"]


async def test_no_other_policy_opens_more_than_names_of_tenants_and_the_trees_of_logs(
    database: Database, acme: Actor
) -> None:
    others = [row for row in await rows(database, acme, POLICIES) if row["policy"] != "tenant"]

    assert {(row["name"], row["policy"], *map(str, row["roles"]), row["cmd"]) for row in others} == {  # pyright: ignore[reportArgumentType, reportGeneralTypeIssues]
        ("tenant", "before_a_tenant_is_known", "answerable_system", "SELECT"),
        *((table, "as_sequencer", "answerable_sequencer", "ALL") for table in SEQUENCED),
        *((table, "as_signer", "answerable_signer", "ALL") for table in SIGNED),
        *((table, "as_signer", "answerable_signer", "SELECT") for table in TREES),
        *((table, "as_signer_of_root", "answerable_signer", "ALL") for table in TREES),
    }
    for row in others:
        if row["policy"] == "as_signer_of_root":
            assert row["qual"] == row["with_check"] == f"(tenant_id = '{ROOT}'::uuid)"


async def test_every_table_has_a_comment(database: Database, acme: Actor) -> None:
    bare = [row["name"] for row in await rows(database, acme, TABLES) if not row["comment"]]

    assert bare == []


async def test_every_key_and_reference_begins_with_the_tenant(database: Database, acme: Actor) -> None:
    keys = await rows(database, acme, KEYS)
    indexes = await rows(database, acme, UNIQUE_INDEXES)

    loose = {
        row["name"]
        for row in [*keys, *indexes]
        if row["first"] != "tenant_id" and row["table_name"] not in TENANT_FREE
    }

    assert loose == PUBLIC_NAMES


async def test_no_view_and_no_stray_definer_function_opens_a_side_door(
    database: Database, acme: Actor
) -> None:
    functions = await rows(database, acme, FUNCTIONS)

    assert await rows(database, acme, VIEWS) == []
    assert {row["name"] for row in functions} == DEFINERS
    for row in functions:
        schema = str(row["name"]).partition(".")[0]
        assert f"search_path={schema}, pg_temp" in str(row["config"])


async def test_no_role_of_the_product_passes_the_policies(database: Database, acme: Actor) -> None:
    found = await rows(database, acme, ROLES)

    assert {row["name"] for row in found} == {role.name for role in roles.ROLES}
    for row in found:
        assert not any(row[power] for power in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb"))
        assert row["owns"] == 0 or row["name"] == roles.OWNER.name


async def test_without_a_tenant_there_are_no_rows(
    server: Server, settings: Settings, database_name: str, acme: Actor
) -> None:
    password = roles.password_of(roles.APP, keys=settings.keys)
    conninfo = server.conninfo(role=roles.APP.name, password=password, database=database_name)

    with psycopg.connect(conninfo) as connection:
        unset = connection.execute("SELECT count(*) FROM tenant").fetchone()
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(acme.tenant_id)])
        own = connection.execute("SELECT count(*) FROM tenant").fetchone()
        connection.commit()
        # The setting is now '' rather than NULL on this connection.
        left_over = connection.execute("SELECT count(*) FROM tenant").fetchone()

    assert (unset, own, left_over) == ((0,), (1,), (0,))


@pytest.mark.parametrize("schema", ["public", "jobs"])
async def test_nobody_but_the_owner_may_create_in_a_schema(
    database: Database, acme: Actor, schema: str
) -> None:
    statement = f"""
        SELECT r.rolname FROM pg_roles r
        WHERE r.rolname ^@ 'answerable_' AND has_schema_privilege(r.oid, '{schema}', 'CREATE')
    """

    found = await rows(database, acme, statement)

    assert [row["rolname"] for row in found] == [roles.OWNER.name]
