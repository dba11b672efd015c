from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from answerable import knowledge
from answerable.infra.db import Database, Db, Unaudited
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.knowledge.catalogue import Freshness, Order, SourceKind, Wanted, freshness_of, kind_of
from answerable.knowledge.difference import Change
from answerable.knowledge.errors import DocumentNotFound, TextRemoved, VersionNotFound
from answerable.knowledge.values import DocumentId, Language
from answerable.tenancy.errors import PermissionDenied
from factories.knowledge import RETURNS, import_texts, list_documents

TODAY = date(2026, 11, 25)
MANY = 2_000


async def insert_documents(db: Db, *rows: Mapping[str, object]) -> None:
    """Documents without texts, as the list shows them."""
    statement = text(
        "INSERT INTO document (id, source, key, title, language, status, valid_from, valid_until,"
        " current_version, created_at, changed_at)"
        " VALUES (:id, :source, '', :title, :language, 'published', :valid_from, :valid_until, 1, :at, :at)"
    )
    standard = {
        "title": "One",
        "language": "en",
        "valid_from": None,
        "valid_until": None,
        "at": datetime(2026, 11, 1, tzinfo=UTC),
    }
    for row in rows:
        await db.execute(statement, {"id": uuid7(), "source": f"{uuid7()}.md", **standard, **row})
    db.unaudited(Unaudited.PROGRESS)


@pytest.fixture
async def db(database: Database, acme: Actor) -> AsyncGenerator[Db]:
    async with database.tenant_session(acme) as opened:
        opened.now = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC)
        yield opened
        opened.unaudited(Unaudited.PROGRESS)


async def titles(db: Db, wanted: Wanted) -> list[str]:
    return [one.document.title for one in (await knowledge.list_page(db, wanted)).documents]


async def walk(db: Db, wanted: Wanted) -> list[str]:
    found: list[str] = []
    while True:
        page = await knowledge.list_page(db, wanted)
        found += [one.document.title for one in page.documents]
        if page.next is None:
            return found
        wanted = replace(wanted, after=page.next)


@pytest.mark.parametrize("order", Order)
async def test_every_document_stands_on_exactly_one_page(db: Db, order: Order) -> None:
    # Half of them changed at the same moment and have the same title: the tie must be broken.
    rows: list[dict[str, object]] = [
        {"title": "Same" if number % 2 else f"Title {number:02}", "source": f"{number}.md"}
        for number in range(20)
    ]
    await insert_documents(db, *rows)

    found = await walk(db, Wanted(order=order, limit=3))

    assert sorted(found) == sorted(str(row["title"]) for row in rows)


async def test_titles_are_ordered_without_regard_to_case(db: Db) -> None:
    await insert_documents(db, {"title": "beta"}, {"title": "Alpha"}, {"title": "Gamma"})

    found = await titles(db, Wanted(order=Order.TITLE))

    assert found == ["Alpha", "beta", "Gamma"]


async def test_words_are_looked_for_in_title_and_source_as_they_are_written(db: Db) -> None:
    await insert_documents(
        db, {"title": "Returns 100%"}, {"title": "Returns 1000"}, {"title": "Other", "source": "a/Returns.md"}
    )

    assert await titles(db, Wanted(words="RETURNS 100%")) == ["Returns 100%"]
    assert await titles(db, Wanted(words="a/ret")) == ["Other"]
    assert await titles(db, Wanted(words="_")) == []
    assert await titles(db, Wanted(words="\x00\ud800'; DROP TABLE document")) == []


async def test_the_page_says_how_many_there_are_and_how_many_match(db: Db) -> None:
    await insert_documents(db, {"language": "de"}, {"language": "en"}, {"language": "en"})

    page = await knowledge.list_page(db, Wanted(language=Language.ENGLISH, limit=1))

    assert (page.published, page.found, len(page.documents)) == (3, 2, 1)


async def test_a_page_begins_anew_when_its_last_document_was_deleted(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS, "b.md": RETURNS})
    first, _second = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        await knowledge.delete_document(db, first.id)

        page = await knowledge.list_page(db, Wanted(after=first.id))

    assert len(page.documents) == 1


SOURCES = (
    "https://shop.example/returns.pdf",
    "HTTP://shop.example/",
    "a/b.PDF",
    "a.docx",
    "a.htm",
    "a.html",
    "faq.csv",
    "a.md",
    "a.markdown",
    "a.txt",
    "pdf",
    "notes",
)


async def test_the_kind_in_sql_is_the_kind_in_words(db: Db) -> None:
    await insert_documents(db, *({"title": source, "source": source} for source in SOURCES))

    for kind in SourceKind:
        found = await titles(db, Wanted(kind=kind))
        assert sorted(found) == sorted(source for source in SOURCES if kind_of(source) is kind), kind


DAYS: tuple[date | None, ...] = (
    None,
    date(2026, 11, 24),
    date(2026, 11, 25),
    date(2026, 11, 26),
    date(2026, 12, 9),
    date(2026, 12, 10),
)


async def test_the_freshness_in_sql_is_the_freshness_in_words(db: Db) -> None:
    changes = (datetime(2025, 11, 25, 23, tzinfo=UTC), datetime(2025, 11, 26, tzinfo=UTC))
    await insert_documents(
        db,
        *(
            {"title": str(uuid7()), "valid_from": begin, "valid_until": end, "at": at}
            for begin in DAYS
            for end in DAYS
            for at in changes
            if begin is None or end is None or begin <= end
        ),
    )
    listed = [one.document for one in (await knowledge.list_page(db, Wanted(limit=500))).documents]

    for freshness in Freshness:
        found = await titles(db, Wanted(freshness=freshness, limit=500))
        expected = [one.title for one in listed if freshness_of(one, today=TODAY) is freshness]
        assert sorted(found) == sorted(expected), freshness
        assert found, freshness


async def test_two_thousand_documents_are_walked_through_in_order(db: Db) -> None:
    await db.execute(
        text(
            "INSERT INTO document (id, source, key, title, language, status, current_version, created_at,"
            " changed_at) SELECT gen_random_uuid(), n || '.md', '', 'Title ' || lpad(n::text, 5, '0'), 'en',"
            " 'published', 1, now(), now() FROM generate_series(1, :many) AS n"
        ),
        {"many": MANY},
    )

    found = await walk(db, Wanted(order=Order.TITLE, limit=100))

    assert found == [f"Title {number:05}" for number in range(1, MANY + 1)]


async def test_a_version_is_shown_in_passages_with_their_headings_and_exact_places(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)

    async with database.tenant_session(acme) as db:
        shown = await knowledge.show_version(db, document.id, 1)
        for passage in shown.passages:
            span = await knowledge.show_span(
                db, document.id, version=1, start=passage.span.start, end=passage.span.end
            )
            assert span == passage.text

    assert [passage.number for passage in shown.passages] == list(range(1, shown.found + 1))
    assert shown.passages[0].span.heading_path[0] == "Returns"


async def test_an_older_version_is_shown_in_the_passages_that_it_had(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    long = "\n\n".join(f"# Part {part}\n\n" + f"Sentence of part {part}. " * 60 for part in range(5))
    await import_texts(database, acme, tmp_path, {"a.md": long})
    (document,) = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        before = await knowledge.show_version(db, document.id, 1)
    await import_texts(database, acme, tmp_path, {"a.md": long + "\n\nMore."})

    async with database.tenant_session(acme) as db:
        after = await knowledge.show_version(db, document.id, 1)
        some = await knowledge.show_version(db, document.id, 1, offset=2, limit=2)
        third = before.passages[2].span.start
        around = await knowledge.show_version(db, document.id, 1, at=third + 1, limit=2)
        now = await knowledge.show_version(db, document.id, 2, at=third + 1, limit=2)

    assert after == before
    assert some.passages == around.passages == now.passages == before.passages[2:4]
    assert some.found == len(before.passages) > 4


async def test_a_version_without_text_is_shown_as_one(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS.replace("30", "45")})
    async with database.tenant_session(acme) as db:
        await db.execute(text("UPDATE document_version SET text = NULL, headings = '[]' WHERE number = 1"))
        db.unaudited(Unaudited.PROGRESS)

        shown = await knowledge.show_version(db, document.id, 1)
        history = await knowledge.get_document(db, document.id)
        with pytest.raises(TextRemoved):
            await knowledge.compare_versions(db, document.id, old=1, new=2)

    assert (shown.version.has_text, shown.passages) == (False, ())
    assert [one.has_text for one in history.versions] == [True, False]


async def test_two_versions_are_compared_either_way(database: Database, acme: Actor, tmp_path: Path) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS.replace("30", "45")})

    async with database.tenant_session(acme) as db:
        forth = await knowledge.compare_versions(db, document.id, old=1, new=2)
        back = await knowledge.compare_versions(db, document.id, old=2, new=1)

    (changed,) = [one for one in forth.paragraphs if one.change is None]
    assert [piece.text for piece in changed.pieces if piece.change is Change.ADDED] == ["45 "]
    assert (back.words_added, back.words_removed) == (forth.words_removed, forth.words_added)


@pytest.mark.parametrize("number", [0, -1, 3, 2**31, 2**70])
async def test_a_version_that_is_not_there_is_not_found(
    database: Database, acme: Actor, tmp_path: Path, number: int
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)

    async with database.tenant_session(acme) as db:
        with pytest.raises(VersionNotFound):
            await knowledge.show_version(db, document.id, number)
        with pytest.raises(VersionNotFound):
            await knowledge.compare_versions(db, document.id, old=1, new=number)


async def test_another_tenants_documents_are_not_there(
    database: Database, acme: Actor, globex: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)

    async with database.tenant_session(globex) as db:
        page = await knowledge.list_page(db, Wanted(after=document.id))
        assert (page.documents, page.published) == ((), 0)
        assert await knowledge.find_deleted(db, document.id) is None
        with pytest.raises(DocumentNotFound):
            await knowledge.show_version(db, document.id, 1)
        with pytest.raises(DocumentNotFound):
            await knowledge.compare_versions(db, document.id, old=1, new=1)


async def test_of_a_deleted_document_its_end_is_known(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        assert await knowledge.find_deleted(db, document.id) is None
        await knowledge.delete_document(db, document.id)

        deleted = await knowledge.find_deleted(db, document.id)

    assert deleted is not None
    assert (deleted.id, deleted.versions, deleted.deleted_at) == (document.id, 1, db.now)


async def test_a_contact_sees_no_list(database: Database, acme: Actor) -> None:
    contact = replace(acme, kind=ActorKind.CONTACT)

    async with database.tenant_session(contact) as db:
        with pytest.raises(PermissionDenied):
            await knowledge.list_page(db, Wanted())
        with pytest.raises(PermissionDenied):
            await knowledge.show_version(db, DocumentId(uuid7()), 1)
