"""The root log: every signed head enters it once, blinded, and its own head is signed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from answerable import audit, tlog
from answerable.audit import recovering, rooting, signed
from answerable.audit.rooted import find_rooted
from answerable.audit.rooting import ROOT_READER
from answerable.audit.signing import open_signer, sign_heads
from answerable.audit.verifying import Asked, Fault
from answerable.infra.ids import Actor, ActorKind, uuid7
from factories.logbook import Logbook


async def entries(logbook: Logbook) -> list[bytes]:
    async with logbook.database.tenant_session(ROOT_READER) as root:
        found = await root.scalars(
            text(
                "SELECT body FROM audit_root_entry JOIN audit_leaf USING (tenant_id, event_id) ORDER BY index"
            )
        )
        return [bytes(one) for one in found]


async def root_head(logbook: Logbook) -> signed.Head:
    async with logbook.database.tenant_session(ROOT_READER) as root:
        return await signed.get_head(root)


async def heads_of(logbook: Logbook, actor: Actor) -> list[tuple[bytes, bytes]]:
    """The key that finds a tenant's heads, beside the text of each of them."""
    async with logbook.database.tenant_session(actor) as db:
        key = await rooting.get_label_key(db)
        heads = await signed.list_heads(db, after=0, limit=100)
    return [(key, tlog.parse_note(one.note.encode()).text) for one in heads]


async def test_every_head_of_every_log_enters_once_and_the_root_over_them_is_signed(logbook: Logbook) -> None:
    first, second = await logbook.make_tenant(), await logbook.make_tenant()
    for _ in range(3):
        await logbook.record(first)
        await logbook.publish()
    await logbook.publish()

    found = await entries(logbook)
    head = await root_head(logbook)
    expected = [
        rooting.render_entry(key, checkpoint)
        for actor in (first, second)
        for key, checkpoint in await heads_of(logbook, actor)
    ]

    assert len(found) == 4
    assert sorted(found) == sorted(expected)
    assert head.size == len(found)
    leaves = [tlog.hash_leaf(body) for body in found]
    assert head.root == tlog.root_of(len(leaves), tlog.nodes_of(leaves))
    assert tlog.parse_checkpoint(tlog.parse_note(head.note.encode()).text).origin.endswith("/root")


async def test_an_entry_tells_nothing_without_the_key_and_one_head_with_it(logbook: Logbook) -> None:
    first, second = await logbook.make_tenant(), await logbook.make_tenant()
    await logbook.publish()

    ((key, mine),) = await heads_of(logbook, first)
    ((other_key, theirs),) = await heads_of(logbook, second)
    found = [rooting.parse_entry(body) for body in await entries(logbook)]
    own = [one for one in found if one.label == rooting.label_of(key)]

    assert [one.head for one in own] == [rooting.commit(key, mine)]
    assert rooting.label_of(other_key) not in {one.label for one in own}
    assert own[0].head != rooting.commit(key, theirs)
    assert all(str(first.tenant_id).encode() not in body for body in await entries(logbook))


async def test_what_was_stored_before_a_crash_is_not_entered_again(logbook: Logbook) -> None:
    await logbook.make_tenant()
    await logbook.publish()
    async with open_signer(logbook.folder) as signer:
        assert signer is not None
        # As after a kill between the commit and the note that it happened.
        signer.heads.save([replace(one, is_stored=False) for one in signer.heads.newest().values()])
        await sign_heads(signer, logbook.signer)

    assert len(await entries(logbook)) == 1


async def test_a_root_log_that_lost_entries_is_not_signed_and_tenants_are(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    for _ in range(3):
        await logbook.record(actor)
        await logbook.publish()
    before = await root_head(logbook)
    logbook.run_as_superuser(
        f"DELETE FROM audit_leaf WHERE tenant_id = '{ROOT_READER.tenant_id}' AND index > 0",
        "UPDATE audit_tree SET size = 1, frontier = (SELECT leaf_hash FROM audit_leaf l"
        " WHERE l.tenant_id = audit_tree.tenant_id AND index = 0)"
        f" WHERE tenant_id = '{ROOT_READER.tenant_id}'",
    )

    await logbook.record(actor)
    await logbook.publish()

    async with logbook.database.tenant_session(ROOT_READER) as root:
        alarms = list(await root.scalars(text("SELECT finding FROM audit_alarm WHERE settled_at IS NULL")))
    assert alarms == ["rollback"]
    assert (await root_head(logbook)).size == before.size
    async with logbook.database.tenant_session(actor) as db:
        assert (await signed.get_head(db)).size == 7
        assert not list(await db.scalars(text("SELECT finding FROM audit_alarm")))


async def test_a_declared_loss_lets_the_root_log_go_on_under_a_new_name(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    await logbook.record(actor)
    await logbook.publish()
    logbook.run_as_superuser(
        f"DELETE FROM audit_leaf WHERE tenant_id = '{ROOT_READER.tenant_id}'",
        f"UPDATE audit_tree SET size = 0, frontier = '' WHERE tenant_id = '{ROOT_READER.tenant_id}'",
    )
    await logbook.record(actor)
    await logbook.publish()

    async with logbook.database.tenant_session(ROOT_READER) as root:
        assert await recovering.recover(root, logbook.folder) == 2
    await logbook.record(actor)
    await logbook.publish()

    head = await root_head(logbook)
    assert tlog.parse_checkpoint(tlog.parse_note(head.note.encode()).text).origin.endswith("/root/2")
    async with logbook.database.tenant_session(ROOT_READER) as root:
        assert not list(await root.scalars(text("SELECT 1 FROM audit_alarm WHERE settled_at IS NULL")))


async def verify(logbook: Logbook, actor: Actor, *, after: timedelta = timedelta(hours=1)) -> list[Fault]:
    """What verifying finds with the root log at hand, some time from now, besides triggers that are off."""
    sessions = logbook.database.tenant_session
    async with sessions(replace(actor, kind=ActorKind.SYSTEM)) as db, sessions(ROOT_READER) as root:
        report = await audit.verify(db, Asked(root=root, now=datetime.now(UTC) + after))
    return [one.finding for one in report.findings if one.finding is not Fault.GUARD_MISSING]


async def grown(logbook: Logbook) -> Actor:
    actor = await logbook.make_tenant()
    for _ in range(3):
        await logbook.record(actor)
        await logbook.publish()
    return actor


async def test_a_head_that_left_the_root_log_is_found_once_it_is_late(logbook: Logbook) -> None:
    actor, other = await grown(logbook), await grown(logbook)
    assert await verify(logbook, actor) == []
    gone = "SELECT event_id FROM audit_leaf WHERE tenant_id = e.tenant_id ORDER BY index DESC LIMIT 1"
    logbook.run_as_superuser(f"DELETE FROM audit_root_entry e WHERE event_id = ({gone})")

    assert await verify(logbook, other) == [Fault.ROOT_LOG_MISMATCH]
    assert await verify(logbook, other, after=timedelta()) == []
    assert await verify(logbook, actor) == []


async def test_a_head_from_before_the_root_log_is_not_missed(logbook: Logbook) -> None:
    actor = await grown(logbook)
    first = "SELECT event_id FROM audit_leaf WHERE tenant_id = e.tenant_id ORDER BY index LIMIT 1"
    logbook.run_as_superuser(f"DELETE FROM audit_root_entry e WHERE event_id = ({first})")

    assert await verify(logbook, actor) == []


async def test_a_head_in_the_root_log_that_is_none_of_its_own_is_found(logbook: Logbook) -> None:
    actor, other = await grown(logbook), await grown(logbook)
    ((key, _), *_) = await heads_of(logbook, actor)
    foreign = rooting.render_entry(key, b"answerable.example/another\n4\nAAAA\n")
    root = ROOT_READER.tenant_id
    event, leaf = uuid7(), tlog.hash_leaf(foreign)
    logbook.run_as_superuser(
        "INSERT INTO audit_root_entry (tenant_id, event_id, body)"
        f" VALUES ('{root}', '{event}', '\\x{foreign.hex()}')",
        "INSERT INTO audit_leaf (tenant_id, index, event_id, leaf_hash, sequenced_at)"
        f" SELECT '{root}', max(index) + 1, '{event}', '\\x{leaf.hex()}', now() FROM audit_leaf"
        f" WHERE tenant_id = '{root}'",
    )

    assert await verify(logbook, actor) == [Fault.ROOT_LOG_MISMATCH]
    assert await verify(logbook, other) == []


async def test_what_is_signed_while_a_log_is_exported_is_not_in_the_export(logbook: Logbook) -> None:
    actor = await grown(logbook)
    sessions = logbook.database.tenant_session
    async with sessions(actor) as db:
        exported = await signed.get_head(db)
    await logbook.record(actor, 5)
    await logbook.publish()

    async with sessions(actor) as db, sessions(ROOT_READER) as root:
        held = await find_rooted(db, root, exported)
        newer = await find_rooted(db, root, await signed.get_head(db))

    assert held is not None
    assert newer is not None
    assert held.head.size == exported.size < newer.head.size


async def test_without_the_root_log_at_hand_it_counts_as_not_checked(logbook: Logbook) -> None:
    actor = await grown(logbook)

    async with logbook.database.tenant_session(replace(actor, kind=ActorKind.SYSTEM)) as db:
        report = await audit.verify(db)

    assert "the log over all logs of the installation" in report.not_checked
