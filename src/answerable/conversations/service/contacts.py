"""What is known of contacts: who they are in a list, and everything of one of them."""

from collections.abc import Sequence

from answerable import audit, tenancy, vault
from answerable.conversations import rules
from answerable.conversations.listing import Contact, KnownAddress
from answerable.conversations.queries import inbox as queries
from answerable.conversations.queries.messages import list_ids_of_contact
from answerable.conversations.service.details import ADDRESS_SLOT
from answerable.conversations.service.messages import get
from answerable.conversations.values import AddressKind, ContactViewed, ConversationId
from answerable.infra.db import Db
from answerable.infra.ids import ContactId
from answerable.tenancy import Permission
from answerable.vault.carried import keys_of


async def view_contact(db: Db, conversation_id: ConversationId) -> Contact:
    """Everything that is known of a conversation's contact; the look is recorded before anything is shown.

    Errors:  PermissionDenied, ConversationNotFound.
    Effects: an event, once a minute for each member.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    conversation = await get(db, conversation_id)
    known = await queries.find_contact(db, conversation.contact_id)
    addresses = [address for _contact, address in await _open_addresses(db, [conversation.contact_id])]
    viewed = ContactViewed(
        subject_id=conversation_id, conversation_id=conversation_id, addresses=len(addresses)
    )
    await audit.append(db, viewed, idem_key=rules.name_look(db.actor, viewed, conversation_id, at=db.now))
    return Contact(
        id=conversation.contact_id,
        since=known["created_at"],
        conversations=known["conversations"],
        addresses=tuple(addresses),
    )


async def list_of_contact(db: Db, contact_id: ContactId, *, limit: int = 1_000) -> list[ConversationId]:
    """A contact's conversations, newest first; none for a contact of somebody else. Opens nothing.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_LOG)
    return await list_ids_of_contact(db, contact_id, limit=limit)


async def name_contacts(db: Db, contact_ids: Sequence[ContactId]) -> dict[ContactId, str]:
    """What contacts are called, as far as they have said; the caller records what it does with it."""
    known = await _open_addresses(db, contact_ids)
    named: dict[ContactId, str] = {}
    for kind in (AddressKind.EMAIL, AddressKind.NAME):
        # Oldest first, so that what was given last holds, and a name before an address.
        named |= {
            contact_id: address.value
            for contact_id, address in known
            if address.kind is kind and address.value is not None
        }
    return named


async def _open_addresses(db: Db, contact_ids: Sequence[ContactId]) -> list[tuple[ContactId, KnownAddress]]:
    rows = await queries.list_addresses(db, contact_ids)
    stored = [
        vault.Stored(record_id=row["id"], slot=ADDRESS_SLOT, envelope=row["value_sealed"]) for row in rows
    ]
    opened = await vault.open_many(db, keys_of(db), stored)
    return [
        (
            ContactId(row["contact_id"]),
            KnownAddress(
                kind=AddressKind(row["kind"]),
                value=content.decode() if isinstance(content, bytes) else None,
                given_at=row["created_at"],
            ),
        )
        for row, content in zip(rows, opened, strict=True)
    ]
