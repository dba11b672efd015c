"""What the API says of witnesses, and what they may bring."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class ShownHead(BaseModel):
    """A signed head."""

    model_config = ConfigDict(frozen=True)

    size: int
    note: str = Field(description="The signed checkpoint with its cosignatures.")


class ShownHeads(BaseModel):
    """Signed heads, smallest first."""

    model_config = ConfigDict(frozen=True)

    items: tuple[ShownHead, ...]


class ShownWitness(BaseModel):
    """Somebody who cosigns heads."""

    model_config = ConfigDict(frozen=True)

    name: str
    key: str = Field(description="Its verifier key.")
    is_asked: bool = Field(description="Whether heads are handed to it; otherwise it fetches them.")
    size: int = Field(description="Entries that the newest head covers that it has cosigned.")
    stated_at: datetime | None = Field(description="When it did, by its own clock.")
    asked_at: datetime | None = Field(description="When it was last asked, or last came.")
    failure: str | None = Field(description="The code of what went wrong then.")


class ShownWitnesses(BaseModel):
    """The witnesses that count."""

    model_config = ConfigDict(frozen=True)

    quorum: int = Field(description="So many of them it takes; 0 when none is asked for.")
    items: tuple[ShownWitness, ...]


class ShownLabel(BaseModel):
    """How a workspace finds its heads in the root log."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(description="32 bytes, base64: opens what an entry commits to.")
    label: str = Field(description="32 bytes, base64: by which its entries are recognised.")


class ShownTimestamp(BaseModel):
    """A head that an authority has stamped."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(description="What was stamped: the text of the checkpoint.")
    token: str = Field(description="The authority's answer, DER in base64: `openssl ts -verify` reads it.")
    stated_at: datetime = Field(description="By when, by the authority's clock.")


class BroughtCosignatures(BaseModel):
    """A head with what witnesses have said of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    note: str = Field(max_length=100_000, description="The checkpoint as it was served, with more lines.")


class TakenCosignatures(BaseModel):
    """What was kept."""

    model_config = ConfigDict(frozen=True)

    taken: int = Field(description="Witnesses whose cosignature is kept now.")
