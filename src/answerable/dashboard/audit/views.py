"""What the pages of the log show, from what the log says: words are chosen here, nothing is decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from answerable.audit import StoredEvent
from answerable.audit.proofs import ProofState, Proven
from answerable.audit.reading import Entry, Standing
from answerable.dashboard.audit.drawing import Drawing, draw

MARKS: Mapping[ProofState, str] = {
    ProofState.CHECKPOINT: "checkpoint",
    ProofState.WAITING: "waiting",
    ProofState.LATE: "waiting",
    ProofState.VIOLATION: "violation",
}
"""How a state is marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """An entry in the list."""

    entry: Entry
    who: str | None
    """What a member is called; None for whoever is no member, or none any more."""
    state: ProofState

    @property
    def event(self) -> StoredEvent:
        """The event."""
        return self.entry.event

    @property
    def mark(self) -> str:
        """How its state is marked."""
        return MARKS[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofView:
    """A proof as it is drawn."""

    proven: Proven
    drawing: Drawing
    who: str | None

    @property
    def mark(self) -> str:
        """How its state is marked."""
        return MARKS[self.proven.state]

    @property
    def event(self) -> StoredEvent:
        """The event."""
        return self.proven.entry.event

    @property
    def details(self) -> tuple[tuple[str, Any], ...]:
        """What the body says of this type of event, beside what all have."""
        return tuple(sorted(self.event.body.get("d", {}).items()))


def proof_view(proven: Proven, names: Mapping[UUID, str]) -> ProofView:
    """A proof, ready to be drawn."""
    actor_id = proven.entry.event.actor_id
    return ProofView(proven=proven, drawing=draw(proven), who=names.get(actor_id) if actor_id else None)


def row_views(
    entries: Sequence[Entry], states: Sequence[ProofState], names: Mapping[UUID, str]
) -> tuple[RowView, ...]:
    """The rows of a list."""
    return tuple(
        RowView(
            entry=entry, who=names.get(entry.event.actor_id) if entry.event.actor_id else None, state=state
        )
        for entry, state in zip(entries, states, strict=True)
    )


def divider(rows: Sequence[RowView], standing: Standing) -> int | None:
    """The place of the first row that the newest checkpoint covers; None when it is not on this page."""
    head = standing.head
    if head is None:
        return None
    places = [row.entry.index for row in rows if row.entry.index is not None]
    return max((place for place in places if place < head.size), default=None)
