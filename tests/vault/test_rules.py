"""The format of sealed values, by the answers that are known and by what must not open."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.ids import TenantId
from answerable.vault import rules
from answerable.vault.errors import CommitmentMismatch, EnvelopeMalformed, KeyDamaged, SlotMalformed
from answerable.vault.values import DataClass, KeyId, Place, Plain, Sealed, Stored, Subject, SubjectKind

KEY = bytes(range(32))
KEY_ID = KeyId(UUID("0193a1f0-0000-7000-8000-0000000000bb"))
PLACE = Place(
    tenant_id=TenantId(UUID("0193a1f0-0000-7000-8000-0000000000aa")),
    record_id=UUID("0193a1f0-0000-7000-8000-000000000001"),
    slot="input",
)
CONTENT = b"Where is my order 1042?"
BLIND = bytes.fromhex("0c8dfe9734897bac3539a39b54be25d4f022476ccb69bb78e99be5f30b6921c2")
COMMITMENT = bytes.fromhex("1c06fe1c62dc5c9088624428ce00c73b0d1d91d4674abc525f43bc775cc3d7af")
CIPHERTEXT_SHA256 = "981fd46460478d0f70b1a00072e517132c34688b1b09c5012b42781f0bd61308"

ELSEWHERE = [
    pytest.param(replace(PLACE, slot="output"), id="another slot"),
    pytest.param(replace(PLACE, slot="inpu"), id="a shorter slot"),
    pytest.param(replace(PLACE, tenant_id=TenantId(UUID(int=0xAA))), id="another tenant"),
    pytest.param(replace(PLACE, record_id=UUID(int=1)), id="another row"),
]


def seal(content: bytes = CONTENT) -> Sealed:
    return rules.seal(KEY, PLACE, content, key_id=KEY_ID)


def seal_padded(padded: bytes) -> Sealed:
    ciphertext = rules._one_use_cipher(KEY, PLACE).encrypt(
        bytes(12), padded, COMMITMENT + rules._encode_row_and_slot(PLACE)
    )
    return Sealed(key_id=KEY_ID, commitment=COMMITMENT, ciphertext=ciphertext)


def test_the_blind_is_the_known_one() -> None:
    assert rules.derive_blind(KEY, PLACE) == BLIND


def test_the_commitment_is_the_known_one() -> None:
    assert seal().commitment == COMMITMENT


def test_the_ciphertext_is_the_known_one() -> None:
    ciphertext = seal().ciphertext

    assert len(ciphertext) == 280
    assert hashlib.sha256(ciphertext).hexdigest() == CIPHERTEXT_SHA256


def test_an_envelope_is_version_key_commitment_and_ciphertext() -> None:
    sealed = seal()

    assert sealed.envelope == b"\x01" + KEY_ID.bytes + COMMITMENT + sealed.ciphertext
    assert Sealed.from_envelope(sealed.envelope) == sealed


@given(st.binary(max_size=2000))
def test_what_was_sealed_opens_to_the_same_bytes(content: bytes) -> None:
    sealed = Sealed.from_envelope(seal(content).envelope)

    assert rules.open_sealed(KEY, PLACE, sealed) == content


@pytest.mark.parametrize(("content_bytes", "padded_bytes"), [(0, 256), (1, 256), (256, 256), (257, 512)])
def test_a_ciphertext_tells_the_length_only_by_buckets(content_bytes: int, padded_bytes: int) -> None:
    assert len(seal(bytes(content_bytes)).ciphertext) == 8 + padded_bytes + 16


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_sealed_value_does_not_open_elsewhere(place: Place) -> None:
    with pytest.raises(CommitmentMismatch):
        rules.open_sealed(KEY, place, seal())


def test_a_sealed_value_does_not_open_under_another_key() -> None:
    with pytest.raises(CommitmentMismatch):
        rules.open_sealed(bytes(32), PLACE, seal())


@given(st.integers(0, (1 + 16 + 32 + 280) * 8 - 1))
def test_a_flipped_bit_never_opens(bit: int) -> None:
    envelope = bytearray(seal().envelope)
    envelope[bit // 8] ^= 1 << bit % 8

    with pytest.raises((CommitmentMismatch, EnvelopeMalformed)):
        # A flipped key id names another key; here the right key stands in for it, and the id is compared.
        open_envelope(bytes(envelope))


def open_envelope(envelope: bytes) -> bytes:
    sealed = Sealed.from_envelope(envelope)
    if sealed.key_id != KEY_ID:
        raise CommitmentMismatch
    return rules.open_sealed(KEY, PLACE, sealed)


@given(st.integers(0, 1 + 16 + 32 + 280 - 1))
def test_a_truncated_envelope_is_refused(kept_bytes: int) -> None:
    with pytest.raises(EnvelopeMalformed):
        Sealed.from_envelope(seal().envelope[:kept_bytes])


@pytest.mark.parametrize(
    "padded",
    [
        pytest.param(rules._pad(CONTENT)[:-1] + b"\1", id="padding that is not zero"),
        pytest.param(rules._pad(CONTENT) + bytes(256), id="a bucket too many"),
        pytest.param(rules._pad(CONTENT)[:31], id="no padding"),
        pytest.param(b"\xff" * 8 + rules._pad(CONTENT)[8:], id="a length beyond the end"),
        pytest.param((24).to_bytes(8) + rules._pad(CONTENT)[8:], id="a length that takes in padding"),
        pytest.param(rules._pad(b"Where is my order 1043?"), id="another content"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_ciphertext_made_with_the_right_key_opens_only_in_the_one_form(padded: bytes) -> None:
    with pytest.raises(CommitmentMismatch):
        rules.open_sealed(KEY, PLACE, seal_padded(padded))


def test_a_commitment_is_checked_with_content_and_blind_alone() -> None:
    assert rules.is_commitment_to(COMMITMENT, BLIND, PLACE, CONTENT)


@pytest.mark.parametrize("blind", [BLIND[:31], BLIND + b"\0", b"", hashlib.sha256(BLIND * 3).digest()])
def test_another_blind_does_not_fit_a_commitment(blind: bytes) -> None:
    assert not rules.is_commitment_to(COMMITMENT, blind, PLACE, CONTENT)


def test_a_blind_that_hmac_would_hash_or_pad_to_the_same_key_is_refused() -> None:
    long = BLIND * 3
    short = b"\1" * 31
    for_long = rules.commit(hashlib.sha256(long).digest(), PLACE, CONTENT)
    for_short = rules.commit(short + b"\0", PLACE, CONTENT)

    # Both are the same key to HMAC, so only the length tells them apart.
    assert rules.commit(long, PLACE, CONTENT) == for_long
    assert rules.commit(short, PLACE, CONTENT) == for_short
    assert not rules.is_commitment_to(for_long, long, PLACE, CONTENT)
    assert not rules.is_commitment_to(for_short, short, PLACE, CONTENT)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_commitment_fits_no_other_place(place: Place) -> None:
    assert not rules.is_commitment_to(COMMITMENT, BLIND, place, CONTENT)


def test_a_wrapped_key_opens_only_for_its_tenant_and_its_row() -> None:
    tenant_key = rules.make_key()
    tenant_id = PLACE.tenant_id
    wrapped = rules.wrap_subject_key(tenant_key, KEY, tenant_id=tenant_id, key_id=KEY_ID)

    assert rules.unwrap_subject_key(tenant_key, wrapped, tenant_id=tenant_id, key_id=KEY_ID) == KEY
    for wrong_tenant_id, wrong_key_id in ((TenantId(uuid4()), KEY_ID), (tenant_id, KeyId(uuid4()))):
        with pytest.raises(KeyDamaged):
            rules.unwrap_subject_key(tenant_key, wrapped, tenant_id=wrong_tenant_id, key_id=wrong_key_id)


@given(st.binary(max_size=100))
def test_bytes_that_are_no_wrapped_key_are_refused(wrapped: bytes) -> None:
    with pytest.raises(KeyDamaged):
        rules.unwrap_subject_key(KEY, wrapped, tenant_id=PLACE.tenant_id, key_id=KEY_ID)


def test_tokens_are_equal_only_for_the_same_value_purpose_and_tenant() -> None:
    token = rules.derive_token(KEY, "contact.email", "ada@example.org")

    assert token == rules.derive_token(KEY, "contact.email", "ada@example.org")
    assert token != rules.derive_token(KEY, "contact.email", "bob@example.org")
    assert token != rules.derive_token(KEY, "member.email", "ada@example.org")
    assert token != rules.derive_token(bytes(32), "contact.email", "ada@example.org")


@pytest.mark.parametrize(
    "slot", ["message", "message.", "Message.text", "message.text ", "a.b.c", "a.b\n", ""]
)
def test_a_slot_is_a_table_and_a_column(slot: str) -> None:
    subject = Subject(kind=SubjectKind.CONTACT, id=uuid4())

    with pytest.raises(SlotMalformed):
        Plain(subject=subject, data_class=DataClass.CONVERSATION, record_id=uuid4(), slot=slot, content=b"")
    with pytest.raises(SlotMalformed):
        Stored(record_id=uuid4(), slot=slot, envelope=b"")


def test_a_month_is_the_month_in_utc() -> None:
    ahead = timezone(timedelta(hours=2))

    assert rules.month_of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == date(2026, 11, 1)
    assert rules.month_of(datetime(2026, 12, 1, 1, 0, tzinfo=ahead)) == date(2026, 11, 1)


def test_contents_and_keys_are_not_in_what_is_printed() -> None:
    subject = Subject(kind=SubjectKind.CONTACT, id=uuid4())
    plain = Plain(
        subject=subject,
        data_class=DataClass.CONVERSATION,
        record_id=uuid4(),
        slot="message.text",
        content=b"canary",
    )

    assert "canary" not in repr(plain)
