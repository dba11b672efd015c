"""A conversation that verifies by itself: how the receipt and the dossier spell it for the offline page."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from answerable.audit.reading import Entry
from answerable.audit.signed import Names

FORMAT: Final = "answerable.transcript/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message with everything that proves it."""

    author: str
    text: str
    entry: Entry
    record_id: UUID
    place: str
    """What the commitment names as the text's place."""

    blind: bytes = field(repr=False)
    tenant_id: UUID
    receipt: str | None
    proof: bytes | None


def spell_message(said: Said) -> dict[str, Any]:
    """A message of a transcript, as JSON."""
    return {
        "author": said.author,
        "at": str(said.entry.event.body["ts"]),
        "text": said.text,
        "event": str(said.entry.event.id),
        "entry": b64encode(said.entry.body).decode(),
        "record": str(said.record_id),
        "place": said.place,
        "blind": b64encode(said.blind).decode(),
        "tenant": str(said.tenant_id),
        "receipt": said.receipt,
        "proof": said.proof.decode() if said.proof is not None else None,
    }


def spell_transcript(names: Names, messages: Sequence[Any], *, policy: bytes) -> dict[str, Any]:
    """A transcript, as JSON; its messages are spelled already."""
    return {
        "format": FORMAT,
        "origin": names.origin,
        "keys": {"log": names.log_key, "clock": names.clock_key, "receipt": names.receipt_key},
        "policy": policy.decode(),
        "messages": list(messages),
    }
