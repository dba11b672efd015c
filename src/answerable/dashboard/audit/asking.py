"""What a member asks of the log: filters in the address, and what they mean."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, field_validator

from answerable import conversations
from answerable.audit.reading import Wanted
from answerable.infra.db import Db
from answerable.infra.ids import ActorKind, ContactId

LARGEST = 2**53 - 1


class AskedPage(BaseModel):
    """The page's query; an empty field asks for nothing."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(default="", max_length=120)
    who: str = Field(default="", max_length=60)
    conversation: UUID | None = None
    contact: UUID | None = None
    since: date | None = None
    until: date | None = None
    before: Annotated[int, Field(ge=0, le=LARGEST)] | None = None

    @field_validator("conversation", "contact", "since", "until", "before", mode="before")
    @classmethod
    def _nothing(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value


TheAsked = Annotated[AskedPage, Query()]
"""A route's parameter for what is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Filters as the page shows them."""

    page: AskedPage

    @classmethod
    def of(cls, page: AskedPage) -> Self:
        """What a query asks for."""
        return cls(page=page)

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self._given())

    def address(self, path: str, **more: object) -> str:
        """An address with the same filters."""
        fields = self._given() | {name: value for name, value in more.items() if value not in {None, ""}}
        return f"{path}?{urlencode(fields)}" if fields else path

    def _given(self) -> dict[str, object]:
        given = self.page.model_dump(exclude={"before"}, exclude_defaults=True, mode="json")
        return {name: value for name, value in given.items() if value}


async def wanted_of(db: Db, asked: AskedPage) -> Wanted:
    """Which entries a query asks for.

    Errors:  PermissionDenied.
    """
    held = None if asked.conversation is None else [conversations.ConversationId(asked.conversation)]
    if asked.contact is not None:
        theirs = await conversations.list_of_contact(db, ContactId(asked.contact))
        held = [one for one in theirs if held is None or one in held]
    kind, member_id = _who(asked.who)
    return Wanted(
        types=(asked.type,) if asked.type else (),
        conversation_ids=None if held is None else tuple(held),
        actor_kind=kind,
        actor_id=member_id,
        since=_midnight(asked.since),
        until=_midnight(asked.until, days=1),
    )


def _who(given: str) -> tuple[str | None, UUID | None]:
    if given in {kind.value for kind in ActorKind}:
        return given, None
    try:
        return (ActorKind.MEMBER.value, UUID(given)) if given else (None, None)
    except ValueError:
        # Nobody is called so, and nobody has done anything.
        return ActorKind.MEMBER.value, UUID(int=0)


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    at = datetime.combine(day, time(), UTC)
    return at if day == date.max else at + timedelta(days=days)
