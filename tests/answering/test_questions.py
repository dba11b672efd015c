import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from answerable import answering, audit, vault
from answerable.answering import Desk, OutcomeKind, QuestionState, Record, TurnId
from answerable.answering.errors import QuestionNotFound
from answerable.answering.gaps import QuestionPage
from answerable.answering.values import Reason
from answerable.audit import StoredEvent
from answerable.infra.db import Unaudited
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.tenancy.errors import PermissionDenied
from factories.desks import QUESTION, ask

UNKNOWN = "Do you repair espresso machines on Mars, and what does that cost?"


async def miss(desk: Desk, actor: Actor, said: str) -> Record:
    """Ask something to which no sentence is good enough an answer."""
    return await ask(replace(desk, threshold=1.1), actor, said)


async def read(desk: Desk, actor: Actor, **wanted: object) -> QuestionPage:
    async with desk.database.tenant_session(actor) as db:
        return await answering.list_unanswered(db, **wanted)  # pyright: ignore[reportArgumentType] - as named


async def mark(desk: Desk, actor: Actor, turn_id: TurnId, state: QuestionState) -> QuestionState:
    async with desk.database.tenant_session(actor) as db:
        return await answering.mark_question(db, turn_id, state)


async def events(desk: Desk, actor: Actor, kind: str) -> list[StoredEvent]:
    async with desk.database.tenant_session(actor) as db:
        return [one for one in await audit.tail(db, limit=100) if one.type == kind]


async def test_only_questions_without_an_answer_are_listed_newest_first(desk: Desk, shop: Actor) -> None:
    first = await miss(desk, shop, UNKNOWN)
    answered = await ask(desk, shop, QUESTION)
    person = await ask(desk, shop, "I want to talk to a person.")
    second = await miss(desk, shop, UNKNOWN + " Really?")
    assert (answered.outcome, person.reason) == (OutcomeKind.REPLY, Reason.REQUESTED)

    page = await read(desk, shop)

    assert [one.turn.turn_id for one in page.questions] == [second.turn_id, first.turn_id]
    assert [one.text for one in page.questions] == [UNKNOWN + " Really?", UNKNOWN]
    assert page.counts == {QuestionState.OPEN: 2, QuestionState.DONE: 0, QuestionState.IGNORED: 0}


async def test_every_question_stands_on_one_page(desk: Desk, shop: Actor) -> None:
    records = [await miss(desk, shop, f"{UNKNOWN} {number}") for number in range(3)]

    found: list[TurnId] = []
    after: TurnId | None = None
    while True:
        page = await read(desk, shop, after=after, limit=1)
        found += [one.turn.turn_id for one in page.questions]
        after = page.next
        if after is None:
            break

    assert found == [record.turn_id for record in reversed(records)]


async def test_whoever_reads_questions_is_recorded_once_for_the_same_ones(desk: Desk, shop: Actor) -> None:
    await miss(desk, shop, UNKNOWN)

    await read(desk, shop)
    await read(desk, shop)
    once = await events(desk, shop, "access.questions_listed")
    await miss(desk, shop, UNKNOWN)
    await read(desk, shop)

    assert [one.body["d"] for one in once] == [{"questions": 1}]
    assert len(await events(desk, shop, "access.questions_listed")) == 2


async def test_a_look_at_an_empty_list_is_no_look(desk: Desk, shop: Actor) -> None:
    page = await read(desk, shop)

    assert page.questions == ()
    assert await events(desk, shop, "access.questions_listed") == []


async def test_one_question_is_opened_by_its_turn_and_the_look_recorded(desk: Desk, shop: Actor) -> None:
    record = await miss(desk, shop, UNKNOWN)

    async with desk.database.tenant_session(shop) as db:
        question = await answering.get_question(db, record.turn_id)

    assert question.text == UNKNOWN
    assert len(await events(desk, shop, "access.questions_listed")) == 1


async def test_an_erased_question_is_listed_without_its_text(desk: Desk, shop: Actor) -> None:
    await miss(desk, shop, UNKNOWN)
    async with desk.database.tenant_session(shop) as db:
        contact_id = await db.scalar(text("SELECT id FROM contact"))
        assert isinstance(contact_id, UUID)
        await vault.destroy(db, vault.Subject(kind=vault.SubjectKind.CONTACT, id=contact_id))
        db.unaudited(Unaudited.PROGRESS)

    (question,) = (await read(desk, shop)).questions

    assert question.text is None


async def test_a_marked_question_leaves_the_list_and_comes_back_when_that_is_undone(
    desk: Desk, shop: Actor
) -> None:
    record = await miss(desk, shop, UNKNOWN)

    before = await mark(desk, shop, record.turn_id, QuestionState.DONE)
    open_ones = await read(desk, shop)
    done = await read(desk, shop, state=QuestionState.DONE)
    await mark(desk, shop, record.turn_id, before)

    assert before is QuestionState.OPEN
    assert (open_ones.questions, len(done.questions)) == ((), 1)
    assert len((await read(desk, shop)).questions) == 1
    assert [one.body["d"]["state"] for one in await events(desk, shop, "question.marked")] == ["open", "done"]


async def test_two_who_mark_a_question_at_once_leave_one_mark(desk: Desk, shop: Actor) -> None:
    record = await miss(desk, shop, UNKNOWN)

    await asyncio.gather(
        mark(desk, shop, record.turn_id, QuestionState.DONE),
        mark(desk, shop, record.turn_id, QuestionState.IGNORED),
        mark(desk, shop, record.turn_id, QuestionState.DONE),
    )

    page = await read(desk, shop, state=None)
    marked = [one.body["d"]["state"] for one in await events(desk, shop, "question.marked")]
    assert len(page.questions) == 1
    assert page.questions[0].turn.state.value in marked
    assert page.counts[QuestionState.OPEN] == 0


async def test_only_a_question_without_an_answer_can_be_marked(
    desk: Desk, shop: Actor, globex: Actor
) -> None:
    answered = await ask(desk, shop, QUESTION)
    unanswered = await miss(desk, shop, UNKNOWN)

    for actor, turn_id in (
        (shop, answered.turn_id),
        (shop, TurnId(uuid7())),
        (globex, unanswered.turn_id),
    ):
        with pytest.raises(QuestionNotFound):
            await mark(desk, actor, turn_id, QuestionState.DONE)
        async with desk.database.tenant_session(actor) as db:
            with pytest.raises(QuestionNotFound):
                await answering.get_question(db, turn_id)


async def test_another_tenants_questions_are_not_there(desk: Desk, shop: Actor, globex: Actor) -> None:
    await miss(desk, shop, UNKNOWN)

    page = await read(desk, globex, state=None)

    assert page.questions == ()
    assert set(page.counts.values()) == {0}


@pytest.mark.parametrize("role", ["auditor", "responder"])
async def test_a_role_reads_and_marks_questions_only_where_it_may(desk: Desk, shop: Actor, role: str) -> None:
    record = await miss(desk, shop, UNKNOWN)
    member = replace(shop, kind=ActorKind.MEMBER, id=uuid7(), role=role)

    with pytest.raises(PermissionDenied):
        await mark(desk, member, record.turn_id, QuestionState.DONE)
    if role == "auditor":
        with pytest.raises(PermissionDenied):
            await read(desk, member)
    else:
        assert len((await read(desk, member)).questions) == 1
