"""What a contact can take away of their conversation: each message with the blind that proves it."""

from dataclasses import dataclass, field
from typing import Final

from answerable import audit, tenancy, vault
from answerable.conversations.queries import messages as queries
from answerable.conversations.service.messages import TEXT_SLOT, get
from answerable.conversations.values import TOLD, Author, ConversationId, Delivery, MessageId, ReceiptOpened
from answerable.infra.db import Db
from answerable.tenancy import Permission
from answerable.vault.carried import keys_of

MOST: Final = 200
"""So many messages are in a receipt, the newest."""

PLACE: Final = TEXT_SLOT
"""What the commitment to a message names as its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provable:
    """A message with what proves its text."""

    id: MessageId
    author: Author
    text: str
    blind: bytes = field(repr=False)


async def open_receipts(db: Db, conversation_id: ConversationId) -> tuple[Provable, ...]:
    """The conversation's own messages as its contact knows them, without what was erased.

    Errors:  PermissionDenied, ConversationNotFound.
    Effects: an event; nothing is shown before it is committed.
    """
    tenancy.require(db.actor, Permission.ASK)
    conversation = await get(db, conversation_id)
    after = max(0, conversation.last_position - MOST)
    rows = [
        row
        for row in await queries.list_message_rows(db, conversation_id, ids=None, after=after)
        if Delivery(row["delivery"]) in TOLD
    ]
    stored = [vault.Stored(record_id=row["id"], slot=TEXT_SLOT, envelope=row["text_sealed"]) for row in rows]
    opened = await vault.open_with_blind(db, keys_of(db), stored)
    provable = tuple(
        Provable(
            id=MessageId(row["id"]), author=Author(row["author"]), text=one.content.decode(), blind=one.blind
        )
        for row, one in zip(rows, opened, strict=True)
        if isinstance(one, vault.Opened)
    )
    opened_event = ReceiptOpened(
        subject_id=conversation_id, conversation_id=conversation_id, messages=len(provable)
    )
    await audit.append(db, opened_event)
    return provable
