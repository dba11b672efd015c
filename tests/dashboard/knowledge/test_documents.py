"""The list of documents and the pages of one, asked as a browser asks."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from answerable import knowledge
from answerable.answering import Desk
from answerable.infra.db import Database, Unaudited
from answerable.infra.ids import Actor, uuid7
from answerable.tenancy import Role
from factories.desks import QUESTION, ask
from factories.knowledge import RETURNS, Import, import_texts
from factories.members import Browser, SignIn
from factories.tenants import MakeTenant

NASTY = "<script>alert('x')</script>\u202e![i](http://evil.example/x.png) =cmd|'/c calc'!A1"


async def test_without_documents_the_list_says_what_to_do_next(owner: Browser) -> None:
    answer = await owner.get("/knowledge")

    assert answer.status == 200
    assert 'href="/knowledge/add"' in answer.text
    assert "nothing to answer from yet" in answer.text


async def test_the_list_says_how_often_a_document_is_quoted(
    owner: Browser, import_one: Import, desk: Desk, acme: Actor
) -> None:
    document = await import_one()
    await ask(desk, acme, QUESTION)

    answer = await owner.get("/knowledge")

    assert f'href="/knowledge/{document.id}"' in answer.text
    assert '<td class="end num">1</td>' in answer.text


async def test_the_filter_stands_in_the_address_and_survives_a_reload(
    owner: Browser, import_one: Import
) -> None:
    await import_one(name="returns.md")
    await import_one("Shipping takes two days at most.", name="shipping.txt")

    found = await owner.get("/knowledge?q=ship&kind=text&order=title")
    nothing = await owner.get("/knowledge?language=de")

    assert "shipping.txt" in found.text
    assert "returns.md" not in found.text
    assert '<option value="text" selected>' in found.text
    assert "No document matches" in nothing.text
    assert 'href="/knowledge"' in nothing.text


async def test_a_filter_that_does_not_exist_is_refused_on_a_page(owner: Browser) -> None:
    for query in ("language=fr", "kind=x", "after=x", "order=", "done=x"):
        answer = await owner.get(f"/knowledge?{query}")

        assert answer.status == 422, query
        assert "<!doctype html>" in answer.text


async def test_two_thousand_documents_are_shown_page_by_page(
    owner: Browser, database: Database, acme: Actor
) -> None:
    async with database.tenant_session(acme) as db:
        await db.execute(
            text(
                "INSERT INTO document (id, source, key, title, language, status, current_version, created_at,"
                " changed_at) SELECT gen_random_uuid(), n || '.md', '', 'Title ' || n, 'en', 'published', 1,"
                " now(), now() FROM generate_series(1, 2000) AS n"
            )
        )
        db.unaudited(Unaudited.PROGRESS)

    answer = await owner.get("/knowledge?order=title")

    assert answer.text.count("<small") == 50
    assert "2\u202f000 documents" in answer.text
    assert "after=" in answer.text


@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_page_of_a_document_speaks_both_languages(
    owner: Browser, import_one: Import, desk: Desk, acme: Actor, language: str
) -> None:
    document = await import_one()
    await import_one(RETURNS.replace("30", "45"))
    await ask(desk, acme, QUESTION)
    await owner.post("/preferences", language=language, theme="")

    for path in (
        f"/knowledge/{document.id}",
        f"/knowledge/{document.id}?at=40&done=changed",
        f"/knowledge/{document.id}/versions/1",
        f"/knowledge/{document.id}/difference?from=1&to=2",
        f"/knowledge/{document.id}/answers",
        f"/knowledge/{document.id}/delete",
        "/knowledge",
        "/knowledge/search",
        "/knowledge/add",
        "/knowledge/imports",
        "/knowledge/questions",
    ):
        answer = await owner.get(path)

        assert answer.status == 200, path
        assert f'<html lang="{language}"' in answer.text, path


async def test_a_document_shows_its_passages_and_what_is_quoted_of_them(
    owner: Browser, import_one: Import, desk: Desk, acme: Actor
) -> None:
    document = await import_one()
    record = await ask(desk, acme, QUESTION)

    answer = await owner.get(f"/knowledge/{document.id}")
    answers = await owner.get(f"/knowledge/{document.id}/answers")

    assert "30 days" in answer.text
    assert 'class="evidence"' in answer.text
    assert f'href="/records/{record.turn_id}"' in answers.text


async def test_the_difference_says_in_words_what_was_added_and_removed(
    owner: Browser, import_one: Import
) -> None:
    document = await import_one()
    await import_one(RETURNS.replace("30 days", "45 days"))

    answer = await owner.get(f"/knowledge/{document.id}/difference?from=1&to=2")

    assert "<ins>" in answer.text
    assert "[added:" in answer.text
    assert "[removed:" in answer.text


@pytest.mark.parametrize(
    "query", ["from=1", "to=1", "from=x&to=1", "from=1&to=9", "from=0&to=1", f"from=1&to={2**70}"]
)
async def test_a_difference_to_nothing_is_a_page_that_says_so(
    owner: Browser, import_one: Import, query: str
) -> None:
    document = await import_one()

    answer = await owner.get(f"/knowledge/{document.id}/difference?{query}")

    assert answer.status in {404, 422}
    assert "<!doctype html>" in answer.text


async def test_days_and_owner_are_kept_and_shown(
    owner: Browser, import_one: Import, database: Database, acme: Actor
) -> None:
    document = await import_one()

    kept = await owner.post(
        f"/knowledge/{document.id}",
        valid_from="2026-01-01",
        valid_until="2099-12-31",
        owner=str(owner.actor.id),
    )
    shown = await owner.get(kept.headers["location"])

    assert kept.status == 303
    assert "31 Dec 2099" in shown.text
    assert "These days were set here" in shown.text
    async with database.tenant_session(acme) as db:
        stored = (await knowledge.get_document(db, document.id)).document
    assert stored.owner_id == owner.actor.id


async def test_a_last_day_before_the_first_is_refused(owner: Browser, import_one: Import) -> None:
    document = await import_one()

    answer = await owner.post(
        f"/knowledge/{document.id}", valid_from="2026-02-01", valid_until="2026-01-01", owner=""
    )

    assert answer.status == 422


async def test_quoting_is_stopped_and_begun_again(
    owner: Browser, import_one: Import, database: Database, acme: Actor
) -> None:
    document = await import_one()

    stopped = await owner.post(f"/knowledge/{document.id}/stop")
    shown = await owner.get(stopped.headers["location"])
    async with database.tenant_session(acme) as db:
        ended = (await knowledge.get_document(db, document.id)).document.valid_until
        assert ended == db.now.date() - timedelta(days=1)
    await owner.post(f"/knowledge/{document.id}", valid_from="", valid_until="", owner="")

    assert "Quote it again" in shown.text
    async with database.tenant_session(acme) as db:
        assert (await knowledge.get_document(db, document.id)).document.valid_until is None


async def test_whoever_deletes_is_told_what_stays_and_what_does_not(
    owner: Browser, import_one: Import, desk: Desk, acme: Actor
) -> None:
    document = await import_one()
    record = await ask(desk, acme, QUESTION)

    asked = await owner.get(f"/knowledge/{document.id}/delete")
    done = await owner.post(f"/knowledge/{document.id}/delete")
    listed = await owner.get(done.headers["location"])
    gone = await owner.get(f"/knowledge/{document.id}")
    again = await owner.post(f"/knowledge/{document.id}/delete")

    assert "1 answer keeps" in asked.text
    assert "cannot be brought back" in asked.text
    assert done.status == 303
    assert "found nothing left" in listed.text
    assert gone.status == 410
    assert "Returns" not in gone.text
    assert f'href="/records/{record.turn_id}"' in gone.text
    assert again.status == 404


async def test_another_tenants_document_does_not_exist(
    owner: Browser, import_one: Import, make_tenant: MakeTenant
) -> None:
    globex = await make_tenant()
    document = await import_one(tenant=globex)

    for path in ("", "/versions/1", "/difference?from=1&to=1", "/answers", "/delete"):
        assert (await owner.get(f"/knowledge/{document.id}{path}")).status == 404, path
    for path in ("", "/stop", "/delete"):
        assert (await owner.post(f"/knowledge/{document.id}{path}")).status == 404, path
    assert (await owner.get(f"/knowledge/{uuid7()}")).status == 404
    assert (await owner.get("/knowledge/nothing")).status == 404


async def test_a_viewer_reads_and_changes_nothing(sign_in_as: SignIn, import_one: Import) -> None:
    document = await import_one()
    viewer = await sign_in_as(Role.VIEWER)

    shown = await viewer.get(f"/knowledge/{document.id}")
    refused = [
        await viewer.get(f"/knowledge/{document.id}/delete"),
        await viewer.post(f"/knowledge/{document.id}/delete"),
        await viewer.post(f"/knowledge/{document.id}/stop"),
        await viewer.post(f"/knowledge/{document.id}", valid_from="", valid_until="2031-01-01", owner=""),
        await viewer.get("/knowledge/add"),
        await viewer.get("/knowledge/imports"),
        await viewer.post("/knowledge/add/paste", title="a", text="b"),
    ]

    assert shown.status == 200
    assert "/delete" not in shown.text
    assert {answer.status for answer in refused} == {403}


async def test_what_documents_say_is_text_and_nothing_else(
    owner: Browser, database: Database, acme: Actor, tmp_path: Path
) -> None:
    for said in ("says here", "said there"):
        table = f'question,answer\n"{NASTY}?","{NASTY} is what it {said}."\n'
        await import_texts(database, acme, tmp_path, {"n.csv": table})
    async with database.tenant_session(acme) as db:
        (document,) = await knowledge.list_documents(db)

    for path in (
        "/knowledge",
        f"/knowledge/{document.id}",
        f"/knowledge/{document.id}/versions/1",
        f"/knowledge/{document.id}/difference?from=1&to=2",
        f"/knowledge/{document.id}/answers",
        f"/knowledge/{document.id}/delete",
    ):
        page = (await owner.get(path)).text

        assert "<script>alert" not in page, path
        assert "<img" not in page, path
        assert "\u202e" not in page, path
        assert "&lt;script&gt;alert" in page, path
