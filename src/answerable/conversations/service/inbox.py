"""Lists and searches of conversations. What they open is counted in the log before anything is shown."""

from collections.abc import Sequence
from hashlib import sha256

from answerable import audit, tenancy, vault
from answerable.conversations import rules
from answerable.conversations.listing import (
    MOST_LISTED,
    MOST_OPENED,
    MOST_SEARCHED,
    STATUSES_OF,
    Counts,
    Cursor,
    Filters,
    Found,
    Listed,
    Preview,
    Row,
)
from answerable.conversations.queries import inbox as queries
from answerable.conversations.service.contacts import name_contacts
from answerable.conversations.service.messages import open_rows
from answerable.conversations.values import (
    AddressKind,
    ConversationId,
    ConversationsListed,
    ConversationsSearched,
    Searched,
    Status,
)
from answerable.infra.db import Db
from answerable.tenancy import Permission
from answerable.vault.carried import keys_of


async def list_inbox(
    db: Db, filters: Filters, *, after: Cursor | None = None, limit: int = MOST_LISTED
) -> Listed:
    """One page of conversations with who writes and what they wrote last; the look is recorded first.

    Errors:  PermissionDenied.
    Effects: an event, once a minute for each member and page.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    wanted = min(limit, MOST_LISTED)
    rows = await _list_groups(db, filters, after=after, limit=wanted + 1)
    shown = rows[:wanted]
    previews = await _preview(db, shown)
    listed = ConversationsListed(subject_id=db.actor.tenant_id, returned=len(shown), previewed=len(previews))
    # The page's own name, in a digest: a key is no place for what somebody looks for.
    page = sha256(repr((filters, after)).encode()).hexdigest()[:16]
    await audit.append(db, listed, idem_key=rules.name_look(db.actor, listed, page, at=db.now))
    return Listed(previews=previews, next=_cursor(shown[-1]) if len(rows) > wanted else None)


async def count_inbox(db: Db) -> Counts:
    """How many conversations there are for each choice of a list's filters; opens nothing.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    return await queries.count_rows(db)


async def search(db: Db, query: str) -> Found:
    """Conversations by their contact's address, or by the contact's name and by words that were said in them.

    Words are looked for in conversations that the acting member opened before, and in no others.

    Errors:  PermissionDenied.
    Effects: an event with how much was opened.
    """
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    address = rules.find_email(query)
    found = await (_search_address(db, address) if address else _search_words(db, query))
    searched = ConversationsSearched(
        subject_id=db.actor.tenant_id,
        by=found.by,
        opened=found.messages,
        returned=len(found.previews),
    )
    await audit.append(db, searched)
    return found


async def _search_address(db: Db, address: str) -> Found:
    ids = await _list_by_token(db, AddressKind.EMAIL, address)
    previews = await _preview(db, await queries.list_rows_of(db, ids)) if ids else ()
    return Found(by=Searched.ADDRESS, previews=previews, conversations=len(ids), messages=0)


async def _search_words(db: Db, query: str) -> Found:
    words = rules.split_words(query)
    ids = await queries.list_seen(db, limit=MOST_SEARCHED) if words else []
    rows = await queries.list_message_rows_of(db, ids, limit=MOST_OPENED)
    messages = await open_rows(db, rows)
    said = [one.conversation_id for one in messages if one.text and rules.match_words(words, one.text)]
    named = await _list_by_token(db, AddressKind.NAME, rules.clean_line(query)) if words else []
    found = list(dict.fromkeys([*named, *said]))[:MOST_LISTED]
    previews = await _preview(db, await queries.list_rows_of(db, found)) if found else ()
    return Found(by=Searched.WORDS, previews=previews, conversations=len(ids), messages=len(messages))


async def _list_by_token(db: Db, kind: AddressKind, value: str) -> list[ConversationId]:
    token = vault.find_token(db, keys_of(db), purpose=f"contact.{kind.value}", value=value)
    return await queries.list_conversations_of_address(db, kind, token, limit=MOST_LISTED)


async def _list_groups(db: Db, filters: Filters, *, after: Cursor | None, limit: int) -> list[Row]:
    groups = STATUSES_OF[filters.standing]
    # Behind a place in one group come the rest of that group and the groups after it.
    start = groups.index(after.status) if after is not None and after.status in groups else 0
    rows: list[Row] = []
    for group in groups[start:]:
        place = after if after is not None and after.status is group else None
        rows += await queries.list_rows(db, filters, group, after=place, limit=limit - len(rows))
        if len(rows) >= limit:
            break
    return rows


async def _preview(db: Db, rows: Sequence[Row]) -> tuple[Preview, ...]:
    ids = [row.conversation.id for row in rows]
    heard, said = await queries.list_last_words(db, ids) if ids else ({}, {})
    last = {one.conversation_id: one for one in await open_rows(db, list(heard.values()))}
    names = await name_contacts(db, [row.conversation.contact_id for row in rows])
    return tuple(
        Preview(
            row=row,
            name=names.get(row.conversation.contact_id),
            last=last.get(row.conversation.id),
            is_answered=_is_answered(row.conversation.id, heard, said),
        )
        for row in rows
    )


def _is_answered(
    conversation_id: ConversationId, heard: queries.LastWords, said: dict[ConversationId, int]
) -> bool:
    word = heard.get(conversation_id)
    return word is None or said.get(conversation_id, 0) > word["position"]


def _cursor(row: Row) -> Cursor:
    conversation = row.conversation
    at = conversation.waiting_since if conversation.status is Status.WAITING else conversation.last_message_at
    assert at is not None
    return Cursor(status=conversation.status, at=at, id=conversation.id)
