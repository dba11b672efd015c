"""Evidence: what is quoted, and that less evidence never makes an answer more probable."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from answerable import demo, knowledge
from answerable.answering.evidence import (
    MAX_QUOTES,
    calibration,
    is_thin,
    measure,
    probability_of,
    rank_sentences,
    weigh,
    weigh_with_alternatives,
)
from answerable.answering.kinds import kinds_asked, names_in, share_held
from answerable.answering.light_words import is_light
from answerable.answering.values import Drop, Evidence, Question
from answerable.demo.vectors import RememberingEmbedder, read_shipped
from answerable.infra.db import Database
from answerable.infra.embedding import Embedder, LocalEmbedder
from answerable.infra.ids import Actor, uuid7
from answerable.infra.language import detect_language
from answerable.knowledge.values import (
    Candidate,
    DocumentId,
    Language,
    PassageId,
    PassageSpan,
    Retrieved,
    Sentence,
    Term,
    VersionId,
)
from factories.answering import QUESTION
from factories.tenants import MakeTenant

SHOP = Path(demo.__file__).parent / "shop"
SPEAKS_FOR = ("closeness", "lead")
SPEAKS_AGAINST = (
    "words_missing",
    "words_unknown",
    "kind_missing",
    "asks_count",
    "asks_name",
    "names_missing",
    "other_language",
)
RETURNS = "You have 30 days from receipt of the goods to send something back."
HOW_LONG = replace(QUESTION, text="How long do I have to send something back?")
ALL = frozenset({0, 1})
TERMS = (
    Term(weight=2.0, passages=8, stems=("send",)),
    Term(weight=4.0, passages=1, stems=("back",)),
)


def sentence(
    text: str = RETURNS, *, matched: frozenset[int] = ALL, cosine: float | None = 0.88, start: int = 0
) -> Sentence:
    return Sentence(start=start, end=start + len(text), text=text, matched=matched, cosine=cosine)


def candidate(*sentences: Sentence, language: Language = Language.ENGLISH) -> Candidate:
    return Candidate(
        passage_id=PassageId(uuid7()),
        document_id=DocumentId(uuid7()),
        version_id=VersionId(uuid7()),
        version=1,
        title="Returns",
        language=language,
        span=PassageSpan(start=0, end=500, heading_path=("Returns",)),
        cosine=0.86,
        lexical=3.0,
        vector_rank=1,
        lexical_rank=1,
        fused=0.03,
        heading_matched=frozenset(),
        sentences=sentences,
    )


def retrieved(*candidates: Candidate, terms: tuple[Term, ...] = TERMS) -> Retrieved:
    background = dict.fromkeys(Language, 0.82)
    return Retrieved(terms=terms, candidates=candidates, background=background)


OTHER = candidate(sentence("Boots may be tried on indoors.", matched=frozenset(), cosine=0.83))

features = st.fixed_dictionaries(
    {name: st.floats(0.0, 0.06) for name in SPEAKS_FOR}
    | {name: st.integers(0, 3).map(float) for name in SPEAKS_AGAINST}
)
sentences = st.builds(
    sentence,
    st.text(max_size=60),
    matched=st.frozensets(st.integers(0, 1)),
    cosine=st.none() | st.floats(-1.0, 1.0),
    start=st.integers(0, 400),
)


@st.composite
def searches(draw: st.DrawFn) -> Retrieved:
    found = [
        candidate(*draw(st.lists(sentences, max_size=4)), language=draw(st.sampled_from(Language)))
        for _ in range(draw(st.integers(0, 4)))
    ]
    background = draw(st.dictionaries(st.sampled_from(Language), st.floats(-1.0, 1.0)))
    return Retrieved(terms=TERMS, candidates=tuple(found), background=background)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    text = draw(st.text(max_size=60) | st.just(HOW_LONG.text))
    return replace(QUESTION, text=text, language=draw(st.sampled_from(Language)))


@given(features, st.sampled_from(SPEAKS_FOR + SPEAKS_AGAINST), st.floats(0.0, 3.0))
def test_a_feature_that_weakens_never_raises_the_probability(
    found: dict[str, float], name: str, change: float
) -> None:
    weaker = found | {name: found[name] + (change if name in SPEAKS_AGAINST else -change)}

    assert probability_of(weaker) <= probability_of(found)


@given(st.floats(0.5, 1.0), st.floats(0.5, 1.0))
def test_a_best_sentence_that_is_less_near_never_answers_more_probably(first: float, second: float) -> None:
    far, near = sorted((first, second))

    on_far = weigh(HOW_LONG, retrieved(candidate(sentence(cosine=far))))
    on_near = weigh(HOW_LONG, retrieved(candidate(sentence(cosine=near))))

    assert on_far.probability <= on_near.probability


@given(st.frozensets(st.integers(0, 3)), st.integers(0, 3))
def test_a_word_that_is_not_in_the_evidence_never_makes_an_answer_more_probable(
    matched: frozenset[int], lost: int
) -> None:
    terms = tuple(Term(weight=3.0, passages=1, stems=(f"qx{place}",)) for place in range(4))

    on_more = weigh(HOW_LONG, retrieved(candidate(sentence(matched=matched)), terms=terms))
    on_less = weigh(HOW_LONG, retrieved(candidate(sentence(matched=matched - {lost})), terms=terms))

    assert on_less.probability <= on_more.probability


@given(features)
def test_what_lacks_something_that_is_asked_for_is_never_replied(found: dict[str, float]) -> None:
    assume(is_thin(found))

    assert probability_of(found) < calibration().threshold


@given(questions(), searches())
def test_whatever_search_finds_has_evidence(question: Question, found: Retrieved) -> None:
    evidence = weigh(question, found)

    assert 0.0 <= evidence.probability <= 1.0
    assert len(evidence.quotes) <= MAX_QUOTES
    assert len(evidence.considered) == len(found.candidates)
    assert bool(evidence.quotes) == any(one.sentences for one in found.candidates)


@given(questions(), searches())
def test_an_alternative_is_what_a_search_without_that_document_comes_to(
    question: Question, found: Retrieved
) -> None:
    evidence, alternatives = weigh_with_alternatives(question, found)

    assert evidence == weigh(question, found)
    assert {one.document_id for one in alternatives} == {quote.document_id for quote in evidence.quotes}
    for one in alternatives:
        others = tuple(each for each in found.candidates if each.document_id != one.document_id)
        assert one.evidence == weigh(question, replace(found, candidates=others))


@given(questions(), searches())
def test_a_feature_stands_for_every_weight(question: Question, found: Retrieved) -> None:
    scored = rank_sentences(question, found)
    assume(scored)

    assert measure(question, found, scored).keys() == calibration().weights.keys()


def test_the_shipped_weights_speak_for_what_they_are_meant_for() -> None:
    weights = calibration().weights

    assert {name for name, weight in weights.items() if weight > 0} == set(SPEAKS_FOR)
    assert {name for name, weight in weights.items() if weight < 0} == set(SPEAKS_AGAINST)
    assert 0.5 < calibration().threshold < 1.0


def test_a_sentence_that_stands_out_and_has_every_word_is_replied() -> None:
    evidence = weigh(HOW_LONG, retrieved(candidate(sentence()), OTHER))

    assert evidence.probability >= calibration().threshold
    assert [quote.text for quote in evidence.quotes] == [RETURNS]
    assert [one.dropped for one in evidence.considered] == [None, Drop.NOT_AMONG_THE_BEST]


def test_without_vectors_everything_is_handed_over() -> None:
    by_words = Retrieved(terms=TERMS, candidates=(candidate(sentence(cosine=None)),))

    assert weigh(HOW_LONG, by_words).probability == 0.0


def test_nothing_found_answers_nothing() -> None:
    found = weigh(HOW_LONG, Retrieved(terms=(), candidates=()))

    assert found == Evidence(quotes=(), probability=0.0, features={}, considered=())


def test_the_same_sentence_is_quoted_once() -> None:
    evidence = weigh(HOW_LONG, retrieved(candidate(sentence()), candidate(sentence())))

    assert [quote.text for quote in evidence.quotes] == [RETURNS]
    assert [one.dropped for one in evidence.considered] == [None, Drop.SAME_SENTENCE]


def test_at_most_three_sentences_are_quoted() -> None:
    found = [candidate(sentence(f"{RETURNS} ({place})")) for place in range(5)]

    evidence = weigh(HOW_LONG, retrieved(*found))

    assert [one.dropped for one in evidence.considered] == [None] * 3 + [Drop.ENOUGH_QUOTED] * 2


def test_a_part_of_a_compound_counts_as_found() -> None:
    question = replace(QUESTION, text="Was kostet der Zuschlag?", language=Language.GERMAN)
    terms = (Term(weight=4.0, passages=3, stems=("zuschlag",)),)
    said = sentence("Der Sperrgutzuschlag beträgt 24,90 €.", matched=frozenset())

    found = retrieved(candidate(said, language=Language.GERMAN), terms=terms)

    assert weigh(question, found).features["words_missing"] == 0.0


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        ("What does express cost?", "Express costs €12.90 per order.", "Express is ordered before noon."),
        ("Was kostet der Versand?", "Der Versand kostet 4,90 €.", "Versendet wird ab einem Wert von 60 €."),
        ("How long does it take?", "It takes three to four weeks.", "Send it to the workshop."),
        ("Wie lange dauert das?", "Das dauert fünf Werktage.", "Das erledigt die Werkstatt."),
        ("When do you open?", "The store opens at 10 am.", "The store has three floors."),
        ("Wie viele Punkte brauche ich?", "Sie brauchen 150 Punkte.", "Punkte kosten nichts: 5 %."),
        ("How often should I wash it?", "Wash it every two years.", "Wash it with care."),
        ("Wie schwer darf es sein?", "Es darf 25 kg wiegen.", "Es darf 120 cm lang sein."),
        ("how tall is the tent", "It is 120 cm high.", "About 25 tents are pitched."),
        ("At what temperature?", "At 30 °C.", "With a special detergent."),
        ("Whats your phone number", "Call 0221 4710 321.", "Call us from Monday on."),
    ],
)
def test_a_sentence_holds_the_kind_of_answer_that_is_asked_for(question: str, holds: str, lacks: str) -> None:
    kinds = kinds_asked(question)

    assert kinds
    assert share_held(kinds, holds) == 1.0
    assert share_held(kinds, lacks) < 1.0


@pytest.mark.parametrize(
    "question", ["Can I return a climbing rope?", "Kann ich meinen Hund mitbringen?", ""]
)
def test_most_questions_ask_for_no_kind_and_every_sentence_holds_that(question: str) -> None:
    assert not kinds_asked(question)
    assert share_held(kinds_asked(question), "Anything.") == 1.0


def test_names_are_seen_in_english_only() -> None:
    text = "Do you ship to Switzerland?"

    assert names_in(text, Language.ENGLISH) == ("Switzerland",)
    assert names_in("Liefern Sie in die Schweiz?", Language.GERMAN) == ()


@pytest.mark.parametrize(
    ("stems", "light"),
    [
        (("need",), True),
        (("brauch",), True),
        (("someth", "something"), True),
        (("ski",), False),
        (("war",), False),
    ],
)
def test_light_words_say_nothing_of_what_is_asked_about(stems: tuple[str, ...], light: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_light(stems) is light


@pytest.fixture(scope="module")
async def embedder() -> AsyncGenerator[Embedder]:
    remembering = RememberingEmbedder(LocalEmbedder(), read_shipped())
    yield remembering
    await remembering.close()


async def evidence_for(database: Database, actor: Actor, embedder: Embedder, asked: str) -> Evidence:
    question = replace(QUESTION, text=asked, language=Language(detect_language(asked).code))
    vector = await embedder.embed_query(asked)
    async with database.tenant_session(actor) as db:
        found = await knowledge.search(db, asked, vector=vector, model=embedder.model)
    return weigh(question, found)


async def test_the_shop_answers_what_its_documents_say_and_nothing_else(
    database: Database, make_tenant: MakeTenant, embedder: Embedder
) -> None:
    actor = await make_tenant(language="de")
    intake = knowledge.Intake(database=database, embedder=embedder)
    await knowledge.import_paths(intake, actor, [SHOP], base=SHOP)

    english = await evidence_for(database, actor, embedder, "How long do I have to send something back?")
    german = await evidence_for(database, actor, embedder, "Wie lange kann ich Ware zurückgeben?")
    near_misses = [
        await evidence_for(database, actor, embedder, asked)
        for asked in ("Do you ship to Switzerland?", "Liefert ihr in die Schweiz?")
    ]

    threshold = calibration().threshold
    assert english.probability >= threshold
    assert RETURNS in [quote.text for quote in english.quotes]
    assert german.probability >= threshold
    assert german.quotes[0].text.startswith("Sie können unbenutzte Ware innerhalb von 30 Tagen")
    assert all(one.probability < threshold for one in near_misses)


async def test_the_documentation_answers_how_companies_are_kept_apart(
    database: Database, acme: Actor, embedder: Embedder
) -> None:
    documentation = Path(__file__).parents[2] / "docs"
    intake = knowledge.Intake(database=database, embedder=embedder)
    await knowledge.import_paths(intake, acme, [documentation / "explanation"], base=documentation)

    found = await evidence_for(database, acme, embedder, "How is my data kept apart from other companies?")

    assert found.probability >= calibration().threshold
    assert "kept apart" in found.quotes[0].text
