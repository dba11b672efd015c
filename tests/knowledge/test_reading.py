from dataclasses import replace
from pathlib import Path

import pytest

from answerable import knowledge
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind
from answerable.knowledge.errors import DocumentNotFound, SpanNotFound
from answerable.knowledge.values import DocumentId
from answerable.tenancy.errors import PermissionDenied
from factories.knowledge import RETURNS, import_texts, list_documents

UMLAUTS = "Größe zählt: 😀 passt. Über uns gibt es nichts zu sagen."


async def test_a_span_is_shown_to_the_character(database: Database, acme: Actor, tmp_path: Path) -> None:
    await import_texts(database, acme, tmp_path, {"a.txt": UMLAUTS})
    (document,) = await list_documents(database, acme)

    async with database.tenant_session(acme) as db:
        shown = await knowledge.show_span(db, document.id, version=1, start=13, end=22)
        whole = await knowledge.show_span(db, document.id, version=1, start=0, end=len(UMLAUTS))

    assert shown == UMLAUTS[13:22] == "😀 passt. "[:9]
    assert whole == UMLAUTS


@pytest.mark.parametrize(
    ("version", "start", "end"),
    [(2, 0, 5), (0, 0, 5), (1, 5, 5), (1, -1, 5), (1, 0, 10_000), (1, 0, 2**40), (2**40, 0, 1)],
)
async def test_a_span_that_is_not_there_is_not_found(
    database: Database, acme: Actor, tmp_path: Path, version: int, start: int, end: int
) -> None:
    await import_texts(database, acme, tmp_path, {"a.txt": UMLAUTS})
    (document,) = await list_documents(database, acme)

    async with database.tenant_session(acme) as db:
        with pytest.raises(SpanNotFound):
            await knowledge.show_span(db, document.id, version=version, start=start, end=end)


async def test_only_the_current_version_may_be_quoted_and_the_old_one_still_be_shown(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS.replace("30", "45")})

    async with database.tenant_session(acme) as db:
        newest, oldest = (await knowledge.get_document(db, document.id)).versions
        quoted = await knowledge.find_valid_span(db, newest.id, start=0, end=7)
        withdrawn = await knowledge.find_valid_span(db, oldest.id, start=0, end=7)
        beyond = await knowledge.find_valid_span(db, newest.id, start=0, end=newest.characters + 1)
        shown = await knowledge.show_span(db, document.id, version=1, start=0, end=7)

    assert (quoted, withdrawn, beyond, shown) == ("Returns", None, None, "Returns")


async def test_another_tenants_document_is_not_found(
    database: Database, acme: Actor, globex: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)

    async with database.tenant_session(globex) as db:
        assert await knowledge.list_documents(db) == []
        with pytest.raises(DocumentNotFound):
            await knowledge.get_document(db, document.id)
        with pytest.raises(DocumentNotFound):
            await knowledge.show_span(db, document.id, version=1, start=0, end=5)


async def test_who_may_not_see_documents_is_refused_everywhere(database: Database, acme: Actor) -> None:
    contact = replace(acme, kind=ActorKind.CONTACT, id=acme.tenant_id)

    async with database.tenant_session(contact) as db:
        with pytest.raises(PermissionDenied):
            await knowledge.list_documents(db)
        with pytest.raises(PermissionDenied):
            await knowledge.get_document(db, DocumentId(acme.tenant_id))
        with pytest.raises(PermissionDenied):
            await knowledge.show_span(db, DocumentId(acme.tenant_id), version=1, start=0, end=5)
