"""The demo: two workspaces with real documents, loaded once however often."""

from collections import Counter
from dataclasses import dataclass, replace

import pytest

from answerable import demo, knowledge, tenancy
from answerable.demo import Loaded
from answerable.infra.db import Database, SystemReason
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor, ActorKind
from answerable.infra.installation import Installation
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.knowledge.values import Document, Language

# Whoever loads first creates, so the loading is one for all tests here.
pytestmark = pytest.mark.xdist_group("demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    """The demo, loaded and loaded again, with what was told meanwhile."""

    installation: Installation
    first: tuple[Loaded, ...]
    told_first: list[str]
    second: tuple[Loaded, ...]
    told_second: list[str]


@pytest.fixture(scope="module")
async def twice(server: Server, settings: Settings, database: Database, database_name: str) -> Twice:
    installation = Installation(
        settings=settings,
        server=replace(server, database=database_name),
        database=database,
        embedder=HashingEmbedder(),
    )
    told_first: list[str] = []
    told_second: list[str] = []
    return Twice(
        installation=installation,
        first=await demo.load(installation, told_first.append),
        told_first=told_first,
        second=await demo.load(installation, told_second.append),
        told_second=told_second,
    )


async def documents_of(twice: Twice, slug: str) -> tuple[Actor, list[Document]]:
    database = twice.installation.database
    async with database.system_session(SystemReason.RESOLVE_TENANT) as session:
        found = await tenancy.resolve_tenant(session, slug=slug)
    actor = Actor(tenant_id=found.id, kind=ActorKind.PLATFORM)
    async with database.tenant_session(actor) as db:
        return actor, await knowledge.list_documents(db)


async def count_words(twice: Twice, slug: str) -> dict[str, int]:
    actor, documents = await documents_of(twice, slug)
    counted: dict[str, int] = {}
    async with twice.installation.database.tenant_session(actor) as db:
        for document in documents:
            history = await knowledge.get_document(db, document.id)
            length = history.versions[0].characters
            text = await knowledge.show_span(db, document.id, version=1, start=0, end=length)
            counted[str(document.id)] = len(text.split())
    return counted


def test_both_workspaces_are_created_and_every_document_is_added(twice: Twice) -> None:
    assert [one.slug for one in twice.first] == ["shop", "docs"]
    assert all(one.created and one.added for one in twice.first)
    assert [(one.changed, one.unchanged, one.failed) for one in twice.first] == [(0, 0, 0)] * 2
    assert "Demo workspace shop: created." in twice.told_first


def test_a_second_time_nothing_changes(twice: Twice) -> None:
    assert [(one.created, one.added, one.changed, one.failed) for one in twice.second] == [
        (False, 0, 0, 0)
    ] * 2
    assert [one.unchanged for one in twice.second] == [one.added for one in twice.first]
    assert twice.told_second == [
        "Demo workspace shop: there already.",
        "Demo workspace docs: there already.",
    ]


async def test_a_second_time_no_document_got_another_version(twice: Twice) -> None:
    for slug, loaded in zip(("shop", "docs"), twice.first, strict=True):
        _actor, documents = await documents_of(twice, slug)

        assert len(documents) == loaded.added
        assert {document.version for document in documents} == {1}


async def test_the_shop_has_at_least_twenty_five_documents_of_some_length(twice: Twice) -> None:
    counted = await count_words(twice, "shop")

    assert sum(words >= 150 for words in counted.values()) >= 25


async def test_the_shop_publishes_in_german_and_in_english(twice: Twice) -> None:
    _actor, documents = await documents_of(twice, "shop")

    languages = Counter(document.language for document in documents)
    assert languages[Language.GERMAN] >= 10
    assert languages[Language.ENGLISH] >= 10


async def test_the_shop_says_nothing_of_switzerland(twice: Twice) -> None:
    # The question that a grounded assistant must not answer.
    actor, documents = await documents_of(twice, "shop")

    async with twice.installation.database.tenant_session(actor) as db:
        for document in documents:
            length = (await knowledge.get_document(db, document.id)).versions[0].characters
            text = await knowledge.show_span(db, document.id, version=1, start=0, end=length)
            assert "switzerland" not in text.lower(), document.title
            assert "schweiz" not in text.lower(), document.title


async def test_the_other_workspace_answers_about_the_product_from_its_own_documentation(
    twice: Twice,
) -> None:
    _actor, documents = await documents_of(twice, "docs")

    assert len(documents) >= 10
    assert all(document.source.startswith(("explanation/", "how-to/")) for document in documents)
