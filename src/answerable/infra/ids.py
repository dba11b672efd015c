"""Typed identifiers and the actor: who acts, in which tenant. Pure, open to rules and values."""

import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", UUID)
MemberId = NewType("MemberId", UUID)
ContactId = NewType("ContactId", UUID)

PLATFORM_TENANT = TenantId(UUID(int=0))
"""No tenant: the log and the keys of the installation itself lie under it."""


class ActorKind(StrEnum):
    """Who may act."""

    ASSISTANT = "assistant"
    MEMBER = "member"
    CONTACT = "contact"
    PLATFORM = "platform"
    KEY = "key"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts in which tenant; every database session has one."""

    tenant_id: TenantId
    kind: ActorKind
    id: UUID | None = None
    """The member, contact or key; None for the assistant, the platform and the system."""

    role: str | None = None
    """A member's role in the tenant, as `tenancy.Role` spells it."""


def uuid7(*, unix_ns: int | None = None) -> UUID:
    """A new time-ordered identifier; those that one process makes one after another sort in that order.

    Units:   unix_ns in nanoseconds since 1970; now when absent.
    Source:  RFC 9562, section 5.7, with the fraction of the millisecond in rand_a (section 6.2, method 3).
    """
    milliseconds, nanoseconds = divmod(time.time_ns() if unix_ns is None else unix_ns, 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62
    return UUID(int=value | secrets.randbits(62))
