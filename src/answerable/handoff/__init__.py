"""People and the assistant: who has a conversation, how it changes hands, and what members say in it."""

from answerable.handoff.service.drafts import discard_draft, restore_draft
from answerable.handoff.service.hands import (
    assign,
    close_conversation,
    hand_back,
    reopen_conversation,
    take_over,
)
from answerable.handoff.service.replies import edit_and_send_draft, reply, send_draft
from answerable.handoff.values import EVENTS, AnswerReturned, Seen, Sending

__all__ = [
    "EVENTS",
    "AnswerReturned",
    "Seen",
    "Sending",
    "assign",
    "close_conversation",
    "discard_draft",
    "edit_and_send_draft",
    "hand_back",
    "reopen_conversation",
    "reply",
    "restore_draft",
    "send_draft",
    "take_over",
]
