"""Every page of the product, once: what tests of all pages go through. A new page is one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from factories.desks import QUESTION
from factories.lived import ANSWERED, Lived

NOBODYS: Final = "00000000-0000-7000-8000-000000000000"
"""An identifier that nothing has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page in one of its states."""

    name: str
    path: Callable[[Lived], str]
    status: int = 200
    signed_in: bool = True
    empty: bool = False
    """In a workspace in which nothing has happened yet."""
    asks: str = ""
    """What is written into the page's one question, and sent."""


def at(path: str) -> Callable[[Lived], str]:
    """An address that is the same in every workspace."""
    return lambda _lived: path


def record_of(name: str) -> Callable[[Lived], str]:
    """The record of what became of a question."""
    return lambda lived: f"/records/{lived.turns[name]}"


def conversation(name: str, rest: str = "") -> Callable[[Lived], str]:
    """The conversation in which a question was asked."""
    return lambda lived: f"/conversations/{lived.conversations[name]}{rest}"


def document(rest: str = "") -> Callable[[Lived], str]:
    """A page of a document that was published twice."""
    return lambda lived: f"/knowledge/{lived.document.id}{rest}"


_SETTINGS: Final = ("", "/widget", "/answering", "/retention", "/members", "/history")

PAGES: Final = (
    Shown(name="door", path=at("/sign-in"), signed_in=False),
    Shown(name="door-used", path=at("/sign-in/used"), status=401, signed_in=False),
    Shown(name="unknown", path=at("/nowhere"), status=404),
    Shown(name="chat", path=lambda lived: f"/try/{lived.public_key}", signed_in=False),
    Shown(name="chat-unknown", path=at("/try/nobodys"), status=404, signed_in=False),
    Shown(name="conversations", path=at("/conversations")),
    Shown(name="conversations-all", path=at("/conversations?status=all")),
    Shown(name="conversations-empty", path=at("/conversations"), empty=True),
    Shown(name="conversations-none", path=at("/conversations?who=me&language=de&unread=yes")),
    Shown(name="conversations-search", path=at("/conversations?q=send+something+back")),
    Shown(name="conversation-draft", path=conversation("draft")),
    Shown(name="conversation-replied", path=conversation("replied")),
    Shown(name="conversation-closed", path=conversation("closed")),
    Shown(name="conversation-handoff", path=conversation("person", "?side=record")),
    Shown(name="conversation-contact", path=conversation("unknown", "?side=contact")),
    Shown(name="conversation-long", path=conversation("unbroken")),
    Shown(name="conversation-nobodys", path=at(f"/conversations/{NOBODYS}"), status=404),
    Shown(name="record-reply", path=record_of(ANSWERED)),
    Shown(name="record-handoff", path=record_of("unknown")),
    Shown(name="record-requested", path=record_of("person")),
    Shown(name="record-draft", path=record_of("draft")),
    Shown(name="record-error", path=record_of("failed")),
    Shown(name="record-long", path=record_of("unbroken")),
    Shown(name="record-nobodys", path=at(f"/records/{NOBODYS}"), status=404),
    Shown(name="knowledge", path=at("/knowledge")),
    Shown(name="knowledge-empty", path=at("/knowledge"), empty=True),
    Shown(name="knowledge-none", path=at("/knowledge?q=zzz")),
    Shown(name="document", path=document()),
    Shown(name="document-version", path=document("/versions/1")),
    Shown(name="document-difference", path=document("/difference?from=1&to=2")),
    Shown(name="document-answers", path=document("/answers")),
    Shown(name="document-delete", path=document("/delete")),
    Shown(name="document-nobodys", path=at(f"/knowledge/{NOBODYS}"), status=404),
    Shown(name="search", path=at("/knowledge/search")),
    Shown(name="search-found", path=at("/knowledge/search"), asks=QUESTION),
    Shown(name="search-none", path=at("/knowledge/search"), asks="xyzzy plugh", empty=True),
    Shown(name="questions", path=at("/knowledge/questions")),
    Shown(name="questions-empty", path=at("/knowledge/questions"), empty=True),
    Shown(name="add", path=at("/knowledge/add")),
    Shown(name="imports", path=at("/knowledge/imports")),
    Shown(name="imports-empty", path=at("/knowledge/imports"), empty=True),
    Shown(name="import", path=lambda lived: f"/knowledge/imports/{lived.batch}"),
    Shown(name="playground", path=at("/playground")),
    Shown(name="playground-empty", path=at("/playground"), empty=True),
    Shown(name="playground-answer", path=lambda lived: f"/playground/{lived.trial}"),
    Shown(name="playground-nobodys", path=at(f"/playground/{NOBODYS}"), status=404),
    *(Shown(name=f"settings{part.replace('/', '-')}", path=at(f"/settings{part}")) for part in _SETTINGS),
    Shown(name="settings-key", path=at("/settings/widget/key")),
    Shown(name="settings-history-empty", path=at("/settings/history"), empty=True),
    Shown(name="audit", path=at("/audit")),
    Shown(name="audit-none", path=at("/audit?type=keys.recovered")),
    Shown(name="audit-entry", path=lambda lived: f"/audit/{lived.event}"),
    Shown(name="audit-nobodys", path=at(f"/audit/{NOBODYS}"), status=404),
    Shown(name="audit-bare", path=at("/audit"), empty=True),
    Shown(name="jobs", path=at("/jobs")),
    Shown(name="jobs-empty", path=at("/jobs"), empty=True),
    Shown(name="jobs-discard", path=lambda lived: f"/jobs/{lived.job_id}/discard"),
)

NO_PAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/": "leads to another page",
        "/static/{digest}/{name:path}": "a file",
        "/audit/rows": "a part",
        "/audit/export": "a file",
        "/audit/{event_id}/proof": "a file",
        "/audit/{event_id}/bytes": "a file",
        "/conversations/rows": "a part",
        "/conversations/{conversation_id}/talk": "a part",
        "/records/{turn_id}/download": "a file",
        "/playground/{conversation_id}/progress": "a part",
        "/settings/answering/meaning": "a part",
    }
)
"""Addresses that are read and are no page of their own, each with the reason."""
