"""The self-test at start: whatever the application could do to its own log keeps it from starting."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from answerable import audit
from answerable.audit.errors import GuardsBroken
from factories.logbook import Logbook

BREAKS = {
    "GRANT UPDATE ON audit_event TO answerable_app": "UPDATE audit_event",
    "GRANT DELETE ON audit_leaf TO answerable_app": "DELETE FROM audit_leaf",
    "GRANT INSERT ON audit_tree TO answerable_app": "INSERT INTO audit_tree",
    "ALTER TABLE audit_event DISABLE TRIGGER append_only_rows": "audit_event.append_only_rows",
    "ALTER TABLE audit_event ENABLE TRIGGER append_only_table": "audit_event.append_only_table",
    "ALTER TABLE message DISABLE TRIGGER message_has_its_record": "message.message_has_its_record",
    "ALTER TABLE audit_leaf NO FORCE ROW LEVEL SECURITY": "audit_leaf row security",
    "ALTER TABLE audit_event DROP CONSTRAINT ck_audit_event_leaf_hash_is_of_body": "leaf_hash_is_of_body",
    "CREATE FUNCTION stray() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'": "public.stray",
}


async def test_as_it_was_migrated_nothing_is_possible(logbook: Logbook) -> None:
    await audit.require_guards(logbook.database)


async def test_whatever_becomes_possible_is_named(logbook: Logbook) -> None:
    for statement in BREAKS:
        logbook.run_plain(statement)

    with pytest.raises(GuardsBroken) as refused:
        await audit.require_guards(logbook.database)

    for named in BREAKS.values():
        assert named in refused.value.detail


async def test_a_version_of_what_is_set_needs_its_event(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()

    with pytest.raises(DBAPIError, match="no audit event"):
        async with logbook.database.tenant_session(actor) as db:
            await db.execute(
                text(
                    "INSERT INTO tenant_setting_version"
                    " (version, written, digest, changed, actor_kind, changed_at)"
                    " VALUES (2, 'x', sha256('x'), '{}', 'platform', now())"
                )
            )
            # Something else was recorded, which is no excuse.
            await audit.tail(db, limit=1)
