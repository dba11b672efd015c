"""Who has a conversation before them: shown to the others for half a minute, and to nobody else."""

from copy import copy
from datetime import UTC, datetime, timedelta

import pytest

from answerable import conversations
from answerable.conversations import ConversationId
from answerable.conversations.errors import ConversationNotFound
from answerable.conversations.listing import Present
from answerable.infra.db import Database
from answerable.infra.ids import Actor, MemberId
from factories.inbox import hear, make_member


def at(database: Database, seconds: int) -> Database:
    then = copy(database)
    then.clock = lambda: datetime(2026, 11, 21, 9, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    return then


async def be_present(
    database: Database, member: Actor, asked: ConversationId, *, types: bool = False
) -> None:
    async with database.tenant_session(member) as db:
        await conversations.be_present(db, asked, types=types)


async def list_present(database: Database, member: Actor, asked: ConversationId) -> tuple[Present, ...]:
    async with database.tenant_session(member) as db:
        return await conversations.list_present(db, asked)


def shown(member: Actor, *, types: bool = False) -> Present:
    assert member.id is not None
    return Present(member_id=MemberId(member.id), types=types)


async def test_others_see_who_is_there_and_who_types_and_nobody_sees_themselves(
    database: Database, acme: Actor, anna: Actor, ben: Actor
) -> None:
    asked = await hear(database, acme)

    await be_present(database, anna, asked)
    await be_present(database, ben, asked, types=True)

    assert await list_present(database, anna, asked) == (shown(ben, types=True),)
    assert await list_present(database, ben, asked) == (shown(anna),)


async def test_presence_and_typing_expire(database: Database, acme: Actor, anna: Actor, ben: Actor) -> None:
    asked = await hear(database, acme)
    await be_present(at(database, 0), anna, asked, types=True)
    typing = await list_present(at(database, 30), ben, asked)
    await be_present(at(database, 31), anna, asked)

    assert typing == (shown(anna, types=True),)
    assert await list_present(at(database, 60), ben, asked) == (shown(anna),)
    assert await list_present(at(database, 62), ben, asked) == ()


async def test_who_leaves_is_gone_at_once(database: Database, acme: Actor, anna: Actor, ben: Actor) -> None:
    asked = await hear(database, acme)
    await be_present(database, anna, asked)

    async with database.tenant_session(anna) as db:
        await conversations.be_absent(db, asked)

    assert await list_present(database, ben, asked) == ()


async def test_another_tenants_member_is_nowhere(database: Database, acme: Actor, globex: Actor) -> None:
    asked = await hear(database, acme)
    gus = await make_member(database, globex)

    with pytest.raises(ConversationNotFound):
        await be_present(database, gus, asked)
    with pytest.raises(ConversationNotFound):
        async with database.tenant_session(gus) as db:
            await conversations.be_absent(db, asked)
    assert await list_present(database, gus, asked) == ()
