"""Values of lists and searches of conversations, of who is there, and of what is known of a contact. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from answerable.conversations.values import (
    AddressKind,
    Channel,
    Conversation,
    ConversationId,
    Handler,
    Message,
    Rating,
    Searched,
    Status,
)
from answerable.infra.ids import ContactId, MemberId

MOST_LISTED = 100
"""So many conversations are on one page of a list, at most."""

MOST_SEARCHED = 200
"""By words, the conversations are searched that a member opened last: so many."""

MOST_OPENED = 4_000
"""So many messages are opened for one search by words, the newest first."""

PRESENT_FOR = timedelta(seconds=30)
"""So long a sign of presence or of typing holds."""


class Standing(StrEnum):
    """Which conversations a list shows, by where they stand."""

    UNFINISHED = "unfinished"
    """Waiting, longest first, then open, newest first."""
    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


STATUSES_OF: dict[Standing, tuple[Status, ...]] = {
    Standing.UNFINISHED: (Status.WAITING, Status.OPEN),
    Standing.WAITING: (Status.WAITING,),
    Standing.OPEN: (Status.OPEN,),
    Standing.CLOSED: (Status.CLOSED,),
    Standing.ALL: (Status.WAITING, Status.OPEN, Status.CLOSED),
}
"""The groups of a list in the order in which they are shown; each has an order of its own."""


class Assigned(StrEnum):
    """Which conversations a list shows, by who has taken them over."""

    ANYONE = "anyone"
    ME = "me"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page of a list ends: the group, and the place in the group's order."""

    status: Status
    at: datetime
    id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which conversations a list shows."""

    standing: Standing = Standing.UNFINISHED
    handler: Handler | None = None
    assigned: Assigned = Assigned.ANYONE
    channel: Channel | None = None
    """None shows all but those of the playground, for which nobody waits."""
    language: str | None = None
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A conversation in a list: what is in clear of it."""

    conversation: Conversation
    unread: bool
    """Whether the member has not had its newest message before them."""
    has_draft: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A conversation in a list with what was opened for it."""

    row: Row
    name: str | None
    """What the contact is called: their name, else their address; None when neither is known."""
    last: Message | None
    """The newest message of the contact."""
    is_answered: bool
    """Whether somebody has said something since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of a list."""

    previews: tuple[Preview, ...]
    next: Cursor | None
    """Where the next page begins; None on the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many conversations there are, for the choices of the filters; all but closed ones are unfinished."""

    waiting: int
    open: int
    closed: int
    mine: int
    nobody: int
    unread: int
    assistant: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, and how far it looked."""

    by: Searched
    previews: tuple[Preview, ...]
    conversations: int
    """How many conversations were looked through."""
    messages: int
    """How many messages were opened for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A member who has a conversation before them."""

    member_id: MemberId
    types: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAddress:
    """One thing that is known of a contact."""

    kind: AddressKind
    value: str | None
    """None once the contact's key has been destroyed."""
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the contact thought of a message last, opened."""

    rating: Rating
    reason: str | None
    """In the contact's own words; None when there were none, or once they are erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What is known of a contact."""

    id: ContactId
    since: datetime
    conversations: int
    addresses: tuple[KnownAddress, ...]
