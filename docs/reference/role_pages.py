# ruff: noqa: INP001 - a folder of pages, and no package.
"""The page of database roles: their purposes from the code, their grants and policies from a database."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from markdown_pages import code, write_page, write_table
from psycopg.rows import class_row

from answerable.infra import roles, schema
from answerable.infra.postgres import Tuning, running_server
from answerable.infra.settings import Settings

_GRANTS = """
WITH ours AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('public', 'jobs')
), given AS (
    SELECT 'schema' AS kind, nspname AS name, nspowner AS owner, nspacl AS acl
    FROM pg_namespace
    WHERE nspname IN ('public', 'jobs')
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' ELSE 'table' END,
        nspname || '.' || relname, relowner, relacl
    FROM pg_class
    JOIN ours ON ours.oid = relnamespace
    UNION ALL
    SELECT 'column', nspname || '.' || relname || '.' || attname, relowner, attacl
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN ours ON ours.oid = relnamespace
    UNION ALL
    SELECT 'function', nspname || '.' || proname, proowner, coalesce(proacl, acldefault('f', proowner))
    FROM pg_proc
    JOIN ours ON ours.oid = pronamespace
    WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
)
SELECT coalesce(rolname, 'PUBLIC') AS role, kind, name, lower(privilege_type) AS privilege
FROM given
CROSS JOIN LATERAL aclexplode(acl)
LEFT JOIN pg_roles ON pg_roles.oid = grantee
WHERE grantee <> owner AND (grantee = 0 OR rolname ^@ 'answerable_')
ORDER BY role, kind, name, privilege
"""

_POLICIES = """
SELECT policyname AS name, tablename AS table, lower(cmd) AS command,
    array_to_string(roles, ', ') AS roles, coalesce(qual, with_check) AS condition
FROM pg_policies
WHERE schemaname IN ('public', 'jobs')
ORDER BY policyname, tablename
"""

_JOBS = "jobs.procrastinate_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One privilege of one role on one object."""

    role: str
    kind: str
    name: str
    privilege: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy on one table."""

    name: str
    table: str
    command: str
    roles: str
    condition: str


@contextmanager
def migrated_database() -> Generator[str]:
    """How to reach a database of the newest schema, on a server that lives as long as the block."""
    with TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home")
        with running_server(settings, tuning=Tuning.THROWAWAY) as server:
            roles.ensure_roles(server.conninfo(), keys=settings.keys)
            owner = roles.password_of(roles.OWNER, keys=settings.keys)
            schema.migrate(server.url(role=roles.OWNER.name, password=owner))
            yield server.conninfo()


def roles_page(conninfo: str) -> str:
    """All roles with their grants, and all policies."""
    with psycopg.connect(conninfo) as connection:
        grants = connection.cursor(row_factory=class_row(Grant)).execute(_GRANTS).fetchall()
        policies = connection.cursor(row_factory=class_row(Policy)).execute(_POLICIES).fetchall()
    parts: list[str] = []
    for role in roles.ROLES:
        own = [grant for grant in grants if grant.role == role.name]
        sign_in = "It signs in with a generated password." if role.logs_in else "It cannot sign in."
        parts += [f"## {role.name}", f"{role.purpose}\n{sign_in}\n{_count(own, role)}"]
        parts += [_write_grants(own)] if own else []
    everybody = [grant for grant in grants if grant.role == "PUBLIC"]
    parts += ["## Everybody", "What every role may do, since PostgreSQL gives it unless it is taken away."]
    parts += [_write_grants(everybody)] if everybody else ["Nothing."]
    return write_page(
        "Database roles",
        "Each duty has a role of its own; none of them is a superuser, and none can pass row-level security by.\n"
        "Besides what stands here, each role that signs in may connect to the database.",
        *parts,
        "## Policies",
        _write_policies(policies),
    )


def _count(grants: list[Grant], role: roles.DatabaseRole) -> str:
    if role is roles.OWNER:
        return f"It owns every table and function, and has {len(grants)} grants on other objects."
    return f"It owns nothing and has {len(grants)} grants."


def _write_grants(grants: list[Grant]) -> str:
    rows: dict[tuple[str, str], set[str]] = {}
    for grant in grants:
        rows.setdefault((grant.kind, _object(grant)), set()).add(grant.privilege)
    privileges = ((kind, code(name), ", ".join(sorted(found))) for (kind, name), found in rows.items())
    return write_table(["kind", "object", "may"], privileges)


def _object(grant: Grant) -> str:
    # The library's many functions and sequences say nothing one by one.
    many = grant.kind in {"function", "sequence"} and grant.role == roles.JOBS.name
    return f"{_JOBS}*" if many and grant.name.startswith(_JOBS) else grant.name


def _write_policies(policies: list[Policy]) -> str:
    rows: list[tuple[str, str, str, str, str]] = []
    for key, same in groupby(policies, key=lambda one: (one.name, one.command, one.roles, one.condition)):
        name, command, who, condition = key
        tables = ", ".join(code(one.table) for one in same)
        rows.append((code(name), command, "every role" if who == "public" else who, code(condition), tables))
    return write_table(["policy", "for", "of", "condition", "tables"], rows)
