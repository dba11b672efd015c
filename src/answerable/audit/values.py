"""What an audit event may hold: identifiers, closed words, small numbers, digests and commitments.

No field can carry free text, so no field can carry a person; what is personal stands in the body as a
commitment that turns into noise when the person's key is destroyed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, NewType, Protocol
from uuid import UUID

from answerable.infra.ids import TenantId

EventId = NewType("EventId", UUID)

ROOT: Final = TenantId(UUID("00000000-0000-8000-8000-000000000000"))
"""Under which the rows of the root log lie, which belongs to no tenant."""

MAX_NUMBER = 9_999_999
"""The largest number in a body: enough for counts and milliseconds, too small for a telephone number."""

MAX_ITEMS = 256
"""The longest list in a body."""

MAX_BODY_BYTES = 65_535
"""The longest body: what one entry of a published log bundle can hold (C2SP tlog-tiles)."""


class RetentionClass(StrEnum):
    """How long an event stays in the log."""

    ACCESS = "access"
    CONFIGURATION = "configuration"
    CONVERSATION = "conversation"
    PRIVACY = "privacy"


class SubjectKind(StrEnum):
    """What an event is about."""

    CONTACT = "contact"
    CONVERSATION = "conversation"
    DOCUMENT = "document"
    IMPORT = "import"
    JOB = "job"
    LOG = "log"
    MEMBER = "member"
    MESSAGE = "message"
    TENANT = "tenant"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Digest:
    """A SHA-256 digest of something that is not personal: a configuration, a document, a prompt."""

    value: bytes
    """32 bytes."""

    def __post_init__(self) -> None:
        if len(self.value) != 32:
            raise ValueError(len(self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What binds an event to a sealed value without telling it."""

    value: bytes
    """32 bytes: the sealed value's commitment."""

    key_id: UUID
    """The key that it is sealed under; the body holds only a digest of it, bound to the event."""

    record_id: UUID
    """The row that holds the sealed value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Which writer session recorded an event, as its how-manieth, and which numbers it declares void."""

    writer: UUID
    number: int
    void: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """The code of one of the product's declared errors."""

    value: str


class Event(Protocol):
    """One thing that happened. Implementations are frozen dataclasses whose fields the schema allows.

    One that declares `is_promised: ClassVar[bool] = True` gets a receipt.
    """

    type: ClassVar[str]
    """`area.verb_past` or `area.object.verb_past`; never changes its meaning."""
    about: ClassVar[SubjectKind]
    retention: ClassVar[RetentionClass]

    @property
    def subject_id(self) -> UUID:
        """The row that it is about."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event as it is stored, besides what all events of its transaction have in common."""

    id: EventId
    type: str
    body: bytes
    """The canonical bytes that its leaf is the hash of."""

    subject_kind: str
    subject_id: UUID
    conversation_id: UUID | None
    writer_number: int
    is_promised: bool
    """Whether it gets a receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event as the log holds it."""

    id: EventId
    type: str
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    subject_kind: str
    subject_id: UUID
    conversation_id: UUID | None
    body: Mapping[str, Any]  # parsed from the canonical bytes, closed by the schema of its type
    leaf_hash: bytes
    """SHA-256 over a zero byte and the canonical bytes (RFC 9162, section 2.1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An event with the exact bytes that its leaf is the hash of."""

    event: StoredEvent
    body: bytes
    is_queued: bool
    """Whether it still waits for its place in the tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What events are looked for: those about some rows of a conversation, or in a span of its time."""

    conversation_id: UUID
    subject_ids: tuple[UUID, ...]
    since: datetime | None = None
    """With `until`, all that happened in the conversation within that time counts as well."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQueried:
    """Somebody read the log."""

    type: ClassVar[str] = "access.log_queried"
    about: ClassVar[SubjectKind] = SubjectKind.LOG
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    returned: int


class SlotName(StrEnum):
    """What a sealed value is called in the entry that commits to it."""

    ADDRESS = "address"
    EMAIL = "email"
    INPUTS = "inputs"
    """What went into the assistant's decisions."""
    REASON = "reason"
    """Why a contact rated an answer as they did."""
    TEXT = "text"


class Assurance(StrEnum):
    """Who vouches for a log besides whoever runs it."""

    NONE = "none"
    SIGNED = "signed"
    TIMESTAMPED = "timestamped"
    TENANT_WITNESSED = "tenant-witnessed"
    QUORUM_WITNESSED = "quorum-witnessed"


class ExportFormat(StrEnum):
    """How entries of the log are written for other systems."""

    JSONL = "jsonl"
    CSV = "csv"
    OCSF = "ocsf"
    CLOUDEVENTS = "cloudevents"
