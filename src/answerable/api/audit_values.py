"""The JSON of the log: what is asked, entries, growth, assurance."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from answerable.audit import EventId
from answerable.audit.happenings import Purpose
from answerable.audit.slots import SlotState
from answerable.audit.values import SlotName
from answerable.infra.ids import ActorKind

LARGEST: Final = 2**53 - 1
"""The largest size and index that are taken: what JSON carries everywhere."""

MOST_ENTRIES: Final = 200
MOST_DRAWN: Final = 100

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})")


def _require_rfc3339(value: object) -> object:
    # Otherwise a bare number would pass for seconds since 1970.
    if isinstance(value, str) and not _TIME.fullmatch(value):
        raise ValueError
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_require_rfc3339)]
Position = Annotated[int, Field(ge=0, le=LARGEST)]
TypeName = Annotated[str, Field(pattern=r"^[a-z_]{1,40}(\.[a-z_]{1,40}){1,3}$")]


class WantedEvents(BaseModel):
    """Which events are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: list[TypeName] = Field(
        default=[], max_length=50, description="Event types; several are any of them."
    )
    conversation: UUID | None = None
    contact: UUID | None = Field(default=None, description="All conversations of this contact.")
    actor: ActorKind | None = Field(default=None, description="What kind of actor did it.")
    member: UUID | None = Field(default=None, description="Which member did it.")
    since: Time | None = Field(default=None, alias="from", description="From this time on.")
    until: Time | None = Field(default=None, alias="to", description="Before this time.")
    after_index: Position | None = Field(
        default=None, description="Only entries behind this place; `next` of the answer before."
    )
    limit: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = 50


class WantedProof(BaseModel):
    """Against which checkpoint an event is to be proved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Annotated[int, Field(ge=1, le=LARGEST)] | None = Field(
        default=None, description="Size of a signed checkpoint; the newest when left out."
    )
    wait: Literal["included"] | None = Field(
        default=None, alias="await", description="Wait up to 30 seconds until the event is in a checkpoint."
    )


class WantedGrowth(BaseModel):
    """Between which sizes the log is to be shown to have only grown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old: Position = Field(alias="from", description="Size of the log that you know.")
    new: Position = Field(alias="to", description="Size of the log that you were given.")


class WantedSample(BaseModel):
    """Which entries are to be drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: Annotated[str, Field(min_length=16, max_length=200)] = Field(
        description="Chosen by you and by chance: it decides which entries are drawn."
    )
    count: Annotated[int, Field(ge=1, le=MOST_DRAWN)] = 20
    size: Annotated[int, Field(ge=1, le=LARGEST)] | None = Field(
        default=None, description="Size of a signed checkpoint; the newest when left out."
    )


class ShownSampled(BaseModel):
    """An entry that was drawn."""

    model_config = ConfigDict(frozen=True)

    index: int
    event_id: UUID
    entry: str = Field(description="The exact bytes, base64.")
    proof: str | None = Field(
        description="That it stands in the checkpoint (c2sp.org/tlog-proof@v1); null where the tree lost hashes."
    )


class ShownSample(BaseModel):
    """What a seed has drawn."""

    model_config = ConfigDict(frozen=True)

    checkpoint: str = Field(description="The signed checkpoint from which was drawn.")
    places: tuple[int, ...] = Field(description="Which places were drawn; one without an item is lost.")
    items: tuple[ShownSampled, ...]


class WantedOpening(BaseModel):
    """What is to be opened of an event, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slots: tuple[SlotName, ...] = Field(
        default=(), max_length=len(SlotName), description="Which sealed values; none are all of the event's."
    )
    purpose: Purpose


class ShownOpening(BaseModel):
    """A sealed value of an event, opened."""

    model_config = ConfigDict(frozen=True)

    slot: str
    record: UUID
    state: SlotState
    place: str | None = Field(description="What the commitment names as the value's place.")
    content: str | None = Field(description="The value; null unless it is sealed under a living key.")
    blind: str | None = Field(description="What opens this commitment and no other, base64.")


class ShownOpenings(BaseModel):
    """What an event commits to, as far as it can be opened."""

    model_config = ConfigDict(frozen=True)

    tenant: UUID = Field(description="The workspace, which the commitment names too.")
    items: tuple[ShownOpening, ...]


class ShownSlot(BaseModel):
    """What has become of a sealed value that an event commits to."""

    model_config = ConfigDict(frozen=True)

    slot: str
    record: UUID = Field(description="The row that holds it.")
    state: SlotState


class ShownEntry(BaseModel):
    """An event with its place in the log."""

    model_config = ConfigDict(frozen=True)

    index: int | None = Field(description="Its place, from 0; null while it waits for one.")
    event_id: EventId
    event: dict[str, Any] = Field(description="The body, as its canonical bytes spell it.")
    leaf_hash: str = Field(description="SHA-256 of a zero byte and the canonical bytes, base64.")
    slots: tuple[ShownSlot, ...] = ()


class ShownEvent(ShownEntry):
    """An event with everything that is needed to check it."""

    entry: str = Field(description="The canonical bytes, base64: what the leaf is the hash of.")
    receipt: str | None = Field(
        description="The signed promise that it will stand in the log, if it got one."
    )


class ShownEntries(BaseModel):
    """Entries in the order of the log."""

    model_config = ConfigDict(frozen=True)

    items: tuple[ShownEntry, ...]
    checkpoint: str | None = Field(description="The newest signed checkpoint; null before the first one.")
    next: int | None = Field(description="To be sent as `after_index` for what follows; null at the end.")


class ShownGrowth(BaseModel):
    """What shows that the log has only grown."""

    model_config = ConfigDict(frozen=True)

    old: int = Field(serialization_alias="from")
    new: int = Field(serialization_alias="to")
    hashes: tuple[str, ...] = Field(description="The consistency proof of RFC 9162, base64.")


class ShownAlarm(BaseModel):
    """Something that the signer refuses to sign."""

    model_config = ConfigDict(frozen=True)

    finding: str
    signed_size: int
    found_size: int
    raised_at: datetime


class ShownAssurance(BaseModel):
    """How far the log is, and who vouches for it."""

    model_config = ConfigDict(frozen=True)

    level: str | None = Field(
        description="Who vouches for the newest checkpoint that any witness has cosigned, or for the newest of "
        "all; null before the first one."
    )
    vouched_size: int = Field(description="Entries that this checkpoint covers.")
    cosigners: int = Field(description="Registered witnesses that have cosigned it.")
    quorum: int = Field(description="So many of them it takes; 0 when none is asked for.")
    timestamped_at: datetime | None = Field(description="By when an authority has seen it (RFC 3161).")
    origin: str | None = Field(description="The log's name.")
    keys: tuple[str, ...] = Field(description="Verifier keys: of checkpoints, of the clock, of receipts.")
    size: int = Field(description="Entries that have a place.")
    signed_size: int = Field(description="Entries that the newest checkpoint covers.")
    signed_at: datetime | None
    waiting: int = Field(description="Events without a place, counted up to 10,000.")
    lag_ms: int = Field(description="For how long the oldest of them has been waiting.")
    alarms: tuple[ShownAlarm, ...]
