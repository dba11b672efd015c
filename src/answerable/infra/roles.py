"""The roles of the database: who they are, how they are made, where their passwords lie."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import SecretStr

from answerable.infra.db import DatabaseUnavailable
from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.home import make_private_folder, write_private_file


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseRole:
    """A role of the database and what it is for."""

    name: str
    purpose: str
    logs_in: bool = True


OWNER = DatabaseRole(
    name="answerable_owner", purpose="Owns the schema and migrates; used by `migrate` alone."
)
APP = DatabaseRole(
    name="answerable_app", purpose="Reads and writes one tenant's rows through the policies; owns nothing."
)
SYSTEM = DatabaseRole(
    name="answerable_system",
    purpose="Reads what must be known before a tenant is: names, keys and origins of tenants.",
)
JOBS = DatabaseRole(name="answerable_jobs", purpose="Reads and writes the job tables, which hold no content.")
SEQUENCER = DatabaseRole(
    name="answerable_sequencer", purpose="Gives every tenant's events their place in the log's tree."
)
SIGNER = DatabaseRole(
    name="answerable_signer", purpose="Reads the trees of every tenant's log and stores what it has signed."
)
PURGE = DatabaseRole(
    name="answerable_purge",
    purpose="Deletes what retention ends, through named functions only.",
    logs_in=False,
)

# Any number that nothing else in the database uses; the letters "role".
_LOCK = 0x726F6C65

ROLES = (OWNER, APP, SYSTEM, JOBS, SEQUENCER, SIGNER, PURGE)


class RolesMissing(AnswerableError):
    """The database lacks roles that the product needs, and this login may not create them."""

    code = "database.roles_missing"
    kind = Kind.UNAVAILABLE
    remedy = "Let a database administrator run the SQL that `answerable migrate --print-roles` prints."


class PasswordMissing(AnswerableError):
    """The password of a database role is not in the key folder."""

    code = "database.password_missing"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Check ANSWERABLE_KEYS: this is not the key folder of this database. Only if it is the right one and "
        "its passwords are lost, run `answerable migrate --renew-passwords`."
    )


class PasswordRefused(AnswerableError):
    """The database refuses the password that the key folder holds for one of its roles."""

    code = "database.password_refused"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Put the key folder that belongs to this database in place; only if it is the right one, delete the "
        "role's file in its folder `roles` and run `answerable migrate --renew-passwords`."
    )


def password_of(role: DatabaseRole, *, keys: Path) -> SecretStr:
    """The password of a role, as its file in the key folder says.

    Errors:  PasswordMissing.
    """
    try:
        return SecretStr(_password_file(role, keys).read_text().strip())
    except FileNotFoundError as error:
        raise PasswordMissing(role.name) from error


def ensure_roles(conninfo: str, *, keys: Path, renew: bool = False) -> None:
    """Make the roles that do not exist yet, and with `renew` new passwords for those whose password is lost.

    Errors:  RolesMissing when the login may not create roles; PasswordMissing when a role exists and its
             password is not in the key folder, most likely since this is not the right folder.
    Effects: roles and grants in the cluster; one private file a role in the key folder.
    """
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            _ensure_roles(connection, keys=keys, renew=renew)
    except psycopg.OperationalError:
        # `from None`: the error holds the connection, and that its password.
        raise DatabaseUnavailable from None


def render_sql(*, database: str) -> str:
    """The SQL that makes the roles, for a database administrator; passwords are left to fill in."""
    lines = [
        f"CREATE ROLE {role.name} {'LOGIN PASSWORD :' + role.name if role.logs_in else 'NOLOGIN'}"
        f" NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE; -- {role.purpose}"
        for role in ROLES
    ]
    return "\n".join(
        [
            *lines,
            f'GRANT CONNECT, CREATE ON DATABASE "{database}" TO {OWNER.name};',
            f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER.name} WITH GRANT OPTION;",
            "CREATE EXTENSION IF NOT EXISTS vector;",
        ]
    )


def _ensure_roles(connection: psycopg.Connection, *, keys: Path, renew: bool) -> None:
    # Several processes start at once on a fresh machine; the lock ends with the connection.
    connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    known = dict(
        connection.execute("SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname ^@ 'answerable_'")
    )
    lost = [role for role in ROLES if role.name not in known or not _has_password(role, keys)]
    # Asked of the database itself: another one of the same cluster has the roles and not their rights.
    if not lost and _may_migrate(connection):
        return
    # A role that could not log in before has lost no password: it never had one.
    strange = [role.name for role in lost if known.get(role.name) and role.logs_in]
    if strange and not renew:
        # A mistyped folder would otherwise lock out everybody who has the right one.
        raise PasswordMissing(", ".join(strange))
    try:
        for role in lost:
            _make_role(connection, role, keys=keys, exists=role.name in known)
        _grant_database(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise RolesMissing(", ".join(role.name for role in lost or [OWNER])) from error


def _make_role(connection: psycopg.Connection, role: DatabaseRole, *, keys: Path, exists: bool) -> None:
    verb = sql.SQL("ALTER ROLE {} " if exists else "CREATE ROLE {} ").format(sql.Identifier(role.name))
    if not role.logs_in:
        if not exists:
            connection.execute(verb + sql.SQL("NOLOGIN NOSUPERUSER NOBYPASSRLS"))
        return
    # The file first: whoever is killed between the two finds it here and makes the role with it.
    if not _has_password(role, keys):
        make_private_folder(_password_file(role, keys).parent)
        write_private_file(_password_file(role, keys), secrets.token_urlsafe(32) + "\n")
    password = password_of(role, keys=keys).get_secret_value()
    connection.execute(verb + sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(password)))


def _grant_database(connection: psycopg.Connection) -> None:
    database = sql.Identifier(connection.info.dbname)
    owner = sql.Identifier(OWNER.name)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"))
    connection.execute(sql.SQL("GRANT CONNECT, CREATE ON DATABASE {} TO {}").format(database, owner))
    connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {} WITH GRANT OPTION").format(owner))
    for role in ROLES:
        if role.logs_in:
            name = sql.Identifier(role.name)
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))


def _may_migrate(connection: psycopg.Connection) -> bool:
    asked = connection.execute(
        "SELECT has_database_privilege(%(owner)s, current_database(), 'CREATE')"
        " AND has_schema_privilege(%(owner)s, 'public', 'CREATE')",
        {"owner": OWNER.name},
    )
    return asked.fetchone() == (True,)


def _has_password(role: DatabaseRole, keys: Path) -> bool:
    return not role.logs_in or _password_file(role, keys).exists()


def _password_file(role: DatabaseRole, keys: Path) -> Path:
    return keys / "roles" / f"{role.name}.password"
