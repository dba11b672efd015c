"""What a person opens leaves an event in the same transaction: the session asks for it, and the database does."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from answerable import audit, conversations
from answerable.audit import LogQueried
from answerable.conversations.service.messages import open_messages
from answerable.infra.db import Database, Db, Unaudited, UnrecordedOpening
from answerable.infra.ids import Actor, ActorKind, uuid7
from conversations.test_inbox import hear


def as_(actor: Actor, kind: ActorKind) -> Actor:
    return Actor(tenant_id=actor.tenant_id, kind=kind)


@pytest.mark.parametrize("kind", [ActorKind.PLATFORM, ActorKind.MEMBER, ActorKind.KEY])
async def test_a_look_that_leaves_no_event_is_refused(
    database: Database, acme: Actor, kind: ActorKind
) -> None:
    conversation_id = await hear(database, acme)

    with pytest.raises(UnrecordedOpening):
        async with database.tenant_session(as_(acme, kind)) as db:
            await open_messages(db, conversation_id)
    with pytest.raises(UnrecordedOpening):
        async with database.tenant_session(as_(acme, kind)) as db:
            await open_messages(db, conversation_id)
            # An excuse for a change is none for a look.
            db.unaudited(Unaudited.ATTENTION)


async def test_an_event_that_was_taken_back_counts_for_nothing(database: Database, acme: Actor) -> None:
    conversation_id = await hear(database, acme)

    with pytest.raises(UnrecordedOpening):
        async with database.tenant_session(acme) as db:
            with pytest.raises(ZeroDivisionError):
                async with db.begin_nested():
                    await audit.append(db, LogQueried(subject_id=acme.tenant_id, returned=0))
                    raise ZeroDivisionError
            await open_messages(db, conversation_id)


async def test_the_same_look_within_a_minute_has_its_event(database: Database, acme: Actor) -> None:
    conversation_id = await hear(database, acme)

    for _ in range(2):
        async with database.tenant_session(acme) as db:
            await conversations.view(db, conversation_id)
    async with database.tenant_session(acme) as db:
        seen = text("SELECT count(*) FROM audit_event WHERE type = 'access.conversation_viewed'")
        assert await db.scalar(seen) in {1, 2}


async def test_the_assistant_and_the_contact_work_with_what_is_theirs(
    database: Database, acme: Actor
) -> None:
    conversation_id = await hear(database, acme)

    for kind in (ActorKind.ASSISTANT, ActorKind.SYSTEM, ActorKind.CONTACT):
        async with database.tenant_session(as_(acme, kind)) as db:
            assert await open_messages(db, conversation_id)


HAND_OUT = text("SELECT wrapped FROM hand_out_keys(ARRAY(SELECT id FROM subject_key), :opening, :now)")


@asynccontextmanager
async def below_the_session(database: Database, actor: Actor) -> AsyncGenerator[Db]:
    """A transaction in which nobody but the database asks for an event."""
    async with database.tenant_session(actor) as db:
        db.unaudited(Unaudited.PROGRESS)
        yield db


async def hand_out(db: Db, opening: UUID | None) -> None:
    asked = {"opening": opening, "now": db.now}
    assert all((await db.scalars(HAND_OUT, asked)).all())


async def record(db: Db) -> UUID:
    (event_id,) = await audit.append(db, LogQueried(subject_id=db.actor.tenant_id, returned=0))
    return event_id


async def test_the_database_commits_no_opening_without_its_event(database: Database, acme: Actor) -> None:
    await hear(database, acme)

    with pytest.raises(DBAPIError, match="no audit event says so"):
        async with below_the_session(database, acme) as db:
            await hand_out(db, uuid7())
    with pytest.raises(DBAPIError, match="no audit event says so"):
        async with below_the_session(database, acme) as db:
            await hand_out(db, uuid7())
            # Another event is not the one that was named.
            await record(db)
    with pytest.raises(DBAPIError, match="against an event alone"):
        async with below_the_session(database, acme) as db:
            await hand_out(db, None)


async def test_an_event_of_somebody_else_or_of_another_time_is_none(database: Database, acme: Actor) -> None:
    await hear(database, acme)
    member = replace(acme, kind=ActorKind.MEMBER, id=uuid7())
    async with database.tenant_session(member) as db:
        of_member = await record(db)
        await hand_out(db, of_member)

    with pytest.raises(DBAPIError, match="no audit event says so"):
        async with below_the_session(database, acme) as db:
            await hand_out(db, of_member)
    with pytest.raises(DBAPIError, match="no audit event says so"):
        async with below_the_session(database, replace(member, id=uuid7())) as db:
            await hand_out(db, of_member)
    with pytest.raises(DBAPIError, match="no audit event says so"):
        async with below_the_session(database, member) as db:
            db.now += timedelta(minutes=2)
            await hand_out(db, of_member)


async def test_an_opening_cannot_be_moved_to_an_event_that_says_nothing_of_it(
    database: Database, acme: Actor
) -> None:
    await hear(database, acme)
    async with database.tenant_session(replace(acme, kind=ActorKind.MEMBER, id=uuid7())) as db:
        other = await record(db)
    async with below_the_session(database, acme) as db:
        await hand_out(db, opening := await record(db))

    with pytest.raises(DBAPIError, match="no audit event says so"):
        async with below_the_session(database, acme) as db:
            moved = text("UPDATE key_opening SET event_id = :other WHERE id = :opening")
            await db.execute(moved, {"other": other, "opening": opening})
    for forbidden in (
        "DELETE FROM key_opening",
        "UPDATE key_opening SET at = now()",
        "INSERT INTO key_opening SELECT * FROM key_opening",
        "SELECT wrapped FROM subject_key",
        "SELECT note_opening(gen_random_uuid(), now())",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with below_the_session(database, acme) as db:
                await db.execute(text(forbidden))


async def test_whoever_names_nobody_is_taken_for_a_person(database: Database, acme: Actor) -> None:
    await hear(database, acme)

    with pytest.raises(DBAPIError, match="against an event alone"):
        async with below_the_session(database, replace(acme, kind=ActorKind.SYSTEM)) as db:
            await db.execute(text("SELECT set_config('app.actor_kind', '', true)"))
            await hand_out(db, None)


async def test_another_tenants_key_is_handed_to_nobody(
    database: Database, acme: Actor, globex: Actor
) -> None:
    await hear(database, acme)
    async with database.tenant_session(acme) as db:
        ids = list(await db.scalars(text("SELECT id FROM subject_key")))
    assert ids

    async with below_the_session(database, replace(globex, kind=ActorKind.SYSTEM)) as db:
        found = await db.execute(text("SELECT * FROM hand_out_keys(:ids, NULL, NULL)"), {"ids": ids})
        assert found.all() == []


async def test_an_opening_is_kept_with_the_event_that_stands_for_it(database: Database, acme: Actor) -> None:
    conversation_id = await hear(database, acme)
    openings = text(
        "SELECT e.type FROM key_opening o JOIN audit_event e ON e.id = o.event_id ORDER BY o.id DESC LIMIT :most"
    )

    async with database.tenant_session(acme) as db:
        await conversations.view(db, conversation_id)
    async with database.tenant_session(acme) as db:
        # The same look again has the event of the first; an event before the opening stands for it as well.
        await conversations.view(db, conversation_id)
    async with database.tenant_session(acme) as db:
        await record(db)
        await open_messages(db, conversation_id)
        assert list(await db.scalars(openings, {"most": 3})) == [
            "access.log_queried",
            "access.conversation_viewed",
            "access.conversation_viewed",
        ]
