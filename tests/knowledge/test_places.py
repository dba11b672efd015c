"""Places in versions: what stands there, and what became of the document since."""

from datetime import date
from pathlib import Path

from answerable import knowledge
from answerable.infra.db import Database
from answerable.infra.ids import Actor, uuid7
from answerable.knowledge.rules import path_at
from answerable.knowledge.values import DocumentVersion, Heading, Place, ShownPlace, VersionId
from factories.knowledge import RETURNS, import_texts, list_documents

SENTENCE = "You have 30 days from receipt of the goods to send something back."


async def newest_version(database: Database, actor: Actor) -> DocumentVersion:
    (document,) = await list_documents(database, actor)
    async with database.tenant_session(actor) as db:
        return (await knowledge.get_document(db, document.id)).versions[0]


async def show(database: Database, actor: Actor, *places: Place) -> tuple[ShownPlace | None, ...]:
    async with database.tenant_session(actor) as db:
        return await knowledge.show_places(db, places)


def place_of(version: DocumentVersion) -> Place:
    body = RETURNS.split("---\n", 2)[2]
    start = body.replace("# ", "", 1).replace("## ", "").index(SENTENCE)
    return Place(version_id=version.id, start=start, end=start + len(SENTENCE))


async def test_a_place_is_shown_with_its_headings_and_what_stands_around_it(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})

    (shown,) = await show(database, acme, place_of(await newest_version(database, acme)))

    assert shown is not None
    assert shown.text == SENTENCE
    assert shown.heading_path == ("Returns", "How long you have")
    assert shown.before.endswith("How long you have\n\n")
    assert shown.after.startswith(" Boots may be tried on")
    assert (shown.title, shown.version, shown.replaced_at) == ("Returns", 1, None)


async def test_places_come_back_in_the_order_in_which_they_were_asked_for(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.txt": "Größe zählt: 😀 passt. Und mehr davon."})
    version = await newest_version(database, acme)
    unknown = Place(version_id=VersionId(uuid7()), start=0, end=3)

    first, missing, second = await show(
        database,
        acme,
        Place(version_id=version.id, start=13, end=21),
        unknown,
        Place(version_id=version.id, start=0, end=5),
    )

    assert first is not None
    assert second is not None
    assert (first.text, missing, second.text) == ("😀 passt.", None, "Größe")
    assert (second.before, second.after[:7]) == ("", " zählt:")


async def test_an_old_version_says_when_it_was_replaced_and_until_when_the_new_one_is_valid(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    old = place_of(await newest_version(database, acme))
    changed = RETURNS.replace("30", "45").replace("language: en", "language: en\nvalid_until: 2031-12-24")
    await import_texts(database, acme, tmp_path, {"a.md": changed})

    (shown,) = await show(database, acme, old)

    assert shown is not None
    assert shown.text == SENTENCE
    assert (shown.version, shown.current_version) == (1, 2)
    assert shown.replaced_at is not None
    assert shown.valid_until == date(2031, 12, 24)


async def test_a_deleted_document_leaves_the_place_and_no_text(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    place = place_of(await newest_version(database, acme))
    (document,) = await list_documents(database, acme)
    async with database.tenant_session(acme) as db:
        await knowledge.delete_document(db, document.id)

    (shown,) = await show(database, acme, place)

    assert shown is not None
    assert (shown.text, shown.title, shown.before, shown.after) == (None, None, "", "")
    assert shown.heading_path == ()
    assert shown.deleted_at is not None


async def test_a_place_of_another_workspace_is_none(
    database: Database, acme: Actor, globex: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    place = place_of(await newest_version(database, acme))

    assert await show(database, globex, place) == (None,)


async def test_a_place_beyond_the_text_is_empty(database: Database, acme: Actor, tmp_path: Path) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    version = await newest_version(database, acme)

    (shown,) = await show(database, acme, Place(version_id=version.id, start=90_000, end=90_010))

    assert shown is not None
    assert shown.text == ""


def test_a_place_stands_under_the_headings_before_it_and_not_under_their_siblings() -> None:
    headings = [
        Heading(level=1, title="Returns", start=0),
        Heading(level=2, title="Boots", start=10),
        Heading(level=3, title="Indoors", start=20),
        Heading(level=2, title="Tents", start=30),
    ]

    assert path_at(headings, 25) == ("Returns", "Boots", "Indoors")
    assert path_at(headings, 30) == ("Returns", "Tents")
    assert path_at([], 5) == ()
