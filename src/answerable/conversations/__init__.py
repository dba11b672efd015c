"""Contacts, conversations and their messages."""

from answerable.conversations.listing import Cursor, Filters
from answerable.conversations.service import drafts
from answerable.conversations.service.attention import be_absent, be_present, list_present, mark_seen
from answerable.conversations.service.contacts import list_of_contact, name_contacts, view_contact
from answerable.conversations.service.details import (
    find_told,
    has_address,
    keep_address,
    list_ratings,
    open_opinions,
    rate,
)
from answerable.conversations.service.inbox import count_inbox, list_inbox, search
from answerable.conversations.service.messages import (
    count_waiting,
    follow,
    get,
    list_all,
    list_unanswered,
    lock,
    open_by_ids,
    open_messages,
    receive,
    save,
    say,
    view,
)
from answerable.conversations.service.receipts import open_receipts
from answerable.conversations.service.trials import list_trials
from answerable.conversations.values import (
    EVENTS,
    Channel,
    Conversation,
    ConversationId,
    Dialogue,
    Message,
    MessageId,
    NewMessage,
    Outgoing,
    Rating,
    Trial,
)

__all__ = [
    "EVENTS",
    "Channel",
    "Conversation",
    "ConversationId",
    "Cursor",
    "Dialogue",
    "Filters",
    "Message",
    "MessageId",
    "NewMessage",
    "Outgoing",
    "Rating",
    "Trial",
    "be_absent",
    "be_present",
    "count_inbox",
    "count_waiting",
    "drafts",
    "find_told",
    "follow",
    "get",
    "has_address",
    "keep_address",
    "list_all",
    "list_inbox",
    "list_of_contact",
    "list_present",
    "list_ratings",
    "list_trials",
    "list_unanswered",
    "lock",
    "mark_seen",
    "name_contacts",
    "open_by_ids",
    "open_messages",
    "open_opinions",
    "open_receipts",
    "rate",
    "receive",
    "save",
    "say",
    "search",
    "view",
    "view_contact",
]
