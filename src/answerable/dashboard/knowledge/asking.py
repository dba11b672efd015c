"""What addresses and forms ask of the pages of knowledge."""

from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from answerable.infra.ids import MemberId
from answerable.knowledge import DocumentChange, Wanted
from answerable.knowledge.catalogue import Freshness, Order, SourceKind
from answerable.knowledge.values import DocumentId, Language

PAGE = 50
"""Documents of one page of the list."""

_LAST = 2**31 - 1

Done = Literal["", "changed", "stopped", "deleted"]
"""What has just been done, for the page that is shown next."""


class Asked(BaseModel):
    """What a person asks of the list; empty words are what a form sends for no choice."""

    model_config = ConfigDict(frozen=True)

    q: str = ""
    language: Language | Literal[""] = ""
    kind: SourceKind | Literal[""] = ""
    freshness: Freshness | Literal[""] = ""
    order: Order = Order.CHANGED
    after: UUID | None = None
    done: Done = ""

    def to_wanted(self) -> Wanted:
        """As the domain is asked."""
        return Wanted(
            words=self.q,
            language=self.language or None,
            kind=self.kind or None,
            freshness=self.freshness or None,
            order=self.order,
            after=DocumentId(self.after) if self.after else None,
            limit=PAGE,
        )

    def query(self, **changes: object) -> str:
        """The same question as an address has it, with other values for some of it; nothing for nothing."""
        chosen = {
            "q": self.q,
            "language": self.language,
            "kind": self.kind,
            "freshness": self.freshness,
            "order": "" if self.order is Order.CHANGED else self.order,
        } | changes
        asked = urlencode({name: str(value) for name, value in chosen.items() if value})
        return f"?{asked}" if asked else ""


TheAsked = Annotated[Asked, Query()]
"""A route's parameter for what is asked of the list."""


class Opened(BaseModel):
    """Where in a document a person looks."""

    model_config = ConfigDict(frozen=True)

    at: int = Field(default=0, ge=0, le=_LAST)
    """A character: the page on which it stands is shown."""

    begins: int | None = Field(default=None, alias="from", ge=0, le=_LAST)
    """How many passages come before those that are shown."""

    done: Done = ""


class Compared(BaseModel):
    """Which versions a person compares."""

    model_config = ConfigDict(frozen=True)

    old: int = Field(alias="from")
    new: int = Field(alias="to")
    skip: int = Field(default=0, ge=0, le=_LAST)


class Edited(BaseModel):
    """What a form sets of a document; empty for none."""

    model_config = ConfigDict(frozen=True)

    valid_from: date | Literal[""] = ""
    valid_until: date | Literal[""] = ""
    owner: UUID | Literal[""] = ""

    def to_change(self) -> DocumentChange:
        """As the domain is told."""
        return DocumentChange(
            valid_from=self.valid_from or None,
            valid_until=self.valid_until or None,
            owner_id=MemberId(self.owner) if self.owner else None,
        )
