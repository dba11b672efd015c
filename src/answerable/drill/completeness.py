"""Attacks that leave something without the entry that has to say so, with the rules of the database off."""

from datetime import UTC, datetime, timedelta

from answerable.audit.verifying import Asked
from answerable.drill.scene import Place, Scene
from answerable.infra.ids import uuid7


async def speak_without_a_record(place: Place, scene: Scene) -> Asked:
    """Store a reply of the assistant without its decisions and its entry."""
    place.run_unguarded(
        "INSERT INTO message (tenant_id, id, conversation_id, position, author, text_sealed, delivery, created_at)"
        " SELECT tenant_id, :id, conversation_id, 900, author, text_sealed, delivery, now() FROM message"
        " WHERE tenant_id = :tenant AND author = 'assistant' LIMIT 1",
        id=uuid7(),
        tenant=scene.actor.tenant_id,
    )
    return Asked()


async def look_in_silence(place: Place, scene: Scene) -> Asked:
    """Have a contact's key handed out as a member, against an event that there is not."""
    place.run_unguarded(
        "INSERT INTO key_opening (tenant_id, id, event_id, at, actor_kind, actor_id)"
        " VALUES (:tenant, :id, :id, now(), 'member', :id)",
        tenant=scene.actor.tenant_id,
        id=uuid7(),
    )
    return Asked()


async def leave_out_of_the_root_log(place: Place, _scene: Scene) -> Asked:
    """Take a head out of the log over all logs, an hour before somebody looks."""
    place.run_unguarded(
        "DELETE FROM audit_root_entry WHERE event_id = (SELECT event_id FROM audit_leaf"
        " WHERE tenant_id = (SELECT tenant_id FROM audit_root_entry LIMIT 1) ORDER BY index DESC LIMIT 1)"
    )
    return Asked(now=datetime.now(UTC) + timedelta(hours=1))
