"""Which sentences to quote, and how probable it is that they answer. Pure: values in, values out.

What a sentence is and how near it is comes from search; what each kind of question asks for is in `kinds`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from json import loads

from answerable.answering.kinds import Kind, is_named, kinds_asked, names_in, share_held, words_asking
from answerable.answering.light_words import is_light
from answerable.answering.values import Alternative, Considered, Drop, Evidence, Method, Question, Quote
from answerable.knowledge.values import Candidate, DocumentId, Retrieved, Sentence, Term

MAX_QUOTES = 3
"""A reply quotes at most so many sentences."""

_FIELD = 10
"""The best sentence is compared with so many after it."""

_SHORTEST_STEM = 4
"""Shorter stems stand in too many longer words by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Coefficients fitted offline on labelled questions; `benchmarks/calibration` makes them."""

    version: str
    threshold: float
    intercept: float
    weights: Mapping[str, float]
    ranking: Mapping[str, float]
    """How sentences are ranked among each other, and within which distance of the best they are quoted."""
    ceilings: Mapping[str, float]
    """Beyond these a feature says nothing more: near misses stand out as far as answers do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A sentence of a candidate with what speaks for it."""

    candidate: int
    sentence: Sentence
    found: frozenset[int]
    """The question's words that stand in it, its headings or its title."""
    closeness: float
    """How much nearer it is than passages of its language are; 0.0 without vectors."""
    score: float
    """Its closeness, and a little for the question's words in it and for the kind of answer asked for."""


@cache
def calibration() -> Calibration:
    """The coefficients shipped with the product."""
    found = loads(resources.files("answerable.answering").joinpath("calibration.json").read_text("utf-8"))
    return Calibration(**found)


def method() -> Method:
    """What composes: the calibrated model and its version."""
    return Method(name="calibrated-quotes", version=calibration().version)


def weigh(question: Question, retrieved: Retrieved) -> Evidence:
    """The sentences to quote, the probability that they answer, and what became of every passage.

    Errors:  none; without a sentence there is nothing to quote and the probability is 0.0.
    Source:  docs/decisions/0009-when-to-hand-over.md
    """
    return _weigh_ranked(question, retrieved, rank_sentences(question, retrieved))


def weigh_with_alternatives(
    question: Question, retrieved: Retrieved
) -> tuple[Evidence, tuple[Alternative, ...]]:
    """As `weigh`; and for each quoted document what the other passages would have come to.

    Source:  docs/decisions/0012-what-would-have-changed-it.md
    """
    # Ranked once: that is nearly all the work, and what speaks for a sentence depends on no other document.
    scored = rank_sentences(question, retrieved)
    found = _weigh_ranked(question, retrieved, scored)
    documents = dict.fromkeys(quote.document_id for quote in found.quotes)
    return found, tuple(_without(document_id, question, retrieved, scored) for document_id in documents)


def _without(
    document_id: DocumentId, question: Question, retrieved: Retrieved, scored: Sequence[Scored]
) -> Alternative:
    of_others = [one for one in scored if retrieved.candidates[one.candidate].document_id != document_id]
    evidence = _weigh_ranked(question, retrieved, of_others)
    others = tuple(one for one in evidence.considered if one.document_id != document_id)
    return Alternative(document_id=document_id, evidence=replace(evidence, considered=others))


def _has_vectors(retrieved: Retrieved, scored: Sequence[Scored]) -> bool:
    """Whether any sentence was compared with the question in meaning."""
    return bool(retrieved.background) and any(one.sentence.cosine is not None for one in scored)


def _weigh_ranked(question: Question, retrieved: Retrieved, scored: Sequence[Scored]) -> Evidence:
    if not scored:
        return Evidence(quotes=(), probability=0.0, features={}, considered=_consider(retrieved, (), ()))
    features = measure(question, retrieved, scored)
    near = _near(scored)
    quoted = near[:MAX_QUOTES]
    return Evidence(
        quotes=tuple(_quote(retrieved.candidates[one.candidate], one.sentence) for one in quoted),
        # Words alone cannot tell: on the labelled questions they would reply to one in ten, so people do.
        probability=probability_of(features) if _has_vectors(retrieved, scored) else 0.0,
        features=features,
        considered=_consider(retrieved, near, quoted),
    )


def rank_sentences(question: Question, retrieved: Retrieved) -> list[Scored]:
    """Every sentence of every candidate with its scores, best first."""
    kinds = kinds_asked(question.text)
    scored = [
        _score(retrieved, position, sentence, kinds)
        for position, candidate in enumerate(retrieved.candidates)
        for sentence in candidate.sentences
    ]
    return sorted(scored, key=lambda one: (-one.score, one.candidate, one.sentence.start))


def measure(question: Question, retrieved: Retrieved, scored: Sequence[Scored]) -> dict[str, float]:
    """The features from which the probability is calculated; docs/reference/calibration.md says what each means.

    Larger values of the first two never lower the probability, larger values of the others never raise it.
    """
    best, field = scored[0], scored[1 : _FIELD + 1]
    candidate = retrieved.candidates[best.candidate]
    kinds = kinds_asked(question.text)
    is_held = share_held(kinds, best.sentence.text) == 1.0
    missing = _missing(question, retrieved.terms, best.found, is_held=is_held)
    other = candidate.language is not question.language
    around = " ".join([best.sentence.text, candidate.title, *candidate.span.heading_path])
    names = names_in(question.text, question.language)
    return {
        "closeness": _bounded("closeness", best.closeness),
        "lead": _bounded("lead", best.score - sum(one.score for one in field) / len(field) if field else 0.0),
        # In another language other words are found, if any: there it says nothing that they are missing.
        "words_missing": 0.0 if other else _bounded("words", len(missing)),
        "words_unknown": _bounded("words", sum(term.passages == 0 for term in missing)),
        "kind_missing": float(not is_held),
        "asks_count": float(Kind.COUNT in kinds),
        "asks_name": float(Kind.NAME in kinds),
        "names_missing": float(sum(not is_named(name, around) for name in names)),
        "other_language": float(other),
    }


def probability_of(features: Mapping[str, float]) -> float:
    """The calibrated probability that the best sentences answer the question, 0.0 to 1.0."""
    model = calibration()
    logit = model.intercept + sum(weight * features[name] for name, weight in model.weights.items())
    probability = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
    return min(probability, model.ceilings["thin"]) if is_thin(features) else probability


def is_thin(features: Mapping[str, float]) -> bool:
    """Whether something that is asked for is not in the evidence, which nothing else can make up for.

    A near miss is nearly all of a question that has an answer, and one word more.
    """
    return features["words_missing"] > 0 or features["kind_missing"] > 0


def _score(retrieved: Retrieved, position: int, sentence: Sentence, kinds: frozenset[Kind]) -> Scored:
    candidate = retrieved.candidates[position]
    ranking = calibration().ranking
    inside = sentence.matched | frozenset(_compounded(retrieved.terms, sentence.text))
    above = " ".join([candidate.title, *candidate.span.heading_path])
    found = inside | candidate.heading_matched | frozenset(_compounded(retrieved.terms, above))
    covered = _share(retrieved.terms, inside)
    held = share_held(kinds, sentence.text) if kinds else 0.0
    closeness = _closeness(sentence.cosine, retrieved.background.get(candidate.language))
    return Scored(
        candidate=position,
        sentence=sentence,
        found=found,
        closeness=closeness,
        score=closeness + ranking["covered"] * covered + ranking["held"] * held,
    )


def _closeness(cosine: float | None, background: float | None) -> float:
    # The model's cosines lie in a narrow band that moves with the question and with the language, so only
    # what stands out of the band means anything.
    return 0.0 if cosine is None or background is None else cosine - background


def _compounded(terms: Sequence[Term], text: str) -> Iterator[int]:
    """The words that stand in longer ones: German joins them, and no stemmer takes them apart."""
    body = text.casefold()
    for position, term in enumerate(terms):
        if any(len(stem) >= _SHORTEST_STEM and stem in body for stem in term.stems):
            yield position


def _share(terms: Sequence[Term], found: frozenset[int]) -> float:
    return _weight([terms[position] for position in found]) / (_weight(terms) or 1.0)


def _weight(terms: Sequence[Term]) -> float:
    return sum(term.weight for term in terms)


def _missing(
    question: Question, terms: Sequence[Term], found: frozenset[int], *, is_held: bool
) -> list[Term]:
    """The words that are not found, without light ones and those that ask for a kind of answer that is there."""
    asking = words_asking(question.text) if is_held else frozenset[str]()
    return [
        term
        for position, term in enumerate(terms)
        if position not in found
        and not is_light(term.stems)
        and not any(_is_stem_of(stem, word) for stem in term.stems for word in asking)
    ]


def _is_stem_of(stem: str, word: str) -> bool:
    # Stemmers change the last letter (`price` to `pric`, `carry` to `carri`).
    return word.startswith(stem[: max(3, len(stem) - 1)])


def _bounded(name: str, value: float) -> float:
    return max(0.0, min(calibration().ceilings[name], value))


def _near(scored: Sequence[Scored]) -> list[Scored]:
    """The best sentence and those almost as good, each text once."""
    within = calibration().ranking["near"]
    seen: set[str] = set()
    near: list[Scored] = []
    for one in scored:
        text = one.sentence.text.casefold()
        if scored[0].score - one.score <= within and text not in seen:
            seen.add(text)
            near.append(one)
    return near


def _quote(candidate: Candidate, sentence: Sentence) -> Quote:
    return Quote(
        document_id=candidate.document_id,
        version_id=candidate.version_id,
        version=candidate.version,
        title=candidate.title,
        language=candidate.language,
        start=sentence.start,
        end=sentence.end,
        text=sentence.text,
    )


def _consider(
    retrieved: Retrieved, near: Sequence[Scored], quoted: Sequence[Scored]
) -> tuple[Considered, ...]:
    places = {one.candidate for one in quoted}
    almost = {one.candidate for one in near}
    said = {one.sentence.text.casefold() for one in quoted}
    return tuple(
        Considered(
            passage_id=candidate.passage_id,
            document_id=candidate.document_id,
            version_id=candidate.version_id,
            start=candidate.span.start,
            end=candidate.span.end,
            cosine=candidate.cosine,
            lexical=candidate.lexical,
            vector_rank=candidate.vector_rank,
            lexical_rank=candidate.lexical_rank,
            fused=candidate.fused,
            dropped=None if position in places else _why_dropped(candidate, said, is_near=position in almost),
        )
        for position, candidate in enumerate(retrieved.candidates)
    )


def _why_dropped(candidate: Candidate, said: set[str], *, is_near: bool) -> Drop:
    if not candidate.sentences:
        return Drop.NO_SENTENCE_ANSWERS
    if any(sentence.text.casefold() in said for sentence in candidate.sentences):
        return Drop.SAME_SENTENCE
    return Drop.ENOUGH_QUOTED if is_near else Drop.NOT_AMONG_THE_BEST
