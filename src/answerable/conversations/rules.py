"""What a message may be, and what can be read from it without understanding it. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from answerable.audit.values import Event
from answerable.conversations.errors import AddressInvalid, ClientIdInvalid, MessageNotText, MessageTooLong
from answerable.conversations.values import MAX_TEXT, Conversation, Handler, Status
from answerable.infra.ids import Actor, ActorKind

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@\w(?:[\w-]*\w)?(?:\.\w(?:[\w-]*\w)?)+")
_BETWEEN_WORDS = re.compile(r"[\s<>()\[\]\"\u201e\u201c\u201d,;:]+")
_MAX_ADDRESS = 254
_RANDOM_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_MAX_NAME = 120
_MAX_PAGE = 1_000
_KEPT_CONTROLS = {"\n", "\t"}
# Marks that reorder or hide what a reader sees; a message is shown as it was stored, so they do not get in.
_HIDING = frozenset(
    "\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
)


def clean_text(text: str) -> str:
    """A message as it is stored: NFC, without control characters and marks that hide or reorder text.

    Errors:  MessageTooLong, MessageNotText.
    """
    if len(text) > MAX_TEXT:
        raise MessageTooLong(f"This one has {len(text):,}.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise MessageNotText from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    # Marks go first: one between a letter and its accent would keep the two from becoming one.
    return unicodedata.normalize("NFC", "".join(mark for mark in lines if _is_kept(mark))).strip()


def check_client_id(client_id: str) -> str:
    """The client id, if it is one.

    Errors:  ClientIdInvalid.
    """
    # Only what cannot be guessed: whoever repeats a conversation's first client id is taken for its contact.
    if not _RANDOM_UUID.fullmatch(client_id):
        raise ClientIdInvalid
    return client_id


def hear(conversation: Conversation, *, at: datetime) -> Conversation:
    """The conversation after a message of its contact; one that people have waits for them again."""
    heard = replace(conversation, last_position=conversation.last_position + 1, last_message_at=at)
    if heard.handler is Handler.PEOPLE and heard.status is Status.OPEN:
        return replace(heard, status=Status.WAITING, waiting_since=at)
    return heard


def name_look(actor: Actor, look: Event, *parts: object, at: datetime) -> str | None:
    """The key under which a look is recorded once a minute for each member; None records every one.

    A page that brings itself up to date looks every few seconds, and its events would bury all others.
    """
    if actor.kind is not ActorKind.MEMBER or actor.id is None:
        return None
    minute = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    return "/".join([look.type, str(actor.id), minute, *map(str, parts)])


def match_words(words: Sequence[str], text: str) -> bool:
    """Whether a text holds all of these words, whatever their case."""
    folded = text.casefold()
    return all(word in folded for word in words)


def split_words(query: str) -> tuple[str, ...]:
    """The words of a search, as they are compared."""
    return tuple(dict.fromkeys(clean_line(query).casefold().split()))


def clean_line(text: str) -> str:
    """A text as one line, without control characters and marks that hide or reorder text."""
    kept = "".join(mark for mark in unicodedata.normalize("NFC", text) if _is_kept(mark))
    return " ".join(kept.split())


def find_email(text: str) -> str | None:
    """The first e-mail address in a text, in lower case; None when there is none.

    Source:  RFC 5321, section 4.5.3.1.3, for the length; RFC 6531 for letters beyond ASCII.
    """
    # The whole word or nothing: a part of an address is somebody else's.
    for word in _BETWEEN_WORDS.split(text):
        trimmed = word.strip(".!?'*")
        if len(trimmed) <= _MAX_ADDRESS and _ADDRESS.fullmatch(trimmed):
            return trimmed.lower()
    return None


def check_email(address: str) -> str:
    """The e-mail address in the one spelling under which it is kept.

    Errors:  AddressInvalid.
    """
    found = find_email(address)
    if found is None or found != address.strip().lower():
        raise AddressInvalid
    return found


def clean_name(name: str) -> str | None:
    """A name as it is kept: one line, cut where nobody's name goes on; None when nothing is left."""
    kept = "".join(mark for mark in unicodedata.normalize("NFC", name) if _is_kept(mark))
    return " ".join(kept.split())[:_MAX_NAME].strip() or None


def clean_page(url: str) -> str | None:
    """A page's address as it is kept; None when it is none.

    Query and fragment are left out: they may carry whatever a site puts there, tokens included.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or not url.isprintable():
        return None
    site = f"[{host}]" if ":" in host else host
    page = f"{parts.scheme}://{site}{f':{port}' if port else ''}{parts.path}"
    return page if len(page) <= _MAX_PAGE else None


def _is_kept(mark: str) -> bool:
    return mark in _KEPT_CONTROLS or (mark not in _HIDING and unicodedata.category(mark) not in {"Cc", "Cs"})
