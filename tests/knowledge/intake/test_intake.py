"""Imports in the background, from the announcement of a file to its end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from answerable import knowledge
from answerable.infra.db import Database, Db
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.knowledge.errors import (
    AddressInvalid,
    ContentUnexpected,
    FileTooLarge,
    ImportNotFound,
    ImportOver,
    NothingGiven,
    NotRetryable,
    TooManyItems,
    WaitingFull,
)
from answerable.knowledge.imports import ImportKind, ItemId, ItemState, NewFile
from answerable.knowledge.service import intake as intake_service
from answerable.knowledge.values import Language
from answerable.tenancy.errors import PermissionDenied
from factories.imports import look, read_all, upload
from factories.knowledge import RETURNS, CountingEmbedder, list_documents


async def events_of(db: Db) -> list[str]:
    found = await db.scalars(
        text("SELECT type FROM audit_event WHERE type LIKE 'import.%' OR type LIKE 'knowledge.%' ORDER BY id")
    )
    return list(found)


async def count(database: Database, actor: Actor, table: str) -> int:
    async with database.tenant_session(actor) as db:
        return await db.scalar(text(f"SELECT count(*) FROM {table}"))


async def test_a_file_is_announced_sent_read_and_its_bytes_are_gone(database: Database, acme: Actor) -> None:
    begun = await upload(database, acme, {"help/returns.md": RETURNS.encode()})
    waiting = await count(database, acme, "import_content")
    (item,) = await read_all(database, acme, begun.batch.id, embedder=CountingEmbedder())

    (document,) = await list_documents(database, acme)
    ended = await look(database, acme, begun.batch.id)
    assert waiting == 1
    assert (item.state, item.source, item.document_ids) == (
        ItemState.ADDED,
        "help/returns.md",
        (document.id,),
    )
    assert item.passages > 0
    assert item.size_bytes == len(RETURNS.encode())
    assert document.source == "help/returns.md"
    assert ended.batch.ended_at is not None
    assert (ended.batch.total, ended.batch.done) == (1, 1)
    assert await count(database, acme, "import_content") == 0
    async with database.tenant_session(acme) as db:
        assert await events_of(db) == ["import.begun", "knowledge.imported"]


async def test_the_same_file_again_is_unchanged_and_another_text_changes_it(
    database: Database, acme: Actor
) -> None:
    for data in (RETURNS, RETURNS, RETURNS.replace("30 days", "45 days")):
        begun = await upload(database, acme, {"returns.md": data.encode()})
        await read_all(database, acme, begun.batch.id)

    async with database.tenant_session(acme) as db:
        batches = await knowledge.list_imports(db)
    assert [list(batch.counts) for batch in batches] == [
        [ItemState.CHANGED],
        [ItemState.UNCHANGED],
        [ItemState.ADDED],
    ]


async def test_what_cannot_be_read_is_over_before_anybody_sends_it(database: Database, acme: Actor) -> None:
    files = [
        NewFile(name="a.exe"),
        NewFile(name="b.md", size_bytes=10_000_001),
        NewFile(name="c.md"),
        NewFile(name="c.md"),
    ]
    async with database.tenant_session(acme) as db:
        begun = await knowledge.begin_import(db, files)

    assert [(item.state, item.error_code) for item in begun.items] == [
        (ItemState.SKIPPED, "knowledge.format_unknown"),
        (ItemState.FAILED, "knowledge.file_too_large"),
        (ItemState.WAITING, None),
        (ItemState.FAILED, "knowledge.name_repeated"),
    ]
    assert all(item.remedy for item in begun.items if item.error_code)
    assert [item.needs_content for item in begun.items] == [False, False, True, False]


async def test_an_import_in_which_nothing_can_be_read_is_over_at_once(
    database: Database, acme: Actor
) -> None:
    async with database.tenant_session(acme) as db:
        begun = await knowledge.begin_import(db, [NewFile(name="a.exe")])

    assert begun.batch.ended_at is not None


async def test_a_file_that_fails_leaves_the_others_alone(database: Database, acme: Actor) -> None:
    begun = await upload(
        database, acme, {"a.md": b"\x00\x01", "b.md": RETURNS.encode(), "c.csv": b"x,y\n1,2"}
    )

    items = await read_all(database, acme, begun.batch.id)

    assert [(item.state, item.error_code) for item in items] == [
        (ItemState.FAILED, "knowledge.not_text"),
        (ItemState.ADDED, None),
        (ItemState.FAILED, "knowledge.columns_missing"),
    ]
    assert await count(database, acme, "import_content") == 0


async def test_a_table_links_its_documents_and_counts_as_one_item(database: Database, acme: Actor) -> None:
    rows = "".join(f"Question {number}?,Answer number {number} it is.\n" for number in range(120))
    begun = await upload(database, acme, {"faq.csv": f"question,answer\n{rows}".encode()})

    (item,) = await read_all(database, acme, begun.batch.id)

    assert item.state is ItemState.ADDED
    assert len(item.document_ids) == 100


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("../../etc/passwd.md", "etc/passwd.md"),
        ("C:\\Users\\me\\a.md", "C:/Users/me/a.md"),
        ("/a//b/./c.md", "a/b/c.md"),
        ("a\x00\u202e.md", "a.md"),
        ("x" * 600 + ".md", "x" * 497 + ".md"),
    ],
)
async def test_a_name_leads_nowhere_and_holds_nothing_invisible(
    database: Database, acme: Actor, name: str, source: str
) -> None:
    begun = await upload(database, acme, {name: b"Hello there, world."})

    assert [item.source for item in begun.items] == [source]


async def test_a_text_is_pasted_and_the_same_title_again_replaces_it(database: Database, acme: Actor) -> None:
    for body in ("We ship to Austria.", "We ship to Austria and Italy."):
        async with database.tenant_session(acme) as db:
            begun = await knowledge.add_paste(db, "Shipping: abroad\n---", body, Language.ENGLISH)
        await read_all(database, acme, begun.batch.id)

    (document,) = await list_documents(database, acme)
    assert (document.title, document.version) == ("Shipping: abroad ---", 2)
    assert document.source == "pasted/Shipping: abroad ---"
    assert begun.batch.kind is ImportKind.PASTE


async def test_a_null_character_in_a_pasted_text_does_no_harm(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        begun = await knowledge.add_paste(db, "A\x00B", "One \x00 two \ud800 three.")
    (item,) = await read_all(database, acme, begun.batch.id)

    assert (item.state, item.source) == (ItemState.ADDED, "pasted/AB")


@pytest.mark.parametrize(("title", "body"), [("", "Text."), ("Title", " \n "), ("\u200b", "Text.")])
async def test_nothing_is_not_imported(database: Database, acme: Actor, title: str, body: str) -> None:
    async with database.tenant_session(acme) as db:
        with pytest.raises(NothingGiven):
            await knowledge.add_paste(db, title, body)
        with pytest.raises(NothingGiven):
            await knowledge.begin_import(db, [])


async def test_so_many_files_at_once_are_refused(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        with pytest.raises(TooManyItems):
            await knowledge.begin_import(db, [NewFile(name=f"{number}.md") for number in range(2_001)])


async def test_content_comes_once_and_within_its_limit(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        begun = await knowledge.begin_import(db, [NewFile(name="a.md"), NewFile(name="b.md")])
    first, second = begun.items

    async with database.tenant_session(acme) as db:
        await knowledge.add_content(db, first.id, b"Hello.")
        with pytest.raises(ContentUnexpected):
            await knowledge.add_content(db, first.id, b"Hello again.")
        with pytest.raises(FileTooLarge):
            await knowledge.add_content(db, second.id, b"x" * 10_000_001)


async def test_a_disk_is_not_filled_with_what_waits(
    database: Database, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_service, "MAX_WAITING_BYTES", 10)
    async with database.tenant_session(acme) as db:
        begun = await knowledge.begin_import(db, [NewFile(name="a.md"), NewFile(name="b.md")])

    async with database.tenant_session(acme) as db:
        await knowledge.add_content(db, begun.items[0].id, b"12345678")
        with pytest.raises(WaitingFull):
            await knowledge.add_content(db, begun.items[1].id, b"12345678")


async def test_an_upload_that_never_comes_ends_as_failed_and_the_rest_goes_on(
    database: Database, acme: Actor
) -> None:
    async with database.tenant_session(acme) as db:
        begun = await knowledge.begin_import(db, [NewFile(name="a.md"), NewFile(name="b.md")])
    async with database.tenant_session(acme) as db:
        await knowledge.add_content(db, begun.items[0].id, b"Here I am, in time.")

    async with database.tenant_session(replace(acme, kind=ActorKind.SYSTEM)) as db:
        await knowledge.expire_uploads(db, begun.batch.id)
    items = await read_all(database, acme, begun.batch.id)

    assert [(item.state, item.error_code) for item in items] == [
        (ItemState.ADDED, None),
        (ItemState.FAILED, "knowledge.upload_abandoned"),
    ]


async def test_a_stopped_import_skips_what_waits_and_keeps_what_was_read(
    database: Database, acme: Actor
) -> None:
    begun = await upload(database, acme, {"a.md": b"The first text.", "b.md": b"The second text."})
    intake = knowledge.Intake(database=database, embedder=None)
    await knowledge.read_item(intake, acme, begun.items[0].id)

    async with database.tenant_session(acme) as db:
        stopped = await knowledge.cancel_batch(db, begun.batch.id)
    await knowledge.read_item(intake, acme, begun.items[1].id)

    items = (await look(database, acme, begun.batch.id)).items
    assert [item.state for item in items] == [ItemState.ADDED, ItemState.SKIPPED]
    assert stopped.cancelled_at is not None
    assert stopped.ended_at is not None
    assert await count(database, acme, "import_content") == 0
    assert len(await list_documents(database, acme)) == 1
    async with database.tenant_session(acme) as db:
        assert await events_of(db) == ["import.begun", "import.cancelled", "knowledge.imported"]
    with pytest.raises(ImportOver):
        async with database.tenant_session(acme) as db:
            await knowledge.cancel_batch(db, begun.batch.id)


async def test_what_was_uploaded_cannot_be_read_again_since_its_bytes_are_gone(
    database: Database, acme: Actor
) -> None:
    begun = await upload(database, acme, {"a.md": b"\x00"})
    await read_all(database, acme, begun.batch.id)

    with pytest.raises(NotRetryable):
        async with database.tenant_session(acme) as db:
            await knowledge.retry_item(db, begun.items[0].id)


async def test_an_item_given_up_is_failed_with_the_code_and_without_its_bytes(
    database: Database, acme: Actor
) -> None:
    begun = await upload(database, acme, {"a.md": b"Some text."})
    intake = knowledge.Intake(database=database, embedder=None)

    await knowledge.give_up_item(intake, acme, begun.items[0].id, error_code="embedding.unavailable")

    ended = await look(database, acme, begun.batch.id)
    assert (ended.items[0].state, ended.items[0].error_code) == (ItemState.FAILED, "embedding.unavailable")
    assert ended.batch.ended_at is not None
    assert await count(database, acme, "import_content") == 0


async def test_reading_an_item_twice_changes_nothing(database: Database, acme: Actor) -> None:
    begun = await upload(database, acme, {"a.md": b"Some text to read."})
    await read_all(database, acme, begun.batch.id)

    await knowledge.read_item(knowledge.Intake(database=database, embedder=None), acme, begun.items[0].id)

    async with database.tenant_session(acme) as db:
        assert await events_of(db) == ["import.begun", "knowledge.imported"]


@pytest.mark.parametrize(
    "address", ["", "ftp://a.example", "https://", "https://me:pw@a.example", "nonsense"]
)
async def test_what_is_no_address_is_refused(database: Database, acme: Actor, address: str) -> None:
    async with database.tenant_session(acme) as db:
        with pytest.raises(AddressInvalid):
            await knowledge.add_url(db, address)
        with pytest.raises(AddressInvalid):
            await knowledge.add_sitemap(db, address)


async def test_another_tenants_import_is_not_found(database: Database, acme: Actor, globex: Actor) -> None:
    begun = await upload(database, acme, {"a.md": b"A secret of ours."})
    (item,) = begun.items

    async with database.tenant_session(globex) as db:
        assert await knowledge.list_imports(db) == []
        for attempt in (
            knowledge.get_import(db, begun.batch.id),
            knowledge.add_content(db, item.id, b"x"),
            knowledge.retry_item(db, item.id),
            knowledge.cancel_batch(db, begun.batch.id),
        ):
            with pytest.raises(ImportNotFound):
                await attempt
        await knowledge.expire_uploads(db, begun.batch.id)
    await knowledge.read_item(knowledge.Intake(database=database, embedder=None), globex, item.id)

    assert (await look(database, acme, begun.batch.id)).items[0].state is ItemState.WAITING
    assert await list_documents(database, globex) == []


async def test_whoever_may_not_import_may_do_nothing_with_imports(database: Database, acme: Actor) -> None:
    viewer = Actor(tenant_id=acme.tenant_id, kind=ActorKind.MEMBER, id=uuid7(), role="viewer")
    begun = await upload(database, acme, {"a.md": b"Some text to read."})
    (item,) = begun.items

    async with database.tenant_session(viewer) as db:
        for attempt in (
            knowledge.begin_import(db, [NewFile(name="a.md")]),
            knowledge.add_content(db, item.id, b"x"),
            knowledge.add_paste(db, "A", "B"),
            knowledge.add_url(db, "https://a.example"),
            knowledge.add_sitemap(db, "https://a.example/sitemap.xml"),
            knowledge.list_imports(db),
            knowledge.get_import(db, begun.batch.id),
            knowledge.retry_item(db, item.id),
            knowledge.cancel_batch(db, begun.batch.id),
            knowledge.expire_uploads(db, begun.batch.id),
        ):
            with pytest.raises(PermissionDenied):
                await attempt


async def test_an_item_that_never_was_is_not_found(database: Database, acme: Actor) -> None:
    async with database.tenant_session(acme) as db:
        with pytest.raises(ImportNotFound):
            await knowledge.add_content(db, ItemId(uuid7()), b"x")


async def test_an_import_of_long_ago_leaves_the_list_when_another_begins(
    database: Database, acme: Actor
) -> None:
    old = await upload(database, acme, {"a.md": b"Some text to read."})
    await read_all(database, acme, old.batch.id)
    async with database.tenant_session(acme) as db:
        db.now += intake_service.KEPT + timedelta(days=1)
        new = await knowledge.add_paste(db, "A title", "Some text.")

    async with database.tenant_session(acme) as db:
        assert [batch.id for batch in await knowledge.list_imports(db)] == [new.batch.id]


async def test_parts_of_an_import_are_listed_by_state_and_position(database: Database, acme: Actor) -> None:
    begun = await upload(database, acme, {f"{number}.md": b"A text." for number in range(5)} | {"x.exe": b""})

    async with database.tenant_session(acme) as db:
        skipped = await knowledge.get_import(db, begun.batch.id, states=[ItemState.SKIPPED])
        page = await knowledge.get_import(db, begun.batch.id, after=2, limit=2)

    assert [item.source for item in skipped.items] == ["x.exe"]
    assert [item.position for item in page.items] == [3, 4]
