"""The contact's receipt: what was said, by whom, and everything that proves it, as one file."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from answerable import conversations
from answerable.audit import EventId, reading, signed
from answerable.audit.archive import read_verifier
from answerable.audit.reading import Entry
from answerable.audit.signed import Head, Names
from answerable.audit.transcripts import FORMAT, Said, spell_message, spell_transcript
from answerable.audit.verifying import Assurance
from answerable.audit.vouching import assess
from answerable.audit.witnesses import render_policy
from answerable.conversations import ConversationId, MessageId
from answerable.conversations.service.receipts import PLACE, Provable
from answerable.conversations.values import Author
from answerable.infra.db import Db

_PAGE: Final = "verify.html"
"""What checks a transcript without anything but a browser."""

_STORED: Final = ("message.received", "message.sent", "message.replied")
"""Events that say that a message was stored, and commit to its text."""


class ProofState(StrEnum):
    """How far the proof of a message is."""

    PENDING = "pending"
    """Stored; its receipt is not signed yet."""
    PROMISED = "promised"
    """A signed receipt promises it a place in the log."""
    CHECKPOINT = "checkpoint"
    """A signed checkpoint covers it."""


class WantedReceipt(BaseModel):
    """Whose receipt is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation_id: UUID


class TranscriptKeys(BaseModel):
    """The keys that vouch for a transcript."""

    model_config = ConfigDict(frozen=True)

    log: str
    clock: str
    receipt: str


class TranscriptMessage(BaseModel):
    """A message with everything that proves it."""

    model_config = ConfigDict(frozen=True)

    author: Author
    at: str = Field(description="When it was stored, as the entry spells it.")
    text: str
    event: EventId
    entry: str = Field(description="The log's entry, base64: its exact bytes.")
    record: MessageId
    place: str = Field(description="What the commitment names as the text's place.")
    blind: str = Field(description="What opens the commitment, base64; it opens no other message.")
    tenant: str
    receipt: str | None = Field(description="The signed promise of a place in the log.")
    proof: str | None = Field(description="The proof that a checkpoint covers it (c2sp.org/tlog-proof).")


class Transcript(BaseModel):
    """A conversation that verifies by itself; the stand-alone verifier takes it as a file."""

    model_config = ConfigDict(frozen=True)

    format: str = FORMAT
    origin: str
    keys: TranscriptKeys
    policy: str = Field(description="Whom to believe, as c2sp.org/tlog-policy.")
    messages: tuple[TranscriptMessage, ...]


class ShownReceipt(BaseModel):
    """A contact's receipt."""

    model_config = ConfigDict(frozen=True)

    verifier: str | None = Field(description="Where the page that checks the transcript is to be had.")
    states: dict[str, ProofState] = Field(description="How far each message's proof is, by message id.")
    assurance: Assurance | None = Field(
        description="Who vouches for the checkpoint; null while none covers every message."
    )
    transcript: Transcript | None = Field(description="Null before anything of the workspace was signed.")


async def read_receipt(db: Db, root: Db, conversation_id: ConversationId) -> ShownReceipt:
    """The receipt of a whole conversation, as its contact knows it; `root` is a session of the root log.

    Errors:  ConversationNotFound.
    Effects: an event.
    """
    provable = await conversations.open_receipts(db, conversation_id)
    entries = await reading.list_about(db, _STORED, [one.id for one in provable])
    stored = {entry.event.subject_id: entry for entry in entries}
    receipts = await reading.list_receipts(db, [entry.event.id for entry in entries])
    latest = max((entry.index or 0 for entry in entries), default=0)
    head = await signed.find_head(db, covering=latest) or await signed.find_head(db)
    names = await signed.find_names(db)
    messages = [
        await _message(db, one, stored[one.id], receipts.get(stored[one.id].event.id), head)
        for one in provable
        if one.id in stored
    ]
    return ShownReceipt(
        verifier=f"/verifier/{_PAGE}" if read_verifier(_PAGE) is not None else None,
        states={str(one.record): _state(one) for one in messages},
        assurance=(await assess(db, root, head)).level if head and _is_covered(messages) else None,
        transcript=_transcript(names, messages, policy=await render_policy(db)) if names else None,
    )


async def _message(
    db: Db, one: Provable, entry: Entry, receipt: str | None, head: Head | None
) -> TranscriptMessage:
    is_covered = head is not None and entry.index is not None and entry.index < head.size
    said = Said(
        author=one.author,
        text=one.text,
        entry=entry,
        record_id=one.id,
        place=PLACE,
        blind=one.blind,
        tenant_id=db.actor.tenant_id,
        receipt=receipt,
        proof=await reading.prove_entry(db, entry.index, head) if is_covered and head else None,
    )
    return TranscriptMessage.model_validate(spell_message(said))


def _is_covered(messages: list[TranscriptMessage]) -> bool:
    return bool(messages) and all(one.proof is not None for one in messages)


def _state(one: TranscriptMessage) -> ProofState:
    if one.proof is not None:
        return ProofState.CHECKPOINT
    return ProofState.PROMISED if one.receipt is not None else ProofState.PENDING


def _transcript(names: Names, messages: list[TranscriptMessage], *, policy: bytes) -> Transcript:
    return Transcript.model_validate(spell_transcript(names, messages, policy=policy))
