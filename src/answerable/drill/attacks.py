"""What an intruder with every right does to a log, one attack a function.

Each works on a clone of the scene and returns what is to be verified with; the expected finding stands beside it.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from answerable import audit, tlog
from answerable.audit.signer import Signer
from answerable.audit.trees import FullTile, fill_tiles, pack_frontier
from answerable.audit.verifying import Asked, Fault
from answerable.drill.completeness import (
    leave_out_of_the_root_log,
    look_in_silence,
    speak_without_a_record,
)
from answerable.drill.forms import exchange_a_form, write_another_form
from answerable.drill.scene import Place, Scene, shifted
from answerable.tlog import Frontier

Act = Callable[[Place, Scene], Awaitable[Asked]]

MIDDLE: Final = 100
"""The entry that is tampered with; it stands in a full tile."""

_UNCHECK: Final = "ALTER TABLE audit_event DROP CONSTRAINT ck_audit_event_leaf_hash_is_of_body"
_EDIT: Final = """
UPDATE audit_event SET body = overlay(
    body PLACING '9' FROM position('"returned":' IN convert_from(body, 'UTF8')) + 11
) WHERE tenant_id = :tenant AND id = (
    SELECT event_id FROM audit_leaf WHERE tenant_id = :tenant AND index = :index
)
"""
_HASH_AGAIN: Final = (
    "UPDATE audit_event SET leaf_hash = sha256('\\x00'::bytea || body) WHERE tenant_id = :tenant"
)
_MOVE_LEAVES: Final = """
UPDATE audit_leaf l SET leaf_hash = e.leaf_hash FROM audit_event e
WHERE e.tenant_id = l.tenant_id AND e.id = l.event_id AND l.tenant_id = :tenant
"""
_RECHECK: Final = """
ALTER TABLE audit_event ADD CONSTRAINT ck_audit_event_leaf_hash_is_of_body
    CHECK (leaf_hash = sha256('\\x00'::bytea || body)) NOT VALID
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """An attack and the finding by which it is to be caught."""

    number: str
    name: str
    expected: Fault
    act: Act


async def edit_entry(place: Place, scene: Scene) -> Asked:
    """Edit a byte of an entry."""
    tenant = scene.actor.tenant_id
    place.run_unguarded(_UNCHECK, _EDIT, _RECHECK, tenant=tenant, index=MIDDLE)
    return Asked()


async def edit_entry_and_leaf(place: Place, scene: Scene) -> Asked:
    """Edit an entry and every hash of it."""
    tenant = scene.actor.tenant_id
    place.run_unguarded(_UNCHECK, _EDIT, _HASH_AGAIN, _MOVE_LEAVES, _RECHECK, tenant=tenant, index=MIDDLE)
    return Asked()


async def edit_entry_and_tree(place: Place, scene: Scene) -> Asked:
    """Edit an entry and calculate the whole tree anew."""
    await edit_entry_and_leaf(place, scene)
    _regrow(place, scene)
    return Asked()


async def edit_and_sign_again(place: Place, scene: Scene) -> Asked:
    """Edit an entry, calculate the tree anew and sign it with the stolen key."""
    await edit_entry_and_tree(place, scene)
    leaves = _leaves(place, scene)
    signer = Signer.open(place.signer)
    try:
        heads = place.run(
            "SELECT generation, size, signed_at FROM audit_checkpoint WHERE tenant_id = :tenant",
            tenant=scene.actor.tenant_id,
        )
        for row in heads:
            root = tlog.root_of(row["size"], tlog.nodes_of(leaves[: row["size"]]))
            at = int(row["signed_at"].timestamp())
            head = signer.sign(scene.actor.tenant_id, row["generation"], size=row["size"], root=root, at=at)
            place.run_unguarded(
                "UPDATE audit_checkpoint SET root = :root, note = :note"
                " WHERE tenant_id = :tenant AND size = :size",
                root=root,
                note=head.note,
                tenant=scene.actor.tenant_id,
                size=row["size"],
            )
    finally:
        signer.close()
    return Asked(pinned=scene.newest)


async def delete_from_the_middle(place: Place, scene: Scene) -> Asked:
    """Delete an entry in the middle and move all later ones up."""
    place.run_unguarded(
        "DELETE FROM audit_leaf WHERE tenant_id = :tenant AND index = :index",
        "UPDATE audit_leaf SET index = index + 1000000 WHERE tenant_id = :tenant AND index > :index",
        "UPDATE audit_leaf SET index = index - 1000001 WHERE tenant_id = :tenant AND index >= 1000000",
        tenant=scene.actor.tenant_id,
        index=MIDDLE,
    )
    _regrow(place, scene)
    return Asked()


async def cut_the_tail(place: Place, scene: Scene) -> Asked:
    """Cut the newest entries off."""
    _cut(place, scene)
    return Asked()


async def cut_tail_and_heads(place: Place, scene: Scene) -> Asked:
    """Cut the newest entries off and drop every head that covered them."""
    _cut(place, scene)
    place.run_unguarded(
        "DELETE FROM audit_checkpoint c WHERE tenant_id = :tenant AND size >"
        " (SELECT size FROM audit_tree WHERE tenant_id = :tenant)",
        tenant=scene.actor.tenant_id,
    )
    return Asked(signer_head=await place.signed_last(scene.actor.tenant_id))


async def lose_a_queue_row(place: Place, scene: Scene) -> Asked:
    """Delete what waits for its place before it gets one."""
    await _record(place, scene)
    place.run_unguarded("DELETE FROM audit_queue WHERE tenant_id = :tenant", tenant=scene.actor.tenant_id)
    return Asked()


async def lose_event_and_queue_row(place: Place, scene: Scene) -> Asked:
    """Delete an event before it gets its place, wholly."""
    await _record(place, scene, count=3, hours=-1)
    place.run_unguarded(
        "DELETE FROM audit_event WHERE tenant_id = :tenant AND id = (SELECT event_id FROM audit_queue"
        " WHERE tenant_id = :tenant ORDER BY seq OFFSET 1 LIMIT 1)",
        "DELETE FROM audit_queue q WHERE tenant_id = :tenant AND NOT EXISTS ("
        " SELECT FROM audit_event e WHERE e.tenant_id = q.tenant_id AND e.id = q.event_id)",
        tenant=scene.actor.tenant_id,
    )
    await _record(place, scene)
    await place.publish()
    return Asked()


async def lose_what_was_promised(place: Place, scene: Scene) -> Asked:
    """Delete an entry for which somebody holds a receipt, before it gets its place."""
    place.run_unguarded(
        "DELETE FROM audit_leaf l USING audit_receipt r WHERE l.tenant_id = :tenant"
        " AND r.tenant_id = l.tenant_id AND r.event_id = l.event_id",
        tenant=scene.actor.tenant_id,
    )
    return Asked(now=datetime.now(UTC) + timedelta(hours=1))


async def swap_between_workspaces(place: Place, scene: Scene) -> Asked:
    """Swap the texts of two workspaces."""
    both = (scene.actor.tenant_id, scene.other.tenant_id)
    for tenant, source in (both, both[::-1]):
        place.run_unguarded(
            "UPDATE message m SET text_sealed = o.text_sealed FROM message o WHERE m.tenant_id = :tenant"
            " AND m.position = 1 AND o.tenant_id = :source AND o.position = 1",
            tenant=tenant,
            source=source,
        )
    return Asked()


async def swap_ciphertexts(place: Place, scene: Scene) -> Asked:
    """Swap the ciphertexts of two texts and leave what they commit to in place."""
    rows = place.run(
        "SELECT id, text_sealed FROM message WHERE tenant_id = :tenant ORDER BY id LIMIT 2",
        tenant=scene.actor.tenant_id,
    )
    for row, other in (rows, rows[::-1]):
        place.run_unguarded(
            "UPDATE message SET text_sealed = :sealed WHERE id = :id",
            sealed=bytes(row["text_sealed"])[:49] + bytes(other["text_sealed"])[49:],
            id=row["id"],
        )
    return Asked(opens=True)


async def delete_a_text(place: Place, scene: Scene) -> Asked:
    """Delete a text without destroying its key."""
    place.run_unguarded(
        "DELETE FROM message WHERE id = (SELECT id FROM message WHERE tenant_id = :tenant"
        " AND author = 'contact' ORDER BY id LIMIT 1)",
        tenant=scene.actor.tenant_id,
    )
    return Asked()


async def destroy_a_key_in_silence(place: Place, scene: Scene) -> Asked:
    """Destroy a person's key and say so nowhere."""
    place.run_unguarded(
        "UPDATE subject_key SET wrapped = NULL, destroyed_at = now() WHERE tenant_id = :tenant"
        " AND wrapped IS NOT NULL AND subject_kind = 'contact'",
        tenant=scene.actor.tenant_id,
    )
    return Asked()


async def revive_a_key(place: Place, scene: Scene) -> Asked:
    """Put a destroyed key back from a backup."""
    place.run_unguarded(
        "UPDATE subject_key SET wrapped = :wrapped, destroyed_at = NULL WHERE id = :id",
        wrapped=bytes(scene.erased_key["wrapped"]),
        id=scene.erased_key["id"],
    )
    return Asked()


async def backdate(place: Place, scene: Scene) -> Asked:
    """Record something as if it had happened two hours ago."""
    await _record(place, scene, hours=-2)
    await place.publish()
    return Asked()


async def equivocate(place: Place, scene: Scene) -> Asked:
    """Show somebody else another head of the same size, signed with the same key."""
    checkpoint = tlog.parse_checkpoint(tlog.parse_note(scene.newest).text)
    signer = Signer.open(place.signer)
    try:
        root = hashlib.sha256(b"another history").digest()
        at = int(datetime.now(UTC).timestamp())
        shown = signer.sign(scene.actor.tenant_id, 1, size=checkpoint.size, root=root, at=at)
    finally:
        signer.close()
    return Asked(pinned=shown.note.encode())


async def replay_an_old_head(place: Place, scene: Scene) -> Asked:
    """Show an old head as the newest one."""
    place.run_unguarded(
        "DELETE FROM audit_checkpoint WHERE tenant_id = :tenant AND size > ("
        " SELECT min(size) FROM audit_checkpoint WHERE tenant_id = :tenant)",
        tenant=scene.actor.tenant_id,
    )
    return Asked(max_age_s=600, now=datetime.now(UTC) + timedelta(hours=1))


async def leave_the_triggers_off(place: Place, scene: Scene) -> Asked:
    """Switch off what refuses changes, and leave it off."""
    assert scene.place is not place
    place.run("ALTER TABLE audit_event DISABLE TRIGGER append_only_rows")
    return Asked()


ATTACKS: Final[Sequence[Attack]] = (
    Attack(number="1", name="edit an entry", expected=Fault.LEAF_MISMATCH, act=edit_entry),
    Attack(
        number="2", name="edit an entry and its hashes", expected=Fault.TILE_MISMATCH, act=edit_entry_and_leaf
    ),
    Attack(
        number="3",
        name="edit an entry and the whole tree",
        expected=Fault.ROOT_MISMATCH,
        act=edit_entry_and_tree,
    ),
    Attack(number="4", name="sign it with the stolen key", expected=Fault.FORK, act=edit_and_sign_again),
    Attack(
        number="5",
        name="delete an entry in the middle",
        expected=Fault.ROOT_MISMATCH,
        act=delete_from_the_middle,
    ),
    Attack(number="6", name="cut the newest entries off", expected=Fault.ROLLBACK, act=cut_the_tail),
    Attack(
        number="7", name="cut them off and drop their heads", expected=Fault.ROLLBACK, act=cut_tail_and_heads
    ),
    Attack(
        number="10a",
        name="delete what waits for its place",
        expected=Fault.ORPHAN_EVENT,
        act=lose_a_queue_row,
    ),
    Attack(
        number="10b", name="delete it and its event", expected=Fault.WRITER_GAP, act=lose_event_and_queue_row
    ),
    Attack(
        number="10c",
        name="delete what a receipt promises",
        expected=Fault.RECEIPT_BROKEN,
        act=lose_what_was_promised,
    ),
    Attack(
        number="11",
        name="swap texts of two workspaces",
        expected=Fault.COMMITMENT_MISMATCH,
        act=swap_between_workspaces,
    ),
    Attack(
        number="12", name="swap two ciphertexts", expected=Fault.COMMITMENT_MISMATCH, act=swap_ciphertexts
    ),
    Attack(number="13a", name="delete a text, not its key", expected=Fault.SLOT_MISSING, act=delete_a_text),
    Attack(
        number="13b",
        name="destroy a key and say nothing",
        expected=Fault.SLOT_MISSING,
        act=destroy_a_key_in_silence,
    ),
    Attack(number="14", name="bring a destroyed key back", expected=Fault.KEY_REVIVED, act=revive_a_key),
    Attack(
        number="16a", name="reply without a record", expected=Fault.PAIR_MISSING, act=speak_without_a_record
    ),
    Attack(
        number="16b", name="open a text and say so nowhere", expected=Fault.PAIR_MISSING, act=look_in_silence
    ),
    Attack(number="17", name="backdate an entry", expected=Fault.TIME_BRACKET, act=backdate),
    Attack(number="18", name="two heads of one size", expected=Fault.FORK, act=equivocate),
    Attack(number="19", name="show an old head as new", expected=Fault.STALE, act=replay_an_old_head),
    Attack(
        number="20a", name="leave the triggers off", expected=Fault.GUARD_MISSING, act=leave_the_triggers_off
    ),
    Attack(
        number="23a",
        name="write an entry in another form",
        expected=Fault.SCHEMA_MISMATCH,
        act=write_another_form,
    ),
    Attack(
        number="23b", name="exchange the declared forms", expected=Fault.SCHEMA_MISSING, act=exchange_a_form
    ),
    Attack(
        number="24",
        name="leave a head out of the log over all logs",
        expected=Fault.ROOT_LOG_MISMATCH,
        act=leave_out_of_the_root_log,
    ),
)


def _leaves(place: Place, scene: Scene) -> list[bytes]:
    rows = place.run(
        "SELECT leaf_hash FROM audit_leaf WHERE tenant_id = :tenant ORDER BY index",
        tenant=scene.actor.tenant_id,
    )
    return [bytes(row["leaf_hash"]) for row in rows]


def _regrow(place: Place, scene: Scene) -> None:
    """Write tiles and frontier anew, as they follow from the leaves."""
    leaves = _leaves(place, scene)
    tenant = scene.actor.tenant_id
    place.run_unguarded("DELETE FROM audit_tile WHERE tenant_id = :tenant", tenant=tenant)
    for tile in fill_tiles(0, leaves, {}):
        _write_tile(place, scene, tile)
    frontier = Frontier().extended(leaves)
    place.run_unguarded(
        "UPDATE audit_tree SET size = :size, frontier = :frontier WHERE tenant_id = :tenant",
        size=frontier.size,
        frontier=pack_frontier(frontier),
        tenant=tenant,
    )


def _write_tile(place: Place, scene: Scene, tile: FullTile) -> None:
    place.run_unguarded(
        "INSERT INTO audit_tile (tenant_id, level, index, hashes, root)"
        " VALUES (:tenant, :level, :index, :hashes, :root)",
        tenant=scene.actor.tenant_id,
        level=tile.level,
        index=tile.index,
        hashes=tile.hashes,
        root=tile.root,
    )


def _cut(place: Place, scene: Scene) -> None:
    place.run_unguarded(
        "DELETE FROM audit_leaf WHERE tenant_id = :tenant AND index >= ("
        " SELECT size - 3 FROM audit_tree WHERE tenant_id = :tenant)",
        tenant=scene.actor.tenant_id,
    )
    _regrow(place, scene)


async def _record(place: Place, scene: Scene, *, count: int = 1, hours: float = 0) -> None:
    async with place.database(clock=shifted(hours)) as database:
        for _ in range(count):
            async with database.tenant_session(scene.actor) as db:
                await audit.tail(db, limit=1)
