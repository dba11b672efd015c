"""Notes, checkpoints, cosignatures, policies and proofs, beyond what the vectors say one by one."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable import tlog
from factories.vectors import TLOG, Json, load_cases
from factories.vectors_verifier import OPERATIONS, VERIFIER

CASES = load_cases()
LOG = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
LOG_KEY = tlog.log_key("log.answerable.example/kat", LOG)
BODY = (
    b'{"event_id":"0193a1f0-0000-7000-8000-000000000001",'
    b'"slots":{"input":"HAb+HGLcXJCIYkQozgDHOw0dkdRnSrxSX0O8d1zD168="},'
    b'"ts":"2026-11-21T21:00:00.000000Z","type":"message.received","v":1}'
)
ENTRIES = (b'{"n":0}', b'{"n":1}', BODY, b'{"n":3}', b'{"n":4}')
# Calculated once by another program, from the standards.
KNOWN_PROOF = """\
c2sp.org/tlog-proof@v1
index 2
10otHyrxwcrWxeiob8hpFi59HqAecpq/8XhR0QlI+ZQ=
O63IBTfwKeG7dygNyFIDzy7ZdI3I9XEjD8ulwybJEGg=
Z8vzSda05Mr0MKlnUcpTIhRBTC+Mn3xWervD5S8t85E=

log.answerable.example/kat
5
+DEm4sUXvVFKvJY2Gq6tw9f2PTvnO3l4DQfpeupJFas=

— log.answerable.example/kat IE45Mc4hrWyIa3FzvXre4Q92/k4xoot6FocKpO/l7s5c3WsfaR0jrz2A63l30kDFr1iMB0HNuaff24HFG1abDSPsSwU=
— witness.tenant.example/w1 u8f8+QAAAABrAgZQfH714KVgygyuTx8wB72V9IkvLGHFngRsYEEdhT/EYJU6fu/0EkBAtCEO/1UlNjA4hX1EMG8CM8xGRyhHZeZGAg==
"""  # noqa: E501 - lines of a format
KNOWN_LOG = "log.answerable.example/kat+204e3931+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
KNOWN_WITNESS = "witness.tenant.example/w1+bbc7fcf9+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY"


def head_of(entries: tuple[bytes, ...], origin: str = LOG_KEY.name) -> tlog.Checkpoint:
    nodes = tlog.nodes_of([tlog.hash_leaf(entry) for entry in entries])
    return tlog.Checkpoint(origin=origin, size=len(entries), root=tlog.root_of(len(entries), nodes))


def signed(head: tlog.Checkpoint, *cosignatures: tlog.Signature) -> bytes:
    text = head.text()
    return tlog.Note(text=text, signatures=(tlog.sign(text, head.origin, LOG), *cosignatures)).render()


def signature_lines(count: int) -> str:
    return "".join(f"— a{number} AAAAAAA=\n" for number in range(count))


def outcome(operations: dict[str, Json], operation: str, given_: Json) -> Json:
    try:
        return operations[operation](given_)
    except (tlog.Refused, VERIFIER.Refusal) as refused:
        return str(refused.finding)


def test_a_proof_made_from_the_same_keys_and_entries_is_the_known_one() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    head = head_of(ENTRIES)
    cosignature = tlog.cosign(head, "witness.tenant.example/w1", witness, at=1795294800)
    nodes = tlog.nodes_of([tlog.hash_leaf(entry) for entry in ENTRIES])

    proof = tlog.Proof(
        index=2, hashes=tlog.prove_inclusion(2, 5, nodes), checkpoint=signed(head, cosignature)
    )

    assert proof.render().decode() == KNOWN_PROOF
    assert str(LOG_KEY) == KNOWN_LOG
    assert str(tlog.witness_key("witness.tenant.example/w1", witness)) == KNOWN_WITNESS


def test_the_known_proof_verifies_and_says_when_it_was_witnessed() -> None:
    policy = tlog.parse_policy(f"log {KNOWN_LOG}\nwitness w {KNOWN_WITNESS}\nquorum w\n".encode())

    verified = tlog.verify_proof(tlog.parse_proof(KNOWN_PROOF.encode()), tlog.hash_leaf(BODY), policy)

    assert [one.at for one in verified.cosigners] == [1795294800]


@pytest.mark.parametrize(
    "name", [one for one, case in CASES.items() if case["operation"] == "note" and "gives" in case]
)
def test_a_note_is_rendered_as_it_was_read(name: str) -> None:
    data = CASES[name]["given"]["note"].encode()

    assert tlog.parse_note(data).render() == data


@pytest.mark.parametrize(
    "name", [one for one, case in CASES.items() if case["operation"] == "proof" and "gives" in case]
)
def test_a_proof_is_rendered_as_it_was_read(name: str) -> None:
    data = CASES[name]["given"]["proof"].encode()

    assert tlog.parse_proof(data).render() == data


@settings(max_examples=150)
@given(data=st.data())
def test_both_implementations_agree_on_every_damaged_proof(data: st.DataObject) -> None:
    names = [one for one, case in CASES.items() if case["operation"] == "proof" and "gives" in case]
    case = CASES[data.draw(st.sampled_from(names))]
    text: str = case["given"]["proof"]
    at = data.draw(st.integers(0, len(text) - 1))
    piece = data.draw(
        st.sampled_from(["", "\n", "\r", "\t", " ", "=", "+", "0", "A", "—", "\u00a0", "\n\n", "é"])
    )
    length = data.draw(st.integers(0, 2))
    damaged = {**case["given"], "proof": text[:at] + piece + text[at + length :]}

    ours, theirs = outcome(TLOG, "proof", damaged), outcome(OPERATIONS, "proof", damaged)

    assert ours == theirs
    # What still verifies says the same as before: only who else has signed may differ.
    assert isinstance(ours, str) or {**ours, "cosigned": None} == {**case["gives"], "cosigned": None}


@settings(max_examples=150)
@given(data=st.data())
def test_both_implementations_agree_on_every_damaged_policy(data: st.DataObject) -> None:
    case = CASES["policies: policy, groups on two levels"]
    text: str = case["given"]["policy"]
    at = data.draw(st.integers(0, len(text) - 1))
    piece = data.draw(
        st.sampled_from(["", "\n", "\r", "\t", " ", "#", "none", "0", "X1", "\u00a0", "quorum", "é"])
    )
    length = data.draw(st.integers(0, 3))
    damaged = {"policy": text[:at] + piece + text[at + length :]}

    assert outcome(TLOG, "policy", damaged) == outcome(OPERATIONS, "policy", damaged)


@pytest.mark.parametrize(
    ("operation", "given_", "finding"),
    [
        ("note", {"note": "a" * 65_537 + "\n\n— a AAAAAAAA\n", "keys": []}, "note_malformed"),
        ("note", {"note": "a\n\n— a " + "A" * 65_536 + "\n", "keys": []}, "note_malformed"),
        ("note", {"note": "a\n" * 500_001 + "\n— a AAAAAAAA\n", "keys": []}, "note_malformed"),
        ("note", {"note": "a\n\n" + signature_lines(101), "keys": []}, "note_malformed"),
        ("note", {"note": "a\n\n" + signature_lines(100), "keys": []}, "signature_missing"),
        ("checkpoint", {"text": "a\n1\n" + "A" * 65_537 + "\n"}, "checkpoint_malformed"),
        ("policy", {"policy": "#" * 65_537 + "\nquorum none\n"}, "policy_malformed"),
        ("policy", {"policy": "#\n" * 500_001 + "quorum none\n"}, "policy_malformed"),
        (
            "proof",
            {
                "proof": "c2sp.org/tlog-proof@v1\nextra " + "AAAA" * 16_384 + "\nindex 0\n\na",
                "policy": "quorum none\n",
                "entry": "",
            },
            "proof_malformed",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_too_long_is_refused_by_both(operation: str, given_: Json, finding: str) -> None:
    assert outcome(TLOG, operation, given_) == finding
    assert outcome(OPERATIONS, operation, given_) == finding


def twins() -> tuple[tlog.VerifierKey, tlog.VerifierKey]:
    """Two keys of one name and one identifier: of 32 bits, two meet among some hundred thousand keys."""
    seen: dict[bytes, tlog.VerifierKey] = {}
    kind = tlog.Algorithm.ML_DSA_44_COSIGNATURE
    number = 0
    while True:
        key = tlog.VerifierKey(name="w.example", algorithm=kind, public=number.to_bytes(1312, "big"))
        if key.key_id in seen:
            return seen[key.key_id], key
        seen[key.key_id] = key
        number += 1


def test_two_known_keys_that_cannot_be_told_apart_are_refused_by_both() -> None:
    given_ = {"note": signed(head_of(ENTRIES)).decode(), "keys": [*map(str, twins())]}

    assert outcome(TLOG, "note", given_) == "key_malformed"
    assert outcome(OPERATIONS, "note", given_) == "key_malformed"


def test_a_key_that_is_known_twice_is_one_key() -> None:
    note = tlog.parse_note(signed(head_of(ENTRIES)))

    assert [one.key for one in tlog.verify_note(note, [LOG_KEY, LOG_KEY])] == [LOG_KEY]


def test_ml_dsa_cosignatures_count_only_where_they_are_asked_for() -> None:
    witness = MLDSA44PrivateKey.from_seed_bytes(bytes([3]) * 32)
    key = tlog.witness_key("pq.witness.example", witness)
    head = head_of(ENTRIES)
    note = signed(head, tlog.cosign(head, key.name, witness, at=5))
    policy = tlog.parse_policy(f"log {LOG_KEY}\nwitness pq {key}\nquorum pq\n".encode())

    with pytest.raises(tlog.Refused) as refused:
        tlog.verify_checkpoint(note, policy)
    verified = tlog.verify_checkpoint(note, policy, ml_dsa=True)

    assert refused.value.finding is tlog.Finding.QUORUM_MISSED
    assert [(one.key, one.at) for one in verified.cosigners] == [(key, 5)]
    assert verified.unchecked == ()


def test_keys_that_were_passed_over_are_named() -> None:
    key = tlog.witness_key("pq.witness.example", MLDSA44PrivateKey.from_seed_bytes(bytes([3]) * 32))
    policy = tlog.parse_policy(f"log {LOG_KEY}\nwitness pq {key}\nquorum none\n".encode())

    assert tlog.verify_checkpoint(signed(head_of(ENTRIES)), policy).unchecked == (key,)


@pytest.mark.parametrize("change", [{"size": 4}, {"root": bytes(32)}, {"origin": "log.other.example"}])
def test_an_ml_dsa_cosignature_of_another_checkpoint_is_refused(change: Json) -> None:
    witness = MLDSA44PrivateKey.from_seed_bytes(bytes([3]) * 32)
    key = tlog.witness_key("pq.witness.example", witness)
    head = head_of(ENTRIES)
    other = replace(head, **change)
    signature = tlog.cosign(other, key.name, witness, at=5)

    with pytest.raises(tlog.Refused) as refused:
        tlog.verify_note(tlog.Note(text=head.text(), signatures=(signature,)), [key])

    assert refused.value.finding is tlog.Finding.SIGNATURE_INVALID


def test_an_origin_for_which_ml_dsa_has_no_place_is_refused() -> None:
    witness = MLDSA44PrivateKey.from_seed_bytes(bytes([3]) * 32)

    with pytest.raises(tlog.Refused):
        tlog.cosign(head_of(ENTRIES, origin="o" * 256), "pq.witness.example", witness, at=5)
