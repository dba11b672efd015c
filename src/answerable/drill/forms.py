"""What an intruder does to the forms of entries: writes another one, or declares another one afterwards."""

import json

from answerable.audit.rules import canonical
from answerable.audit.verifying import Asked
from answerable.drill.scene import Place, Scene
from answerable.infra.ids import uuid7


async def write_another_form(place: Place, scene: Scene) -> Asked:
    """Write an entry with a field that nothing declares, with the application's own rights."""
    tenant = scene.actor.tenant_id
    (row,) = place.run(
        "SELECT body FROM audit_event WHERE tenant_id = :tenant AND type = 'access.log_queried' LIMIT 1",
        tenant=tenant,
    )
    fresh = uuid7()
    body = json.loads(row["body"])
    del body["w"]
    body["event_id"] = str(fresh)
    body["d"]["telephone"] = 4_915_112
    entry = canonical(body)
    place.run(
        "INSERT INTO audit_event (tenant_id, id, type, at, body, leaf_hash, subject_kind, subject_id,"
        " actor_kind, actor_id) SELECT tenant_id, :fresh, type, at, :entry, sha256('\\x00'::bytea || :entry),"
        " subject_kind, subject_id, actor_kind, actor_id FROM audit_event"
        " WHERE tenant_id = :tenant AND body = :known",
        "INSERT INTO audit_queue (tenant_id, event_id, leaf_hash) SELECT tenant_id, id, leaf_hash"
        " FROM audit_event WHERE id = :fresh",
        tenant=tenant,
        fresh=fresh,
        entry=entry,
        known=row["body"],
    )
    await place.publish()
    return Asked()


async def exchange_a_form(place: Place, scene: Scene) -> Asked:
    """Declare afterwards that entries may hold something else."""
    place.run_unguarded(
        "ALTER TABLE audit_schema DROP CONSTRAINT ck_audit_schema_digest_is_of_body",
        "UPDATE audit_schema SET body = overlay(body PLACING '2' FROM length(body) - 1)"
        " WHERE tenant_id = :tenant",
        tenant=scene.actor.tenant_id,
    )
    return Asked()
