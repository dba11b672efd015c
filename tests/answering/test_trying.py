"""The playground: asked like a contact, recorded like a contact's, and on nobody's work list."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable import answering, conversations
from answerable.answering import Desk
from answerable.answering.cases import Case, reconsider, what_ifs
from answerable.answering.values import OutcomeKind
from answerable.conversations import Channel
from answerable.conversations.errors import ConversationNotFound
from answerable.conversations.values import Handler, Status
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.knowledge.values import Language
from answerable.tenancy.errors import PermissionDenied
from answerable.tenancy.values import Posture, Role
from factories.cases import cases
from factories.desks import QUESTION, assistant_of, write


def member_of(actor: Actor, role: Role = Role.RESPONDER) -> Actor:
    return replace(actor, kind=ActorKind.MEMBER, id=uuid7(), role=role.value)


async def try_out(desk: Desk, member: Actor, question: str) -> answering.TurnId:
    async with desk.database.tenant_session(member) as db:
        conversation = await answering.try_out(db, question, language=Language.ENGLISH)
    turn_id = await answering.answer(desk, assistant_of(member), conversation.id)
    assert turn_id is not None
    return turn_id


async def test_a_question_of_the_playground_leaves_the_same_record_as_a_contacts(
    desk: Desk, shop: Actor
) -> None:
    turn_id = await try_out(desk, member_of(shop), QUESTION)

    async with desk.database.tenant_session(shop) as db:
        seen = await answering.inspect(db, turn_id)
    assert seen.record.outcome is OutcomeKind.REPLY
    assert seen.conversation.channel is Channel.PLAYGROUND
    assert seen.flips
    received = next(leaf.event for leaf in seen.leaves if leaf.event.type == "message.received")
    assert received.actor_kind == "member"
    assert received.body["d"]["channel"] == "playground"


async def test_nobody_waits_behind_a_handoff_of_the_playground(desk: Desk, strict: Desk, shop: Actor) -> None:
    turn_id = await try_out(strict, member_of(shop), QUESTION)

    async with desk.database.tenant_session(shop) as db:
        seen = await answering.inspect(db, turn_id)
    assert seen.record.outcome is OutcomeKind.HANDOFF
    assert (seen.conversation.status, seen.conversation.handler) == (Status.OPEN, Handler.ASSISTANT)


async def test_what_was_tried_lately_is_listed_with_what_it_came_to(desk: Desk, shop: Actor) -> None:
    member = member_of(shop)
    await write(desk, shop, "A contact's own words")
    turn_id = await try_out(desk, member, QUESTION)
    async with desk.database.tenant_session(member) as db:
        waiting = await answering.try_out(db, "And now?", language=None)

    async with desk.database.tenant_session(member) as db:
        tried = await answering.list_tried(db)

    assert [one.trial.question for one in tried] == ["And now?", QUESTION]
    assert [one.last.id if one.last else None for one in tried] == [None, turn_id]
    async with desk.database.tenant_session(member) as db:
        assert await answering.find_last_turn(db, waiting.id) is None


async def test_a_conversation_with_a_contact_is_none_of_the_playgrounds(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, QUESTION)

    async with desk.database.tenant_session(member_of(shop)) as db:
        with pytest.raises(ConversationNotFound):
            await answering.find_last_turn(db, conversation_id)


async def test_another_workspaces_questions_are_not_listed(desk: Desk, shop: Actor, globex: Actor) -> None:
    await try_out(desk, member_of(shop), QUESTION)

    async with desk.database.tenant_session(member_of(globex)) as db:
        assert await answering.list_tried(db) == ()


async def test_a_viewer_may_not_try_it_out(desk: Desk, shop: Actor) -> None:
    async with desk.database.tenant_session(member_of(shop, Role.VIEWER)) as db:
        with pytest.raises(PermissionDenied):
            await answering.try_out(db, QUESTION, language=None)
    async with desk.database.tenant_session(shop) as db:
        assert await conversations.list_all(db) == []


@given(cases, st.floats(0, 1), st.sampled_from(Posture))
def test_two_thresholds_a_posture_stand_for_all(case: Case, threshold: float, posture: Posture) -> None:
    expected = reconsider(case, threshold=threshold, posture=posture)

    (told,) = [
        one
        for one in what_ifs(case)
        if one.posture is posture and one.is_reached == (case.evidence.probability >= threshold)
    ]

    assert told.outcome == expected
