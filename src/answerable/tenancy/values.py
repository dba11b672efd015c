"""Tenants, members, roles and permissions as values, and the events of this domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from answerable.audit.values import Commitment, Digest, ErrorCode, Event, RetentionClass, SubjectKind
from answerable.infra.ids import MemberId, TenantId

BRAND_COLOUR = "#1f4b3f"
"""The colour of the chat's head where a tenant has chosen none."""

LANGUAGES = ("de", "en")
"""The languages that the product speaks to contacts."""


class Role(StrEnum):
    """What a member is in a tenant."""

    OWNER = "owner"
    ADMIN = "admin"
    PRIVACY_OFFICER = "privacy_officer"
    AUDITOR = "auditor"
    RESPONDER = "responder"
    VIEWER = "viewer"


class Permission(StrEnum):
    """One thing that an actor may be allowed to do; every operation names the one it needs."""

    CREATE_TENANT = "create_tenant"
    MANAGE_MEMBERS = "manage_members"
    VIEW_TENANT = "view_tenant"
    IMPORT_KNOWLEDGE = "import_knowledge"
    VIEW_KNOWLEDGE = "view_knowledge"
    DELETE_KNOWLEDGE = "delete_knowledge"
    ASK = "ask"
    ANSWER = "answer"
    VIEW_CONVERSATIONS = "view_conversations"
    RESPOND = "respond"
    TAKE_OVER = "take_over"
    CLOSE_CONVERSATION = "close_conversation"
    VIEW_LOG = "view_log"
    WATCH_LOG = "watch_log"
    """To see heads and hashes of the log, and no entry: what a witness needs."""
    RECOVER_KEYS = "recover_keys"
    MANAGE_SETTINGS = "manage_settings"
    MANAGE_JOBS = "manage_jobs"


class Posture(StrEnum):
    """What the assistant may do by itself; an unknown value is read as the safest, off."""

    AUTO = "auto"
    DRAFT = "draft"
    OFF = "off"

    @classmethod
    def _missing_(cls, value: object) -> "Posture":  # noqa: ARG003 - the name is Enum's
        return cls.OFF


class Channel(StrEnum):
    """Where a conversation takes place."""

    WEB = "web"
    COMMAND_LINE = "command_line"
    PLAYGROUND = "playground"
    """A member tries the assistant out; nobody waits for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRef:
    """What is known of a tenant before a session in it is opened."""

    id: TenantId
    slug: str
    name: str
    widget_origins: tuple[str, ...] = ()
    """Origins whose pages may carry the chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One customer company of the installation, and what it has set."""

    id: TenantId
    slug: str
    name: str
    language: str
    """The language of a greeting to somebody whose own language is unknown: `de` or `en`."""
    posture: Posture
    answer_hours: int
    """Within how many hours people answer what the assistant handed over."""
    public_key: str
    """Names the tenant to the widget's endpoints; not a secret."""
    created_at: datetime
    widget_origins: tuple[str, ...] = ()
    """Origins whose pages may carry the chat; the installation's own always may."""
    brand_colour: str = BRAND_COLOUR
    """The colour of the chat's head, as `#rrggbb`; white on it is legible."""
    languages: tuple[str, ...] = LANGUAGES
    """The languages in which the assistant speaks to contacts; its own is one of them."""
    channel_postures: Mapping[Channel, Posture] = field(default_factory=dict[Channel, Posture])
    """Where a channel's posture is another than the tenant's."""
    threshold: float | None = None
    """From which probability on the assistant answers; None takes the calibrated one."""
    settings_version: int = 1
    """Counts what was set, from 1."""

    def posture_in(self, channel: Channel) -> Posture:
        """What the assistant may do by itself in a channel."""
        return self.channel_postures.get(channel, self.posture)

    def in_channel(self, channel: Channel) -> "Tenant":
        """The tenant with the posture that it has in a channel."""
        return replace(self, posture=self.posture_in(channel), channel_postures={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything that members set of a tenant; each field is one of `Tenant`, with the same name."""

    name: str
    language: str
    languages: tuple[str, ...]
    answer_hours: int
    posture: Posture
    channel_postures: Mapping[Channel, Posture]
    threshold: float | None
    widget_origins: tuple[str, ...]
    brand_colour: str
    public_key: str


class SettingField(StrEnum):
    """One thing that can be set, by the name of its field."""

    NAME = "name"
    LANGUAGE = "language"
    LANGUAGES = "languages"
    ANSWER_HOURS = "answer_hours"
    POSTURE = "posture"
    CHANNEL_POSTURES = "channel_postures"
    THRESHOLD = "threshold"
    WIDGET_ORIGINS = "widget_origins"
    BRAND_COLOUR = "brand_colour"
    PUBLIC_KEY = "public_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsVersion:
    """What was set from one moment to the next, who set it, and in which fields it differs from before."""

    version: int
    configuration: Configuration
    changed: tuple[SettingField, ...]
    """Empty for the first version, which came with the tenant."""
    actor_kind: str
    actor_id: UUID | None
    """The member, when a member did it."""
    reverts_to: int | None
    """The version that was brought back, when that was the change."""
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """What it takes to create a tenant."""

    slug: str
    name: str
    owner_email: str
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person with a login."""

    id: MemberId
    role: Role
    email: str | None
    """None once the member's key has been destroyed."""
    created_at: datetime

    @property
    def name(self) -> str:
        """What colleagues read: the address up to its at sign, until members can give a name."""
        return self.email.split("@", maxsplit=1)[0] if self.email else "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantCreated:
    """A tenant came into being."""

    type: ClassVar[str] = "tenant.created"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: TenantId
    posture: Posture


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded:
    """A person got a login."""

    type: ClassVar[str] = "member.added"
    about: ClassVar[SubjectKind] = SubjectKind.MEMBER
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: MemberId
    role: Role
    email: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRotated:
    """The tenant's key was replaced and the old one destroyed: what was erased is gone from backups too."""

    type: ClassVar[str] = "keys.rotated"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.PRIVACY

    subject_id: TenantId
    generation: int
    rewrapped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRecovered:
    """After an older backup was restored: living keys live again, erased ones are destroyed again."""

    type: ClassVar[str] = "keys.recovered"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.PRIVACY

    subject_id: TenantId
    rewrapped: int
    destroyed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged:
    """Somebody changed what is set; the version with this number holds the text that the digest is of."""

    type: ClassVar[str] = "tenant.settings_changed"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: TenantId
    version: int
    fields: tuple[SettingField, ...]
    configuration: Digest
    reverts_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRetried:
    """Somebody had a parked job tried again; the subject is the job's number, written as an identifier."""

    type: ClassVar[str] = "job.retried"
    about: ClassVar[SubjectKind] = SubjectKind.JOB
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: UUID
    error_code: ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDiscarded:
    """Somebody gave a parked job up for good; the subject is the job's number, written as an identifier."""

    type: ClassVar[str] = "job.discarded"
    about: ClassVar[SubjectKind] = SubjectKind.JOB
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: UUID
    error_code: ErrorCode


EVENTS: tuple[type[Event], ...] = (
    TenantCreated,
    MemberAdded,
    KeysRotated,
    KeysRecovered,
    SettingsChanged,
    JobRetried,
    JobDiscarded,
)
