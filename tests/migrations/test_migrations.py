"""Migrations up from empty: the schema is what the models say, applied once, wholly or not at all."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from answerable.infra import installation, roles, schema
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.infra.tables import Base

CATALOGUE: Mapping[str, str] = {
    "columns": """
        SELECT c.relname || '.' || a.attname,
            format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
            || CASE a.attidentity WHEN '' THEN '' ELSE ' IDENTITY ' || a.attidentity::text END
            || CASE a.attgenerated WHEN '' THEN '' ELSE ' GENERATED' END
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped AND {ours}
    """,
    "comments": """
        SELECT c.relname || coalesce('.' || a.attname, ''), d.description
        FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
        WHERE {ours}
    """,
    "constraints": """
        SELECT c.relname || '.' || k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND {ours}
    """,
    "indexes": """
        SELECT c.relname || '.' || i.relname, pg_get_indexdef(i.oid)
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
        WHERE {ours}
    """,
}
OURS = "c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'"

Parts = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A database in which nothing is yet but what an administrator makes."""

    name: str
    conninfo: str
    """For the superuser."""
    superuser: URL
    owner: URL

    def query(self, statement: str) -> list[tuple[str, ...]]:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def run(self, statement: str) -> None:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute(statement.encode())

    def catalogue(self) -> Parts:
        found = {part: self.query(statement.format(ours=OURS)) for part, statement in CATALOGUE.items()}
        return {part: {row[0]: row[1] for row in rows} for part, rows in found.items()}


MakeDatabase = Callable[..., Fresh]


@pytest.fixture(scope="module")
def make_database(server: Server, settings: Settings) -> Generator[MakeDatabase]:
    made: list[str] = []

    def make(*, like: str = "template1") -> Fresh:
        name = f"fresh_{uuid4().hex}"
        with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(like)))
        made.append(name)
        roles.ensure_roles(server.conninfo(database=name), keys=settings.keys)
        password = roles.password_of(roles.OWNER, keys=settings.keys)
        return Fresh(
            name=name,
            conninfo=server.conninfo(database=name),
            superuser=server.url(database=name),
            owner=server.url(role=roles.OWNER.name, password=password, database=name),
        )

    yield make
    with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def fresh(make_database: MakeDatabase) -> Fresh:
    made = make_database()
    made.run("CREATE EXTENSION vector")
    return made


@pytest.fixture(scope="module")
def migrated_once(make_database: MakeDatabase) -> Fresh:
    made = make_database()
    made.run("CREATE EXTENSION vector")
    schema.migrate(made.owner)
    return made


@pytest.fixture
def migrated(make_database: MakeDatabase, migrated_once: Fresh) -> Fresh:
    """A migrated database that the test may spoil."""
    return make_database(like=migrated_once.name)


@pytest.fixture(scope="module")
def modelled(make_database: MakeDatabase, migrated_once: Fresh) -> Parts:
    """The catalogue of a database with the tables as the models alone would make them."""
    made = make_database()
    ((app_tenant,),) = migrated_once.query("SELECT pg_get_functiondef('app_tenant'::regproc)")
    made.run("CREATE EXTENSION vector")
    made.run(app_tenant)
    Base.metadata.create_all(create_engine(made.superuser, poolclass=NullPool))
    return made.catalogue()


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(schema.migrations_folder()))
    return ScriptDirectory.from_config(config)


def differences(one: Parts, other: Parts) -> dict[str, tuple[str | None, str | None]]:
    return {
        f"{part}: {name}": (one[part].get(name), other[part].get(name))
        for part in CATALOGUE
        for name in one[part].keys() | other[part].keys()
        if one[part].get(name) != other[part].get(name)
    }


def test_an_empty_database_is_migrated_to_what_the_code_expects_and_only_once(fresh: Fresh) -> None:
    first = schema.migrate(fresh.owner)
    again = schema.migrate(fresh.owner)

    assert first == [schema.EXPECTED_REVISION]
    assert again == []
    assert fresh.query("SELECT version_num FROM alembic_version") == [(schema.EXPECTED_REVISION,)]


def test_the_migrations_are_one_line_that_ends_where_the_code_expects() -> None:
    heads = script().get_heads()

    assert heads == [schema.EXPECTED_REVISION]


def test_a_migration_is_found_under_the_name_of_its_file() -> None:
    files = {path.stem for path in (schema.migrations_folder() / "versions").glob("*.py")}

    assert {each.revision for each in script().walk_revisions()} == files


def test_the_schema_is_exactly_what_the_models_say(migrated: Fresh, modelled: Parts) -> None:
    found = migrated.catalogue()

    assert differences(found, modelled) == {}
    # Guards the query itself: a part that finds nothing would agree with everything.
    assert {name.split(".")[0] for name in found["columns"]} == set(Base.metadata.tables)
    assert found["constraints"]["audit_event.ck_audit_event_leaf_hash_is_of_body"].startswith("CHECK")
    assert found["comments"]["message.text_sealed"] == "The text, sealed."
    assert found["columns"]["message.tenant_id"] == "uuid NOT NULL DEFAULT app_tenant()"
    assert "UNIQUE" in found["indexes"]["message.uq_message_client_id"]


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ("ALTER TABLE message DROP CONSTRAINT ck_message_author_known", "ck_message_author_known"),
        ("ALTER TABLE tenant ALTER COLUMN answer_hours TYPE integer", "tenant.answer_hours"),
        ("ALTER TABLE tenant ALTER COLUMN name DROP NOT NULL", "tenant.name"),
        ("ALTER TABLE tenant ALTER COLUMN tenant_id DROP DEFAULT", "tenant.tenant_id"),
        ("COMMENT ON COLUMN turn.epoch IS NULL", "turn.epoch"),
        ("ALTER TABLE turn ADD COLUMN spare text", "turn.spare"),
        ("DROP INDEX ix_conversation_status", "ix_conversation_status"),
        ("ALTER TABLE citation DROP CONSTRAINT fk_citation_tenant_id_version_id", "fk_citation"),
    ],
)
def test_a_schema_that_strays_from_the_models_is_noticed(
    migrated: Fresh, modelled: Parts, change: str, seen: str
) -> None:
    migrated.run(change)

    noticed = differences(migrated.catalogue(), modelled)

    assert any(seen in name for name in noticed), noticed


def test_alembic_would_generate_no_migration(migrated: Fresh) -> None:
    engine = create_engine(migrated.owner, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": True, "include_name": is_ours},
        )

        found = compare_metadata(context, Base.metadata)

    assert found == []


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name != "alembic_version"


MIGRATE = """\
import sys
from sqlalchemy import make_url
from answerable.infra import schema

url = make_url(sys.stdin.readline().strip())
print("ready", flush=True)
sys.stdin.readline()
print(schema.migrate(url))
"""


def test_of_two_processes_that_migrate_at_once_one_waits_and_finds_nothing_to_do(fresh: Fresh) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _number in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(fresh.owner.render_as_string(hide_password=False) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = sorted(process.communicate(timeout=60)[0].strip() for process in processes)

    assert [process.returncode for process in processes] == [0, 0]
    assert told == sorted(["[]", str([schema.EXPECTED_REVISION])])
    assert fresh.query("SELECT version_num FROM alembic_version") == [(schema.EXPECTED_REVISION,)]


def test_a_database_of_a_newer_version_is_refused_with_a_remedy(
    server: Server, settings: Settings, migrated: Fresh
) -> None:
    migrated.run("UPDATE alembic_version SET version_num = '9999_from_the_future'")
    before = migrated.catalogue()

    with pytest.raises(schema.SchemaDiffers) as refused:
        installation.prepare(settings, replace(server, database=migrated.name))

    assert "9999_from_the_future" in refused.value.message
    assert schema.EXPECTED_REVISION in refused.value.message
    assert "start the version that migrated it" in refused.value.remedy
    assert migrated.catalogue() == before


FAILING = '''\
"""A step that fails half-way."""

from alembic import op

revision = "9000_failing"
down_revision = "{before}"


def upgrade() -> None:
    op.execute("CREATE TABLE half_done AS SELECT current_setting('lock_timeout') AS lock_timeout")
    op.execute("DROP TABLE disclosure")
    op.execute("{last}")
'''


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """The migrations with one more of them, which ends with a statement of the test's choice."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.migrations_folder(), folder)
    monkeypatch.setattr(schema, "migrations_folder", lambda: folder)

    def write(last: str) -> None:
        step = FAILING.format(before=schema.EXPECTED_REVISION, last=last)
        (folder / "versions" / "9000_failing.py").write_text(step)

    return write


def test_a_migration_that_fails_leaves_the_schema_as_it_was(
    migrated: Fresh, one_more: Callable[[str], None]
) -> None:
    before = migrated.catalogue()
    one_more("SELECT 1 / 0")

    with pytest.raises(schema.MigrationFailed) as failed:
        schema.migrate(migrated.owner)

    assert "DivisionByZero" in failed.value.message
    assert migrated.catalogue() == before
    assert migrated.query("SELECT version_num FROM alembic_version") == [(schema.EXPECTED_REVISION,)]


def test_after_a_failed_migration_the_mended_one_is_applied(
    migrated: Fresh, one_more: Callable[[str], None]
) -> None:
    one_more("SELECT 1 / 0")
    with pytest.raises(schema.MigrationFailed):
        schema.migrate(migrated.owner)

    one_more("SELECT 1")

    assert schema.migrate(migrated.owner) == ["9000_failing"]


def test_a_migration_waits_only_briefly_for_a_lock(migrated: Fresh, one_more: Callable[[str], None]) -> None:
    one_more("SELECT 1")

    schema.migrate(migrated.owner)

    assert migrated.query("SELECT lock_timeout FROM half_done") == [("4s",)]


def test_a_table_without_the_policys_helper_could_not_be_read_by_the_application(migrated: Fresh) -> None:
    # The helper alone grants, so forgetting it shows at the first statement instead of opening the table.
    migrated.run("SET ROLE answerable_owner; CREATE TABLE forgotten (tenant_id uuid)")

    ((may_read,),) = migrated.query(
        "SELECT has_table_privilege('answerable_app', 'forgotten', 'SELECT')::text"
    )

    assert may_read == "false"


def test_the_helper_refuses_a_table_without_a_comment(migrated: Fresh) -> None:
    migrated.run("SET ROLE answerable_owner; CREATE TABLE bare (tenant_id uuid)")

    with pytest.raises(psycopg.errors.RaiseException, match="has no comment"):
        migrated.run("SET ROLE answerable_owner; CALL guard_tenant_table('bare', 'SELECT')")


def test_workspaces_that_exist_already_begin_with_what_is_set_of_them(fresh: Fresh) -> None:
    upgrade(fresh, "0010_knowledge_pages")
    fresh.run("""
        INSERT INTO tenant (tenant_id, slug, name, language, posture, answer_hours, public_key, created_at)
        VALUES (gen_random_uuid(), 'shop', 'A "shop"', 'de', 'draft', 8, 'key', '2026-01-02')
    """)

    upgrade(fresh, "0008_settings")

    ((written,),) = fresh.query("SELECT written FROM tenant_setting_version")
    ((told,),) = fresh.query(
        "SELECT version || ' ' || changed_at::date || ' ' || settings_version"
        " FROM tenant_setting_version JOIN tenant USING (tenant_id)"
    )
    begun = json.loads(written)
    assert {name: begun[name] for name in ("name", "posture", "answer_hours")} == {
        "name": 'A "shop"',
        "posture": "draft",
        "answer_hours": 8,
    }
    assert (begun["languages"], begun["channel_postures"], begun["threshold"]) == (["de", "en"], {}, None)
    assert told == "1 2026-01-02 1"
    assert fresh.query("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'tenant'") == [(True,)]


def upgrade(database: Fresh, revision: str) -> None:
    """Bring a database up to one revision, as its owner."""
    config = Config()
    config.set_main_option("script_location", str(schema.migrations_folder()))
    with create_engine(database.owner, poolclass=NullPool).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
