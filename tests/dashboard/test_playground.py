"""The playground over HTTP: asked as a contact would, recorded as a contact's, and nobody waits behind it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from answerable import answering
from answerable.answering.values import Step
from answerable.api import Web
from answerable.conversations import ConversationId
from answerable.dashboard.frame.texts import catalogue
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from answerable.infra.rates import Rate
from answerable.infra.signals import Signal, Topic
from answerable.infra.web import Limits
from answerable.tenancy.values import Posture, Role
from factories.desks import QUESTION, write
from factories.members import Browser
from factories.shops import Shop, open_shop

PAYLOAD = "<script>alert(1)</script><img src=x onerror=alert(1)>"
SignIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def shop(database: Database, acme: Actor, tmp_path: Path) -> Shop:
    return await open_shop(database, acme, tmp_path)


async def ask(browser: Browser, question: str = QUESTION, *, language: str = "") -> str:
    """Ask, and return where the answer will be."""
    answer = await browser.post("/playground", question=question, language=language)
    assert answer.status == 303, answer.text
    return answer.headers["location"]


def conversation_of(address: str) -> ConversationId:

    return ConversationId(UUID(address.rsplit("/", 1)[1]))


async def count_rows(database: Database, actor: Actor) -> dict[str, int]:
    async with database.tenant_session(actor) as db:
        return {
            table: await db.scalar(text(f"SELECT count(*) FROM {table}")) or 0
            for table in ("turn", "decision", "message", "conversation")
        }


async def test_a_question_is_answered_with_every_step(owner: Browser, shop: Shop) -> None:
    address = await ask(owner)
    waiting = await owner.get(address)
    await shop.answer(conversation_of(address))

    page = await owner.get(address)

    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in waiting.text
    assert "Searching the documents" in waiting.text
    assert page.status == 200
    assert "You have 30 days from receipt of the goods" in page.text
    assert page.text.count('class="step"') == 6
    assert re.search(r'href="/records/[0-9a-f-]{36}"', page.text)


async def test_the_record_says_that_it_was_the_playground(owner: Browser, shop: Shop) -> None:
    address = await ask(owner)
    turn_id = await shop.answer(conversation_of(address))

    page = await owner.get(f"/records/{turn_id}")

    assert 'href="/playground" ' in page.text or 'href="/playground">' in page.text
    assert "What a member asked in the playground" in page.text
    assert "<dd>playground</dd>" in page.text


async def test_nobody_waits_behind_a_handoff_of_the_playground(owner: Browser, shop: Shop) -> None:
    address = await ask(owner)
    await shop.answer(conversation_of(address), threshold=1.1)

    page = await owner.get(address)

    assert 'data-outcome="handoff"' in page.text
    assert 'id="nav-waiting"></span>' in page.text


async def test_every_threshold_and_posture_is_shown_and_nothing_of_it_is_stored(
    owner: Browser, shop: Shop, database: Database, acme: Actor
) -> None:
    address = await ask(owner)
    await shop.answer(conversation_of(address))
    before = await count_rows(database, acme)

    page = await owner.get(address)

    cells = re.findall(
        r'<td data-posture="(\w+)" data-reached="(\w+)"[^>]*><span class="badge" data-outcome="(\w+)"',
        page.text,
    )
    assert cells == [
        ("auto", "yes", "reply"),
        ("auto", "no", "handoff"),
        ("draft", "yes", "draft"),
        ("draft", "no", "handoff"),
        ("off", "yes", "handoff"),
        ("off", "no", "handoff"),
    ]
    assert len(cells) == 2 * len(Posture)
    assert "Nothing of this is stored" in page.text
    assert await count_rows(database, acme) == before


async def test_without_a_document_the_page_says_what_to_do(owner: Browser) -> None:
    page = await owner.get("/playground")

    assert "The assistant has nothing to answer from yet." in page.text
    assert 'href="/knowledge"' in page.text
    assert "Nothing has been asked yet." in page.text


async def test_without_vectors_the_page_says_that_words_alone_never_reply(owner: Browser, shop: Shop) -> None:
    wordy = replace(shop, desk=replace(shop.desk, embedder=None))
    address = await ask(owner)
    await wordy.answer(conversation_of(address), threshold=0.747)

    page = await owner.get(address)

    assert "words alone decided" in page.text


async def test_what_was_asked_lately_is_listed_and_the_look_is_on_record(
    owner: Browser, shop: Shop, database: Database, acme: Actor
) -> None:
    first = await ask(owner, "How long do I have?")
    await shop.answer(conversation_of(first))
    await ask(owner, "And what does it cost?")
    await write(shop.desk, shop.actor, "What a contact wrote")

    page = await owner.get("/playground")

    listed = re.findall(r'class="playground-asked">([^<]+)<', page.text)
    assert listed == ["And what does it cost?", "How long do I have?"]
    async with database.tenant_session(acme) as db:
        looked = await db.scalar(text("SELECT count(*) FROM audit_event WHERE type = 'access.trials_viewed'"))
    assert looked == 1


async def test_a_page_that_waits_learns_of_the_answer(owner: Browser, shop: Shop) -> None:
    address = await ask(owner)
    await shop.answer(conversation_of(address))

    part = await owner.get(f"{address}/progress?done=understand", part=True)

    assert part.headers["hx-redirect"] == address


async def test_a_page_that_waits_learns_of_a_finished_step(
    owner: Browser, web: Web, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await ask(owner)
    subscribe = web.hub.subscribe
    step = Signal(
        tenant_id=acme.tenant_id,
        topic=Topic.PROGRESS,
        conversation_id=conversation_of(address),
        word="retrieve",
    )

    def subscribe_and_hear(*args: object, **options: object) -> object:

        asyncio.get_running_loop().call_later(0.05, web.hub.publish, step)
        return subscribe(*args, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(web.hub, "subscribe", subscribe_and_hear)

    part = await owner.get(f"{address}/progress?done=understand,<script>", part=True)

    assert "done=understand,retrieve" in part.text
    assert part.text.count('data-state="done"') == 2
    assert "<script" not in part.text
    assert "<html" not in part.text


@pytest.mark.parametrize("path", ["", "/progress"])
async def test_what_is_no_question_of_this_playground_does_not_exist(
    owner: Browser, sign_in_as: SignIn, shop: Shop, globex: Actor, path: str
) -> None:
    address = await ask(owner)
    a_contacts = await write(shop.desk, shop.actor, QUESTION)
    stranger = await sign_in_as(Role.OWNER, globex)

    answers = [
        await stranger.get(f"{address}{path}"),
        await owner.get(f"/playground/{a_contacts}{path}"),
        await owner.get(f"/playground/nonsense{path}"),
    ]

    assert [answer.status for answer in answers] == [404, 404, 404]
    assert all(QUESTION not in answer.text for answer in answers)


async def test_whoever_may_not_ask_is_told_so(sign_in_as: SignIn) -> None:
    viewer = await sign_in_as(Role.VIEWER)

    page = await viewer.get("/playground")
    asked = await viewer.post("/playground", question=QUESTION)

    assert (page.status, asked.status) == (403, 403)


async def test_questions_of_one_member_are_limited(owner: Browser, app: FastAPI, web: Web) -> None:
    app.state.web = replace(web, limits=Limits(trials=Rate(name="trials", per_minute=2)))
    await ask(owner)
    await ask(owner)

    refused = await owner.post("/playground", question=QUESTION)

    assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 0


async def test_too_long_a_question_is_refused_and_nothing_is_stored(
    owner: Browser, database: Database, acme: Actor
) -> None:
    before = await count_rows(database, acme)

    long = await owner.post("/playground", question="x" * 8_001)
    other = await owner.post("/playground", question=QUESTION, language="fr")

    assert (long.status, other.status) == (422, 422)
    assert await count_rows(database, acme) == before


async def test_what_members_ask_comes_out_inert(owner: Browser, shop: Shop) -> None:
    address = await ask(owner, f"{PAYLOAD}\0 How long?")
    await shop.answer(conversation_of(address))

    pages = [await owner.get(address), await owner.get("/playground")]

    for page in pages:
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert "<img" not in page.text


async def test_the_contact_in_whose_name_was_asked_can_be_erased(owner: Browser, shop: Shop) -> None:
    address = await ask(owner)
    turn_id = await shop.answer(conversation_of(address))
    await shop.forget(turn_id)

    page = await owner.get(address)

    assert page.status == 200
    assert QUESTION not in page.text


async def test_the_language_that_is_chosen_counts_where_the_question_does_not_tell(
    owner: Browser, shop: Shop, database: Database, acme: Actor
) -> None:
    address = await ask(owner, "OK?", language="de")
    turn_id = await shop.answer(conversation_of(address), threshold=1.1)

    async with database.tenant_session(acme) as db:
        record = await answering.view_record(db, turn_id)
    assert record.language == "de"


def test_every_step_has_a_word_for_waiting() -> None:

    assert [step for step in Step if f"playground.step_{step}" not in catalogue()] == []
