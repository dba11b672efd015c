"""How bytes are sealed, opened, committed to and wrapped: pure functions of keys, places and contents.

Every number is big-endian and every field has a fixed length or its length in front, so that no two inputs
share an encoding. With `record` the 16 bytes of the row's id, `tenant` those of the tenant's and
`slot` one byte of length and the slot's name:

    blind      = HKDF-SHA256(key, no salt, info = "answerable/blind/v1" 00 record slot), 32 bytes
    k_enc      = HKDF-SHA256(key, no salt, info = "answerable/enc/v1" 00 record slot), 32 bytes
    padded     = u64 length, then the content with zeros up to a multiple of 256 bytes, at least 256
    commitment = HMAC-SHA256(blind, "answerable/slot/v1" 00 tenant record slot, u64 length, content)
    ciphertext = AES-256-GCM(k_enc, nonce of 12 zero bytes, additional data = commitment record slot, padded)

The nonce never varies because k_enc is used once: one key, one row, one column. So a sealed column must
never be sealed a second time with another content; a trigger refuses to change one except to NULL.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime
from hmac import compare_digest
from hmac import digest as hmac_digest
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from answerable.infra.ids import TenantId
from answerable.vault.errors import CommitmentMismatch, KeyDamaged
from answerable.vault.values import BUCKET_BYTES, LENGTH_BYTES, TAG_BYTES, KeyId, Place, Sealed

KEY_BYTES = 32
_NONCE_BYTES = 12
WRAPPED_KEY_BYTES = _NONCE_BYTES + KEY_BYTES + TAG_BYTES
_ONE_USE_NONCE = bytes(_NONCE_BYTES)


def seal(key: bytes, place: Place, content: bytes, *, key_id: KeyId) -> Sealed:
    """Seal a content for one place under a subject's key.

    Source:  NIST SP 800-38D (GCM), RFC 5869 (HKDF), RFC 2104 (HMAC).
    """
    commitment = commit(derive_blind(key, place), place, content)
    ciphertext = _one_use_cipher(key, place).encrypt(
        _ONE_USE_NONCE, _pad(content), commitment + _encode_row_and_slot(place)
    )
    return Sealed(key_id=key_id, commitment=commitment, ciphertext=ciphertext)


def open_sealed(key: bytes, place: Place, sealed: Sealed) -> bytes:
    """The content of a sealed value, if it was sealed under this key for this place.

    Errors:  CommitmentMismatch when anything was changed or moved.
    """
    try:
        padded = _one_use_cipher(key, place).decrypt(
            _ONE_USE_NONCE, sealed.ciphertext, sealed.commitment + _encode_row_and_slot(place)
        )
    except InvalidTag as error:
        raise CommitmentMismatch(_describe(place)) from error
    content = _unpad(padded)
    if content is None or not is_commitment_to(sealed.commitment, derive_blind(key, place), place, content):
        raise CommitmentMismatch(_describe(place))
    return content


def derive_blind(key: bytes, place: Place) -> bytes:
    """The secret that hides a commitment; shown together with the content, it lets anyone check it."""
    return _derive(key, b"answerable/blind/v1\0" + _encode_row_and_slot(place))


def commit(blind: bytes, place: Place, content: bytes) -> bytes:
    """The commitment to a content in its place."""
    message = b"".join(
        (
            b"answerable/slot/v1\0",
            place.tenant_id.bytes,
            _encode_row_and_slot(place),
            _encode_length(content),
            content,
        )
    )
    return hmac_digest(blind, message, "sha256")


def is_commitment_to(commitment: bytes, blind: bytes, place: Place, content: bytes) -> bool:
    """Whether a commitment fixes this content in this place.

    A blind of any other length is refused: HMAC pads short keys and hashes long ones, so two different
    blinds could otherwise fit one commitment.
    """
    return len(blind) == KEY_BYTES and compare_digest(commitment, commit(blind, place, content))


def derive_token(search_key: bytes, purpose: str, value: str) -> bytes:
    """A keyed digest of a value, equal for equal values of one tenant and purpose, 32 bytes."""
    key = _derive(search_key, b"answerable/token/v1\0" + purpose.encode())
    return hmac_digest(key, value.encode(), "sha256")


def make_key() -> bytes:
    """A new random key, 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(wrapping_key: bytes, secret: bytes, *, binding: bytes) -> bytes:
    """Encrypt a key, or keys, under another one: a random nonce, then the ciphertext."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(wrapping_key).encrypt(nonce, secret, binding)


def unwrap(wrapping_key: bytes, wrapped: bytes, *, binding: bytes) -> bytes | None:
    """What was wrapped under this key with this binding; None when it was not."""
    try:
        return AESGCM(wrapping_key).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], binding)
    except (InvalidTag, ValueError):
        return None


def wrap_subject_key(tenant_key: bytes, key: bytes, *, tenant_id: TenantId, key_id: UUID) -> bytes:
    """Wrap a subject's key for its row."""
    return wrap(tenant_key, key, binding=_bind_subject_key(tenant_id, key_id))


def unwrap_subject_key(tenant_key: bytes, wrapped: bytes, *, tenant_id: TenantId, key_id: UUID) -> bytes:
    """A subject's key out of its row.

    Errors:  KeyDamaged.
    """
    key = unwrap(tenant_key, wrapped, binding=_bind_subject_key(tenant_id, key_id))
    if key is None:
        raise KeyDamaged(str(key_id))
    return key


def rewrap_subject_keys(
    wrapped: Iterable[tuple[UUID, bytes, bytes]], new_tenant_key: bytes, *, tenant_id: TenantId
) -> list[tuple[UUID, bytes]]:
    """Wrap subjects' keys under the tenant's next key.

    Shapes:  wrapped: key id, wrapped key, the tenant's key that wraps it now.
    Errors:  KeyDamaged.
    """
    return [
        (
            key_id,
            wrap_subject_key(
                new_tenant_key,
                unwrap_subject_key(old_tenant_key, secret, tenant_id=tenant_id, key_id=key_id),
                tenant_id=tenant_id,
                key_id=key_id,
            ),
        )
        for key_id, secret, old_tenant_key in wrapped
    ]


def month_of(moment: datetime) -> date:
    """The epoch of a moment: the first day of its month, UTC."""
    return moment.astimezone(UTC).date().replace(day=1)


def _derive(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)


def _one_use_cipher(key: bytes, place: Place) -> AESGCM:
    return AESGCM(_derive(key, b"answerable/enc/v1\0" + _encode_row_and_slot(place)))


def _bind_subject_key(tenant_id: TenantId, key_id: UUID) -> bytes:
    return b"answerable/subject-key/v1\0" + tenant_id.bytes + key_id.bytes


def _encode_row_and_slot(place: Place) -> bytes:
    slot = place.slot.encode()
    return place.record_id.bytes + len(slot).to_bytes(1) + slot


def _encode_length(content: bytes) -> bytes:
    return len(content).to_bytes(LENGTH_BYTES)


def _padded_bytes(content_bytes: int) -> int:
    buckets = max(1, -(-content_bytes // BUCKET_BYTES))
    return buckets * BUCKET_BYTES


def _pad(content: bytes) -> bytes:
    return _encode_length(content) + content.ljust(_padded_bytes(len(content)), b"\0")


def _unpad(padded: bytes) -> bytes | None:
    content_bytes = int.from_bytes(padded[:LENGTH_BYTES])
    content = padded[LENGTH_BYTES : LENGTH_BYTES + content_bytes]
    return content if padded == _pad(content) else None


def _describe(place: Place) -> str:
    return f"{place.slot} of {place.record_id}"
