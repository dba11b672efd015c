"""A question, and what tests look at afterwards."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from answerable import conversations
from answerable.conversations import Conversation, ConversationId, Message
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind
from factories.inbox import hear

Look = Callable[[ConversationId], Awaitable[Conversation]]
Read = Callable[[ConversationId], Awaitable[tuple[Message, ...]]]
ListEvents = Callable[[ConversationId], Awaitable[list[str]]]


@pytest.fixture
async def question(database: Database, acme: Actor) -> ConversationId:
    """A conversation in which a contact has asked something."""
    return await hear(database, acme, "How long do I have?")


@pytest.fixture
def look(database: Database, acme: Actor) -> Look:
    async def get(conversation_id: ConversationId) -> Conversation:
        async with database.tenant_session(acme) as db:
            return await conversations.get(db, conversation_id)

    return get


@pytest.fixture
def read(database: Database, acme: Actor) -> Read:
    async def view(conversation_id: ConversationId) -> tuple[Message, ...]:
        async with database.tenant_session(acme) as db:
            return (await conversations.view(db, conversation_id)).messages

    return view


@pytest.fixture
def told(database: Database, acme: Actor) -> Read:
    """What the contact sees."""

    async def follow(conversation_id: ConversationId) -> tuple[Message, ...]:
        async with database.tenant_session(replace(acme, kind=ActorKind.CONTACT)) as db:
            return (await conversations.follow(db, conversation_id, after=0)).messages

    return follow


@pytest.fixture
def list_events(database: Database, acme: Actor) -> ListEvents:
    async def types(conversation_id: ConversationId) -> list[str]:
        statement = text(
            "SELECT type FROM audit_event WHERE conversation_id = :id AND type NOT LIKE 'access.%' ORDER BY id"
        )
        async with database.tenant_session(acme) as db:
            return list(await db.scalars(statement, {"id": conversation_id}))

    return types
