"""A turn from question to outcome: one function over frozen values, no transaction held across a step."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from answerable.answering import evidence as evidence_step
from answerable.answering.cases import describe_evidence
from answerable.answering.decide import METHOD as DECIDE_METHOD
from answerable.answering.decide import Verdict, decide
from answerable.answering.texts import DISCLOSURE_VERSION, Text, say
from answerable.answering.understand import METHOD as UNDERSTAND_METHOD
from answerable.answering.understand import describe, spoken_language, understand
from answerable.answering.values import (
    Decision,
    Evidence,
    Finished,
    Intent,
    Method,
    Outcome,
    OutcomeKind,
    Question,
    Quote,
    Step,
    Turn,
)
from answerable.infra.embedding import Embedder, Vectors
from answerable.knowledge.values import Retrieved

NO_EVIDENCE = Evidence(quotes=(), probability=0.0, features={}, considered=())


async def tell_nobody(*_finished: Finished) -> None:
    """Tell nobody of finished steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The effects that a turn may have: reading, and telling how far it is."""

    search: Callable[[str, Vectors | None], Awaitable[Retrieved]]
    """Passages for a question, by words and, with a vector, by meaning."""
    stands: Callable[[Sequence[Quote]], Awaitable[bool]]
    """Whether every quote stands verbatim in a published and valid version now."""
    embedder: Embedder | None
    """None answers by words alone."""
    threshold: float
    """From which probability on an answer is given, 0.0 to 1.0."""
    tell: Callable[..., Awaitable[None]] = tell_nobody
    """Takes each `Finished` step, for whoever waits; never a word of what will be said."""


@dataclass(slots=True)
class _Trail:
    """The decisions of a turn as they are made, each with its duration."""

    decisions: list[Decision] = field(default_factory=list[Decision])
    began: float = field(default_factory=time.perf_counter)

    def add(self, step: Step, method: Method, verdict: str, reason: str, inputs: Mapping[str, Any]) -> None:
        now = time.perf_counter()
        self.decisions.append(
            Decision(
                step=step,
                method=method,
                verdict=verdict,
                reason=reason,
                duration_ms=(now - self.began) * 1000,
                inputs=inputs,
            )
        )
        self.began = now

    async def tell(self, tools: "Tools", *finished: Finished) -> None:
        """Tell of finished steps; how long that takes belongs to none of them."""
        await tools.tell(*finished)
        self.began = time.perf_counter()


async def run(turn: Turn, tools: Tools) -> Outcome:
    """Decide what to do with one burst of messages.

    Effects: at most one call of the embedder, two reading transactions and a word to whoever waits after each
             step, no transaction held meanwhile.
    Errors:  EmbeddingUnavailable, DatabaseUnavailable; the job then runs again.
    """
    trail = _Trail()
    question = understand(turn)
    trail.add(
        Step.UNDERSTAND,
        UNDERSTAND_METHOD,
        question.intent.value,
        f"Read as {question.intent.value}, language {question.language.value}.",
        describe(turn.incoming),
    )
    await trail.tell(tools, Finished(step=Step.UNDERSTAND))
    found, verdict = NO_EVIDENCE, Verdict(verbatim=False)
    if question.intent is Intent.QUESTION:
        found = await _find(question, tools, trail)
        verdict = await _check(found, tools, trail)
    threshold = tools.threshold
    spoken = replace(question, language=spoken_language(turn, question.language))
    outcome = _disclose(turn, decide(turn, spoken, found, verdict, threshold=threshold), trail)
    trail.add(
        Step.DECIDE,
        DECIDE_METHOD,
        outcome.kind.value,
        _why(outcome, found, threshold),
        {
            "probability": found.probability,
            "threshold": threshold,
            "posture": turn.tenant.posture.value,
            "handler": turn.handler.value,
            "address_known": turn.address_known,
            "settings_version": turn.tenant.settings_version,
        },
    )
    await trail.tell(tools, Finished(step=Step.DISCLOSE), Finished(step=Step.DECIDE))
    return replace(outcome, considered=found.considered, decisions=tuple(trail.decisions))


def disclose_failure(turn: Turn, outcome: Outcome) -> Outcome:
    """The outcome of a turn that failed, with the disclosure and decisions that every outcome has."""
    trail = _Trail()
    disclosed = _disclose(turn, outcome, trail)
    inputs = {"error_code": outcome.error_code} | describe(turn.incoming)
    trail.add(Step.DECIDE, DECIDE_METHOD, outcome.kind.value, f"Failed with {outcome.error_code}.", inputs)
    return replace(disclosed, decisions=tuple(trail.decisions))


async def _find(question: Question, tools: Tools, trail: _Trail) -> Evidence:
    vector = await tools.embedder.embed_query(question.text) if tools.embedder else None
    retrieved = await tools.search(question.text, vector)
    trail.add(
        Step.RETRIEVE,
        Method(name="words-and-vectors" if tools.embedder else "words", version=_model(tools)),
        "found" if retrieved.candidates else "nothing",
        f"{len(retrieved.candidates)} passages by words and meaning.",
        {"query": question.text, "terms": len(retrieved.terms)},
    )
    await trail.tell(tools, Finished(step=Step.RETRIEVE, count=len(retrieved.candidates)))
    found, alternatives = evidence_step.weigh_with_alternatives(question, retrieved)
    sentences = sum(len(candidate.sentences) for candidate in retrieved.candidates)
    trail.add(
        Step.COMPOSE,
        evidence_step.method(),
        "quotes" if found.quotes else "none",
        f"{len(found.quotes)} of {sentences} sentences; they answer with probability {found.probability:.3f}.",
        describe_evidence(found, alternatives),
    )
    await trail.tell(tools, Finished(step=Step.COMPOSE, count=len(found.quotes)))
    return found


async def _check(found: Evidence, tools: Tools, trail: _Trail) -> Verdict:
    verbatim = bool(found.quotes) and await tools.stands(found.quotes)
    trail.add(
        Step.CHECK,
        Method(name="verbatim", version="1"),
        "verbatim" if verbatim else "none" if not found.quotes else "withdrawn",
        "Every quote stands in a published, valid version."
        if verbatim
        else "There is nothing to quote."
        if not found.quotes
        else "A quote no longer stands in a published, valid version.",
        {"spans": [[str(quote.version_id), quote.start, quote.end] for quote in found.quotes]},
    )
    await trail.tell(tools, Finished(step=Step.CHECK, count=len(found.quotes)))
    return Verdict(verbatim=verbatim)


def _disclose(turn: Turn, outcome: Outcome, trail: _Trail) -> Outcome:
    due = outcome.text is not None and outcome.kind is not OutcomeKind.DRAFT and not turn.disclosed
    verdict = "due" if due else "shown_before" if turn.disclosed else "not_due"
    reason = {
        "due": "The contact's first message from the assistant says that an AI answers.",
        "shown_before": "An earlier message of this conversation said that an AI answers.",
        "not_due": "Nothing is said to the contact.",
    }[verdict]
    version = Method(name="text", version=str(DISCLOSURE_VERSION))
    trail.add(Step.DISCLOSE, version, verdict, reason, {"language": outcome.language.value})
    if not due:
        return outcome
    told = say(Text.DISCLOSURE, outcome.language, tenant=turn.tenant.name)
    return replace(outcome, text=f"{told}\n\n{outcome.text}", discloses=True)


def _why(outcome: Outcome, found: Evidence, threshold: float) -> str:
    if found is NO_EVIDENCE:
        return f"{outcome.reason.value}."
    sign = "at least" if found.probability >= threshold else "below"
    return f"{outcome.reason.value}: probability {found.probability:.3f} is {sign} {threshold:.3f}."


def _model(tools: Tools) -> str:
    return tools.embedder.model if tools.embedder else "bm25-1"
