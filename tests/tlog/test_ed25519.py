"""The stand-alone verifier's own Ed25519, against the standard's examples and against a library."""

from hashlib import sha512
from itertools import product
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.vectors_verifier import VERIFIER

LOG = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
ORDER = 2**252 + 27742317777372353535851937790883648493


def encoded_sum(one: Any, other: Any) -> bytes:
    encoded: bytes = VERIFIER.encode_point(VERIFIER.add(one, other))
    return encoded


def is_signed_by_library(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


# RFC 8032, section 7.1, tests 1 to 3.
@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            (
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
                "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            (
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ),
    ],
)
def test_its_signatures_are_those_of_the_standard(public: str, message: str, signature: str) -> None:
    key, text, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)

    assert VERIFIER.is_signed(key, text, signed)
    assert not VERIFIER.is_signed(key, text + b"\0", signed)
    assert not VERIFIER.is_signed(key, text, signed[:-1] + bytes([signed[-1] ^ 0x10]))


@settings(max_examples=40)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=100), at=st.integers(0, 511))
def test_its_signatures_are_those_of_the_library(seed: bytes, message: bytes, at: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    signature = private.sign(message)
    damaged = bytearray(signature)
    damaged[at // 8] ^= 1 << at % 8

    assert VERIFIER.is_sound_key(public)
    assert VERIFIER.is_signed(public, message, signature)
    assert not VERIFIER.is_signed(public, message, bytes(damaged))


def test_a_signature_with_a_second_form_of_its_scalar_is_refused() -> None:
    signature = LOG.sign(b"text")
    scalar = int.from_bytes(signature[32:], "little") + ORDER

    assert not VERIFIER.is_signed(
        LOG.public_key().public_bytes_raw(), b"text", signature[:32] + scalar.to_bytes(32, "little")
    )


def test_points_with_a_small_part_are_treated_as_the_library_treats_them() -> None:
    # Where libraries differ: key and commitment may each carry a point of order eight. Ours multiplies
    # nothing by the cofactor, as OpenSSL does not.
    small = VERIFIER.decode_point(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    )
    secret, nonce = 1234567, 7654321
    answers: set[bool] = set()
    for in_key, in_commitment in product(range(8), range(8)):
        key = encoded_sum(VERIFIER.multiply(secret, VERIFIER.base_point()), VERIFIER.multiply(in_key, small))
        commitment = encoded_sum(
            VERIFIER.multiply(nonce, VERIFIER.base_point()), VERIFIER.multiply(in_commitment, small)
        )
        challenge = int.from_bytes(sha512(commitment + key + b"text").digest(), "little")
        signature = commitment + ((nonce + challenge * secret) % ORDER).to_bytes(32, "little")

        answers.add(VERIFIER.is_signed(key, b"text", signature))
        assert VERIFIER.is_signed(key, b"text", signature) == is_signed_by_library(key, b"text", signature)

    assert answers == {True, False}


def test_under_a_key_of_small_order_a_signature_could_be_forged_so_none_is_sound() -> None:
    identity = (1).to_bytes(32, "little")
    # R = s*B - h*A with A the neutral point: chosen without any private key, and right for every text.
    forged = VERIFIER.encode_point(VERIFIER.multiply(5, VERIFIER.base_point())) + (5).to_bytes(32, "little")

    assert VERIFIER.is_signed(identity, sha512(b"any text").digest(), forged)
    assert not VERIFIER.is_sound_key(identity)
