"""A sample: drawn by the seed alone, the same for everybody, each entry with its proof, and what is lost shows."""

import hashlib
import hmac
from base64 import b64decode
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable import tlog
from answerable.audit.sampling import choose
from factories.http import Response
from factories.readers import ROOT, Reader

SEED = "drawn by lot on a Thursday"


async def draw(reader: Reader, **asked: Any) -> Response:
    return await reader.client.post(
        f"{ROOT}/sample", headers=reader.browser.cookie, json={"seed": SEED} | asked
    )


async def test_each_entry_that_is_drawn_stands_in_the_checkpoint(reader: Reader) -> None:
    await reader.book.record(reader.tenant, 40)
    await reader.book.publish()

    drawn = (await draw(reader, count=7)).json()

    head = tlog.parse_checkpoint(tlog.parse_note(drawn["checkpoint"].encode()).text)
    assert [one["index"] for one in drawn["items"]] == drawn["places"] == sorted(set(drawn["places"]))
    assert len(drawn["items"]) == 7
    for one in drawn["items"]:
        proof = tlog.parse_proof(one["proof"].encode())
        leaf = tlog.hash_leaf(b64decode(one["entry"]))
        tlog.verify_inclusion(leaf, index=one["index"], size=head.size, proof=proof.hashes, root=head.root)


async def test_whoever_has_seed_and_checkpoint_draws_the_same(reader: Reader) -> None:
    await reader.book.record(reader.tenant, 40)
    await reader.book.publish()
    drawn = (await draw(reader, count=5)).json()
    head = tlog.parse_checkpoint(tlog.parse_note(drawn["checkpoint"].encode()).text)
    await reader.book.record(reader.tenant, 40)
    await reader.book.publish()

    places: list[int] = []
    number = 0
    while len(places) < 5:
        message = b"answerable/sample/v1\0" + head.root + number.to_bytes(8, "big")
        place = int.from_bytes(hmac.digest(SEED.encode(), message, hashlib.sha256)[:8], "big") % head.size
        places += [place] if place not in places else []
        number += 1

    assert drawn["places"] == sorted(places)
    assert (await draw(reader, count=5, size=head.size)).json()["places"] == drawn["places"]
    assert (await draw(reader, count=5)).json()["places"] != drawn["places"]


async def test_an_entry_that_is_lost_shows(reader: Reader) -> None:
    await reader.book.publish()
    whole = (await draw(reader, count=100)).json()
    reader.book.run_as_superuser("DELETE FROM audit_event WHERE type = 'tenant.created'")

    drawn = (await draw(reader, count=100)).json()

    missing = set(drawn["places"]) - {one["index"] for one in drawn["items"]}
    assert len(drawn["places"]) >= len(whole["places"])
    assert len(missing) == 1


async def test_a_tree_that_lost_hashes_proves_nothing_and_shows_it(reader: Reader) -> None:
    await reader.book.publish()
    reader.book.run_as_superuser(
        f"DELETE FROM audit_leaf WHERE index = 1 AND tenant_id = '{reader.tenant.tenant_id}'"
    )

    drawn = (await draw(reader, count=100)).json()

    assert len(drawn["items"]) == len(drawn["places"]) - 1
    assert {one["proof"] for one in drawn["items"]} == {None}


@pytest.mark.parametrize("asked", [{"seed": "short"}, {"count": 0}, {"count": 101}, {"size": 0}, {"x": 1}])
async def test_what_is_not_asked_for_rightly_is_refused(reader: Reader, asked: dict[str, Any]) -> None:
    assert (await draw(reader, **asked)).status_code == 422


async def test_half_a_character_is_no_seed(reader: Reader) -> None:
    await reader.book.publish()
    headers = reader.browser.cookie | {"Content-Type": "application/json"}

    answer = await reader.client.post(
        f"{ROOT}/sample", headers=headers, content=b'{"seed": "' + rb"\ud800" * 16 + b'"}'
    )

    assert answer.status_code == 422


async def test_before_anything_is_signed_there_is_nothing_to_draw_from(reader: Reader) -> None:
    answer = await draw(reader)

    assert (answer.status_code, answer.json()["code"]) == (404, "audit.checkpoint_not_found")


@given(
    st.text(min_size=16, max_size=40),
    st.binary(min_size=32, max_size=32),
    st.integers(1, 10_000),
    st.integers(1, 100),
)
def test_so_many_places_are_drawn_and_no_more(seed: str, root: bytes, size: int, count: int) -> None:
    drawn = choose(seed, root=root, size=size, count=count)

    assert len(set(drawn)) == len(drawn) == min(size, count)
    assert all(0 <= one < size for one in drawn)


def test_every_place_is_drawn_about_as_often_as_another() -> None:
    seen = Counter(
        place
        for number in range(4_000)
        for place in choose(f"seed {number}", root=bytes(32), size=10, count=1)
    )

    # 400 each, with a standard deviation of 19.
    assert all(300 < seen[place] < 500 for place in range(10))
