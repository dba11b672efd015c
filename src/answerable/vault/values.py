"""Values of the vault: data subjects, places, what is to be sealed, what was sealed, what became of keys.

How bytes are sealed lives in `rules`, where keys lie in `keyfiles` and `models`.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType, Self
from uuid import UUID

from answerable.infra.ids import TenantId
from answerable.vault.errors import EnvelopeMalformed, SlotMalformed

KeyId = NewType("KeyId", UUID)

VERSION = b"\x01"
"""The first byte of every envelope: which format follows."""

COMMITMENT_BYTES = 32
LENGTH_BYTES = 8
BUCKET_BYTES = 256
"""Plaintexts are padded to a multiple of this, so that a length says little."""

TAG_BYTES = 16

_COMMITMENT_AT = 17
_CIPHERTEXT_AT = _COMMITMENT_AT + COMMITMENT_BYTES
_SLOT = re.compile(r"[a-z_]+\.[a-z_]+")


class SubjectKind(StrEnum):
    """Which sort of person a key belongs to."""

    CONTACT = "contact"
    MEMBER = "member"


class DataClass(StrEnum):
    """Which sort of personal content a key seals; classes are kept and erased apart."""

    CONVERSATION = "conversation"
    """What was written and said."""

    IDENTITY = "identity"
    """Names and addresses of a contact."""

    RECORD = "record"
    """Inputs, reasoning and results of the assistant's decisions."""

    STAFF = "staff"
    """Names and addresses of a member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The person whom content is about, and with whose keys it ends."""

    kind: SubjectKind
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyScope:
    """What one subject key seals: one person's content of one class in one month."""

    subject: Subject
    data_class: DataClass
    epoch: date
    """The first day of the month, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sealed value lies; it opens nowhere else."""

    tenant_id: TenantId
    record_id: UUID
    """The row that holds the value."""

    slot: str
    """The column that holds it, as `table.column`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A value to be sealed, and the row and column where it will lie."""

    subject: Subject
    data_class: DataClass
    record_id: UUID
    slot: str
    """The column, as `table.column`."""

    content: bytes = field(repr=False)

    def __post_init__(self) -> None:
        refuse_bad_slot(self.slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A sealed value as it was read: its row, its column, its bytes."""

    record_id: UUID
    slot: str
    envelope: bytes = field(repr=False)

    def __post_init__(self) -> None:
        refuse_bad_slot(self.slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A sealed value: which key opens it, what it commits to, the ciphertext."""

    key_id: KeyId
    commitment: bytes
    """32 bytes that fix the content and say nothing about it; noise once the key is destroyed."""

    ciphertext: bytes = field(repr=False)

    @property
    def envelope(self) -> bytes:
        """The bytes that go into the column: version, key, commitment, ciphertext."""
        return VERSION + self.key_id.bytes + self.commitment + self.ciphertext

    @classmethod
    def from_envelope(cls, envelope: bytes) -> Self:
        """Take an envelope apart.

        Errors:  EnvelopeMalformed.
        """
        body_bytes = len(envelope) - _CIPHERTEXT_AT - LENGTH_BYTES - TAG_BYTES
        if envelope[:1] != VERSION or body_bytes < BUCKET_BYTES or body_bytes % BUCKET_BYTES:
            raise EnvelopeMalformed
        return cls(
            key_id=KeyId(UUID(bytes=envelope[1:_COMMITMENT_AT])),
            commitment=envelope[_COMMITMENT_AT:_CIPHERTEXT_AT],
            ciphertext=envelope[_CIPHERTEXT_AT:],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A content with what proves it: whoever has both can check the commitment, and nothing else."""

    content: bytes = field(repr=False)
    blind: bytes = field(repr=False)
    """32 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """In place of a content whose key was destroyed."""

    key_id: KeyId
    destroyed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKey:
    """A subject's key as it lies in the database."""

    id: KeyId
    generation: int
    """The generation of the tenant's key that wraps it."""

    wrapped: bytes | None = field(repr=False)
    """None once destroyed."""

    destroyed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentGeneration:
    """The generation of the tenant's key that wraps new subject keys."""

    generation: int
    dirty_at: datetime | None
    """When a key that it wraps was first destroyed; it ends at the next rotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyedKeys:
    """What an erasure destroyed."""

    count: int
    ids: tuple[KeyId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """One tenant's keys wrapped anew."""

    tenant_id: TenantId
    generation: int
    """The new one; every older one is destroyed."""

    rewrapped: int
    """How many living subject keys it wraps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationReport:
    """What one night's rotation did."""

    rotated: tuple[Rotation, ...]
    failed: tuple[tuple[TenantId, str], ...]
    """Tenants left as they were, each with the code of the error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What became of one tenant's subject keys after an older dump was restored."""

    generation: int | None
    """The tenant's current generation; None when this database has no keys for the tenant."""

    rewrapped: int
    """Keys that live on, taken from the key folder's ring."""

    destroyed: tuple[KeyId, ...]
    """Keys that were erased after the dump was made, and are destroyed again."""

    erased_subjects: tuple[Subject, ...]
    """Whose keys these are: their rows came back with the dump and are to be deleted again."""


def refuse_bad_slot(slot: str) -> None:
    """Refuse a slot that is not written as `table.column`.

    Errors:  SlotMalformed.
    """
    if not _SLOT.fullmatch(slot) or len(slot) > 255:
        raise SlotMalformed(slot)
