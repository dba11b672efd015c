"""Roles of the database: made once, their passwords private, a lost one renewed, each with its rights only."""

import shutil
import stat
import tempfile
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from answerable.infra import roles, schema
from answerable.infra.postgres import Server, Tuning, delete_database, running_server
from answerable.infra.postgres.errors import StillInUse
from answerable.infra.roles import PasswordMissing, RolesMissing
from answerable.infra.settings import Settings

LOGINS = tuple(role for role in roles.ROLES if role.logs_in)

GRANTS = """
    SELECT n.nspname || '.' || c.relname, g.privilege_type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS g
    JOIN pg_roles r ON r.oid = g.grantee
    WHERE n.nspname IN ('public', 'jobs') AND c.relkind IN ('r', 'p') AND r.rolname = %s
"""
COLUMN_GRANTS = """
    SELECT a.attrelid::regclass::text || '.' || a.attname, g.privilege_type
    FROM pg_attribute a, aclexplode(a.attacl) AS g JOIN pg_roles r ON r.oid = g.grantee
    WHERE r.rolname = %s
"""
PUBLIC_GRANTS = """
    SELECT c.oid::regclass::text FROM pg_class c, aclexplode(c.relacl) AS g
    WHERE g.grantee = 0 AND c.relnamespace IN ('public'::regnamespace, 'jobs'::regnamespace)
"""


@pytest.fixture(scope="module")
def own_settings() -> Generator[Settings]:
    # Not the server that all tests share: whoever changes a password there locks the others out.
    home = Path(tempfile.mkdtemp(prefix="home-"))
    settings = Settings(home=home)
    yield settings
    with suppress(StillInUse):
        delete_database(settings)
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def own_server(own_settings: Settings) -> Generator[Server]:
    with running_server(own_settings, tuning=Tuning.THROWAWAY) as server:
        yield server


@pytest.fixture
def keys(own_server: Server, own_settings: Settings) -> Path:
    roles.ensure_roles(own_server.conninfo(), keys=own_settings.keys)
    return own_settings.keys


@pytest.fixture
def migrated(own_server: Server, keys: Path) -> Generator[psycopg.Connection]:
    owner = roles.password_of(roles.OWNER, keys=keys)
    schema.migrate(own_server.url(role=roles.OWNER.name, password=owner))
    with psycopg.connect(own_server.conninfo(), autocommit=True) as connection:
        yield connection


def passwords(keys: Path) -> dict[str, str]:
    return {role.name: roles.password_of(role, keys=keys).get_secret_value() for role in LOGINS}


def sign_in(server: Server, role: roles.DatabaseRole, password: str) -> str:
    conninfo = server.conninfo(role=role.name, password=SecretStr(password))
    with psycopg.connect(conninfo, connect_timeout=5) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row is not None
    return str(row[0])


def grants(
    connection: psycopg.Connection, role: roles.DatabaseRole, query: str = GRANTS
) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, right in connection.execute(query.encode(), [role.name]):
        found.setdefault(name, set()).add(right)
    return found


def test_every_role_that_signs_in_does_so_with_a_password_of_its_own(own_server: Server, keys: Path) -> None:
    made = passwords(keys)

    assert {role.name: sign_in(own_server, role, made[role.name]) for role in LOGINS} == {
        role.name: role.name for role in LOGINS
    }
    assert len(set(made.values())) == len(LOGINS)
    assert all(len(password) >= 40 for password in made.values())


def test_only_their_owner_may_read_the_files_of_passwords(keys: Path) -> None:
    files = sorted((keys / "roles").iterdir())

    assert [path.name for path in files] == sorted(f"{role.name}.password" for role in LOGINS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((keys / "roles").stat().st_mode) == 0o700


def test_a_second_time_changes_nothing(own_server: Server, keys: Path) -> None:
    before = passwords(keys)

    roles.ensure_roles(own_server.conninfo(), keys=keys)

    assert passwords(keys) == before


def test_a_lost_password_is_renewed_and_the_others_stay(own_server: Server, keys: Path) -> None:
    before = passwords(keys)
    (keys / "roles" / f"{roles.JOBS.name}.password").unlink()
    with pytest.raises(PasswordMissing, match=roles.JOBS.name):
        roles.password_of(roles.JOBS, keys=keys)

    with pytest.raises(PasswordMissing, match=roles.JOBS.name):
        roles.ensure_roles(own_server.conninfo(), keys=keys)
    roles.ensure_roles(own_server.conninfo(), keys=keys, renew=True)

    after = passwords(keys)
    assert {name for name in after if after[name] != before[name]} == {roles.JOBS.name}
    assert sign_in(own_server, roles.JOBS, after[roles.JOBS.name]) == roles.JOBS.name
    with pytest.raises(psycopg.OperationalError):
        sign_in(own_server, roles.JOBS, before[roles.JOBS.name])


def test_a_wrong_key_folder_locks_nobody_out(own_server: Server, keys: Path, tmp_path: Path) -> None:
    with pytest.raises(PasswordMissing):
        roles.ensure_roles(own_server.conninfo(), keys=tmp_path / "mistyped")

    kept = passwords(keys)
    assert all(sign_in(own_server, role, kept[role.name]) == role.name for role in LOGINS)
    assert not (tmp_path / "mistyped").exists()


def test_processes_that_start_at_once_agree_on_the_passwords(own_server: Server, keys: Path) -> None:
    shutil.rmtree(keys / "roles")

    with ThreadPoolExecutor(4) as pool:
        for done in [
            pool.submit(roles.ensure_roles, own_server.conninfo(), keys=keys, renew=True)
            for _number in range(4)
        ]:
            done.result()

    made = passwords(keys)
    assert all(sign_in(own_server, role, made[role.name]) == role.name for role in LOGINS)


def test_another_database_of_the_same_server_gets_its_rights_too(own_server: Server, keys: Path) -> None:
    with psycopg.connect(own_server.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE another")
    conninfo = own_server.conninfo(database="another")

    roles.ensure_roles(conninfo, keys=keys)

    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT has_schema_privilege('answerable_owner', 'public', 'CREATE'),"
            " has_schema_privilege('answerable_app', 'public', 'CREATE')"
        ).fetchone()
    assert row == (True, False)


def test_a_login_that_may_not_create_roles_learns_who_can_help(
    own_server: Server, keys: Path, tmp_path: Path
) -> None:
    password = roles.password_of(roles.APP, keys=keys)
    conninfo = own_server.conninfo(role=roles.APP.name, password=password)

    with pytest.raises(RolesMissing) as refused:
        roles.ensure_roles(conninfo, keys=tmp_path / "no-passwords", renew=True)

    assert "database administrator" in refused.value.remedy


def test_the_sql_for_an_administrator_makes_the_roles(own_server: Server, keys: Path) -> None:
    printed = roles.render_sql(database=own_server.database)
    statements = printed.replace("answerable_", "other_")
    for role in LOGINS:
        statements = statements.replace(f":{role.name.replace('answerable_', 'other_')}", "'a password'")
        assert roles.password_of(role, keys=keys).get_secret_value() not in printed

    with psycopg.connect(own_server.conninfo()) as connection:
        connection.execute(statements.encode())
        made = connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb"
            " FROM pg_roles WHERE rolname ^@ 'other_'"
        ).fetchall()
        connection.rollback()

    assert sorted(made) == sorted(
        (role.name.replace("answerable_", "other_"), role.logs_in, False) for role in roles.ROLES
    )


def test_the_application_adds_to_the_log_and_reads_it_and_no_more(migrated: psycopg.Connection) -> None:
    found = grants(migrated, roles.APP)

    assert found["public.audit_event"] == found["public.audit_queue"] == {"SELECT", "INSERT"}
    assert found["public.turn"] == found["public.decision"] == {"SELECT", "INSERT"}
    assert found["public.alembic_version"] == {"SELECT"}
    assert all("TRUNCATE" not in rights and "TRIGGER" not in rights for rights in found.values())


def test_the_application_has_no_right_to_a_job_table(migrated: psycopg.Connection) -> None:
    assert [name for name in grants(migrated, roles.APP) if name.startswith("jobs.")] == []


def test_before_a_tenant_is_known_only_its_names_key_and_origins_are_read(
    migrated: psycopg.Connection,
) -> None:
    assert grants(migrated, roles.SYSTEM) == {"public.alembic_version": {"SELECT"}}
    assert grants(migrated, roles.SYSTEM, COLUMN_GRANTS) == {
        f"tenant.{column}": {"SELECT"}
        for column in ("tenant_id", "slug", "name", "public_key", "widget_origins")
    }


def test_the_queues_role_has_the_job_tables_and_nothing_else(migrated: psycopg.Connection) -> None:
    found = grants(migrated, roles.JOBS)

    assert {name.split(".")[0] for name in found} == {"jobs"}
    assert set().union(*found.values()) == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_the_log_s_own_roles_see_hashes_and_heads_and_no_event(migrated: psycopg.Connection) -> None:
    assert grants(migrated, roles.SEQUENCER) == {
        "public.audit_queue": {"SELECT", "DELETE"},
        "public.audit_tree": {"SELECT", "INSERT", "UPDATE"},
        "public.audit_leaf": {"SELECT", "INSERT"},
        "public.audit_tile": {"SELECT", "INSERT"},
    }
    # What it adds to trees is the root log's alone, by the policies.
    assert grants(migrated, roles.SIGNER) == {
        "public.audit_tree": {"SELECT", "INSERT", "UPDATE"},
        "public.audit_leaf": {"SELECT", "INSERT"},
        "public.audit_tile": {"SELECT", "INSERT"},
        "public.audit_root_entry": {"SELECT", "INSERT"},
        "public.audit_label": {"SELECT", "INSERT"},
        "public.audit_log": {"SELECT", "INSERT"},
        "public.audit_checkpoint": {"SELECT", "INSERT"},
        "public.audit_promise": {"SELECT", "DELETE"},
        "public.audit_receipt": {"SELECT", "INSERT"},
        "public.audit_alarm": {"SELECT", "INSERT", "UPDATE"},
    }


def test_a_role_that_may_log_in_only_now_gets_its_password(own_server: Server, keys: Path) -> None:
    with psycopg.connect(own_server.conninfo(), autocommit=True) as connection:
        connection.execute("ALTER ROLE answerable_sequencer NOLOGIN")
    (keys / "roles" / f"{roles.SEQUENCER.name}.password").unlink()

    roles.ensure_roles(own_server.conninfo(), keys=keys)

    password = roles.password_of(roles.SEQUENCER, keys=keys)
    with psycopg.connect(own_server.conninfo(role=roles.SEQUENCER.name, password=password)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_role_without_a_use_yet_has_no_right_yet(own_server: Server, migrated: psycopg.Connection) -> None:
    assert grants(migrated, roles.PURGE) == {}
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(own_server.conninfo(role=roles.PURGE.name, password=SecretStr("any")))
