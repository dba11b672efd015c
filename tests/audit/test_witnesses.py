"""Witnesses: registered, handed heads, believed once their signature fits, counted by a quorum."""

from collections.abc import Callable, Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable import audit, tlog
from answerable.audit import reading, signed, witnesses
from answerable.audit.errors import (
    CosignatureRefused,
    QuorumUnreachable,
    WitnessKeyRefused,
    WitnessKnown,
    WitnessUnknown,
)
from answerable.audit.rooting import ROOT_READER
from answerable.audit.verifying import Assurance
from answerable.infra.egress import ConnectionFailed, Response
from answerable.witness import parse_request
from factories.logbook import Logbook
from factories.witnessing import (
    NAME,
    Wired,
    answer,
    grown,
    head_of,
    keys_of,
    level_of,
    list_of,
    policy_of,
    register,
)


async def test_a_pushed_head_is_cosigned_and_served_with_the_cosignature(
    logbook: Logbook, wired: Wired
) -> None:
    actor = await grown(logbook)
    witness = wired.add("https://w1.example.com", NAME, await keys_of(logbook, actor))
    await register(logbook, actor, witness.key)
    await logbook.publish()

    assert await audit.push_heads(logbook.database, actor, wired.post) == 1
    assert await audit.push_heads(logbook.database, actor, wired.post) == 0

    head = await head_of(logbook, actor)
    policy = f"{await keys_of(logbook, actor)}witness w1 {witness.key}\nquorum w1\n"
    verified = tlog.verify_checkpoint(head.note.encode(), tlog.parse_policy(policy.encode()))
    assert verified.checkpoint.size == head.size
    assert await level_of(logbook, actor) is Assurance.TENANT_WITNESSED
    ((one,)) = await list_of(logbook, actor)
    assert (one.size, one.failure) == (head.size, None)

    await logbook.record(actor)
    await logbook.publish()
    assert await audit.push_heads(logbook.database, actor, wired.post) == 1
    assert wired.requests[-1].startswith(f"old {head.size}\n".encode())


async def test_a_witness_that_knows_another_size_is_asked_again_from_there(
    logbook: Logbook, wired: Wired
) -> None:
    actor = await grown(logbook)
    witness = wired.add("https://w1.example.com", NAME, await keys_of(logbook, actor))
    seen = await head_of(logbook, actor)
    request = parse_request(b"old 0\n\n" + seen.note.encode())
    assert request is not None
    assert witness.take(request).lines
    await register(logbook, actor, witness.key)
    await logbook.publish()

    assert await audit.push_heads(logbook.database, actor, wired.post) == 1
    assert [one.partition(b"\n")[0] for one in wired.requests] == [b"old 0", f"old {seen.size}".encode()]


BAD: dict[str, Callable[[], Response]] = {
    "refused": lambda: answer(403, b"no\n"),
    "nothing": lambda: answer(200, b""),
    "junk": lambda: answer(200, b"\xff\x00 junk"),
    "another signature": lambda: answer(
        200,
        tlog.cosign(
            tlog.Checkpoint(origin="x", size=1, root=bytes(32)), NAME, Ed25519PrivateKey.generate(), at=1
        )
        .line()
        .encode(),
    ),
    "a size ahead": lambda: answer(409, b"99999\n", "text/x.tlog.size"),
    "a size that is none": lambda: answer(409, b"-1\n", "text/x.tlog.size"),
    "the same size each time": lambda: answer(409, b"0\n", "text/x.tlog.size"),
    "a redirect": lambda: answer(302),
}


@pytest.mark.parametrize("what", BAD)
async def test_what_a_witness_answers_wrongly_is_kept_nowhere_and_told(
    logbook: Logbook, wired: Wired, what: str
) -> None:
    actor = await grown(logbook)
    witness = wired.add("https://w1.example.com", NAME, await keys_of(logbook, actor))
    await register(logbook, actor, witness.key)
    before = await head_of(logbook, actor)

    async def lies(_url: str, _body: bytes, _headers: Mapping[str, str]) -> Response:
        return BAD[what]()

    assert await audit.push_heads(logbook.database, actor, lies) == 0
    assert (await head_of(logbook, actor)).note == before.note
    ((one,)) = await list_of(logbook, actor)
    assert one.failure in {"audit.witness_silent", "audit.cosignature_refused"}
    assert await level_of(logbook, actor) is Assurance.SIGNED


async def test_one_that_does_not_answer_keeps_nobody_else_from_cosigning(
    logbook: Logbook, wired: Wired
) -> None:
    actor = await grown(logbook)
    keys = await keys_of(logbook, actor)
    dead = wired.add("https://dead.example.com", "dead.example.com/w", keys)
    await register(logbook, actor, dead.key, "https://dead.example.com")
    alive = wired.add("https://w1.example.com", NAME, keys)
    await register(logbook, actor, alive.key)

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        if "dead" in url:
            raise ConnectionFailed(url)
        return await wired.post(url, body, headers)

    assert await audit.push_heads(logbook.database, actor, post) == 1
    assert [one.failure for one in await list_of(logbook, actor)] == ["egress.connection_failed", None]


async def test_a_quorum_counts_those_that_are_registered_and_no_others(
    logbook: Logbook, wired: Wired
) -> None:
    actor = await grown(logbook)
    keys = await keys_of(logbook, actor)
    for number in (1, 2):
        witness = wired.add(f"https://w{number}.example.com", f"w{number}.example.com/w", keys)
        await register(logbook, actor, witness.key, f"https://w{number}.example.com")
    async with logbook.database.tenant_session(actor) as db:
        await witnesses.set_quorum(db, 2)
    await logbook.publish()
    await audit.push_heads(logbook.database, actor, wired.post)

    policy = tlog.parse_policy(await policy_of(logbook, actor))
    head = await head_of(logbook, actor)
    assert await level_of(logbook, actor) is Assurance.QUORUM_WITNESSED
    assert tlog.verify_checkpoint(head.note.encode(), policy).checkpoint.size == head.size

    async with logbook.database.tenant_session(actor) as db:
        with pytest.raises(QuorumUnreachable):
            await witnesses.remove_witness(db, "w2.example.com/w")
    async with logbook.database.tenant_session(actor) as db:
        await witnesses.set_quorum(db, 1)
        await witnesses.remove_witness(db, "w2.example.com/w")
        with pytest.raises(WitnessUnknown):
            await witnesses.remove_witness(db, "w2.example.com/w")
    async with logbook.database.tenant_session(actor) as db:
        with pytest.raises(QuorumUnreachable):
            await witnesses.set_quorum(db, 2)


async def test_the_head_that_a_proof_stands_on_is_the_one_that_witnesses_have_seen(
    logbook: Logbook, wired: Wired
) -> None:
    actor = await grown(logbook)
    witness = wired.add("https://w1.example.com", NAME, await keys_of(logbook, actor))
    await register(logbook, actor, witness.key)
    await audit.push_heads(logbook.database, actor, wired.post)
    seen = await head_of(logbook, actor)
    await logbook.publish()
    late = await head_of(logbook, actor)

    async with logbook.database.tenant_session(actor) as db:
        covered = await signed.get_head(db, covering=0)
        proof = tlog.parse_proof(await reading.prove_entry(db, 0, covered))
        behind = await signed.get_head(db, covering=seen.size)

    assert late.size > seen.size
    assert covered.size == seen.size
    assert NAME.encode() in proof.checkpoint
    assert behind.size == late.size


async def test_what_is_no_cosignature_of_a_stored_head_is_refused(logbook: Logbook) -> None:
    actor, other = await grown(logbook), await grown(logbook)
    private = Ed25519PrivateKey.generate()
    await register(logbook, actor, str(tlog.witness_key(NAME, private)), None)
    ours, theirs = await head_of(logbook, actor), await head_of(logbook, other)

    def cosigned(note: str, *, at: int) -> bytes:
        checkpoint = tlog.parse_checkpoint(tlog.parse_note(note.encode()).text)
        return note.encode() + tlog.cosign(checkpoint, NAME, private, at=at).line().encode()

    stranger = tlog.cosign(
        tlog.parse_checkpoint(tlog.parse_note(ours.note.encode()).text),
        "a.example/w",
        Ed25519PrivateKey.generate(),
        at=1,
    )
    for note in (
        cosigned(theirs.note, at=1_795_000_000),
        cosigned(ours.note, at=9_999_999_999),
        ours.note.encode() + stranger.line().encode(),
        ours.note.encode(),
        b"",
        b"\x00",
    ):
        with pytest.raises(CosignatureRefused):
            async with logbook.database.tenant_session(actor) as db:
                await witnesses.take(db, note)
    async with logbook.database.tenant_session(actor) as db:
        assert await witnesses.take(db, cosigned(ours.note, at=1_795_000_000)) == 1


async def test_who_is_registered_is_an_event_and_nobody_is_twice(logbook: Logbook) -> None:
    actor = await grown(logbook)
    private = Ed25519PrivateKey.generate()
    key = str(tlog.witness_key(NAME, private))
    token = await register(logbook, actor, key, None)
    assert token is not None

    with pytest.raises(WitnessKnown):
        await register(logbook, actor, key, None)
    names = await keys_of(logbook, actor)
    for wrong in ("", "x", names.split()[1], str(tlog.log_key(NAME, private))):
        with pytest.raises(WitnessKeyRefused):
            await register(logbook, actor, wrong)
    async with logbook.database.tenant_session(actor) as db:
        assert (await audit.tail(db, limit=1))[0].type == "witness.added"
        assert await witnesses.find_by_token(db, token) is not None
        assert await witnesses.find_by_token(db, token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert witnesses.tenant_of(token) == actor.tenant_id


async def test_the_root_logs_witnesses_vouch_for_every_tenants_heads(logbook: Logbook, wired: Wired) -> None:
    actor = await grown(logbook)
    witness = wired.add("https://w1.example.com", NAME, await keys_of(logbook, ROOT_READER))
    await register(logbook, ROOT_READER, witness.key)
    async with logbook.database.tenant_session(ROOT_READER) as root:
        await witnesses.set_quorum(root, 1)
    assert await level_of(logbook, actor) is Assurance.SIGNED

    assert await audit.push_heads(logbook.database, ROOT_READER, wired.post) == 1

    assert await level_of(logbook, actor) is Assurance.QUORUM_WITNESSED
