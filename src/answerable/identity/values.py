"""Sign-in links, sign-in sessions and preferences as values, and the events of this domain."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, NewType
from uuid import UUID

from answerable.audit.values import Event, RetentionClass, SubjectKind
from answerable.infra.ids import MemberId
from answerable.tenancy.values import Role

SignInLinkId = NewType("SignInLinkId", UUID)
SignInSessionId = NewType("SignInSessionId", UUID)

COOKIE = "__Host-answerable"
"""Where a browser keeps its token: only over TLS or to this machine, for this host alone, for every path;
browsers hold the prefix to that."""

LINK_LIFETIME = timedelta(minutes=15)
"""How long a sign-in link can be used when nobody says otherwise."""

SESSION_LIFETIME = timedelta(days=14)
"""How long a sign-in session lasts, however much it is used."""

SESSION_IDLE = timedelta(days=3)
"""After so long without a request a sign-in session ends."""

SEEN_EVERY = timedelta(minutes=5)
"""How exactly the last request of a sign-in session is known."""


class Theme(StrEnum):
    """In which colours a member wants the pages."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """How a member wants the pages; None leaves it to the browser."""

    language: str | None = None
    """`de` or `en`."""
    theme: Theme | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A link that signs a member in, once; its token is told here and nowhere again."""

    id: SignInLinkId
    member_id: MemberId
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInSession:
    """A browser in which a member has signed in."""

    id: SignInSessionId
    member_id: MemberId
    role: Role
    preferences: Preferences
    expires_at: datetime
    seen_at: datetime
    """When it was last used, to within `SEEN_EVERY`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLinkMade:
    """A link was made with which a member can sign in."""

    type: ClassVar[str] = "member.sign_in_link_made"
    about: ClassVar[SubjectKind] = SubjectKind.MEMBER
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: MemberId
    link_id: SignInLinkId


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A member signed in."""

    type: ClassVar[str] = "member.signed_in"
    about: ClassVar[SubjectKind] = SubjectKind.MEMBER
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: MemberId
    link_id: SignInLinkId
    session_id: SignInSessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """A member signed out."""

    type: ClassVar[str] = "member.signed_out"
    about: ClassVar[SubjectKind] = SubjectKind.MEMBER
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: MemberId
    session_id: SignInSessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesChanged:
    """A member chose how the pages look to them."""

    type: ClassVar[str] = "member.preferences_changed"
    about: ClassVar[SubjectKind] = SubjectKind.MEMBER
    retention: ClassVar[RetentionClass] = RetentionClass.CONFIGURATION

    subject_id: MemberId


EVENTS: tuple[type[Event], ...] = (SignInLinkMade, SignedIn, SignedOut, PreferencesChanged)
