"""A turn as a function: every question and every state of the tools comes to an outcome with its decisions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.answering import pipeline
from answerable.answering.pipeline import Tools
from answerable.answering.values import Incoming, Outcome, OutcomeKind, Quote, Reason, Step, Turn
from answerable.conversations.values import Handler, MessageId
from answerable.infra.embedding import Embedder, HashingEmbedder, Vectors
from answerable.infra.embedding.errors import EmbeddingUnavailable
from answerable.infra.ids import uuid7
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
from answerable.tenancy.values import Posture
from factories.answering import TURN

WHOLE = [Step.UNDERSTAND, Step.RETRIEVE, Step.COMPOSE, Step.CHECK, Step.DISCLOSE, Step.DECIDE]
SHORT = [Step.UNDERSTAND, Step.DISCLOSE, Step.DECIDE]
QUESTION = "How long do I have to send something back?"
EVIDENCE = "You have 30 days from receipt of the goods to send something back."
NOTHING = Retrieved(terms=(), candidates=())


class FailingEmbedder(HashingEmbedder):
    """An embedder whose process is gone."""

    async def embed_query(self, text: str) -> Vectors:  # noqa: ARG002 - as the protocol has it
        raise EmbeddingUnavailable


def candidate(*texts: str) -> Candidate:
    starts = [sum(map(len, texts[:position])) for position in range(len(texts))]
    return Candidate(
        passage_id=PassageId(uuid7()),
        document_id=DocumentId(uuid7()),
        version_id=VersionId(uuid7()),
        version=1,
        title="Returns",
        language=Language.ENGLISH,
        span=PassageSpan(heading_path=("Returns",), start=0, end=sum(map(len, texts)) or 1),
        cosine=0.9,
        lexical=4.0,
        vector_rank=1,
        lexical_rank=1,
        fused=0.03,
        heading_matched=frozenset(),
        sentences=tuple(
            Sentence(start=start, end=start + len(text), text=text, matched=frozenset({0}), cosine=0.9)
            for start, text in zip(starts, texts, strict=True)
        ),
    )


def retrieved(*candidates: Candidate) -> Retrieved:
    terms = (Term(weight=2.0, passages=3), Term(weight=1.0, passages=9))
    return Retrieved(terms=terms, candidates=candidates, background={Language.ENGLISH: 0.8})


FOUND = retrieved(candidate(EVIDENCE))


@dataclass(slots=True)
class Bench:
    """Tools that answer as they are told and remember what they were asked."""

    found: Retrieved = FOUND
    stand: bool = True
    embedder: Embedder | None = field(default_factory=HashingEmbedder)
    threshold: float = 0.0
    asked: list[str] = field(default_factory=list[str])
    vectors: list[Vectors | None] = field(default_factory=list["Vectors | None"])
    checked: list[Quote] = field(default_factory=list[Quote])

    async def search(self, question: str, vector: Vectors | None) -> Retrieved:
        self.asked.append(question)
        self.vectors.append(vector)
        return self.found

    async def stands(self, quotes: Sequence[Quote]) -> bool:
        self.checked += quotes
        return self.stand

    async def run(self, turn: Turn) -> Outcome:
        tools = Tools(
            search=self.search, stands=self.stands, embedder=self.embedder, threshold=self.threshold
        )
        return await pipeline.run(turn, tools)


def turn(*texts: str | None) -> Turn:
    incoming = tuple(
        Incoming(id=MessageId(uuid7()), position=position, text=text)
        for position, text in enumerate(texts, start=1)
    )
    return replace(TURN, incoming=incoming)


def steps(outcome: Outcome) -> list[Step]:
    return [decision.step for decision in outcome.decisions]


def verdict_of(outcome: Outcome, step: Step) -> str:
    (decision,) = [one for one in outcome.decisions if one.step is step]
    return decision.verdict


async def test_a_question_whose_answer_stands_is_answered_with_it() -> None:
    bench = Bench()

    outcome = await bench.run(turn(QUESTION))

    (quote,) = outcome.quotes
    assert (outcome.kind, outcome.reason) == (OutcomeKind.REPLY, Reason.ANSWERED)
    assert (quote.text, quote.start, quote.end) == (EVIDENCE, 0, len(EVIDENCE))
    assert EVIDENCE in (outcome.text or "")
    assert steps(outcome) == WHOLE
    assert bench.checked == [quote]


async def test_nothing_found_goes_to_people() -> None:
    bench = Bench(found=NOTHING)

    outcome = await bench.run(turn(QUESTION))

    assert (outcome.kind, outcome.reason) == (OutcomeKind.HANDOFF, Reason.NOTHING_FOUND)
    assert (steps(outcome), outcome.quotes, outcome.considered) == (WHOLE, (), ())
    assert verdict_of(outcome, Step.RETRIEVE) == "nothing"
    assert verdict_of(outcome, Step.COMPOSE) == "none"
    assert verdict_of(outcome, Step.CHECK) == "none"
    assert bench.checked == []


async def test_a_passage_without_a_sentence_goes_to_people_and_stands_in_the_record() -> None:
    outcome = await Bench(found=retrieved(candidate())).run(turn(QUESTION))

    (considered,) = outcome.considered
    assert (outcome.kind, outcome.reason) == (OutcomeKind.HANDOFF, Reason.UNSUPPORTED)
    assert considered.dropped is not None


async def test_below_the_threshold_nothing_is_quoted_and_everything_is_recorded() -> None:
    outcome = await Bench(threshold=1.1).run(turn(QUESTION))

    assert (outcome.kind, outcome.reason) == (OutcomeKind.HANDOFF, Reason.UNSUPPORTED)
    assert EVIDENCE not in (outcome.text or "")
    assert outcome.quotes == ()
    assert len(outcome.considered) == 1
    assert outcome.decisions[-1].inputs["threshold"] == 1.1
    assert "below" in outcome.decisions[-1].reason


async def test_a_quote_that_no_longer_stands_is_not_sent() -> None:
    outcome = await Bench(stand=False).run(turn(QUESTION))

    assert (outcome.kind, outcome.reason) == (OutcomeKind.HANDOFF, Reason.QUOTE_WITHDRAWN)
    assert verdict_of(outcome, Step.CHECK) == "withdrawn"
    assert EVIDENCE not in (outcome.text or "")


async def test_without_an_embedder_the_search_is_by_words_and_the_record_says_so() -> None:
    bench = Bench(embedder=None)

    outcome = await bench.run(turn(QUESTION))

    retrieve = outcome.decisions[1]
    assert bench.vectors == [None]
    assert steps(outcome) == WHOLE
    assert retrieve.method.name == "words"


async def test_with_an_embedder_the_search_gets_the_questions_vector() -> None:
    bench = Bench()

    outcome = await bench.run(turn(f"Hello! {QUESTION}"))

    (vector,) = bench.vectors
    assert vector is not None
    assert vector.tolist() == (await HashingEmbedder().embed_query(QUESTION)).tolist()
    assert bench.asked == [QUESTION]
    assert outcome.decisions[1].method.version == HashingEmbedder().model


async def test_a_lost_embedder_ends_the_turn_so_that_it_can_be_tried_again() -> None:
    bench = Bench(embedder=FailingEmbedder())

    with pytest.raises(EmbeddingUnavailable):
        await bench.run(turn(QUESTION))

    assert bench.asked == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Hello", Reason.GREETED),
        ("Thank you very much!", Reason.GREETED),
        ("I want to talk to a person", Reason.REQUESTED),
        ("🤔", Reason.EMPTY),
        ("", Reason.EMPTY),
        (f"{QUESTION} " * 60, Reason.TOO_LONG),
    ],
    ids=["greeting", "thanks", "person", "no words", "nothing", "too long"],
)
async def test_what_is_no_question_is_settled_without_a_search(said: str, reason: Reason) -> None:
    bench = Bench(embedder=FailingEmbedder())

    outcome = await bench.run(turn(said))

    assert outcome.reason is reason
    assert steps(outcome) == SHORT
    assert bench.asked == []


async def test_a_burst_is_one_question_and_erased_messages_are_left_out() -> None:
    bench = Bench()

    outcome = await bench.run(turn("How long do I have", None, "to send something back?"))

    assert bench.asked == ["How long do I have\nto send something back?"]
    assert [one["text"] for one in outcome.decisions[0].inputs["messages"]] == [
        "How long do I have",
        None,
        "to send something back?",
    ]


@pytest.mark.parametrize(
    ("disclosed", "posture", "verdict"),
    [
        (False, Posture.AUTO, "due"),
        (True, Posture.AUTO, "shown_before"),
        (False, Posture.DRAFT, "not_due"),
    ],
)
async def test_what_reaches_the_contact_first_says_that_an_ai_answers(
    disclosed: bool,  # noqa: FBT001 - a parameter of the test
    posture: Posture,
    verdict: str,
) -> None:
    asked = replace(turn(QUESTION), disclosed=disclosed, tenant=replace(TURN.tenant, posture=posture))

    outcome = await Bench().run(asked)

    assert verdict_of(outcome, Step.DISCLOSE) == verdict
    assert outcome.discloses == (verdict == "due")
    assert ("AI assistant" in (outcome.text or "")) == outcome.discloses


def test_a_failed_turn_has_its_decisions_too() -> None:
    failed = Outcome(
        kind=OutcomeKind.ERROR,
        reason=Reason.FAILED,
        language=Language.ENGLISH,
        text="Something went wrong.",
        error_code="embedding.unavailable",
    )

    outcome = pipeline.disclose_failure(turn(QUESTION), failed)

    assert steps(outcome) == [Step.DISCLOSE, Step.DECIDE]
    assert outcome.decisions[-1].inputs["error_code"] == "embedding.unavailable"
    assert outcome.discloses
    assert (outcome.text or "").endswith("Something went wrong.")


said = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [QUESTION, "Hello", "Danke!", "a person please", "write to anna@example.com", "?", "x" * 1600]
    ),
    st.none(),
)


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    return replace(
        turn(*draw(st.lists(said, min_size=1, max_size=3))),
        handler=draw(st.sampled_from(Handler)),
        tenant=replace(TURN.tenant, posture=draw(st.sampled_from(Posture))),
        disclosed=draw(st.booleans()),
        address_asked=draw(st.booleans()),
        address_known=draw(st.booleans()),
    )


benches = st.builds(
    Bench,
    found=st.lists(
        st.lists(
            st.sampled_from([EVIDENCE, "Boots may be tried on indoors.", "Yes."]), max_size=3, unique=True
        ),
        max_size=3,
    ).map(lambda passages: retrieved(*(candidate(*texts) for texts in passages))),
    stand=st.booleans(),
    embedder=st.sampled_from([None, HashingEmbedder()]),
    threshold=st.sampled_from([0.0, 0.5, 1.1]),
)


@given(turns(), benches)
def test_every_turn_comes_to_an_outcome_with_all_its_decisions(asked: Turn, bench: Bench) -> None:
    outcome = asyncio.run(bench.run(asked))

    assert steps(outcome) in (WHOLE, SHORT)
    assert outcome.decisions[-1].verdict == outcome.kind.value
    assert all(decision.duration_ms >= 0 for decision in outcome.decisions)
    assert all(
        decision.verdict and decision.reason and decision.method.version for decision in outcome.decisions
    )
    assert (outcome.text is None) == (outcome.kind is OutcomeKind.SUPERSEDED)
    assert len(outcome.considered) == (len(bench.found.candidates) if bench.asked else 0)


@given(turns(), benches)
def test_nothing_is_quoted_that_did_not_stand_or_fell_short(asked: Turn, bench: Bench) -> None:
    outcome = asyncio.run(bench.run(asked))

    if outcome.quotes:
        assert bench.stand
        assert bench.threshold <= 1.0
        assert outcome.kind in {OutcomeKind.REPLY, OutcomeKind.DRAFT}
        assert asked.handler is Handler.ASSISTANT
        assert list(outcome.quotes) == bench.checked
        assert all(quote.text in (outcome.text or "") for quote in outcome.quotes)
    else:
        assert outcome.reason is not Reason.ANSWERED


@given(turns(), benches)
def test_nothing_reaches_a_contact_before_the_disclosure(asked: Turn, bench: Bench) -> None:
    outcome = asyncio.run(bench.run(asked))

    reaches = outcome.text is not None and outcome.kind is not OutcomeKind.DRAFT
    assert outcome.discloses == (reaches and not asked.disclosed)
