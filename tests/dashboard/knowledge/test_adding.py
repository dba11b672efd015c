"""Adding documents by forms and by scripts: every size and every wrong turn has its answer."""

from collections.abc import AsyncIterator, Iterable
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest

from answerable import knowledge
from answerable.answering import OutcomeKind, QuestionState
from answerable.answering.values import Drop, Reason
from answerable.dashboard.frame.texts import LANGUAGES, catalogue
from answerable.infra.db import Database
from answerable.infra.errors import registered_errors
from answerable.infra.ids import Actor, uuid7
from answerable.knowledge.catalogue import Freshness, Order, SourceKind
from answerable.knowledge.imports import MAX_FILE_BYTES, BatchId, ImportKind, ItemState
from answerable.knowledge.values import Language, ParseNote
from answerable.tenancy import Role
from factories.http import Response
from factories.members import Browser, SignIn
from factories.tenants import MakeTenant

MEGABYTE = 1_000_000


async def announce(browser: Browser, *files: tuple[str, int]) -> Response:
    body = {"files": [{"name": name, "size_bytes": size} for name, size in files]}
    return await browser.client.post("/dashboard/v1/imports", json=body, headers=browser.cookie)


async def send(browser: Browser, item: str, data: bytes, headers: dict[str, str] | None = None) -> Response:
    path = f"/dashboard/v1/imports/content/{item}"
    return await browser.client.put(path, content=data, headers=browser.cookie | (headers or {}))


async def items_of(browser: Browser, batch: str) -> list[dict[str, Any]]:
    answer = await browser.client.get(f"/dashboard/v1/imports/{batch}", headers=browser.cookie)
    return answer.json()["items"]


async def test_files_are_announced_then_sent_and_the_page_follows_them(owner: Browser) -> None:
    batch = (await announce(owner, ("help/a.md", 20), ("help/b.txt", 20))).json()
    first, second = batch["items"]

    sent = await send(owner, first["id"], b"# Returns\n\nThirty days for everything.")
    page = await owner.get(batch["page"])
    part = await owner.get(batch["page"], part=True)

    assert (first["needs_content"], second["needs_content"]) == (True, True)
    assert sent.status_code == 200
    assert sent.json()["needs_content"] is False
    assert "help/a.md" in page.text
    assert "Has not arrived yet." in page.text
    assert 'hx-trigger="live-knowledge from:body, every 5s"' in page.text
    assert part.text.lstrip().startswith('<div class="import"')


async def test_what_cannot_be_read_is_over_before_it_is_sent(owner: Browser) -> None:
    answer = await announce(owner, ("a.exe", 10), ("b.md", 90 * MEGABYTE), ("c.md", 5), ("c.md", 5))

    items = answer.json()["items"]
    assert [item["state"] for item in items] == ["skipped", "failed", "waiting", "failed"]
    assert items[0]["error_code"] == "knowledge.format_unknown"
    assert items[1]["error_code"] == "knowledge.file_too_large"
    assert items[3]["error_code"] == "knowledge.name_repeated"


async def test_fifty_megabytes_are_refused_by_what_they_announce_and_the_file_has_its_reason(
    owner: Browser,
) -> None:
    batch = (await announce(owner, ("a.pdf", 5))).json()
    item = batch["items"][0]["id"]

    answer = await send(owner, item, b"x", {"Content-Length": str(50 * MEGABYTE)})

    assert answer.status_code == 413
    assert answer.json()["status"] == 413
    assert answer.json()["code"] == "knowledge.file_too_large"
    (after,) = await items_of(owner, batch["id"])
    assert (after["state"], after["error_code"]) == ("failed", "knowledge.file_too_large")
    assert "larger than 25 MB" in (await owner.get(batch["page"])).text


async def test_what_turns_out_too_large_is_refused_while_it_comes(owner: Browser) -> None:
    batch = (await announce(owner, ("a.pdf", 5))).json()
    item = batch["items"][0]["id"]
    taken = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < 50 * MEGABYTE:
            taken += MEGABYTE
            yield bytes(MEGABYTE)

    answer = await owner.client.put(
        f"/dashboard/v1/imports/content/{item}", content=pieces(), headers=owner.cookie
    )

    assert answer.status_code == 413
    (after,) = await items_of(owner, batch["id"])
    assert after["state"] == "failed"


async def test_more_than_a_megabyte_is_taken_where_files_are_and_nowhere_else(owner: Browser) -> None:
    batch = (await announce(owner, ("a.pdf", 3 * MEGABYTE))).json()

    file = await send(owner, batch["items"][0]["id"], b"word " * 600_000)
    elsewhere = await owner.client.post(
        "/dashboard/v1/imports", content=b"x" * 2 * MEGABYTE, headers=owner.cookie
    )

    assert file.status_code == 200
    assert elsewhere.status_code == 413
    assert MAX_FILE_BYTES > 3 * MEGABYTE


async def test_a_file_that_was_sent_cannot_be_sent_again(owner: Browser) -> None:
    batch = (await announce(owner, ("a.md", 5))).json()
    item = batch["items"][0]["id"]
    await send(owner, item, b"Some words that stand here.")

    again = await send(owner, item, b"Other words that stand here.")

    assert (again.status_code, again.json()["code"]) == (409, "knowledge.content_unexpected")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"files": []},
        {"files": [{"name": "", "size_bytes": 1}]},
        {"files": [{"name": "a.md", "size_bytes": -1}]},
        {"files": [{"name": "a.md", "size_bytes": 1, "more": 1}]},
        {"files": [{"name": "a.md", "size_bytes": 1}] * 2_001},
        {"files": [{"name": "n" * 1_001, "size_bytes": 1}]},
    ],
)
async def test_an_announcement_of_another_form_is_refused(owner: Browser, body: Any) -> None:
    answer = await owner.client.post("/dashboard/v1/imports", json=body, headers=owner.cookie)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.md", "a\x00b.md", "C:\\x\\y.md", "/.md", "\u202e.md", "<script>.md", "=1+1.md"]
)
async def test_a_name_is_a_name_and_leads_nowhere(owner: Browser, name: str) -> None:
    answer = await announce(owner, (name, 5))

    assert answer.status_code == 201
    source = answer.json()["items"][0]["name"]
    assert not source.startswith(("/", ".."))
    assert "\x00" not in source
    assert "<script>" not in (await owner.get(answer.json()["page"])).text


async def test_an_import_is_stopped_and_says_what_stays(owner: Browser) -> None:
    batch = (await announce(owner, ("a.md", 5), ("b.md", 5))).json()

    stopped = await owner.post(f"/knowledge/imports/{batch['id']}/cancel")
    page = await owner.get(stopped.headers["location"])
    again = await owner.client.post(f"/dashboard/v1/imports/{batch['id']}/cancel", headers=owner.cookie)

    assert "The import was stopped." in page.text
    assert "hx-trigger" not in page.text.split('id="import"')[1]
    assert again.status_code == 409


async def test_only_what_was_fetched_can_be_fetched_again(
    owner: Browser, database: Database, acme: Actor
) -> None:
    file = (await announce(owner, ("a.exe", 5))).json()["items"][0]["id"]
    page = await owner.post("/knowledge/add/address", url="https://shop.example/help", what="page")
    batch_id = BatchId(UUID(page.headers["location"].rsplit("/", 1)[1]))
    await owner.post(f"/knowledge/imports/{batch_id}/cancel")
    async with database.tenant_session(acme) as db:
        (item,) = (await knowledge.get_import(db, batch_id)).items

    refused = await owner.client.post(f"/dashboard/v1/imports/items/{file}/retry", headers=owner.cookie)
    taken = await owner.client.post(f"/dashboard/v1/imports/items/{item.id}/retry", headers=owner.cookie)

    assert refused.status_code == 409
    assert taken.json()["state"] == ItemState.WAITING


async def test_a_form_without_scripts_sends_small_files(owner: Browser) -> None:
    files = [
        ("files", ("a.md", b"# Returns\n\nThirty days for everything.", "text/markdown")),
        ("files", ("b.exe", b"MZ", "application/octet-stream")),
    ]

    answer = await owner.client.post("/knowledge/add/files", files=files, headers=owner.cookie)
    page = await owner.get(answer.headers["location"])

    assert answer.status_code == 303
    assert "a.md" in page.text
    assert "b.exe" in page.text


async def test_a_form_without_a_file_or_with_too_much_comes_back_with_the_reason(owner: Browser) -> None:
    nothing = await owner.client.post(
        "/knowledge/add/files", files=[("other", ("", b"", "text/plain"))], headers=owner.cookie
    )
    much = await owner.client.post(
        "/knowledge/add/files",
        content=b"x",
        headers=owner.cookie
        | {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(30 * MEGABYTE)},
    )

    for answer in (nothing, much):
        assert answer.status_code == 422
        assert 'id="problem"' in answer.text


async def test_nobody_types_a_text_twice(owner: Browser) -> None:
    answer = await owner.post("/knowledge/add/paste", title="", text="What I wrote & meant.", language="de")

    assert answer.status == 422
    assert "What I wrote &amp; meant." in answer.text
    assert '<option value="de" selected>' in answer.text


@pytest.mark.parametrize("url", ["", "x", "ftp://a.example/", "http://user:pw@a.example/", "https://"])
async def test_an_address_that_is_none_comes_back_with_the_reason(owner: Browser, url: str) -> None:
    answer = await owner.post("/knowledge/add/address", url=url, what="sitemap")

    assert answer.status == 422
    assert 'id="problem"' in answer.text


async def test_another_tenants_import_does_not_exist(
    owner: Browser, sign_in_as: SignIn, make_tenant: MakeTenant
) -> None:
    stranger = await sign_in_as(tenant=await make_tenant())
    batch = (await announce(stranger, ("a.md", 5))).json()
    item = batch["items"][0]["id"]

    answers = [
        await owner.client.get(batch["page"], headers=owner.cookie),
        await owner.client.get(f"/dashboard/v1/imports/{batch['id']}", headers=owner.cookie),
        await owner.client.post(f"/dashboard/v1/imports/{batch['id']}/cancel", headers=owner.cookie),
        await owner.client.post(f"/knowledge/imports/{batch['id']}/cancel", headers=owner.cookie),
        await owner.client.post(f"/dashboard/v1/imports/items/{item}/retry", headers=owner.cookie),
        await send(owner, item, b"Something of mine."),
        await send(owner, item, b"x", {"Content-Length": str(50 * MEGABYTE)}),
        await owner.client.get(f"/dashboard/v1/imports/{uuid7()}", headers=owner.cookie),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert (await items_of(stranger, batch["id"]))[0]["state"] == "waiting"


async def test_who_may_not_import_is_refused_everywhere(owner: Browser, sign_in_as: SignIn) -> None:
    batch = (await announce(owner, ("a.md", 5))).json()
    item = batch["items"][0]["id"]
    viewer = await sign_in_as(Role.VIEWER)

    answers = [
        await announce(viewer, ("a.md", 5)),
        await send(viewer, item, b"Something."),
        await viewer.client.get(f"/dashboard/v1/imports/{batch['id']}", headers=viewer.cookie),
        await viewer.client.post(f"/dashboard/v1/imports/{batch['id']}/cancel", headers=viewer.cookie),
        await viewer.client.post("/knowledge/add/files", headers=viewer.cookie),
        await viewer.client.post(
            "/knowledge/add/address", data={"url": "https://a.example"}, headers=viewer.cookie
        ),
    ]

    assert {answer.status_code for answer in answers} == {403}


def test_every_word_that_pages_of_knowledge_make_of_a_closed_list_exists() -> None:
    lists: dict[str, Iterable[StrEnum]] = {
        "note": ParseNote,
        "item": ItemState,
        "kind_of_import": ImportKind,
        "kind": SourceKind,
        "fresh": Freshness,
        "order": Order,
        "language": Language,
        "drop": Drop,
        "outcome": OutcomeKind,
        "question": QuestionState,
        "reason": (Reason.UNSUPPORTED, Reason.NOTHING_FOUND),
    }

    missing = [
        f"knowledge.{area}_{word.value}"
        for area, words in lists.items()
        for word in words
        if f"knowledge.{area}_{word.value}" not in catalogue()
    ]

    assert missing == []


def test_every_error_of_knowledge_is_told_in_both_languages() -> None:
    told = catalogue()
    codes = [code for code in registered_errors() if code.startswith("knowledge.")]

    missing = [
        key
        for code in codes
        for key in (f"errors.{code.replace('.', '_')}", f"errors.{code.replace('.', '_')}_remedy")
        if set(told.get(key, {})) != set(LANGUAGES)
    ]

    assert len(codes) > 30
    assert missing == []


def test_everything_that_a_reader_notes_can_be_told_in_both_languages() -> None:
    told = catalogue()

    missing = [
        note.value
        for note in ParseNote
        if set(told.get(f"knowledge.note_{note.value}", {})) != set(LANGUAGES)
    ]

    assert missing == []
