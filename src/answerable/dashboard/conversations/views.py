"""What the pages of conversations show, from what the domains say: words are chosen here, nothing is decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from answerable.answering import OutcomeKind, TurnId, TurnSummary
from answerable.answering.values import AiDisclosed, Quote, Reason, TurnEnded
from answerable.audit import StoredEvent
from answerable.conversations import Conversation, ConversationId, Dialogue, Message, MessageId
from answerable.conversations.listing import Opinion, Preview
from answerable.conversations.values import Author, Delivery, Handler, Status
from answerable.handoff.values import (
    ConversationAssigned,
    ConversationClosed,
    ConversationHandedBack,
    ConversationReopened,
    ConversationTakenOver,
    DraftDiscarded,
    DraftRestored,
    DraftSent,
    DraftWithdrawn,
)
from answerable.infra.ids import MemberId

PREVIEW = 160
"""So many characters of a message stand in a list."""

LINES = (
    AiDisclosed,
    TurnEnded,
    ConversationTakenOver,
    ConversationHandedBack,
    ConversationAssigned,
    ConversationClosed,
    ConversationReopened,
    DraftSent,
    DraftDiscarded,
    DraftRestored,
    DraftWithdrawn,
)
"""The events that stand as lines between the messages."""

_QUIET = frozenset({OutcomeKind.REPLY.value, OutcomeKind.DRAFT.value})
"""Outcomes that need no line: the message or the draft says it."""

Names = Mapping[UUID, str]
"""What members are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """A conversation in the list."""

    preview: Preview
    name: str | None
    letters: str
    text: str
    assignee: str | None
    outcome: OutcomeKind | None

    @property
    def conversation(self) -> Conversation:
        """The conversation."""
        return self.preview.row.conversation

    @property
    def at(self) -> datetime:
        """Since when it waits, or when it last moved."""
        return self.conversation.waiting_since or self.conversation.last_message_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows of one status."""

    status: Status | None
    """None for what a search found."""
    rows: tuple[RowView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that happened, between the messages."""

    key: str
    """The text's key."""
    who: str | None
    """The member; None for whoever is none."""
    at: datetime
    id: UUID
    whom: str | None = None
    turn_id: TurnId | None = None
    reason: Reason | None = None

    kind = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message, or a draft and what became of it."""

    message: Message
    who: str | None
    letters: str
    turn: TurnSummary | None
    opinion: Opinion | None
    """What the contact thought of it; None when they did not say."""
    is_stale: bool
    """Whether the contact has written since, of a draft on which nobody has decided."""
    can_restore: bool

    @property
    def id(self) -> UUID:
        """The message's identifier."""
        return self.message.id

    @property
    def kind(self) -> str:
        """Whether it was said, is a draft, or was one."""
        if self.message.delivery is Delivery.WITHHELD:
            return "draft"
        return "said" if self.message.delivery in {Delivery.RECEIVED, Delivery.DELIVERED} else "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation as a member sees it."""

    conversation: Conversation
    name: str | None
    letters: str
    assignee: str | None
    entries: tuple[Said | Line, ...]
    turns: tuple[TurnSummary, ...]

    @property
    def sources(self) -> tuple[Quote, ...]:
        """What the newest turn that quoted anything stands on."""
        return next((turn.citations for turn in reversed(self.turns) if turn.citations), ())

    @property
    def sourced_turn(self) -> TurnSummary | None:
        """The newest turn that quoted anything."""
        return next((turn for turn in reversed(self.turns) if turn.citations), None)

    @property
    def draft(self) -> Said | None:
        """The newest draft on which nobody has decided."""
        said = (one for one in reversed(self.entries) if isinstance(one, Said))
        return next((one for one in said if one.kind == "draft"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a conversation's page is made from."""

    dialogue: Dialogue
    events: Sequence[StoredEvent]
    turns: Sequence[TurnSummary]
    opinions: Mapping[MessageId, Opinion]
    name: str | None
    names: Names

    def last(self, delivery: Delivery) -> int:
        """The position of the newest message that went this way."""
        return max((one.position for one in self.dialogue.messages if one.delivery is delivery), default=0)


def group_rows(
    previews: Iterable[Preview],
    outcomes: Mapping[ConversationId, tuple[OutcomeKind, Reason]],
    names: Names,
    *,
    is_search: bool = False,
) -> tuple[Group, ...]:
    """The rows of a list in groups of one status each, or those of a search in one."""
    rows = [_row(preview, outcomes, names) for preview in previews]
    if is_search:
        return (Group(status=None, rows=tuple(rows)),) if rows else ()
    grouped = groupby(rows, key=lambda row: row.conversation.status)
    return tuple(Group(status=status, rows=tuple(inside)) for status, inside in grouped)


def talk_of(told: Told) -> Talk:
    """A conversation with its messages, and what happened between them."""
    conversation = told.dialogue.conversation
    heard, answered = told.last(Delivery.RECEIVED), told.last(Delivery.DELIVERED)
    said = [_said(message, told, heard=heard, answered=answered) for message in told.dialogue.messages]
    lines = [line for event in told.events if (line := _line(event, told.names)) is not None]
    return Talk(
        conversation=conversation,
        name=told.name,
        letters=letters_of(told.name, conversation.contact_id),
        assignee=_name(told.names, conversation.assignee_id),
        entries=_merge(said, lines),
        turns=tuple(told.turns),
    )


def letters_of(name: str | None, key: UUID) -> str:
    """Two letters for somebody: of their name, or the end of their identifier."""
    if not name:
        return key.hex[-2:].upper()
    words = [
        word for word in name.split("@")[0].replace(".", " ").replace("_", " ").split() if word[0].isalnum()
    ]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def _row(
    preview: Preview, outcomes: Mapping[ConversationId, tuple[OutcomeKind, Reason]], names: Names
) -> RowView:
    conversation = preview.row.conversation
    outcome, _reason = outcomes.get(conversation.id, (None, None))
    words = " ".join((preview.last.text or "").split()) if preview.last else ""
    return RowView(
        preview=preview,
        name=preview.name,
        letters=letters_of(preview.name, conversation.contact_id),
        text=words[:PREVIEW],
        assignee=_name(names, conversation.assignee_id),
        outcome=outcome,
    )


def _said(message: Message, told: Told, *, heard: int, answered: int) -> Said:
    of_turn = message.draft_id or message.id
    who = _name(told.names, message.member_id) if message.author is Author.MEMBER else told.name
    conversation = told.dialogue.conversation
    return Said(
        message=message,
        who=who,
        letters=letters_of(who, message.member_id or conversation.contact_id),
        turn=next((turn for turn in told.turns if turn.message_id == of_turn), None),
        opinion=told.opinions.get(message.id),
        is_stale=message.delivery is Delivery.WITHHELD and heard > message.position,
        can_restore=message.delivery is Delivery.DISCARDED
        and conversation.status is Status.WAITING
        and conversation.handler is Handler.PEOPLE
        and answered < message.position,
    )


def _line(event: StoredEvent, names: Names) -> Line | None:
    detail = event.body["d"]
    key, turn_id, reason = event.type.replace(".", "_"), None, None
    if event.type == TurnEnded.type:
        if detail["outcome"] in _QUIET:
            return None
        key, turn_id, reason = f"turn_{detail['outcome']}", TurnId(event.subject_id), Reason(detail["reason"])
    if event.type == DraftSent.type and detail["edited"]:
        key = "draft_edited"
    if event.type == ConversationAssigned.type and detail["assignee_id"] is None:
        key = "conversation_unassigned"
    assignee = detail.get("assignee_id")
    return Line(
        key=key,
        who=_name(names, event.actor_id) if event.actor_kind == "member" else None,
        at=event.at,
        id=event.id,
        whom=_name(names, MemberId(UUID(assignee))) if assignee else None,
        turn_id=turn_id,
        reason=reason,
    )


def _merge(said: Sequence[Said], lines: Sequence[Line]) -> tuple[Said | Line, ...]:
    # Of one moment, what the contact was told comes before the message that told it, everything else after.
    def place(entry: Said | Line) -> tuple[datetime, int, str]:
        if isinstance(entry, Said):
            return entry.message.created_at, 1, f"{entry.message.position:09}"
        return entry.at, 0 if entry.key == "disclosure_shown" else 2, entry.id.hex

    return tuple(sorted([*said, *lines], key=place))


def _name(names: Names, member_id: UUID | None) -> str | None:
    return names.get(member_id, member_id.hex[-4:].upper()) if member_id else None
