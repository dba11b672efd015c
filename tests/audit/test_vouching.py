"""What verification, export and a declared loss make of what witnesses have said."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from answerable import audit
from answerable.audit import recovering, signed, witnesses
from answerable.audit.verifying import Asked, Assurance, Report
from answerable.audit.verifying.values import Exit
from factories.logbook import Logbook
from factories.witnessing import (
    NAME,
    Wired,
    grown,
    keys_of,
    level_of,
    list_of,
    register,
)


async def test_verification_says_who_has_cosigned_and_what_they_have_not_seen(
    logbook: Logbook, wired: Wired
) -> None:
    actor = await grown(logbook)
    witness = wired.add("https://w1.example.com", NAME, await keys_of(logbook, actor))
    await register(logbook, actor, witness.key)
    await logbook.publish()

    async def verify(policy: bytes | None = None, require: Assurance = Assurance.SIGNED) -> Report:
        async with logbook.database.tenant_session(actor) as db:
            return await audit.verify(db, Asked(policy=policy, require=require))

    before = await verify(require=Assurance.TENANT_WITNESSED)
    assert (before.assurance, before.exit) == (Assurance.SIGNED, Exit.UNWITNESSED)
    await audit.push_heads(logbook.database, actor, wired.post)
    log_alone = f"{await keys_of(logbook, actor)}quorum none\n".encode()
    with_quorum = f"{await keys_of(logbook, actor)}witness w {witness.key}\nquorum w\n".encode()
    assert (await verify()).assurance is Assurance.TENANT_WITNESSED
    assert (await verify(log_alone)).assurance is Assurance.SIGNED
    assert (await verify(with_quorum)).assurance is Assurance.QUORUM_WITNESSED
    assert (await verify(b"junk")).exit is Exit.UNWITNESSED

    await logbook.record(actor, 3)
    await logbook.publish()
    after = await verify()
    assert after.assurance is Assurance.TENANT_WITNESSED
    assert any("the newest 3 entries" in one for one in after.not_checked)


async def test_an_export_carries_what_witnesses_have_said(
    logbook: Logbook, wired: Wired, tmp_path: Path
) -> None:
    actor = await grown(logbook)
    witness = wired.add("https://w1.example.com", NAME, await keys_of(logbook, actor))
    await register(logbook, actor, witness.key)
    async with logbook.database.tenant_session(actor) as db:
        await witnesses.set_quorum(db, 1)
    await logbook.publish()

    async def export(name: str) -> tuple[int, str]:
        sessions = logbook.database.tenant_session
        async with sessions(actor) as db, sessions(audit.ROOT_READER) as root:
            await audit.export(db, root, tmp_path / name)
        command = [sys.executable, "-I", "verifier/answerable_verify.py", str(tmp_path / name), "--json"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
        return done.returncode, json.loads(done.stdout)["assurance"]

    assert await export("before") == (20, "signed")
    await audit.push_heads(logbook.database, actor, wired.post)
    assert await export("seen") == (0, "quorum-witnessed")
    await logbook.publish()
    assert await export("after") == (20, "signed")
    assert NAME in (tmp_path / "after" / "witnessed").read_text()


async def test_what_was_cosigned_before_a_declared_loss_vouches_for_nothing_after_it(
    logbook: Logbook, wired: Wired
) -> None:
    actor = await grown(logbook)
    await logbook.record(actor, 9)
    await logbook.publish()
    witness = wired.add("https://w1.example.com", NAME, await keys_of(logbook, actor))
    await register(logbook, actor, witness.key)
    await logbook.publish()
    await audit.push_heads(logbook.database, actor, wired.post)
    tenant = f"tenant_id = '{actor.tenant_id}'"
    logbook.run_as_superuser(
        f"DELETE FROM audit_leaf WHERE index > 0 AND {tenant}",
        "UPDATE audit_tree SET size = 1, frontier = (SELECT leaf_hash FROM audit_leaf l"
        f" WHERE l.tenant_id = audit_tree.tenant_id AND index = 0) WHERE {tenant}",
    )
    await logbook.publish()
    async with logbook.database.tenant_session(actor) as db:
        await recovering.recover(db, logbook.folder)
    await logbook.publish()

    async with logbook.database.tenant_session(actor) as db:
        head = await signed.get_head(db, covering=0)
        heads = await signed.list_heads(db, after=0, limit=10)

    assert head.generation == 2
    assert {one.generation for one in heads} == {2}
    assert await level_of(logbook, actor) is Assurance.SIGNED
    assert await audit.push_heads(logbook.database, actor, wired.post) == 0
    assert [one.failure for one in await list_of(logbook, actor)] == ["audit.witness_silent"]
