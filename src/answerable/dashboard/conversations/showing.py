"""Reading what a page of conversations shows, in one transaction, and rendering it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from answerable import answering, audit, conversations, tenancy
from answerable.audit import EventId
from answerable.audit.proofs import ProofState, list_states
from answerable.conversations import ConversationId
from answerable.conversations.listing import Contact, Counts, Cursor, Found, Listed
from answerable.dashboard.audit.views import MARKS
from answerable.dashboard.conversations.chosen import Chosen, Side
from answerable.dashboard.conversations.views import LINES, Group, Names, Talk, Told, group_rows, talk_of
from answerable.dashboard.frame import Member, page
from answerable.infra.db import Db
from answerable.infra.errors import AnswerableError
from answerable.infra.ids import uuid7
from answerable.infra.web import Web
from answerable.tenancy import Permission
from answerable.tenancy.rules import OF_ROLE

MESSAGES = ("message.received", "message.sent", "message.replied")
"""Events that say that a message was stored."""

PAGE_LENGTH = 50
"""So many conversations are on one page of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListShown:
    """The list as a page shows it."""

    groups: tuple[Group, ...]
    next: Cursor | None
    counts: Counts
    found: Found | None
    """What a search found; None when nobody searches."""

    def neighbours(self, conversation_id: UUID | None) -> dict[UUID, str]:
        """The rows before and after the open one, with the keys that lead there."""
        ids = [row.conversation.id for group in self.groups for row in group.rows]
        if conversation_id not in ids:
            return {ids[0]: "j"} if ids else {}
        at = ids.index(ConversationId(conversation_id))  # pyright: ignore[reportArgumentType] - it is in the list
        keys: dict[UUID, str] = {}
        if at + 1 < len(ids):
            keys[ids[at + 1]] = "j"
        if at:
            keys[ids[at - 1]] = "k"
        return keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """What a member wanted to send and could not: nothing of it is lost."""

    error: AnswerableError
    client_id: str
    text: str = ""
    draft_id: UUID | None = None
    """The draft that it was to replace or to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkShown:
    """A conversation as a page shows it."""

    talk: Talk
    present: tuple[tuple[str, bool], ...]
    """Who else has it before them, and whether they type."""
    contact: Contact | None
    responders: tuple[tenancy.Member, ...]
    """Whom it can be given to."""
    proofs: Mapping[UUID, tuple[EventId, ProofState]]
    """Where each message stands in the log, and the event that says so."""


async def show_page(
    request: Request,
    member: Member,
    web: Web,
    conversation_id: UUID | None = None,
    *,
    refused: tuple[Unsent, int] | None = None,
) -> Response:
    """The whole page: the list, and a conversation beside it when one is chosen.

    `refused` is what the member wanted to send and could not, and the status that says so.

    Errors:  PermissionDenied, ConversationNotFound, DatabaseUnavailable.
    """
    chosen = Chosen.of(request.query_params)
    async with web.database.tenant_session(member.actor) as db:
        names = await _names(db)
        # The conversation first, so that the list knows it as read.
        shown = await read_talk(db, chosen, conversation_id, names) if conversation_id else None
        listed = await read_list(db, chosen, {one.id: one.name for one in names})
    # Behind the block the looks are committed: nothing is shown by a request that failed to record it.
    unsent, status = refused or (None, 200)
    values = list_values(chosen, listed, conversation_id)
    values |= talk_values(member, chosen, shown, unsent) if shown else {}
    template = "conversations/conversation.html" if shown else "conversations/list.html"
    return page(request, member, template, status=status, **values)


async def read_list(db: Db, chosen: Chosen, names: Names) -> ListShown:
    """The list, or what a search finds."""
    counts = await conversations.count_inbox(db)
    found = await conversations.search(db, chosen.q) if chosen.q else None
    listed = (
        Listed(previews=found.previews, next=None)
        if found
        else await conversations.list_inbox(db, chosen.filters, after=chosen.after, limit=PAGE_LENGTH)
    )
    ids = [preview.row.conversation.id for preview in listed.previews]
    outcomes = await answering.list_outcomes(db, ids)
    groups = group_rows(listed.previews, outcomes, names, is_search=found is not None)
    return ListShown(groups=groups, next=listed.next, counts=counts, found=found)


async def read_talk(
    db: Db, chosen: Chosen, conversation_id: UUID, members: list[tenancy.Member]
) -> TalkShown:
    """A conversation with everything around it; the member has had it before them then."""
    identifier = ConversationId(conversation_id)
    names: Names = {one.id: one.name for one in members}
    dialogue = await conversations.view(db, identifier)
    contact_id = dialogue.conversation.contact_id
    told = Told(
        dialogue=dialogue,
        events=await audit.history(db, identifier, LINES),
        turns=await answering.summarise_turns(db, identifier),
        opinions=await conversations.open_opinions(db, [one.id for one in dialogue.messages]),
        name=(await conversations.name_contacts(db, [contact_id])).get(contact_id),
        names=names,
    )
    present = await conversations.list_present(db, identifier)
    contact = await conversations.view_contact(db, identifier) if chosen.side is Side.CONTACT else None
    await conversations.mark_seen(db, dialogue.conversation)
    states = await list_states(db, MESSAGES, [one.id for one in dialogue.messages])
    return TalkShown(
        talk=talk_of(told),
        present=tuple((names.get(one.member_id, "…"), one.types) for one in present),
        contact=contact,
        proofs=states,
        responders=tuple(one for one in members if Permission.RESPOND in OF_ROLE[one.role]),
    )


def list_values(chosen: Chosen, listed: ListShown, conversation_id: UUID | None) -> dict[str, Any]:
    """What the templates of the list name."""
    return {
        "here": "conversations",
        "chosen": chosen,
        "listed": listed,
        "open_id": conversation_id,
        "keys": listed.neighbours(conversation_id),
    }


def talk_values(
    member: Member, chosen: Chosen, shown: TalkShown, unsent: Unsent | None = None
) -> dict[str, Any]:
    """What the templates of a conversation name."""
    return {
        "chosen": chosen,
        "talk": shown.talk,
        "present": shown.present,
        "contact": shown.contact,
        "responders": shown.responders,
        "proofs": shown.proofs,
        "marks": MARKS,
        "unsent": unsent,
        "open_id": shown.talk.conversation.id,
        # Made for each page: whoever presses twice sends once.
        "client_id": unsent.client_id if unsent else str(uuid7()),
        "mine": shown.talk.conversation.assignee_id == member.actor.id,
    }


async def show_talk(request: Request, member: Member, web: Web, conversation_id: UUID) -> Response:
    """A conversation alone, for a page that brings itself up to date."""
    chosen = Chosen.of(request.query_params)
    async with web.database.tenant_session(member.actor) as db:
        shown = await read_talk(db, chosen, conversation_id, await _names(db))
    return page(request, member, "conversations/_talk.html", **talk_values(member, chosen, shown))


async def show_rows(request: Request, member: Member, web: Web, open_id: UUID | None) -> Response:
    """The list's rows alone, for a page that brings itself up to date."""
    chosen = Chosen.of(request.query_params)
    async with web.database.tenant_session(member.actor) as db:
        listed = await read_list(db, chosen, {one.id: one.name for one in await _names(db)})
    return page(request, member, "conversations/_rows_alone.html", **list_values(chosen, listed, open_id))


async def _names(db: Db) -> list[tenancy.Member]:
    return await tenancy.list_members(db)
