"""What a person opens leaves an event in the same transaction, or is not handed out."""

import pytest
from sqlalchemy import text

from answerable import audit, conversations
from answerable.audit import LogQueried
from answerable.conversations.service.messages import open_messages
from answerable.infra.db import Database, Unaudited, UnrecordedOpening
from answerable.infra.ids import Actor, ActorKind
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
