from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from answerable import audit, knowledge
from answerable.infra.db import Database, Db
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor, ActorKind
from answerable.knowledge.errors import DeletionIncomplete, DocumentNotFound
from answerable.knowledge.queries import documents as document_queries
from answerable.knowledge.queries import passages as passage_queries
from answerable.tenancy.errors import PermissionDenied
from factories.knowledge import RETURNS, import_texts, list_documents

CANARY = RETURNS.replace("Boots", "Canaryboots")


async def find_canary(db: Db) -> list[str]:
    """The tables of knowledge in which any column of any row says it."""
    found: list[str] = []
    for table in ("document", "document_version", "passage", "passage_terms", "term_frequency"):
        statement = text(f"SELECT count(*) FROM {table} AS one WHERE lower(one::text) LIKE '%canary%'")
        if await db.scalar(statement):
            found.append(table)
    return found


async def test_a_deleted_document_leaves_stubs_and_nothing_of_its_content(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    embedder = HashingEmbedder()
    await import_texts(database, acme, tmp_path, {"a.md": CANARY, "b.md": RETURNS}, embedder=embedder)
    await import_texts(database, acme, tmp_path, {"a.md": CANARY.replace("30", "45")}, embedder=embedder)
    document, other = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        before = await find_canary(db)

    async with database.tenant_session(acme) as db:
        await knowledge.delete_document(db, document.id)

    async with database.tenant_session(acme) as db:
        assert before == ["document_version"]
        assert await find_canary(db) == []
        assert await knowledge.list_documents(db) == [other]
        assert await db.scalar(text("SELECT count(*) FROM passage")) == 2
        assert await db.scalar(text("SELECT passages FROM term_frequency WHERE term = 0")) == 2
        stubs = await db.execute(
            text("SELECT number FROM document_version WHERE document_id = :id"), {"id": document.id}
        )
        assert sorted(stubs.scalars()) == [1, 2]
        (newest,) = await audit.tail(db, limit=1)
    assert newest.type == "document.deleted"
    assert newest.body["d"] == {"versions": 2, "passages": 2}


async def test_the_last_document_takes_the_last_count_with_it(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)

    async with database.tenant_session(acme) as db:
        await knowledge.delete_document(db, document.id)

    async with database.tenant_session(acme) as db:
        assert await db.scalar(text("SELECT count(*) FROM term_frequency")) == 0


async def test_a_deleted_document_can_no_longer_be_quoted_or_shown(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        (version,) = (await knowledge.get_document(db, document.id)).versions
        await knowledge.delete_document(db, document.id)

    async with database.tenant_session(acme) as db:
        assert await knowledge.find_valid_span(db, version.id, start=0, end=7) is None
        assert (await knowledge.search(db, "Are returns free of charge?")).candidates == ()
        with pytest.raises(DocumentNotFound):
            await knowledge.show_span(db, document.id, version=1, start=0, end=7)
        with pytest.raises(DocumentNotFound):
            await knowledge.delete_document(db, document.id)


async def _leave(_db: Db, _version_ids: object) -> None:
    """A delete that was forgotten."""


@pytest.mark.parametrize(
    ("module", "forgotten", "named"),
    [
        (document_queries, ("empty_versions",), "document_version"),
        (passage_queries, ("delete_terms", "delete_passages"), "search, passage, passage_terms"),
        (passage_queries, ("delete_passages",), "passage"),
    ],
)
async def test_a_deletion_that_leaves_anything_is_refused_and_undone(
    database: Database,
    acme: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    forgotten: tuple[str, ...],
    named: str,
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    for name in forgotten:
        monkeypatch.setattr(module, name, _leave)

    with pytest.raises(DeletionIncomplete) as refused:
        async with database.tenant_session(acme) as db:
            await knowledge.delete_document(db, document.id)

    assert refused.value.detail == named
    async with database.tenant_session(acme) as db:
        assert await knowledge.list_documents(db) == [document]
        assert (await knowledge.search(db, "Are returns free of charge?")).candidates


async def test_a_responder_deletes_nothing(database: Database, acme: Actor, tmp_path: Path) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    responder = replace(acme, kind=ActorKind.MEMBER, id=acme.tenant_id, role="responder")

    async with database.tenant_session(responder) as db:
        with pytest.raises(PermissionDenied):
            await knowledge.delete_document(db, document.id)


async def test_another_tenants_document_cannot_be_deleted(
    database: Database, acme: Actor, globex: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)

    async with database.tenant_session(globex) as db:
        with pytest.raises(DocumentNotFound):
            await knowledge.delete_document(db, document.id)

    assert await list_documents(database, acme) == [document]
