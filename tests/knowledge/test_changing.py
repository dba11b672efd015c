import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from answerable import audit, knowledge, tenancy
from answerable.infra.db import Database
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor, ActorKind, MemberId, uuid7
from answerable.knowledge.catalogue import DocumentChange
from answerable.knowledge.errors import DocumentNotFound, OwnerUnknown, ValidityReversed
from answerable.knowledge.values import Document
from answerable.tenancy import Role
from answerable.tenancy.errors import PermissionDenied
from factories.knowledge import RETURNS, import_texts, list_documents

NOTHING = DocumentChange(valid_from=None, valid_until=None, owner_id=None)
DATED = RETURNS.replace("language: en", "language: en\nvalid_until: 2031-12-24")


async def change(database: Database, actor: Actor, document: Document, **values: object) -> Document:
    wanted = replace(NOTHING, **values)
    async with database.tenant_session(actor) as db:
        await knowledge.change_document(db, document.id, wanted)
        return (await knowledge.get_document(db, document.id)).document


async def answers(database: Database, actor: Actor) -> int:
    embedder = HashingEmbedder()
    vector = await embedder.embed_query("Are returns free of charge?")
    async with database.tenant_session(actor) as db:
        found = await knowledge.search(db, "Are returns free of charge?", vector=vector, model=embedder.model)
    return len(found.candidates)


async def test_a_document_whose_last_day_is_over_is_found_no_more_until_that_is_undone(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS}, embedder=HashingEmbedder())
    (document,) = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        yesterday = db.now.date() - timedelta(days=1)

    ended = await change(database, acme, document, valid_until=yesterday)
    found_while_ended = await answers(database, acme)
    back = await change(database, acme, document)

    assert ended.valid_until == yesterday
    assert found_while_ended == 0
    assert back.valid_until is None
    assert await answers(database, acme) > 0


async def test_the_log_says_which_days_and_who_answers(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        owner = await tenancy.add_member(db, "mira@example.com", role=Role.ADMIN)

    await change(database, acme, document, valid_from=date(1970, 1, 2), owner_id=owner)

    async with database.tenant_session(acme) as db:
        (newest,) = await audit.tail(db, limit=1)
    assert newest.type == "document.amended"
    assert newest.body["d"] == {"valid_from_day": 1, "valid_until_day": None, "owner_id": str(owner)}


async def test_setting_what_is_set_already_leaves_no_event(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)

    await change(database, acme, document)

    async with database.tenant_session(acme) as db:
        (newest,) = await audit.tail(db, limit=1)
    assert newest.type != "document.amended"


async def test_days_that_a_person_set_outlast_an_import_that_changes_the_text(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": DATED})
    (document,) = await list_documents(database, acme)
    await change(database, acme, document, valid_until=date(2032, 1, 1))

    await import_texts(database, acme, tmp_path, {"a.md": DATED.replace("30", "45")})

    (imported,) = await list_documents(database, acme)
    assert (imported.version, imported.valid_until) == (2, date(2032, 1, 1))
    assert imported.file_valid_until == date(2031, 12, 24)
    async with database.tenant_session(acme) as db:
        days = await db.execute(text("SELECT DISTINCT valid_until FROM passage"))
        assert list(days.scalars()) == [date(2032, 1, 1)]


async def test_a_file_that_says_other_days_than_before_is_believed(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": DATED})
    (document,) = await list_documents(database, acme)
    await change(database, acme, document, valid_until=date(2032, 1, 1))

    await import_texts(database, acme, tmp_path, {"a.md": DATED.replace("2031", "2035")})

    (imported,) = await list_documents(database, acme)
    assert imported.valid_until == imported.file_valid_until == date(2035, 12, 24)


async def test_passages_made_anew_for_another_model_keep_the_days_that_a_person_set(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    await change(database, acme, document, valid_until=date(2032, 1, 1))

    await import_texts(database, acme, tmp_path, {"a.md": RETURNS}, embedder=HashingEmbedder())

    async with database.tenant_session(acme) as db:
        for table in ("passage", "passage_terms"):
            days = await db.execute(text(f"SELECT DISTINCT valid_until FROM {table}"))
            assert list(days.scalars()) == [date(2032, 1, 1)], table


async def test_two_who_change_a_document_at_once_leave_it_and_its_passages_alike(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    days = [date(2032, 1, day) for day in range(1, 7)]

    await asyncio.gather(*(change(database, acme, document, valid_until=day) for day in days))

    (after,) = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        of_passages = await db.execute(text("SELECT DISTINCT valid_until FROM passage"))
        assert list(of_passages.scalars()) == [after.valid_until]


async def test_a_first_day_behind_the_last_is_refused(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)

    with pytest.raises(ValidityReversed):
        await change(database, acme, document, valid_from=date(2031, 1, 2), valid_until=date(2031, 1, 1))


async def test_nobody_from_elsewhere_can_answer_for_a_document(
    database: Database, acme: Actor, globex: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    async with database.tenant_session(globex) as db:
        stranger = await tenancy.add_member(db, "eve@example.com", role=Role.ADMIN)

    for nobody in (stranger, MemberId(uuid7())):
        with pytest.raises(OwnerUnknown):
            await change(database, acme, document, owner_id=nobody)


async def test_another_tenants_document_cannot_be_changed(
    database: Database, acme: Actor, globex: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)

    with pytest.raises(DocumentNotFound):
        await change(database, globex, document, valid_until=date(2031, 1, 1))


async def test_a_viewer_cannot_change_a_document(database: Database, acme: Actor, tmp_path: Path) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    (document,) = await list_documents(database, acme)
    viewer = replace(acme, kind=ActorKind.MEMBER, id=uuid7(), role="viewer")

    with pytest.raises(PermissionDenied):
        await change(database, viewer, document, valid_until=date(2031, 1, 1))
