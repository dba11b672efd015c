"""The page of a record: what it shows, to whom, after what is written, and what is left when things are gone."""

import json
import re
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from answerable import answering
from answerable.answering import TurnId
from answerable.answering.evidence import calibration
from answerable.answering.exporting import as_json
from answerable.answering.flips import Factor
from answerable.answering.values import Drop, Intent, OutcomeKind, Reason, Step
from answerable.conversations import Channel
from answerable.conversations.values import Handler
from answerable.dashboard.frame.texts import catalogue
from answerable.infra.db import Database, _TenantSession
from answerable.infra.ids import Actor
from answerable.knowledge.values import Language
from answerable.tenancy.values import Posture, Role
from factories.desks import QUESTION, RETURNS, write
from factories.members import Browser
from factories.shops import Shop, open_shop

QUOTED = "You have 30 days from receipt of the goods to send something back."
PAYLOAD = "<script>alert(1)</script> ![x](https://evil.example/x.png) \"'><img src=x onerror=alert(1)> =cmd()"

Turn = Callable[[Shop], Awaitable[TurnId]]


@pytest.fixture
async def shop(database: Database, acme: Actor, tmp_path: Path) -> Shop:
    return await open_shop(database, acme, tmp_path)


async def looks(database: Database, actor: Actor) -> list[str]:
    statement = text("SELECT type FROM audit_event WHERE type LIKE 'access.record%' ORDER BY id")
    async with database.tenant_session(actor) as db:
        return list(await db.scalars(statement))


@contextmanager
def refusing_to_commit() -> Generator[None]:
    """Every transaction that has recorded something fails at its end."""

    def refuse(session: Session) -> None:
        if session.info.get("answerable.recorded") is True:
            raise ConnectionError

    event.listen(_TenantSession, "before_commit", refuse)
    try:
        yield
    finally:
        event.remove(_TenantSession, "before_commit", refuse)


async def test_a_reply_is_shown_with_what_each_sentence_stands_on(owner: Browser, shop: Shop) -> None:
    turn_id = await shop.ask()

    page = await owner.get(f"/records/{turn_id}")

    assert page.status == 200
    assert QUESTION in page.text
    assert f'href="#q0" lang="en">{QUOTED}</a>' in page.text
    assert f"<mark>{QUOTED}</mark>" in page.text
    assert "Version 1, characters 9 to 75" in page.text
    assert "Without “Returns”, of what else was found" in page.text


async def test_opening_is_on_record_before_anything_is_shown(
    owner: Browser, shop: Shop, database: Database, acme: Actor
) -> None:
    turn_id = await shop.ask()

    with refusing_to_commit():
        refused = await owner.get(f"/records/{turn_id}")
        refused_file = await owner.get(f"/records/{turn_id}/download")
    before = await looks(database, acme)
    shown = await owner.get(f"/records/{turn_id}")

    for page in (refused, refused_file):
        assert page.status == 500
        assert QUESTION not in page.text
        assert QUOTED not in page.text
    assert before == []
    assert shown.status == 200
    assert await looks(database, acme) == ["access.record_viewed"]


async def test_who_looked_is_shown_and_the_present_look_is_the_first(
    owner: Browser, sign_in_as: Callable[..., Awaitable[Browser]], shop: Shop
) -> None:
    turn_id = await shop.ask()
    responder = await sign_in_as(Role.RESPONDER)
    await responder.get(f"/records/{turn_id}")

    page = await owner.get(f"/records/{turn_id}")
    hidden = await responder.get(f"/records/{turn_id}")

    seen = re.findall(r"<li[^>]*><span><b>([^<]+)</b> opened this record", page.text)
    assert seen == ["You", "responder"]
    assert "Who looked is shown to members who may read the log." in hidden.text


async def test_the_record_of_another_workspace_does_not_exist(
    owner: Browser, sign_in_as: Callable[..., Awaitable[Browser]], shop: Shop, globex: Actor
) -> None:
    turn_id = await shop.ask()
    stranger = await sign_in_as(Role.OWNER, globex)

    pages = [
        await stranger.get(f"/records/{turn_id}"),
        await stranger.get(f"/records/{turn_id}/download"),
        await owner.get("/records/00000000-0000-7000-8000-000000000000"),
    ]

    assert [page.status for page in pages] == [404, 404, 404]
    assert all(QUESTION not in page.text for page in pages)


@pytest.mark.parametrize("address", ["nonsense", "%00", "1" * 5000, "🙂"])
async def test_what_is_no_identifier_is_a_page_that_says_so(owner: Browser, address: str) -> None:
    page = await owner.get(f"/records/{address}")

    assert page.status == 404
    assert "<main" in page.text


@pytest.mark.parametrize("role", [Role.AUDITOR])
async def test_whoever_may_not_view_conversations_is_told_so(
    sign_in_as: Callable[..., Awaitable[Browser]], shop: Shop, role: Role
) -> None:
    turn_id = await shop.ask()
    auditor = await sign_in_as(role)

    page = await auditor.get(f"/records/{turn_id}")

    assert page.status == 403
    assert QUESTION not in page.text


TURNS: dict[str, Turn] = {
    "reply": lambda shop: shop.ask(),
    "handoff": lambda shop: shop.ask(threshold=1.1),
    "greeting": lambda shop: shop.ask("Hello"),
    "refusal": lambda shop: shop.ask("?!"),
    "person": lambda shop: shop.ask("Can I talk to a person?"),
    "superseded": lambda shop: shop.overtake(),
    "draft": lambda shop: shop.draft(),
    "error": lambda shop: shop.fail(),
}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", TURNS)
async def test_every_outcome_has_a_page_in_both_languages(
    owner: Browser, shop: Shop, name: str, language: str
) -> None:
    turn_id = await TURNS[name](shop)
    owner.client.headers["Accept-Language"] = language

    page = await owner.get(f"/records/{turn_id}")
    await shop.forget(turn_id)
    erased = await owner.get(f"/records/{turn_id}")

    assert (page.status, erased.status) == (200, 200)
    assert ("Schritte" if language == "de" else "Chain") in page.text
    assert "undefined" not in page.text.lower()


async def test_a_superseded_turn_shows_what_was_not_said(owner: Browser, shop: Shop) -> None:
    turn_id = await shop.overtake()

    page = await owner.get(f"/records/{turn_id}")

    assert "nothing of it was said" in page.text
    assert re.search(rf"<del[^>]*>[^<]*{re.escape(QUOTED)}", page.text)
    assert "Without that, it would have been: Reply." in page.text


async def test_a_failed_turn_says_with_what_and_what_to_do(owner: Browser, shop: Shop) -> None:
    page = await owner.get(f"/records/{await shop.fail()}")

    assert "Answering failed with database.unavailable." in page.text
    assert "answerable doctor" in page.text


async def test_of_a_deleted_document_the_quote_is_left(owner: Browser, shop: Shop) -> None:
    turn_id = await shop.ask()
    await shop.delete(turn_id)

    page = await owner.get(f"/records/{turn_id}")

    assert "The document was deleted on" in page.text
    assert f"<mark>{QUOTED}</mark>" in page.text
    assert "Sale items cannot be exchanged" not in page.text
    assert "/knowledge/" not in page.text.replace('"/knowledge/questions"', "")


async def test_of_a_changed_document_the_version_that_was_quoted_is_shown(owner: Browser, shop: Shop) -> None:
    turn_id = await shop.ask()
    await shop.publish(RETURNS.replace("30", "45"))

    page = await owner.get(f"/records/{turn_id}")

    assert "Replaced by version 2 on" in page.text
    assert f"<mark>{QUOTED}</mark>" in page.text


async def test_of_an_erased_contact_no_word_is_left_and_every_step_is(owner: Browser, shop: Shop) -> None:
    turn_id = await shop.ask()
    await shop.forget(turn_id)

    page = await owner.get(f"/records/{turn_id}")

    assert "The contact has been erased." in page.text
    assert QUESTION not in page.text
    assert page.text.count('class="erased"') >= 2
    assert page.text.count('class="step"') == len(Step)
    assert "what it was decided upon was erased with the contact" in page.text


async def test_what_contacts_and_documents_say_comes_out_inert(owner: Browser, shop: Shop) -> None:
    await shop.publish(
        f"---\ntitle: '{PAYLOAD[:40]}'\nlanguage: en\n---\n# X\n\n{PAYLOAD} thirty days back.\n"
    )
    turn_id = await shop.ask(f"{PAYLOAD} How long do I have?")

    page = await owner.get(f"/records/{turn_id}")

    assert page.status == 200
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


async def test_ten_thousand_brackets_are_a_message_like_any(owner: Browser, shop: Shop) -> None:
    turn_id = await shop.ask("[" * 7_900)

    page = await owner.get(f"/records/{turn_id}")

    assert page.status == 200
    assert "[" * 7_900 in page.text


async def test_the_file_is_what_the_command_line_gives_and_taking_it_is_on_record(
    owner: Browser, shop: Shop, database: Database, acme: Actor
) -> None:
    turn_id = await shop.ask()

    answer = await owner.get(f"/records/{turn_id}/download")

    async with database.tenant_session(acme) as db:
        record = await answering.view_record(db, turn_id)
    given = json.loads(answer.text)
    assert given.keys() == as_json(record, explain=True).keys()
    assert given["citations"][0]["quote"] == QUOTED
    assert given["decisions"][2]["inputs"]["quotes"][0]["text"] == QUOTED
    assert answer.headers["content-disposition"] == f'attachment; filename="record-{turn_id}.json"'
    assert (await looks(database, acme))[0] == "access.record_exported"


async def test_turns_lead_to_their_neighbours(owner: Browser, shop: Shop) -> None:
    conversation_id = await write(shop.desk, shop.actor, QUESTION)
    first = await shop.answer(conversation_id)
    await write(shop.desk, shop.actor, "Thanks!", conversation_id=conversation_id)
    second = await shop.answer(conversation_id)

    page = await owner.get(f"/records/{first}")

    assert "Turn 1 of 2" in page.text
    assert f'href="/records/{second}" data-key="j"' in page.text
    assert 'data-key="k"' not in page.text
    assert re.findall(r'<li><a href="/records/([0-9a-f-]+)"( aria-current="page")?>', page.text) == [
        (str(first), ' aria-current="page"'),
        (str(second), ""),
    ]


def test_every_word_that_a_record_can_hold_has_a_text() -> None:
    features = [
        f"flip_feature_{name}_{way}"
        for name in ("closeness", "lead", "words_missing", "names_missing", "kind_missing")
        for way in ("more", "less")
    ]
    needed = [
        *(f"{head}_{kind}" for kind in OutcomeKind for head in ("outcome", "headline", "what_decide")),
        *(f"reason_{reason}" for reason in Reason),
        *(f"what_understand_{intent}" for intent in Intent),
        *(f"drop_{drop}" for drop in (*Drop, "none", "chosen")),
        *(f"step_{step}" for step in Step),
        *(f"channel_{channel}" for channel in Channel),
        *(f"language_{language}" for language in Language),
        *(f"flip_posture_{posture}" for posture in Posture),
        *(f"flip_handler_{handler}" for handler in Handler),
        *(f"feature_{name}" for name in calibration().weights),
        *(f"flip_check_{verdict}" for verdict in ("verbatim", "withdrawn")),
        *(f"what_retrieve_{verdict}" for verdict in ("found", "nothing")),
        *(f"what_compose_{verdict}" for verdict in ("quotes", "none")),
        *(f"what_check_{verdict}" for verdict in ("verbatim", "withdrawn", "none")),
        *(f"what_disclose_{verdict}" for verdict in ("due", "shown_before", "not_due")),
        *features,
        "flip_threshold_lower",
        "flip_threshold_higher",
        f"flip_{Factor.DOCUMENT}",
    ]

    assert [key for key in needed if f"records.{key}" not in catalogue()] == []
