"""The rules of the database that keep the log append-only, looked at from within."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from answerable.audit.errors import GuardsBroken
from answerable.infra.db import Database, Db
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7

APPEND_ONLY: Final = (
    "audit_checkpoint",
    "audit_cosignature",
    "audit_destroyed_key",
    "audit_event",
    "audit_label",
    "audit_leaf",
    "audit_log",
    "audit_receipt",
    "audit_root_entry",
    "audit_schema",
    "audit_tile",
    "audit_timestamp",
    "audit_tree",
)
"""Tables whose rows nobody changes or deletes."""

DEFINERS: Final = (
    "jobs.defer_own_job",
    "jobs.discard_own_parked",
    "jobs.list_own_parked",
    "jobs.retry_own_parked",
    "public.hand_out_keys",
    "public.hand_out_keys_of",
)
"""Functions that run with their owner's rights and that the application may call; none touches the log."""

FORBIDDEN: Final = (
    *(f"UPDATE {table} SET tenant_id = tenant_id" for table in APPEND_ONLY),  # noqa: S608 - names above
    *(f"DELETE FROM {table}" for table in APPEND_ONLY),  # noqa: S608 - names above
    *(f"TRUNCATE {table} CASCADE" for table in APPEND_ONLY),
    *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in APPEND_ONLY),
    "DELETE FROM audit_queue",
    "DELETE FROM audit_promise",
    "INSERT INTO audit_leaf SELECT * FROM audit_leaf",
    "INSERT INTO audit_tile SELECT * FROM audit_tile",
    "INSERT INTO audit_tree SELECT * FROM audit_tree",
    "INSERT INTO audit_checkpoint SELECT * FROM audit_checkpoint",
    "INSERT INTO audit_receipt SELECT * FROM audit_receipt",
    "INSERT INTO audit_root_entry (event_id, body) SELECT event_id, body FROM audit_root_entry",
    "INSERT INTO audit_label SELECT * FROM audit_label",
    "ALTER TABLE message DISABLE TRIGGER message_has_its_record",
    "ALTER TABLE key_opening DISABLE TRIGGER opening_has_its_event",
    "DELETE FROM key_opening",
    "SELECT wrapped FROM subject_key",
    "SET LOCAL session_replication_role = replica",
    "SET LOCAL ROLE answerable_owner",
)
"""What the application must not be able to do."""

_NO_PRIVILEGE: Final = "42501"

_TRIGGERS: Final = ("append_only_rows", "append_only_table")

_OFF = text(
    """
    SELECT wanted.table_name || '.' || wanted.name FROM (
        SELECT t AS table_name, n AS name FROM unnest(CAST(:tables AS text[])) AS t,
            unnest(CAST(:triggers AS text[])) AS n
    ) AS wanted
    LEFT JOIN pg_trigger g ON g.tgrelid = to_regclass(wanted.table_name) AND g.tgname = wanted.name
        AND g.tgenabled = 'A'
    WHERE g.oid IS NULL
    UNION ALL
    SELECT pair.table_name || '.' || pair.name FROM (VALUES
        ('message', 'message_has_its_record'), ('tenant_setting_version', 'setting_has_its_event'),
        ('key_opening', 'opening_has_its_event')
    ) AS pair (table_name, name)
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = to_regclass(pair.table_name) AND tgname = pair.name
            AND tgenabled <> 'D'
    )
    UNION ALL
    SELECT 'definer function ' || n.nspname || '.' || p.proname
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prosecdef AND n.nspname IN ('public', 'jobs')
        AND has_function_privilege('answerable_app', p.oid, 'EXECUTE')
        AND n.nspname || '.' || p.proname <> ALL (CAST(:definers AS text[]))
    UNION ALL
    SELECT c.relname || ' row security' FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname ^@ 'audit_' AND c.relkind = 'r'
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
    UNION ALL
    SELECT 'audit_event.ck_audit_event_leaf_hash_is_of_body' WHERE NOT EXISTS (
        SELECT FROM pg_constraint WHERE conname = 'ck_audit_event_leaf_hash_is_of_body' AND convalidated
    )
    ORDER BY 1
    """
)


async def list_missing_guards(db: Db) -> list[str]:
    """Which of the rules are off or gone, by name."""
    asked = {"tables": list(APPEND_ONLY), "triggers": list(_TRIGGERS), "definers": list(DEFINERS)}
    return list(await db.scalars(_OFF, asked))


async def require_guards(database: Database) -> None:
    """Try everything that the application must not be able to do, and go on only if all of it is refused.

    Nothing is left of what is tried: it is done for a tenant that does not exist, and rolled back.

    Errors:  GuardsBroken, naming what was possible.
    """
    nobody = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.SYSTEM)
    possible: list[str] = []
    try:
        async with database.tenant_session(nobody) as db:
            possible += await list_missing_guards(db)
            for statement in FORBIDDEN:
                if not await _is_refused(db, statement):
                    possible.append(statement)
            raise _Over  # noqa: TRY301 - out of the session, which then rolls back
    except _Over:
        pass
    if possible:
        raise GuardsBroken("; ".join(possible))


class _Over(Exception):
    """Ends the session without a commit, whatever has become possible in it."""


async def _is_refused(db: Db, statement: str) -> bool:
    try:
        async with db.begin_nested():
            await db.execute(text(statement))
    except DBAPIError as error:
        if error.connection_invalidated:
            # Nothing was refused: the database went away, and a lost connection is no broken guard.
            raise
        return getattr(error.orig, "sqlstate", None) == _NO_PRIVILEGE
    return False
