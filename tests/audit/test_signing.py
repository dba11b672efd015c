"""The signer: it signs what continues what it signed, and refuses everything else whatever the database says."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from answerable import tlog
from answerable.audit.errors import SignerKeyMissing, SignerStateMissing
from answerable.audit.heads import FILE
from answerable.audit.sequencing import drain
from answerable.audit.signer import Signer
from answerable.audit.signing import declare_recovery, open_signer, sign_heads
from answerable.infra.ids import Actor
from answerable.vault.errors import KeysExposed
from factories.logbook import Logbook

CUT_THE_TAIL = (
    "DELETE FROM audit_leaf WHERE index >= 1",
    """
    UPDATE audit_tree SET size = 1, frontier = (
        SELECT leaf_hash FROM audit_leaf l WHERE l.tenant_id = audit_tree.tenant_id AND index = 0
    )
    """,
)


async def checkpoints(logbook: Logbook, actor: Actor) -> list[tuple[int, int, str]]:
    async with logbook.database.tenant_session(actor) as db:
        rows = await db.execute(
            text("SELECT generation, size, note FROM audit_checkpoint ORDER BY generation, size")
        )
        return [(row[0], row[1], row[2]) for row in rows]


async def alarms(logbook: Logbook, actor: Actor) -> list[tuple[str, bool]]:
    async with logbook.database.tenant_session(actor) as db:
        rows = await db.execute(text("SELECT finding, settled_at IS NOT NULL FROM audit_alarm ORDER BY id"))
        return [(row[0], row[1]) for row in rows]


async def sign(logbook: Logbook, *, at: float | None = None, folder: Path | None = None) -> int:
    async with open_signer(folder or logbook.folder) as signer:
        assert signer is not None
        if at is None:
            return await sign_heads(signer, logbook.signer)
        return await sign_heads(signer, logbook.signer, now=lambda: at)


async def keys_of(logbook: Logbook, actor: Actor) -> tuple[str, str, str]:
    async with logbook.database.tenant_session(actor) as db:
        row = (await db.execute(text("SELECT log_key, clock_key, receipt_key FROM audit_log"))).one()
        return row[0], row[1], row[2]


async def test_a_signed_head_verifies_with_the_published_keys_and_states_its_time(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await logbook.record(actor, 3)
    await drain(logbook.sequencer)
    await sign(logbook, at=1_795_000_000)

    ((generation, size, note),) = await checkpoints(logbook, actor)
    log_key, clock_key, _ = await keys_of(logbook, actor)
    policy = tlog.parse_policy(f"log {log_key}\nwitness clock {clock_key}\nquorum none\n".encode())
    verified = tlog.verify_checkpoint(note.encode(), policy)

    assert generation == 1
    assert verified.checkpoint.size == size
    assert verified.checkpoint.origin.endswith(f"/{actor.tenant_id}")
    assert clock_key.startswith(f"{verified.checkpoint.origin}/clock+")
    assert "1795000000" in repr(verified)


async def test_nothing_new_is_signed_twice(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await logbook.publish()

    assert await sign(logbook) == 0
    await logbook.record(actor)
    await drain(logbook.sequencer)
    assert await sign(logbook) == 1
    assert [size for _, size, _ in await checkpoints(logbook, actor)] == sorted(
        {size for _, size, _ in await checkpoints(logbook, actor)}
    )


async def test_a_log_that_lost_its_tail_is_never_signed_again(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await logbook.record(actor, 4)
    await logbook.publish()
    signed = await checkpoints(logbook, actor)

    logbook.run_as_superuser(*CUT_THE_TAIL)
    assert await sign(logbook) == 0
    assert await alarms(logbook, actor) == [("rollback", False)]

    # Not even once it has grown beyond what was signed, with other leaves.
    await logbook.record(actor, 9)
    await drain(logbook.sequencer)
    assert await sign(logbook) == 0
    assert await checkpoints(logbook, actor) == signed
    assert {finding for finding, _ in await alarms(logbook, actor)} == {"rollback", "fork"}


async def test_a_log_that_vanished_is_an_alarm(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await logbook.publish()

    logbook.run_as_superuser("DELETE FROM audit_leaf", "DELETE FROM audit_tree")
    await sign(logbook)

    assert await alarms(logbook, actor) == [("rollback", False)]


async def test_another_leaf_in_an_old_place_is_a_fork(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await logbook.record(actor, 4)
    await logbook.publish()

    await logbook.record(actor)
    await drain(logbook.sequencer)
    logbook.run_as_superuser("UPDATE audit_leaf SET leaf_hash = sha256('other') WHERE index = 0")
    await sign(logbook)

    assert await alarms(logbook, actor) == [("fork", False)]


async def test_a_clock_that_went_back_is_refused_until_it_is_right_again(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await drain(logbook.sequencer)
    await sign(logbook, at=1_795_000_000)
    await logbook.record(actor)
    await drain(logbook.sequencer)

    assert await sign(logbook, at=1_794_990_000) == 0
    assert await alarms(logbook, actor) == [("clock_went_back", False)]
    assert await sign(logbook, at=1_795_000_001) == 1
    assert await alarms(logbook, actor) == [("clock_went_back", True)]


async def test_a_note_that_a_crash_kept_from_the_database_is_stored_the_next_time(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await logbook.publish()
    kept = await checkpoints(logbook, actor)
    logbook.run_as_superuser("DELETE FROM audit_checkpoint")
    with sqlite3.connect(logbook.folder / FILE) as state:
        state.execute("UPDATE head SET is_stored = 0")

    await sign(logbook)

    assert await checkpoints(logbook, actor) == kept


async def test_another_signer_does_not_take_a_log_over_unasked(logbook: Logbook, tmp_path: Path) -> None:
    actor = await logbook.make_tenant()
    await logbook.publish()
    await logbook.record(actor)
    await drain(logbook.sequencer)

    assert await sign(logbook, folder=tmp_path / "other") == 0
    assert await alarms(logbook, actor) == [("fork", False)]


async def test_after_a_declared_recovery_a_new_generation_goes_on_and_the_alarm_ends(
    logbook: Logbook,
) -> None:
    actor = await logbook.make_tenant()
    await logbook.record(actor, 4)
    await logbook.publish()
    logbook.run_as_superuser(*CUT_THE_TAIL)
    await sign(logbook)

    async with open_signer(logbook.folder) as signer:
        assert signer is not None
        declare_recovery(signer, actor.tenant_id, generation=1)
        assert await sign_heads(signer, logbook.signer) == 1

    found = await checkpoints(logbook, actor)
    assert [generation for generation, _, _ in found] == [1, 2]
    assert found[-1][2].splitlines()[0].endswith(f"/{actor.tenant_id}/2")
    assert await alarms(logbook, actor) == [("rollback", True)]


async def test_only_one_process_signs(logbook: Logbook) -> None:
    async with open_signer(logbook.folder) as first, open_signer(logbook.folder) as second:
        assert first is not None
        assert second is None


@pytest.mark.parametrize(("lost", "error"), [(FILE, SignerStateMissing), ("signer.key", SignerKeyMissing)])
async def test_a_signer_that_lost_half_of_itself_signs_nothing(
    logbook: Logbook, lost: str, error: type[Exception]
) -> None:
    await logbook.make_tenant()
    await logbook.publish()
    (logbook.folder / lost).unlink()

    with pytest.raises(error):
        Signer.open(logbook.folder)


async def test_keys_that_others_may_read_are_refused(logbook: Logbook) -> None:
    await logbook.publish()
    (logbook.folder / "signer.key").chmod(0o644)

    with pytest.raises(KeysExposed):
        Signer.open(logbook.folder)
