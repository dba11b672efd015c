"""What a member has chosen in the address: filters, a search, a page, a tab; kept in it, so a reload keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from answerable.conversations import ConversationId, Cursor, Filters
from answerable.conversations.listing import Assigned, Standing
from answerable.conversations.values import Channel, Handler, Status

MOST_QUERY: Final = 500
"""The longest search, in characters."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_Word = TypeVar("_Word", bound=StrEnum)


class Who(StrEnum):
    """Whose conversations are shown."""

    ANYONE = "anyone"
    ME = "me"
    NOBODY = "nobody"
    PEOPLE = "people"
    ASSISTANT = "assistant"


class Side(StrEnum):
    """Which tab stands beside the conversation."""

    EVIDENCE = "evidence"
    CONTACT = "contact"
    RECORD = "record"


class Language(StrEnum):
    """Whose language is shown."""

    GERMAN = "de"
    ENGLISH = "en"


class Shown(StrEnum):
    """Channels that can be chosen; conversations of the playground have a page of their own."""

    WEB = Channel.WEB.value
    COMMAND_LINE = Channel.COMMAND_LINE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The choices of an address; what it does not say, or says wrongly, is as if nobody had chosen."""

    status: Standing = Standing.UNFINISHED
    who: Who = Who.ANYONE
    channel: Shown | None = None
    language: Language | None = None
    unread: bool = False
    q: str = ""
    after: Cursor | None = None
    side: Side = Side.EVIDENCE

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """The choices in an address's query."""
        return cls(
            status=_word(Standing, parameters.get("status")) or Standing.UNFINISHED,
            who=_word(Who, parameters.get("who")) or Who.ANYONE,
            channel=_word(Shown, parameters.get("channel")),
            language=_word(Language, parameters.get("language")),
            unread=parameters.get("unread") == "yes",
            q=parameters.get("q", "")[:MOST_QUERY].strip(),
            after=parse_cursor(parameters.get("after", "")),
            side=_word(Side, parameters.get("side")) or Side.EVIDENCE,
        )

    @property
    def filters(self) -> Filters:
        """The filters of the list."""
        handlers = {Who.PEOPLE: Handler.PEOPLE, Who.ASSISTANT: Handler.ASSISTANT}
        assigned = {Who.ME: Assigned.ME, Who.NOBODY: Assigned.NOBODY}
        return Filters(
            standing=self.status,
            handler=handlers.get(self.who),
            assigned=assigned.get(self.who, Assigned.ANYONE),
            channel=Channel(self.channel) if self.channel else None,
            language=self.language.value if self.language else None,
            unread=self.unread,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything is chosen that could hide a conversation."""
        return replace(self, side=Side.EVIDENCE, after=None, q="") != Chosen()

    def address(self, conversation_id: UUID | None = None, *, part: str = "", **changes: Any) -> str:
        """Where these choices, with some changed, are shown; another list begins at its first page."""
        # The types of the changes are those of the fields; `replace` refuses any other name.
        moved = {} if set(changes) <= {"side", "after"} else {"after": None}
        chosen = replace(self, **(moved | changes))
        query = urlencode({name: text for name, text in chosen.texts().items() if text})
        path = "/conversations" + (f"/{conversation_id}" if conversation_id else "") + part
        return f"{path}?{query}" if query else path

    def texts(self) -> dict[str, str]:
        """The choices as an address spells them; those that nobody made are empty."""
        usual = Chosen()
        return {
            field.name: _spell(getattr(self, field.name))
            if getattr(self, field.name) != getattr(usual, field.name)
            else ""
            for field in fields(self)
        }


def parse_cursor(text: str) -> Cursor | None:
    """A place in a list, as an address spells it."""
    try:
        status, microseconds, identifier = text.split(".")
        at = _EPOCH + timedelta(microseconds=int(microseconds))
        return Cursor(status=Status(status), at=at, id=ConversationId(UUID(identifier)))
    except (ValueError, OverflowError):
        return None


def _spell(value: object) -> str:
    match value:
        case Cursor():
            microseconds = (value.at - _EPOCH) // timedelta(microseconds=1)
            return f"{value.status.value}.{microseconds}.{value.id.hex}"
        case bool():
            return "yes" if value else ""
        case None:
            return ""
        case _:
            return str(value)


def _word(words: type[_Word], text: str | None) -> _Word | None:
    return words(text) if text is not None and text in {one.value for one in words} else None
