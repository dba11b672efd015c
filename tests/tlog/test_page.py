"""The offline page: it answers every published vector as the others do, and shows what holds and what does not."""

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any, Final, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import Page, expect

from answerable import tlog
from answerable.audit.signer import receipt_text
from answerable.infra.clock import utc_now
from answerable.infra.ids import uuid7
from answerable.tlog import Checkpoint, Note
from factories.browser import OpenContext
from factories.vectors import ROOT, Json, load_cases

pytestmark = pytest.mark.xdist_group("browser")

PAGE: Final = (ROOT / "verifier" / "verify.html").read_text(encoding="utf-8")
CASES: Final = {
    name: case
    for name, case in load_cases().items()
    if case["operation"] not in {"note_ml_dsa", "parse_path"}
}
ANSWER: Final = """
(cases) => {
  const bytes = (given) => given.note_hex !== undefined ? unhex(given.note_hex) : utf8(given.note);
  const all = (list) => list.map(unhex);
  const operations = {
    leaf: (given) => ({ hash: hex(leafHash(unhex(given.entry))) }),
    root: (given) => ({ root: hex(treeHash(all(given.entries).map(leafHash))) }),
    inclusion: (given) => (checkInclusion(unhex(given.leaf), given.index, given.size, all(given.proof), unhex(given.root)), {}),
    consistency: (given) => (checkConsistency(given.old_size, unhex(given.old_root), given.new_size, unhex(given.new_root), all(given.proof)), {}),
    key: (given) => { const key = parseKey(utf8(given.key)); return { name: key.name, kind: key.kind, id: key.id, public: hex(key.public) }; },
    note: (given) => {
      const signers = verifyNote(parseNote(bytes(given)), given.keys.map((one) => parseKey(utf8(one))));
      return { signers: [...signers].map(([key, time]) => ({ key: String(key), time })) };
    },
    checkpoint: (given) => { const head = parseCheckpoint(utf8(given.text)); return { ...head, root: hex(head.root) }; },
    policy: (given) => {
      const policy = parsePolicy(utf8(given.policy)), named = [...policy.witnesses];
      const text = (one) => text8(octets(one), "");
      return { logs: policy.logs.map(String), witnesses: Object.fromEntries(named.map(([name, key]) => [text(name), String(key)])), quorum: text(policy.quorum) };
    },
    quorum: (given) => ({ met: parsePolicy(utf8(given.policy)).isMetBy(given.cosigned.map((one) => letters(utf8(one)))) }),
    proof: (given) => {
      const policy = parsePolicy(utf8(given.policy)), proof = parseProof(utf8(given.proof));
      const { checkpoint: head, cosigned } = verifyCheckpoint(proof.checkpoint, policy);
      checkInclusion(leafHash(unhex(given.entry)), proof.index, head.size, proof.path, head.root);
      return { origin: head.origin, size: head.size, root: hex(head.root), index: proof.index, cosigned: Object.fromEntries(cosigned) };
    },
    path: (given) => ({ path: tilePath(given.level, given.index, Number(given.width)) }),
    tile: (given) => ({ hashes: parseTile(unhex(given.data), Number(given.width)).map(hex) }),
    bundle: (given) => ({ entries: parseBundle(unhex(given.data), Number(given.width)).map(hex) }),
  };
  const plain = (_, value) => typeof value === "bigint" || typeof value === "number" ? String(value) : value;
  return cases.map(([operation, given]) => {
    try { return JSON.parse(JSON.stringify({ gives: operations[operation](given) }, plain)); }
    catch (error) { if (error instanceof Refusal) return { finding: error.finding }; throw error; }
  });
}
"""  # noqa: E501 - the browser's own language, and one operation a line


def spelled(value: Json) -> Json:
    """Whole numbers as text: the browser's own would not hold all of them."""
    if isinstance(value, dict):
        return {name: spelled(each) for name, each in cast("dict[str, Json]", value).items()}
    if isinstance(value, list):
        return [spelled(each) for each in cast("list[Json]", value)]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


async def test_the_page_answers_every_vector_as_the_others_do(page: Page) -> None:
    await page.set_content(PAGE)
    given = [[case["operation"], spelled(case["given"])] for case in CASES.values()]

    answers = await page.evaluate(ANSWER, given)

    expected = [
        spelled({name: case[name] for name in ("gives", "finding") if name in case})
        for case in CASES.values()
    ]
    wrong = {
        name: (answer, want)
        for name, answer, want in zip(CASES, answers, expected, strict=True)
        if answer != want
    }
    assert wrong == {}


ORIGIN: Final = "answerable.0123456789abcdef/01a20000-0000-7000-8000-000000000001"
TENANT: Final = "01a20000-0000-7000-8000-000000000001"
KEYS: Final = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32)
    for at, name in enumerate(("log", "clock", "receipt"), 1)
}


def sealed(text: str) -> tuple[dict[str, Any], bytes]:
    """A message as a transcript has it, without receipt and proof, and its entry."""
    event, record, blind = str(uuid7()), str(uuid7()), sha256(text.encode()).digest()
    place, content = "message.text", text.encode()
    fixed = (
        b"answerable/slot/v1\0"
        + bytes.fromhex(TENANT.replace("-", ""))
        + bytes.fromhex(record.replace("-", ""))
    )
    fixed += bytes([len(place)]) + place.encode() + len(content).to_bytes(8, "big") + content
    slot = {"c": b64encode(digest(blind, fixed, "sha256")).decode(), "k": "A" * 22 + "==", "r": record}
    entry = json.dumps({"event_id": event, "slots": {"text": slot}}).encode()
    said = {
        "author": "assistant",
        "at": "2026-11-26T12:00:00Z",
        "text": text,
        "event": event,
        "record": record,
    }
    said |= {
        "place": place,
        "tenant": TENANT,
        "blind": b64encode(blind).decode(),
        "entry": b64encode(entry).decode(),
    }
    return said, entry


def transcript(*texts: str) -> dict[str, Any]:
    """A transcript in which every message has its receipt and its proof."""
    both = [sealed(text) for text in texts]
    leaves = [tlog.hash_leaf(entry) for _, entry in both]
    nodes = tlog.nodes_of(leaves)
    head = Checkpoint(origin=ORIGIN, size=len(leaves), root=tlog.root_of(len(leaves), nodes))
    signatures = (
        tlog.sign(head.text(), ORIGIN, KEYS["log"]),
        tlog.cosign(head, f"{ORIGIN}/clock", KEYS["clock"], at=1_795_694_400),
    )
    note = Note(text=head.text(), signatures=signatures).render()
    log_key, clock_key = tlog.log_key(ORIGIN, KEYS["log"]), tlog.witness_key(f"{ORIGIN}/clock", KEYS["clock"])
    for index, (said, _) in enumerate(both):
        promised = receipt_text(ORIGIN, event=said["event"], leaf=leaves[index], at=utc_now())
        receipt = Note(text=promised, signatures=(tlog.sign(promised, f"{ORIGIN}/receipt", KEYS["receipt"]),))
        proof = tlog.Proof(
            index=index, hashes=tlog.prove_inclusion(index, len(leaves), nodes), checkpoint=note
        )
        said |= {"receipt": receipt.render().decode(), "proof": proof.render().decode()}
    return {
        "format": "answerable.transcript/v1",
        "origin": ORIGIN,
        "keys": {
            "log": str(log_key),
            "clock": str(clock_key),
            "receipt": str(tlog.log_key(f"{ORIGIN}/receipt", KEYS["receipt"])),
        },
        "policy": f"log {log_key}\nwitness clock {clock_key}\nquorum none\n",
        "messages": [said for said, _ in both],
    }


def change_text(whole: dict[str, Any]) -> None:
    whole["messages"][1]["text"] = whole["messages"][1]["text"].replace("30", "31")


def swap_receipts(whole: dict[str, Any]) -> None:
    whole["messages"][1]["receipt"] = whole["messages"][0]["receipt"]


def swap_proofs(whole: dict[str, Any]) -> None:
    whole["messages"][1]["proof"] = whole["messages"][0]["proof"]


DAMAGES: Final[dict[str, tuple[Callable[[dict[str, Any]], None], str]]] = {
    "one digit of the text": (change_text, "commitment_mismatch"),
    "the receipt of another line": (swap_receipts, "receipt_broken"),
    "the proof of another line": (swap_proofs, "inclusion_failed"),
}


async def test_a_transcript_holds_or_the_page_says_which_line_does_not(
    open_context: OpenContext, tmp_path: Path
) -> None:
    path = tmp_path / "receipt.json"
    async with open_context(locale="en-GB") as context:
        page = await context.new_page()
        await page.set_content(PAGE)
        path.write_text(json.dumps(transcript("How long do I have?", "You have 30 days.", "Thanks")))
        await page.set_input_files("input[type=file]", path)
        await expect(page.locator("[data-verdict=proved]")).to_contain_text("is in the signed log")
        await expect(page.locator("li p.good")).to_have_count(3)
        await expect(page.locator("li").first).to_contain_text("Who vouches: signed")

        for act, finding in DAMAGES.values():
            whole = transcript("How long do I have?", "You have 30 days.", "Thanks")
            act(whole)
            path.write_text(json.dumps(whole))
            await page.set_input_files("input[type=file]", path)
            await expect(page.locator("[data-verdict=wrong]")).to_be_visible()
            await expect(page.locator("li").nth(1).locator("p.bad")).to_contain_text(finding)
            await expect(page.locator("li p.bad")).to_have_count(1)

        await page.get_by_role("button", name="Deutsch").click()
        await expect(page.locator("[data-verdict=wrong]")).to_have_text("Das stimmt so nicht.")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
