"""A witness over HTTP: what it cosigns, and that it never cosigns two histories whatever is asked of it."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Generator, Sequence
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable import tlog
from answerable.tlog import Checkpoint, Note
from answerable.witness import Witness, create_witness, read_logs
from answerable.witness.errors import LogsUnreadable, StateMissing
from answerable.witness.state import KEY, STATE

ORIGIN = "answerable.0123456789abcdef/01a20000-0000-7000-8000-000000000001"
LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
LEAVES = [tlog.hash_leaf(bytes([number])) for number in range(60)]
NODES = tlog.nodes_of(LEAVES)
NOW = 1_795_694_400


def checkpoint(
    size: int, *, root: bytes | None = None, key: Ed25519PrivateKey = LOG, origin: str = ORIGIN
) -> bytes:
    head = Checkpoint(origin=origin, size=size, root=root or tlog.root_of(size, NODES))
    return Note(text=head.text(), signatures=(tlog.sign(head.text(), origin, key),)).render()


def ask(old: int, note: bytes, proof: Sequence[bytes] = ()) -> bytes:
    lines = b"".join(b64encode(one) + b"\n" for one in proof)
    return b"old %d\n%s\n%s" % (old, lines, note)


def grow(old: int, size: int) -> bytes:
    return ask(old, checkpoint(size), tlog.prove_consistency(old, size, NODES))


@pytest.fixture
def logs() -> str:
    return f"# ours\n\nlog {tlog.log_key(ORIGIN, LOG)}\n"


@pytest.fixture
def witness(tmp_path: Path, logs: str) -> Generator[Witness]:
    opened = Witness(tmp_path / "w", "witness.example.com/w1", read_logs(logs), now=lambda: NOW)
    yield opened
    opened.close()


async def post(witness: Witness, *bodies: bytes) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app=create_witness(witness))
    # Nothing leaves this process: the application is called and no socket opened.
    async with httpx.AsyncClient(transport=transport, base_url="http://witness") as client:  # noqa: TID251
        return [await client.post("/add-checkpoint", content=body) for body in bodies]


async def get(witness: Witness, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=create_witness(witness))
    async with httpx.AsyncClient(transport=transport, base_url="http://witness") as client:  # noqa: TID251
        return await client.get(path)


async def test_a_log_that_grows_is_cosigned_with_a_time(witness: Witness) -> None:
    first, second, again = await post(witness, grow(0, 5), grow(5, 40), grow(40, 40))

    assert [one.status_code for one in (first, second, again)] == [200, 200, 200]
    note = tlog.parse_note(checkpoint(40) + second.content)
    (signer,) = tlog.verify_note(note, [tlog.parse_key(witness.key)])
    assert signer.at == NOW
    newest = await get(witness, f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint")
    assert newest.content == checkpoint(40) + again.content


REFUSED: dict[str, tuple[bytes, int]] = {
    "another size than was seen last": (grow(4, 40), 409),
    "less than was seen": (grow(3, 4), 409),
    "another root of the same size": (ask(5, checkpoint(5, root=bytes(32))), 409),
    "no proof": (ask(5, checkpoint(40)), 422),
    "a proof of something else": (ask(5, checkpoint(40), tlog.prove_consistency(6, 40, NODES)), 422),
    "a proof where none is needed": (ask(5, checkpoint(5), [bytes(32)]), 422),
    "an old size beyond the checkpoint's": (ask(7, checkpoint(6)), 400),
    "an unknown log": (ask(0, checkpoint(5, origin="elsewhere.example/log")), 404),
    "another key": (ask(5, checkpoint(40, key=OTHER), tlog.prove_consistency(5, 40, NODES)), 403),
    "nothing": (b"", 400),
    "no size": (b"old x\n\n" + checkpoint(40), 400),
    "a size with a zero in front": (b"old 05\n\n" + checkpoint(40), 400),
    "a negative size": (b"old -1\n\n" + checkpoint(40), 400),
    "a short hash": (ask(5, checkpoint(40), [bytes(31)]), 400),
    "too many hashes": (ask(5, checkpoint(40), [bytes(32)] * 64), 400),
    "a null byte": (ask(5, checkpoint(40).replace(b"answerable", b"answer\x00ble")), 400),
    "no note": (b"old 5\n\n", 400),
    "ten megabytes": (b"old 5\n\n" + b"x" * 10_000_000, 413),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
async def test_everything_else_is_refused_and_changes_nothing(witness: Witness, what: str) -> None:
    body, status = REFUSED[what]

    _, refused, goes_on = await post(witness, grow(0, 5), body, grow(5, 41))

    assert refused.status_code == status
    assert goes_on.status_code == 200


async def test_who_is_behind_is_told_the_size_that_was_seen(witness: Witness) -> None:
    _, stale, same = await post(witness, grow(0, 5), grow(4, 40), REFUSED["another root of the same size"][0])

    assert (stale.headers["content-type"], stale.content) == ("text/x.tlog.size", b"5\n")
    assert same.headers["content-type"].startswith("text/plain")


async def test_of_two_histories_at_once_one_is_cosigned(witness: Witness) -> None:
    leaves = [tlog.hash_leaf(b"other"), *LEAVES[1:]]
    nodes = tlog.nodes_of(leaves)
    one, other = (ask(0, checkpoint(9)), ask(0, checkpoint(9, root=tlog.root_of(9, nodes))))

    answers = await asyncio.gather(post(witness, one), post(witness, other))

    assert sorted(answer.status_code for (answer,) in answers) == [200, 409]


async def test_what_was_seen_outlives_the_process(witness: Witness, tmp_path: Path, logs: str) -> None:
    await post(witness, grow(0, 5))
    key = witness.key
    # Not closed: as after a kill, only what is on disk counts.
    again = Witness(tmp_path / "w", "witness.example.com/w1", read_logs(logs), now=lambda: NOW)

    refused, goes_on = await post(again, grow(0, 5), grow(5, 6))

    assert (refused.status_code, refused.content) == (409, b"5\n")
    assert goes_on.status_code == 200
    assert again.key == key
    again.close()


def test_a_witness_that_forgot_what_it_saw_does_not_start(
    witness: Witness, tmp_path: Path, logs: str
) -> None:
    assert witness.key
    (tmp_path / "w" / STATE).unlink()

    with pytest.raises(StateMissing):
        Witness(tmp_path / "w", "witness.example.com/w1", read_logs(logs), now=lambda: NOW)
    assert (tmp_path / "w" / KEY).stat().st_mode & 0o077 == 0


def test_all_logs_of_an_installation_are_named_in_one_line() -> None:
    public = b64encode(LOG.public_key().public_bytes_raw()).decode()
    keys_of = read_logs(f"logs answerable.0123456789abcdef {public}\n")

    assert [str(key) for key in keys_of(ORIGIN)] == [str(tlog.log_key(ORIGIN, LOG))]
    assert keys_of("answerable.0123456789abcdefg/x") == ()
    assert keys_of("answerable.0123456789abcdef/a b") == ()


@pytest.mark.parametrize("line", ["log", "log x", "logs a b", "logs a AAAA", "witness w x", "log a b c"])
def test_a_line_that_names_no_log_is_named(line: str) -> None:
    with pytest.raises(LogsUnreadable, match="Line 2"):
        read_logs(f"# first\n{line}\n")
