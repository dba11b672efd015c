import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from answerable import knowledge
from answerable.infra.db import Database, Db
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor, ActorKind
from answerable.knowledge.values import ImportResult, ImportState, ParseNote, Progress
from answerable.tenancy.errors import PermissionDenied
from factories.knowledge import RETURNS, SHOP, CountingEmbedder, import_texts, list_documents


async def list_events(db: Db) -> list[str]:
    statement = text(
        "SELECT type FROM audit_event WHERE type LIKE 'document.%' OR type LIKE 'knowledge.%' ORDER BY id"
    )
    return list(await db.scalars(statement))


async def count(db: Db, table: str) -> int:
    return await db.scalar(text(f"SELECT count(*) FROM {table}"))


async def assert_words_are_counted(db: Db) -> None:
    stored = await db.execute(text("SELECT term, passages FROM term_frequency"))
    counted = await db.execute(
        text("""
            SELECT number, count(*) FROM passage_terms, numbers_of(terms) AS number GROUP BY number
            UNION ALL
            SELECT 0, count(*) FROM passage_terms HAVING count(*) > 0
        """)
    )
    assert dict(tuple(row) for row in stored) == dict(tuple(row) for row in counted)


async def test_a_folder_is_imported_whole_and_a_second_time_not_at_all(
    database: Database, acme: Actor
) -> None:
    embedder = CountingEmbedder()
    intake = knowledge.Intake(database=database, embedder=embedder)
    files = len(list(SHOP.glob("*.md")))

    first = await knowledge.import_paths(intake, acme, [SHOP], base=SHOP.parent)
    embedded = len(embedder.embedded)
    again = await knowledge.import_paths(intake, acme, [SHOP], base=SHOP.parent)

    assert first.added > files
    assert (first.failed, first.skipped, first.changed) == (0, 0, 0)
    assert again == ImportResult(unchanged=first.added)
    assert len(embedder.embedded) == embedded >= first.passages
    async with database.tenant_session(acme) as db:
        assert await count(db, "passage") == first.passages
        assert await count(db, "document_version") == first.added
        assert await list_events(db) == ["document.published"] * first.added + ["knowledge.imported"]
        await assert_words_are_counted(db)


async def test_sources_are_named_below_the_base(database: Database, acme: Actor, tmp_path: Path) -> None:
    await import_texts(database, acme, tmp_path, {"shop/returns.md": RETURNS})

    documents = await list_documents(database, acme)

    assert [document.source for document in documents] == ["shop/returns.md"]


async def test_a_changed_file_becomes_a_version_and_its_old_passages_go(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"returns.md": RETURNS})

    changed, _ = await import_texts(
        database, acme, tmp_path, {"returns.md": RETURNS.replace("30 days", "45 days")}
    )

    assert (changed.added, changed.changed) == (0, 1)
    async with database.tenant_session(acme) as db:
        (document,) = await knowledge.list_documents(db)
        history = await knowledge.get_document(db, document.id)
        assert document.version == 2
        assert [version.number for version in history.versions] == [2, 1]
        assert await count(db, "passage") == changed.passages
        assert await list_events(db) == [
            "document.published",
            "knowledge.imported",
            "document.changed",
            "knowledge.imported",
        ]
        old = await knowledge.show_span(db, document.id, version=1, start=0, end=100)
        assert "30 days" in old
        found = await knowledge.search(db, "How many days from receipt?")
        texts = [sentence.text for candidate in found.candidates for sentence in candidate.sentences]
        assert any("45 days" in sentence for sentence in texts)
        assert not any("30 days" in sentence for sentence in texts)
        await assert_words_are_counted(db)


async def test_a_change_embeds_only_the_passages_that_changed(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    embedder = CountingEmbedder()
    await import_texts(database, acme, tmp_path, {"returns.md": RETURNS}, embedder=embedder)
    embedder.embedded.clear()

    changed, _ = await import_texts(
        database, acme, tmp_path, {"returns.md": RETURNS.replace("30 days", "45 days")}, embedder=embedder
    )

    assert changed.passages == 2
    assert any("45 days" in text for text in embedder.embedded)
    assert not any("free of charge" in text for text in embedder.embedded)


async def test_a_changed_validity_is_a_change(database: Database, acme: Actor, tmp_path: Path) -> None:
    await import_texts(database, acme, tmp_path, {"returns.md": RETURNS})

    limited = RETURNS.replace("language: en", "language: en\nvalid_until: 2199-12-31")
    changed, _ = await import_texts(database, acme, tmp_path, {"returns.md": limited})

    (document,) = await list_documents(database, acme)
    assert changed.changed == 1
    assert document.valid_until is not None
    assert document.valid_until.isoformat() == "2199-12-31"


async def test_a_file_that_cannot_be_read_does_not_stop_the_rest(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    texts = {
        "a.csv": "name,price\nTent,100\n",
        "b.md": "",
        "c.odt": b"%PDF-1.7",
        "d.txt": b"\x00\x01\x02\x03" * 100,
        "e.md": "---\nvalid_from: never\n---\n# Title\n\nA sentence that stands.",
        "f.md": RETURNS,
    }

    result, heard = await import_texts(database, acme, tmp_path, texts)

    told = {progress.item: (progress.state, progress.error_code) for progress in heard}
    assert told == {
        "a.csv": (ImportState.FAILED, "knowledge.columns_missing"),
        "b.md": (ImportState.FAILED, "knowledge.empty_document"),
        "c.odt": (ImportState.SKIPPED, "knowledge.format_unknown"),
        "d.txt": (ImportState.FAILED, "knowledge.not_text"),
        "e.md": (ImportState.FAILED, "knowledge.front_matter_invalid"),
        "f.md": (ImportState.ADDED, None),
    }
    assert all(progress.message and progress.remedy for progress in heard if progress.error_code)
    assert (result.added, result.failed, result.skipped) == (1, 4, 1)


async def test_hidden_files_and_links_out_of_the_folder_are_not_read(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text(RETURNS)
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "inside.md").write_text(RETURNS)
    (folder / "alias.md").symlink_to("inside.md")
    (folder / "out.md").symlink_to(secret)
    (folder / "loop").symlink_to(folder)

    _, heard = await import_texts(database, acme, folder, {".hidden.md": RETURNS, ".git/config.md": RETURNS})

    assert {progress.item: progress.state for progress in heard} == {
        "alias.md": ImportState.ADDED,
        "inside.md": ImportState.ADDED,
        "loop": ImportState.SKIPPED,
        "out.md": ImportState.SKIPPED,
    }


async def test_a_path_that_does_not_exist_fails_with_its_remedy(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    intake = knowledge.Intake(database=database, embedder=None)

    await knowledge.import_paths(intake, acme, [tmp_path / "gone"], base=tmp_path, report=heard.append)

    assert [(one.item, one.state, one.error_code) for one in heard] == [
        ("gone", ImportState.FAILED, "knowledge.path_not_found")
    ]


async def test_a_file_whose_name_is_no_text_is_imported(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    (tmp_path / os.fsdecode(b"r\xfcckgabe.md")).write_text(RETURNS)

    result, _ = await import_texts(database, acme, tmp_path, {})

    (document,) = await list_documents(database, acme)
    assert result.added == 1
    assert document.source == "r\ufffdckgabe.md"


async def test_each_row_of_a_table_is_a_document_whose_question_is_never_quoted(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    table = (
        "question,answer,language\n"
        "Can I order by phone or by fax?,Our team takes telephone orders during service times.,en\n"
        "Gibt es einen Katalog auf Papier?,Einen gedruckten Katalog gibt es bei uns nicht mehr.,de\n"
    )

    result, heard = await import_texts(database, acme, tmp_path, {"faq.csv": table})

    assert result.added == 2
    assert heard[0].item == "faq.csv: Can I order by phone or by fax?"
    async with database.tenant_session(acme) as db:
        found = await knowledge.search(db, "Can I order by phone?")
    best = found.candidates[0]
    assert [sentence.text for sentence in best.sentences] == [
        "Our team takes telephone orders during service times."
    ]
    phone = {place for place, term in enumerate(found.terms) if term.passages == 1}
    assert best.heading_matched & phone


async def test_a_changed_row_of_a_table_leaves_the_others_as_they_are(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    table = "question,answer\nCan I pay by invoice?,Yes you can.\nCan I pay in cash?,Only in the store.\n"
    await import_texts(database, acme, tmp_path, {"faq.csv": table})

    changed, _ = await import_texts(
        database, acme, tmp_path, {"faq.csv": table.replace("Only in the store.", "Nowhere any more.")}
    )

    assert (changed.changed, changed.unchanged) == (1, 1)


async def test_a_language_that_is_not_declared_is_detected(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    texts = {
        "a.txt": "Sie können die Ware innerhalb von 30 Tagen zurückgeben.",
        "b.txt": "You can return the goods within 30 days.",
    }

    await import_texts(database, acme, tmp_path, texts)

    documents = await list_documents(database, acme)
    assert [document.language.value for document in documents] == ["de", "en"]


async def test_what_a_person_should_know_of_a_file_is_told(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    latin = "Die Rückgabe ist für Sie kostenlos, auch über den Laden.".encode("cp1252")

    _, heard = await import_texts(database, acme, tmp_path, {"a.txt": latin})

    assert heard[0].notes == (ParseNote.DECODED_AS_CP1252,)


async def test_imports_at_the_same_time_make_one_document_and_one_version(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    texts = {f"{number}.md": RETURNS.replace("30", str(number)) for number in range(8)}
    await import_texts(database, acme, tmp_path, texts)
    changed = {name: body.replace("free of charge", "at your cost") for name, body in texts.items()}

    results = await asyncio.gather(
        *(import_texts(database, acme, tmp_path, changed, embedder=HashingEmbedder()) for _ in range(4))
    )

    assert sum(result.changed for result, _ in results) == len(texts)
    async with database.tenant_session(acme) as db:
        documents = await knowledge.list_documents(db)
        assert [document.version for document in documents] == [2] * len(texts)
        assert await count(db, "document_version") == 2 * len(texts)
        await assert_words_are_counted(db)


async def test_new_documents_imported_at_the_same_time_are_stored_once(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    texts = {f"{number}.md": RETURNS.replace("30", str(number)) for number in range(8)}

    results = await asyncio.gather(*(import_texts(database, acme, tmp_path, texts) for _ in range(4)))

    assert sum(result.added for result, _ in results) == len(texts)
    async with database.tenant_session(acme) as db:
        assert await count(db, "document_version") == len(texts)
        await assert_words_are_counted(db)


async def test_another_model_makes_the_vectors_anew_and_no_version(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS}, embedder=CountingEmbedder())
    other = CountingEmbedder("hashing-2")

    result, _ = await import_texts(database, acme, tmp_path, {"a.md": RETURNS}, embedder=other)

    assert (result.unchanged, result.passages) == (1, 2)
    async with database.tenant_session(acme) as db:
        assert list(await db.scalars(text("SELECT DISTINCT embedding_model FROM passage"))) == ["hashing-2"]
        assert await count(db, "document_version") == 1
        assert "document.indexed" in await list_events(db)


async def test_a_deleted_document_that_is_imported_again_is_published_again(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (before,) = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        await knowledge.delete_document(db, before.id)

    result, _ = await import_texts(database, acme, tmp_path, {"a.md": RETURNS})

    (after,) = await list_documents(database, acme)
    assert result.added == 1
    assert after == replace(before, version=2, changed_at=after.changed_at)


async def test_a_viewer_imports_nothing(database: Database, acme: Actor, tmp_path: Path) -> None:
    viewer = replace(acme, kind=ActorKind.MEMBER, role="viewer")

    with pytest.raises(PermissionDenied):
        await import_texts(database, viewer, tmp_path, {"a.md": RETURNS})

    assert await list_documents(database, acme) == []


async def test_events_of_an_import_hold_no_title_and_no_text(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"canary-name.md": RETURNS.replace("Returns", "Canary")})

    async with database.tenant_session(acme) as db:
        bodies = [bytes(body).decode() for body in await db.scalars(text("SELECT body FROM audit_event"))]
    assert not any("canary" in body.casefold() for body in bodies)
