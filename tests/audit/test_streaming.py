"""A copy of the log in a file: whole, resumable, and able to prove it."""

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from answerable import tlog
from answerable.audit import streaming
from answerable.audit.errors import CopyOfAnother, CopyUnreadable
from answerable.audit.streaming import BLOCK_BYTES, MOST, FileSink, copy_log, read_copy
from answerable.audit.values import ExportFormat
from answerable.infra.ids import Actor
from factories.logbook import Logbook


def batches_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def verify(batches: list[dict[str, Any]]) -> int:
    """The size of a copy, if all of it leads to the checkpoints that it carries."""
    leaves: list[bytes] = []
    for batch in batches:
        assert batch["from"] == len(leaves)
        leaves += [tlog.hash_leaf(b64decode(event["data_base64"])) for event in batch["events"]]
        assert batch["to"] == len(leaves)
        head = tlog.parse_checkpoint(tlog.parse_note(batch["checkpoint"].encode()).text)
        tlog.verify_consistency(
            old_size=len(leaves),
            old_root=tlog.root_of(len(leaves), tlog.nodes_of(leaves)),
            new_size=head.size,
            new_root=head.root,
            proof=[b64decode(one) for one in batch["consistency"]],
        )
    return len(leaves)


async def copy(logbook: Logbook, tenant: Actor, path: Path) -> int:
    return await copy_log(logbook.database, tenant, FileSink(path), wanted=ExportFormat.CLOUDEVENTS)


async def test_a_copy_goes_on_where_it_ended_and_verifies_batch_by_batch(
    logbook: Logbook, tmp_path: Path
) -> None:
    tenant, path = await logbook.make_tenant(), tmp_path / "copy.jsonl"
    await logbook.record(tenant, MOST + 3)
    await logbook.publish()
    first = await copy(logbook, tenant, path)
    await logbook.record(tenant, 5)
    await logbook.publish()

    second = await copy(logbook, tenant, path)

    # The first copy's own event came after it.
    assert second == first + 6
    assert len(batches_of(path)) == 3
    assert verify(batches_of(path)) == second


async def test_one_changed_byte_of_a_copy_is_found(logbook: Logbook, tmp_path: Path) -> None:
    tenant, path = await logbook.make_tenant(), tmp_path / "copy.jsonl"
    await logbook.publish()
    await copy(logbook, tenant, path)
    batches = batches_of(path)
    entry = b64decode(batches[0]["events"][0]["data_base64"])
    batches[0]["events"][0]["data_base64"] = b64encode(entry[:-1] + b"]").decode()

    with pytest.raises(tlog.Refused):
        verify(batches)


async def test_a_batch_that_was_cut_off_is_written_again(logbook: Logbook, tmp_path: Path) -> None:
    tenant, path = await logbook.make_tenant(), tmp_path / "copy.jsonl"
    await logbook.record(tenant, MOST + 3)
    await logbook.publish()
    whole = await copy(logbook, tenant, path)
    path.write_bytes(path.read_bytes()[:-20])

    again = await copy(logbook, tenant, path)

    assert again == whole
    assert verify(batches_of(path)) == whole


async def test_a_file_of_another_log_or_of_something_else_gets_nothing(
    logbook: Logbook, tmp_path: Path
) -> None:
    acme, globex = await logbook.make_tenant(), await logbook.make_tenant()
    await logbook.publish()
    await copy(logbook, acme, tmp_path / "copy.jsonl")
    (tmp_path / "notes.txt").write_text("not a batch\n")

    with pytest.raises(CopyOfAnother):
        await copy(logbook, globex, tmp_path / "copy.jsonl")
    with pytest.raises(CopyUnreadable):
        await copy(logbook, acme, tmp_path / "notes.txt")


@pytest.mark.parametrize("padding", [0, 100, BLOCK_BYTES - 40, BLOCK_BYTES, 3 * BLOCK_BYTES + 7])
@pytest.mark.parametrize("cut", [b"", b"{", b"x" * 10, b"y" * (2 * BLOCK_BYTES)])
def test_only_the_end_of_a_file_says_how_far_it_is(tmp_path: Path, padding: int, cut: bytes) -> None:
    lines = [{"origin": "log", "to": number, "events": "p" * padding} for number in (5, 9)]
    whole = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    path = tmp_path / "copy.jsonl"
    path.write_bytes(whole + cut)

    reached = read_copy(path)

    assert (reached.size, reached.origin) == (9, "log")
    assert path.read_bytes() == whole


def test_a_file_with_nothing_whole_in_it_begins_anew(tmp_path: Path) -> None:
    for content in (b"", b"{", b"z" * (2 * BLOCK_BYTES)):
        path = tmp_path / "copy.jsonl"
        path.write_bytes(content)

        assert read_copy(path).size == 0
        assert path.read_bytes() == b""


async def test_a_batch_is_cut_where_it_gets_too_long(
    logbook: Logbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MOST_BYTES", 1_500)
    tenant, path = await logbook.make_tenant(), tmp_path / "copy.jsonl"
    await logbook.record(tenant, 20)
    await logbook.publish()
    whole = await copy(logbook, tenant, path)

    assert verify(batches_of(path)) == whole
    assert len(batches_of(path)) > 5
