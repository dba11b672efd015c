"""Questions that found no answer, as a list to work from; and trying one out."""

import pytest
from sqlalchemy import text

from answerable import answering, audit
from answerable.answering import QuestionState
from answerable.infra.db import Database
from answerable.infra.ids import Actor, uuid7
from answerable.tenancy import Role
from factories.desks import Miss
from factories.knowledge import Import
from factories.members import Browser, SignIn
from factories.tenants import MakeTenant

NASTY = "<script>alert('x')</script> =cmd|'/c calc'!A1 [a](javascript:alert(1))"


async def test_a_question_without_an_answer_leads_to_its_record_and_its_conversation(
    owner: Browser, miss: Miss
) -> None:
    record = await miss("Do you repair skis?")

    answer = await owner.get("/knowledge/questions")

    assert "Do you repair skis?" in answer.text
    assert f'href="/records/{record.turn_id}"' in answer.text
    assert f'href="/conversations/{record.conversation_id}"' in answer.text


async def test_a_marked_question_can_be_taken_back_without_scripts(owner: Browser, miss: Miss) -> None:
    record = await miss("Do you repair skis?")

    marked = await owner.post(f"/knowledge/questions/{record.turn_id}", becomes="done", back_to="open")
    listed = await owner.get(marked.headers["location"])
    await owner.post(f"/knowledge/questions/{record.turn_id}", becomes="open", back_to="open")
    back = await owner.get("/knowledge/questions")

    assert marked.status == 303
    assert "Do you repair skis?" not in listed.text
    assert 'name="becomes" value="open"' in listed.text
    assert "Do you repair skis?" in back.text


async def test_a_script_gets_the_marked_question_as_a_part_with_its_undo(owner: Browser, miss: Miss) -> None:
    record = await miss("Do you repair skis?")

    part = await owner.post(
        f"/knowledge/questions/{record.turn_id}", part=True, becomes="ignored", back_to="open"
    )

    assert part.status == 200
    assert part.text.startswith("<li")
    assert 'value="open"' in part.text


@pytest.mark.parametrize("query", ["state=x", "after=x", "marked=x", "was=x"])
async def test_a_filter_of_questions_that_does_not_exist_is_refused(owner: Browser, query: str) -> None:
    assert (await owner.get(f"/knowledge/questions?{query}")).status == 422


async def test_an_empty_list_of_questions_says_why(owner: Browser, miss: Miss) -> None:
    nothing = await owner.get("/knowledge/questions")
    record = await miss("Do you repair skis?")
    await owner.post(f"/knowledge/questions/{record.turn_id}", becomes="done", back_to="open")
    nothing_here = await owner.get("/knowledge/questions")

    assert "Every question found its answer" in nothing.text
    assert "Nothing here" in nothing_here.text


async def test_a_document_that_answers_a_question_is_begun_with_it_and_marks_it(
    owner: Browser, miss: Miss, database: Database, acme: Actor
) -> None:
    record = await miss("Do you repair skis?")

    form = await owner.get(f"/knowledge/add?question={record.turn_id}")
    sent = await owner.post(
        "/knowledge/add/paste",
        title="Do you repair skis",
        text="We repair skis in two days.",
        question=str(record.turn_id),
        answers="yes",
    )

    assert 'value="Do you repair skis"' in form.text
    assert sent.headers["location"].startswith("/knowledge/imports/")
    async with database.tenant_session(acme) as db:
        page = await answering.list_unanswered(db, state=None)
    assert page.questions[0].turn.state is QuestionState.DONE


async def test_what_contacts_asked_is_text_and_nothing_else(owner: Browser, miss: Miss) -> None:
    record = await miss(NASTY)

    listed = await owner.get("/knowledge/questions")
    form = await owner.get(f"/knowledge/add?question={record.turn_id}")

    for page in (listed, form):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in page.text
        assert 'href="javascript' not in page.text


async def test_another_tenants_question_cannot_be_seen_or_marked(
    owner: Browser, miss: Miss, make_tenant: MakeTenant
) -> None:
    record = await miss("Our secret?", tenant=await make_tenant())

    assert "Our secret" not in (await owner.get("/knowledge/questions?state=all")).text
    assert (await owner.get(f"/knowledge/add?question={record.turn_id}")).status == 404
    marked = await owner.post(f"/knowledge/questions/{record.turn_id}", becomes="done")
    assert marked.status == 404


async def test_an_auditor_reads_no_questions_and_a_viewer_marks_none(sign_in_as: SignIn, miss: Miss) -> None:
    record = await miss("Do you repair skis?")
    auditor, viewer = await sign_in_as(Role.AUDITOR), await sign_in_as(Role.VIEWER)

    assert (await auditor.get("/knowledge/questions")).status == 403
    seen = await viewer.get("/knowledge/questions")
    assert "Do you repair skis?" in seen.text
    assert "Mark as done" not in seen.text
    assert (await viewer.post(f"/knowledge/questions/{record.turn_id}", becomes="done")).status == 403


async def test_a_tried_question_shows_scores_and_the_threshold_and_leaves_nothing(
    owner: Browser, import_one: Import, database: Database, acme: Actor
) -> None:
    await import_one()

    found = await owner.post("/knowledge/search", question="Are returns free of charge?")
    nothing = await owner.post("/knowledge/search", question="  ")

    assert "words " in found.text
    assert "meaning " in found.text
    assert "is needed" in found.text
    assert "Write a question" in nothing.text
    async with database.tenant_session(acme) as db:
        assert await db.scalar(text("SELECT count(*) FROM message")) == 0
        (newest,) = await audit.tail(db, limit=1)
    assert newest.type == "access.knowledge_searched"


@pytest.mark.parametrize("question", [NASTY, "?" * 8_000, "\u202eabc\u200b", "a\x00b"])
async def test_any_question_can_be_tried(owner: Browser, import_one: Import, question: str) -> None:
    await import_one()

    answer = await owner.post("/knowledge/search", question=question)

    assert answer.status == 200
    assert "<script>alert" not in answer.text


async def test_a_question_longer_than_a_message_is_refused(owner: Browser) -> None:
    assert (await owner.post("/knowledge/search", question="?" * 8_001)).status == 422


async def test_an_unknown_question_is_not_found(owner: Browser) -> None:
    assert (await owner.get(f"/knowledge/add?question={uuid7()}")).status == 404
    assert (await owner.post(f"/knowledge/questions/{uuid7()}", becomes="done")).status == 404
    assert (await owner.post(f"/knowledge/questions/{uuid7()}", becomes="maybe")).status == 422
