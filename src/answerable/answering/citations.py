"""The quotes of messages as their contact sees them, and the passage around one of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping

from answerable import conversations, knowledge, tenancy, vault
from answerable.answering import queries
from answerable.answering.errors import CitationNotFound
from answerable.answering.recording import QUOTE_SLOT
from answerable.conversations import ConversationId, Message, MessageId
from answerable.conversations.values import Delivery
from answerable.infra.db import Db
from answerable.knowledge.values import Language, Surroundings, VersionId
from answerable.tenancy import Permission
from answerable.vault.carried import keys_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A quote as the contact sees it under a message."""

    id: UUID
    message_id: MessageId
    title: str
    version: int
    language: Language
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCitation:
    """A quote that was opened, with what stands around it."""

    cited: Cited
    around: Surroundings | None
    """None once the document was deleted: the record keeps the quote and nothing around it."""


async def list_cited(
    db: Db, conversation_id: ConversationId, messages: Sequence[Message]
) -> Mapping[MessageId, tuple[Cited, ...]]:
    """What messages quote, in order; those that quote nothing are left out.

    A member's message that was the assistant's draft quotes what its text still holds of the draft's quotes.

    Errors:  PermissionDenied.
    """
    # No event, as in `conversations.follow`: they are shown to the person to whom they were said.
    tenancy.require(db.actor, Permission.ASK)
    said = {one.draft_id or one.id: one for one in messages if one.delivery is Delivery.DELIVERED}
    if not said:
        return {}
    found: dict[MessageId, tuple[Cited, ...]] = {}
    for cited in await _open(db, await queries.list_cited(db, conversation_id, list(said))):
        message = said[cited.message_id]
        if _is_in(cited, message):
            found[message.id] = (*found.get(message.id, ()), cited)
    return found


async def open_citation(db: Db, conversation_id: ConversationId, citation_id: UUID) -> OpenedCitation:
    """A quote that the conversation's contact got, with the passage it stands in while there is one.

    Errors:  PermissionDenied, CitationNotFound.
    """
    tenancy.require(db.actor, Permission.ASK)
    row = await queries.find_cited(db, conversation_id, citation_id)
    opened = await _open(db, [row]) if row is not None else []
    if row is None or not opened or not await _is_told(db, conversation_id, opened[0]):
        raise CitationNotFound
    around = await knowledge.find_surroundings(
        db, VersionId(row["version_id"]), start=row["span_start"], end=row["span_end"]
    )
    return OpenedCitation(cited=opened[0], around=around)


async def _is_told(db: Db, conversation_id: ConversationId, cited: Cited) -> bool:
    message_id = await conversations.find_told(db, conversation_id, cited.message_id)
    if message_id is None:
        return False
    messages = await conversations.open_messages(db, conversation_id, ids=[message_id])
    return any(_is_in(cited, message) for message in messages)


def _is_in(cited: Cited, message: Message) -> bool:
    # A member who edited a draft may have taken a quote out, and then the contact never got it.
    return message.draft_id is None or cited.text in (message.text or "")


async def _open(db: Db, rows: Sequence[RowMapping]) -> list[Cited]:
    if not rows:
        return []
    stored = [
        vault.Stored(record_id=row["id"], slot=QUOTE_SLOT, envelope=row["quote_sealed"]) for row in rows
    ]
    contents = await vault.open_many(db, keys_of(db), stored)
    return [
        _cited(row, content)
        for row, content in zip(rows, contents, strict=True)
        # Nothing is left of a quote once the contact's key is destroyed.
        if isinstance(content, bytes)
    ]


def _cited(row: RowMapping, content: bytes) -> Cited:
    (kept,) = json.loads(content)
    return Cited(
        id=row["id"],
        message_id=MessageId(row["message_id"]),
        title=kept["title"],
        version=row["version"],
        language=Language(kept["language"]),
        text=kept["text"],
    )
