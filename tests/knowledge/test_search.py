from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from answerable import audit, knowledge
from answerable.infra.db import Database
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor, ActorKind
from answerable.knowledge.queries.searching import search_statement
from answerable.knowledge.rules import MAX_QUESTION
from answerable.tenancy.errors import PermissionDenied
from factories.knowledge import RETURNS, CountingEmbedder, import_texts

SHIPPING = """\
---
title: Versand
language: de
---
# Versand

## Kosten

Der Versand innerhalb Deutschlands kostet 4,90 EUR je Bestellung. Was kostet Sperrgut? Es kostet mehr:

- Zelte kosten 9,90 EUR im Versand.
- Zweimannzelte
"""
EMBEDDER = HashingEmbedder()


async def test_a_question_finds_the_passage_that_answers_it_by_words_and_meaning(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    question = "How many days do I have to send goods back?"
    texts = {"returns.md": RETURNS, "versand.md": SHIPPING}
    await import_texts(database, acme, tmp_path, texts, embedder=EMBEDDER)

    async with database.tenant_session(acme) as db:
        found = await knowledge.search(
            db, question, vector=await EMBEDDER.embed_query(question), model=EMBEDDER.model
        )

    best = found.candidates[0]
    assert (best.title, best.version, best.language.value) == ("Returns", 1, "en")
    assert (best.vector_rank, best.lexical_rank) == (1, 1)
    assert best.cosine is not None
    assert -1.0 <= best.cosine <= 1.0
    assert best.lexical is not None
    assert best.lexical > 0
    assert best.fused == pytest.approx(2 / 61)
    assert best.span.heading_path[-1] == "How long you have"
    assert len({candidate.passage_id for candidate in found.candidates}) == len(found.candidates)


async def test_every_sentence_found_stands_where_it_says(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"returns.md": RETURNS, "versand.md": SHIPPING})

    async with database.tenant_session(acme) as db:
        found = await knowledge.search(db, "Was kostet der Versand? Returns?")
        quoted = [
            (
                sentence.text,
                await knowledge.find_valid_span(
                    db, candidate.version_id, start=sentence.start, end=sentence.end
                ),
            )
            for candidate in found.candidates
            for sentence in candidate.sentences
        ]

    assert len(quoted) > 3
    assert all(text == span for text, span in quoted)


async def test_headings_questions_and_lead_ins_are_never_offered_as_quotes(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"versand.md": SHIPPING})

    async with database.tenant_session(acme) as db:
        found = await knowledge.search(db, "Was kostet der Versand?")

    assert [sentence.text for candidate in found.candidates for sentence in candidate.sentences] == [
        "Der Versand innerhalb Deutschlands kostet 4,90 EUR je Bestellung.",
        "Zelte kosten 9,90 EUR im Versand.",
    ]


async def test_words_of_a_question_are_counted_exactly_and_matched_where_they_stand(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    texts = {
        "a.txt": "Shipping to Austria takes three days.",
        "b.txt": "Shipping to Denmark takes four days.",
        "c.txt": "The shop opens at nine on weekdays.",
    }
    await import_texts(database, acme, tmp_path, texts)

    async with database.tenant_session(acme) as db:
        found = await knowledge.search(db, "Is shipping to Austria or Switzerland possible?")

    assert [term.passages for term in found.terms] == [2, 1, 0, 0]
    shipping, austria, switzerland, _ = (term.weight for term in found.terms)
    assert 0 < shipping < austria < switzerland
    assert [sentence.matched for one in found.candidates for sentence in one.sentences] == [{0, 1}, {0}]


async def test_a_word_in_another_form_is_the_same_word_in_both_languages(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    texts = {
        "a.txt": "Die Rückgaben sind für unsere Kunden kostenlos.",
        "b.txt": "The opening hours of the store are printed on the receipt.",
    }
    await import_texts(database, acme, tmp_path, texts)

    async with database.tenant_session(acme) as db:
        german = await knowledge.search(db, "Ist die Rückgabe kostenlos?")
        english = await knowledge.search(db, "When does the store open, hour?")

    assert [one.language.value for one in german.candidates] == ["de"]
    assert [one.language.value for one in english.candidates] == ["en"]
    assert german.candidates[0].sentences[0].matched == {0, 1}


async def test_documents_of_both_languages_take_turns_whatever_the_questions_language(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    texts = {f"{number}.txt": f"Tents are sold in size {number} in the shop." for number in range(5)}
    texts["de.txt"] = "Zelte verkaufen wir in allen Größen im Laden."
    await import_texts(database, acme, tmp_path, texts, embedder=EMBEDDER)
    question = "In which size are tents sold?"

    async with database.tenant_session(acme) as db:
        found = await knowledge.search(
            db, question, vector=await EMBEDDER.embed_query(question), model=EMBEDDER.model, limit=3
        )

    assert sorted(one.language.value for one in found.candidates) == ["de", "en", "en"]
    assert "de" in [one.language.value for one in found.candidates[:2]]
    assert [one.vector_rank for one in found.candidates if one.language.value == "de"] == [1]
    assert {language.value for language in found.background} == {"de", "en"}


async def test_each_sentence_has_its_own_nearness_to_the_question(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    question = "You have 30 days from receipt of the goods to send something back."
    await import_texts(database, acme, tmp_path, {"returns.md": RETURNS}, embedder=EMBEDDER)

    async with database.tenant_session(acme) as db:
        found = await knowledge.search(
            db, question, vector=await EMBEDDER.embed_query(question), model=EMBEDDER.model
        )
        without = await knowledge.search(db, question)

    nearness = {
        sentence.text: sentence.cosine for candidate in found.candidates for sentence in candidate.sentences
    }
    assert len(nearness) == 3
    assert max(nearness, key=lambda text: nearness[text] or 0.0) == question
    assert {one.cosine for candidate in without.candidates for one in candidate.sentences} == {None}
    assert without.background == {}


async def test_title_and_headings_are_matched_apart_from_the_sentences(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"returns.md": RETURNS})

    async with database.tenant_session(acme) as db:
        found = await knowledge.search(db, "What is the cost of returns?")

    cost, returns = range(2)
    best = found.candidates[0]
    assert best.heading_matched == {cost, returns}
    assert best.sentences[0].matched == {returns}


@pytest.mark.parametrize("moment", [datetime(2030, 1, 9, tzinfo=UTC), datetime(2030, 2, 1, tzinfo=UTC)])
async def test_a_document_is_found_on_its_days_only(
    database: Database, acme: Actor, tmp_path: Path, moment: datetime
) -> None:
    limited = RETURNS.replace("language: en", "language: en\nvalid_from: 2030-01-10\nvalid_until: 2030-01-31")
    await import_texts(database, acme, tmp_path, {"returns.md": limited}, embedder=EMBEDDER)
    question = "How many days from receipt?"
    vector = await EMBEDDER.embed_query(question)

    async with database.tenant_session(acme) as db:
        db.now = moment
        outside = await knowledge.search(db, question, vector=vector)
        db.now = datetime(2030, 1, 31, 23, 59, tzinfo=UTC)
        inside = await knowledge.search(db, question, vector=vector)
        sentence = inside.candidates[0].sentences[0]
        version_id = inside.candidates[0].version_id
        on_its_day = await knowledge.find_valid_span(db, version_id, start=sentence.start, end=sentence.end)
        db.now = moment
        off_its_day = await knowledge.find_valid_span(db, version_id, start=sentence.start, end=sentence.end)

    assert outside.candidates == ()
    assert on_its_day == sentence.text
    assert off_its_day is None


async def test_tenants_never_find_each_others_passages(
    database: Database, acme: Actor, globex: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path / "acme", {"a.md": RETURNS}, embedder=EMBEDDER)
    question = "How many days from receipt?"
    vector = await EMBEDDER.embed_query(question)

    async with database.tenant_session(acme) as db:
        own = await knowledge.search(db, question, vector=vector)
    async with database.tenant_session(globex) as db:
        other = await knowledge.search(db, question, vector=vector)
        span = await knowledge.find_valid_span(db, own.candidates[0].version_id, start=0, end=5)

    assert own.candidates
    assert other.candidates == ()
    assert {term.passages for term in other.terms} == {0}
    assert span is None


async def test_naming_another_tenant_in_the_search_itself_finds_nothing(
    database: Database, acme: Actor, globex: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS}, embedder=EMBEDDER)
    question = "How many days from receipt?"
    parameters = {
        "tenant": acme.tenant_id,
        "question": question,
        "embedding": await EMBEDDER.embed_query(question),
        "model": None,
        "passages": 12,
    }

    async with database.tenant_session(globex) as db:
        foreign = (await db.execute(search_statement(), {**parameters, "today": db.now.date()})).all()
    async with database.tenant_session(acme) as db:
        own = (await db.execute(search_statement(), {**parameters, "today": db.now.date()})).all()

    assert [row.passage_id for row in foreign] == [None]
    assert {term["passages"] for term in foreign[0].terms} == {0}
    assert len(own) == 2


async def test_without_vectors_words_alone_find(database: Database, acme: Actor, tmp_path: Path) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS, "b.md": SHIPPING}, embedder=None)

    async with database.tenant_session(acme) as db:
        found = await knowledge.search(db, "Are returns free of charge?")
        with_vector = await knowledge.search(
            db, "Are returns free of charge?", vector=await EMBEDDER.embed_query("returns"), model="any"
        )

    best = found.candidates[0]
    assert best.span.heading_path[-1] == "What it costs"
    assert (best.cosine, best.vector_rank, best.lexical_rank) == (None, None, 1)
    assert with_vector == found


async def test_vectors_of_another_model_are_left_out(database: Database, acme: Actor, tmp_path: Path) -> None:
    old = CountingEmbedder("hashing-0")
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS}, embedder=old)
    vector = await EMBEDDER.embed_query("Boots")

    async with database.tenant_session(acme) as db:
        other = await knowledge.search(db, "Boots", vector=vector, model="hashing-1")
        same = await knowledge.search(db, "Boots", vector=vector, model="hashing-0")

    assert [one.vector_rank for one in other.candidates] == [None]
    assert [one.cosine for one in other.candidates] == [None]
    assert same.candidates[0].vector_rank == 1


@pytest.mark.parametrize(
    "question",
    [
        "",
        "   ",
        "What is this about?",
        "& | ! <-> ( ) :* ''",
        "'; DROP TABLE passage; --",
        ":question :tenant %(x)s %s $1",
        "nul\x00byte and a lone \ud800 surrogate",
        "🧦" * 300,
        "word " * (MAX_QUESTION // 5),
        " ".join(f"w{number}" for number in range(2_000))[:MAX_QUESTION],
        "x" * (MAX_QUESTION + 1_000),
    ],
    ids=lambda question: question[:12].encode("ascii", "replace").decode(),
)
async def test_any_question_can_be_searched_for(
    database: Database, acme: Actor, tmp_path: Path, question: str
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS}, embedder=EMBEDDER)
    vector = await EMBEDDER.embed_query(question)

    async with database.tenant_session(acme) as db:
        by_words = await knowledge.search(db, question)
        by_both = await knowledge.search(db, question, vector=vector, model=EMBEDDER.model)

    assert by_words.candidates == ()
    assert len(by_both.candidates) == 2
    assert len(by_both.terms) <= 100


async def test_a_limit_is_kept(database: Database, acme: Actor, tmp_path: Path) -> None:
    texts = {f"{number}.txt": f"Tents are sold in size {number} only." for number in range(9)}
    await import_texts(database, acme, tmp_path, texts)

    async with database.tenant_session(acme) as db:
        found = await knowledge.search(db, "Which tents are sold?", limit=4)

    assert len(found.candidates) == 4


async def test_a_members_search_is_recorded_without_the_question(
    database: Database, acme: Actor, tmp_path: Path
) -> None:
    await import_texts(database, acme, tmp_path, {"a.md": RETURNS})
    member = replace(acme, kind=ActorKind.MEMBER, id=acme.tenant_id, role="responder")

    async with database.tenant_session(member) as db:
        found = await knowledge.search_for_member(db, "Are returns free?")
    async with database.tenant_session(acme) as db:
        (newest,) = await audit.tail(db, limit=1)

    assert newest.type == "access.knowledge_searched"
    assert newest.body["d"] == {"found": len(found.candidates)}


async def test_who_may_not_see_documents_finds_none(database: Database, acme: Actor) -> None:
    contact = replace(acme, kind=ActorKind.CONTACT, id=acme.tenant_id)

    async with database.tenant_session(contact) as db:
        with pytest.raises(PermissionDenied):
            await knowledge.search(db, "Are returns free?")


async def test_a_search_leaves_nothing_behind_in_its_connection(database: Database, acme: Actor) -> None:
    vector = await EMBEDDER.embed_query("returns")

    async with database.tenant_session(acme) as db:
        await knowledge.search(db, "returns", vector=vector)
    async with database.tenant_session(acme) as db:
        setting = await db.scalar(text("SELECT current_setting('hnsw.iterative_scan', true)"))

    assert setting in {None, "", "off"}
