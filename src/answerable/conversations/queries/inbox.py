"""SQL of lists and searches of conversations: one function per question."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, literal, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from answerable.conversations.listing import Assigned, Counts, Cursor, Filters, Row
from answerable.conversations.models import (
    ContactAddressRow,
    ContactRow,
    ConversationRow,
    ConversationSeenRow,
    MessageRow,
)
from answerable.conversations.queries.messages import CONVERSATION, MESSAGE, conversation_of
from answerable.conversations.values import AddressKind, Author, Channel, ConversationId, Delivery, Status
from answerable.infra.db import Db
from answerable.infra.ids import ContactId, MemberId

LastWords = dict[ConversationId, RowMapping]
"""The newest message of each conversation's contact, still sealed."""


async def list_rows(
    db: Db, filters: Filters, status: Status, *, after: Cursor | None, limit: int
) -> list[Row]:
    """Return one group of a list in its order, behind a place in it."""
    statement = list_statement(filters, status, member_id=_member_of(db), after=after, limit=limit)
    return [_row(row) for row in (await db.execute(statement)).mappings()]


def list_statement(
    filters: Filters, status: Status, *, member_id: UUID | None, after: Cursor | None, limit: int
) -> Select[*tuple[Any, ...]]:  # rows of many columns
    """The statement of `list_rows`; its order is that of an index, whatever the filters."""
    # One status a statement: with several, no index has the order, and every row would be sorted for each page.
    statement = _rows(member_id).where(
        ConversationRow.status == status.value, *_conditions(filters, member_id)
    )
    if status is Status.WAITING:
        place = tuple_(ConversationRow.waiting_since, ConversationRow.id)
        if after is not None:
            statement = statement.where(place > tuple_(literal(after.at), literal(after.id, Uuid())))
        order = (ConversationRow.waiting_since, ConversationRow.id)
    else:
        place = tuple_(ConversationRow.last_message_at, ConversationRow.id)
        if after is not None:
            statement = statement.where(place < tuple_(literal(after.at), literal(after.id, Uuid())))
        order = (ConversationRow.last_message_at.desc(), ConversationRow.id.desc())
    return statement.order_by(*order).limit(limit)


async def list_rows_of(db: Db, ids: Sequence[ConversationId]) -> list[Row]:
    """Return these conversations, newest first."""
    statement = (
        _rows(_member_of(db))
        .where(ConversationRow.id.in_(ids))
        .order_by(ConversationRow.last_message_at.desc(), ConversationRow.id.desc())
        .limit(len(ids))
    )
    return [_row(row) for row in (await db.execute(statement)).mappings()]


async def count_rows(db: Db) -> Counts:
    """Return how many conversations there are for the choices of a list's filters."""
    unfinished = ConversationRow.status != Status.CLOSED.value
    member_id = _member_of(db)
    statement = (
        select(
            func.count().filter(ConversationRow.status == Status.WAITING.value).label("waiting"),
            func.count().filter(ConversationRow.status == Status.OPEN.value).label("open"),
            func.count().filter(ConversationRow.status == Status.CLOSED.value).label("closed"),
            func.count().filter(unfinished, ConversationRow.assignee_id == member_id).label("mine"),
            func.count()
            .filter(unfinished, ConversationRow.handler == "people", ConversationRow.assignee_id.is_(None))
            .label("nobody"),
            func.count().filter(unfinished, _is_unread()).label("unread"),
            func.count().filter(unfinished, ConversationRow.handler == "assistant").label("assistant"),
            func.count().filter(unfinished, ConversationRow.handler == "people").label("people"),
        )
        .select_from(ConversationRow)
        .outerjoin(ConversationSeenRow, _is_seen_by(member_id))
        .where(ConversationRow.channel != Channel.PLAYGROUND.value)
    )
    return Counts(**(await db.execute(statement)).mappings().one())


async def list_last_words(
    db: Db, ids: Sequence[ConversationId]
) -> tuple[LastWords, dict[ConversationId, int]]:
    """Return the newest message of each contact, still sealed, and where somebody else last said something."""
    wanted = select(func.unnest(literal(list(ids), ARRAY(Uuid()))).label("id")).subquery("wanted")

    def newest(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:  # the columns of a message
        last = (
            select(*MESSAGE)
            .where(MessageRow.conversation_id == wanted.c.id, condition)
            .order_by(MessageRow.position.desc())
            .limit(1)
            .lateral("last")
        )
        return select(last).select_from(wanted.join(last, true())).order_by(last.c.position).limit(len(ids))

    heard = await db.execute(newest(MessageRow.author == Author.CONTACT.value))
    said = await db.execute(newest(MessageRow.delivery == Delivery.DELIVERED.value))
    return (
        {ConversationId(row["conversation_id"]): row for row in heard.mappings()},
        {ConversationId(row["conversation_id"]): row["position"] for row in said.mappings()},
    )


async def list_addresses(db: Db, contact_ids: Sequence[ContactId]) -> Sequence[RowMapping]:
    """Return what is known of contacts, oldest first, still sealed."""
    statement = (
        select(
            ContactAddressRow.id,
            ContactAddressRow.contact_id,
            ContactAddressRow.kind,
            ContactAddressRow.value_sealed,
            ContactAddressRow.created_at,
        )
        .where(ContactAddressRow.contact_id.in_(contact_ids))
        .order_by(ContactAddressRow.created_at, ContactAddressRow.id)
        .limit(1_000)
    )
    return (await db.execute(statement)).mappings().all()


async def find_contact(db: Db, contact_id: ContactId) -> RowMapping:
    """Return since when a contact is known, and how many conversations they have had."""
    conversations = (
        select(func.count())
        .where(ConversationRow.contact_id == contact_id)
        .scalar_subquery()
        .label("conversations")
    )
    statement = select(ContactRow.created_at, conversations).where(ContactRow.id == contact_id)
    return (await db.execute(statement)).mappings().one()


async def list_conversations_of_address(
    db: Db, kind: AddressKind, token: bytes, *, limit: int
) -> list[ConversationId]:
    """Return the conversations of contacts with this address, newest first."""
    statement = (
        select(ConversationRow.id)
        .join(
            ContactAddressRow,
            and_(
                ContactAddressRow.tenant_id == ConversationRow.tenant_id,
                ContactAddressRow.contact_id == ConversationRow.contact_id,
            ),
        )
        .where(ContactAddressRow.kind == kind.value, ContactAddressRow.value_token == token)
        .order_by(ConversationRow.last_message_at.desc(), ConversationRow.id.desc())
        .limit(limit)
    )
    return [ConversationId(found) for found in await db.scalars(statement)]


async def list_seen(db: Db, *, limit: int) -> list[ConversationId]:
    """Return the conversations that the acting member opened, the last opened first."""
    statement = (
        select(ConversationSeenRow.conversation_id)
        .where(ConversationSeenRow.member_id == _member_of(db))
        .order_by(ConversationSeenRow.seen_at.desc(), ConversationSeenRow.conversation_id)
        .limit(limit)
    )
    return [ConversationId(found) for found in await db.scalars(statement)]


async def list_message_rows_of(db: Db, ids: Sequence[ConversationId], *, limit: int) -> Sequence[RowMapping]:
    """Return the messages of several conversations, newest first, still sealed."""
    statement = (
        select(*MESSAGE)
        .where(MessageRow.conversation_id.in_(ids))
        .order_by(MessageRow.created_at.desc(), MessageRow.id.desc())
        .limit(limit)
    )
    return (await db.execute(statement)).mappings().all()


def _rows(member_id: UUID | None) -> Select[*tuple[Any, ...]]:  # rows of many columns
    has_draft = (
        select(MessageRow.id)
        .where(
            MessageRow.tenant_id == ConversationRow.tenant_id,
            MessageRow.conversation_id == ConversationRow.id,
            MessageRow.delivery == Delivery.WITHHELD.value,
        )
        .exists()
    )
    return (
        select(*CONVERSATION, _is_unread().label("unread"), has_draft.label("has_draft"))
        .select_from(ConversationRow)
        .outerjoin(ConversationSeenRow, _is_seen_by(member_id))
    )


def _conditions(filters: Filters, member_id: UUID | None) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [
        ConversationRow.channel != Channel.PLAYGROUND.value
        if filters.channel is None
        else ConversationRow.channel == filters.channel.value
    ]
    if filters.handler is not None:
        chosen.append(ConversationRow.handler == filters.handler.value)
    if filters.assigned is Assigned.ME:
        chosen.append(ConversationRow.assignee_id == member_id)
    if filters.assigned is Assigned.NOBODY:
        chosen += [ConversationRow.assignee_id.is_(None), ConversationRow.handler == "people"]
    if filters.language is not None:
        chosen.append(ConversationRow.language == filters.language)
    if filters.unread:
        chosen.append(_is_unread())
    return chosen


def _is_unread() -> ColumnElement[bool]:
    return or_(
        ConversationSeenRow.position.is_(None), ConversationSeenRow.position < ConversationRow.last_position
    )


def _is_seen_by(member_id: UUID | None) -> ColumnElement[bool]:
    # The tenant as a column and not only by the policy, or the index would be of no use to the join.
    return and_(
        ConversationSeenRow.tenant_id == ConversationRow.tenant_id,
        ConversationSeenRow.conversation_id == ConversationRow.id,
        ConversationSeenRow.member_id == member_id,
    )


def _member_of(db: Db) -> MemberId | None:
    return MemberId(db.actor.id) if db.actor.kind.value == "member" and db.actor.id else None


def _row(row: RowMapping) -> Row:
    return Row(conversation=conversation_of(row), unread=row["unread"], has_draft=row["has_draft"])
