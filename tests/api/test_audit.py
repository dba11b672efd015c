"""The log for programs: what it says is what the log holds, and it proves it."""

import asyncio
import json
from base64 import b64decode
from uuid import uuid4

import pytest

from answerable import tlog
from answerable.tenancy import Role
from answerable.tlog import Checkpoint
from factories.members import sign_in
from factories.readers import ROOT, Reader


def checkpoint_of(note: str) -> Checkpoint:
    return tlog.parse_checkpoint(tlog.parse_note(note.encode()).text)


async def test_events_come_in_the_logs_order_page_by_page_without_a_gap(reader: Reader) -> None:
    await reader.book.record(reader.tenant, 7)
    await reader.book.publish()

    seen: list[int] = []
    after: dict[str, int] = {}
    while True:
        page = (await reader.get("/events", limit=3, **after)).json()
        seen += [item["index"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after_index": page["next"]}

    size = checkpoint_of(page["checkpoint"]).size
    assert seen == list(range(size))
    assert size >= 9


async def test_what_waits_for_its_place_is_not_listed_and_can_be_opened(reader: Reader) -> None:
    await reader.book.publish()
    listed = len(await reader.list_all())
    (event_id,) = await reader.book.record(reader.tenant)

    again, one = await reader.list_all(), (await reader.get(f"/events/{event_id}")).json()

    assert len(again) == listed
    assert (one["index"], one["event"]["event_id"]) == (None, str(event_id))
    assert tlog.hash_leaf(b64decode(one["entry"])) == b64decode(one["leaf_hash"])


async def test_filters_narrow_and_an_empty_result_is_an_answer(reader: Reader) -> None:
    await reader.book.record(reader.tenant, 3)
    await reader.book.publish()

    by_type = await reader.list_all(type="keys.rotated")
    by_actor = await reader.list_all(actor="member")
    by_time = await reader.list_all(to="2001-01-01T00:00:00Z")
    since = await reader.list_all(**{"from": "2001-01-01T00:00:00Z", "type": "keys.rotated"})
    of_nobody = await reader.list_all(contact=str(uuid4()))

    assert len(by_type) == len(since) == 3
    assert by_actor == []
    assert by_time == of_nobody == []


async def test_a_proof_verifies_against_the_logs_key_at_a_size_of_the_callers_choice(reader: Reader) -> None:
    (event_id,) = await reader.book.record(reader.tenant)
    await reader.book.publish()
    known = checkpoint_of((await reader.get("/tlog/checkpoint")).text).size
    await reader.book.record(reader.tenant, 300)
    await reader.book.publish()
    keys = (await reader.get("/assurance")).json()["keys"]
    policy = tlog.parse_policy(f"log {keys[0]}\nquorum none\n".encode())
    entry = b64decode((await reader.get(f"/events/{event_id}")).json()["entry"])

    answers = [await reader.get(f"/events/{event_id}/proof", **size) for size in ({}, {"size": known})]

    assert [answer.status_code for answer in answers] == [200, 200]
    proved = [
        tlog.verify_proof(tlog.parse_proof(answer.content), tlog.hash_leaf(entry), policy).checkpoint.size
        for answer in answers
    ]
    assert proved[1] == known < proved[0]
    assert (await reader.get(f"/events/{event_id}/proof", size=known + 1)).status_code == 404


async def test_nothing_is_proved_of_what_is_in_no_checkpoint_and_waiting_gets_the_proof(
    reader: Reader,
) -> None:
    await reader.book.publish()
    (event_id,) = await reader.book.record(reader.tenant)

    at_once = await reader.get(f"/events/{event_id}/proof")
    waiting = asyncio.create_task(reader.get(f"/events/{event_id}/proof", **{"await": "included"}))
    await reader.book.publish()

    assert (at_once.status_code, at_once.json()["code"]) == (409, "audit.event_not_included")
    assert (await waiting).status_code == 200


async def test_tiles_and_entries_rebuild_the_root_of_the_checkpoint(reader: Reader) -> None:
    await reader.book.record(reader.tenant, 260)
    await reader.book.publish()
    answer = await reader.get("/tlog/checkpoint")
    head = checkpoint_of(answer.text)

    leaves: list[bytes] = []
    for tile in tlog.bundles_of(head.size):
        bundle = (await reader.get(f"/tlog/{tile.path()}")).content
        leaves += [tlog.hash_leaf(body) for body in tlog.decode_bundle(bundle, tile.width)]
    tiles = {
        tile: tlog.decode_tile((await reader.get(f"/tlog/{tile.path()}")).content, tile.width)
        for tile in tlog.tiles_of(head.size)
    }

    assert tlog.root_of(head.size, tlog.nodes_of(leaves)) == head.root
    assert tlog.root_of(head.size, tlog.nodes_in_tiles(head.size, tiles.__getitem__)) == head.root
    assert answer.headers["etag"] == f'"{head.root.hex()}"'
    known = reader.browser.cookie | {"If-None-Match": answer.headers["etag"]}
    # The reads above are events; none of them is signed yet.
    assert (await reader.client.get(f"{ROOT}/tlog/checkpoint", headers=known)).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",
        "tile/0/000.p/255",
        "tile/entries/x001/000",
        "tile/64/000",
        "tile/0/0000",
    ],
)
async def test_no_tile_is_served_beyond_the_checkpoint_or_under_another_name(
    reader: Reader, path: str
) -> None:
    await reader.book.publish()

    answer = await reader.get(f"/tlog/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "audit.tile_not_found")


async def test_growth_is_proved_between_any_two_sizes(reader: Reader) -> None:
    await reader.book.publish()
    old = checkpoint_of((await reader.get("/tlog/checkpoint")).text)
    await reader.book.record(reader.tenant, 50)
    await reader.book.publish()
    new = checkpoint_of((await reader.get("/tlog/checkpoint")).text)

    grown = (await reader.get("/consistency", **{"from": old.size, "to": new.size})).json()
    shrunk = await reader.get("/consistency", **{"from": new.size, "to": old.size})

    tlog.verify_consistency(
        old_size=grown["from"],
        old_root=old.root,
        new_size=grown["to"],
        new_root=new.root,
        proof=[b64decode(one) for one in grown["hashes"]],
    )
    assert (shrunk.status_code, shrunk.json()["code"]) == (422, "audit.sizes_unordered")


async def test_assurance_says_how_far_the_log_is(reader: Reader) -> None:
    before = (await reader.get("/assurance")).json()
    await reader.book.publish()
    after = (await reader.get("/assurance")).json()

    assert (before["level"], before["signed_size"], before["size"]) == (None, 0, 0)
    assert before["waiting"] >= 2
    assert (after["level"], after["alarms"]) == ("signed", [])
    assert after["signed_size"] == after["size"] > 0
    # The look before is the one that waits; this one is recorded behind it.
    assert after["waiting"] <= 1


async def test_reading_is_recorded_once_a_minute_for_each_question(reader: Reader) -> None:
    for _ in range(3):
        await reader.get("/events", type="tenant.created")
    await asyncio.gather(*(reader.get("/events", type="member.added") for _ in range(4)))
    await reader.book.publish()

    looks = await reader.list_all(type="access.log_queried")

    # Two questions; the minute may have turned between two of them.
    assert 2 <= len(looks) <= 4
    assert {json.dumps(one["event"]["actor"]) for one in looks} == {  # pyright: ignore[reportIndexIssue]
        json.dumps({"id": str(reader.browser.actor.id), "kind": "member"})
    }


async def test_nobody_reads_without_signing_in_or_without_the_permission(reader: Reader) -> None:
    viewer = await sign_in(reader.book.database, reader.client, reader.tenant, Role.VIEWER)

    unknown = await reader.client.get(f"{ROOT}/events")
    forbidden = await reader.client.get(f"{ROOT}/events", headers=viewer.cookie)
    as_bearer = await reader.client.get(
        f"{ROOT}/events", headers={"Authorization": f"Bearer {reader.browser.token}"}
    )

    assert [one.status_code for one in (unknown, forbidden, as_bearer)] == [401, 403, 200]


async def test_another_workspaces_log_is_nowhere(reader: Reader) -> None:
    other = await reader.book.make_tenant()
    (theirs,) = await reader.book.record(other)
    await reader.book.publish()

    answers = [await reader.get(f"/events/{theirs}{rest}") for rest in ("", "/proof")]
    listed = {one["event_id"] for one in await reader.list_all()}

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "audit.event_not_found")] * 2
    assert str(theirs) not in listed
    origin = (await reader.get("/assurance")).json()["origin"]
    assert origin.endswith(f"/{reader.tenant.tenant_id}")


@pytest.mark.parametrize("path", ["tile/0/%00", "tile/x", "tile/0/..%2f000"])
async def test_a_path_of_no_tile_is_refused(reader: Reader, path: str) -> None:
    assert (await reader.get(f"/tlog/{path}")).status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "after_index=-1",
        "from=1700000000",
        "type=Nonsense",
        "actor=god",
        "contact=1",
        "x=1",
    ],
)
async def test_what_is_not_asked_for_rightly_is_refused(reader: Reader, query: str) -> None:
    answer = await reader.client.get(f"{ROOT}/events?{query}", headers=reader.browser.cookie)

    assert (answer.status_code, answer.json()["code"]) == (422, "web.request_invalid")
