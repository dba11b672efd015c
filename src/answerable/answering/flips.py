"""What would have changed an outcome: the nearest change of each single input after which `decide` says otherwise.

Pure. Every flip carries the changed case, so that whoever doubts it can decide that case again.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from answerable.answering.cases import Case, redecide
from answerable.answering.decide import Verdict
from answerable.answering.evidence import calibration, probability_of
from answerable.answering.values import Evidence, Intent, OutcomeKind, Reason
from answerable.conversations.values import Handler
from answerable.knowledge.values import DocumentId
from answerable.tenancy.values import Posture

THRESHOLD_STEP = 0.001
"""Thresholds are told in such steps, so that the one that is told is the one that was tried."""

FEATURE_STEP = 0.0001
"""So are the two features that are no counts."""

_MOST_NAMES = 5


class Factor(StrEnum):
    """One thing that an outcome depends on."""

    THRESHOLD = "threshold"
    FEATURE = "feature"
    DOCUMENT = "document"
    CHECK = "check"
    POSTURE = "posture"
    HANDLER = "handler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A single change with which the turn would have come to another outcome."""

    factor: Factor
    given: float | str | None
    """As it was; None for a document."""

    changed: float | str | None
    """The nearest value with the other outcome; None for a document, which would be missing."""

    kind: OutcomeKind
    reason: Reason
    case: Case
    """The changed case: deciding it gives this kind and reason."""

    feature: str | None = None
    document_id: DocumentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one feature of the evidence adds to the logit of the probability."""

    feature: str
    value: float
    weight: float

    @property
    def amount(self) -> float:
        """Value times weight."""
        return self.value * self.weight


def flips_of(case: Case) -> tuple[Flip, ...]:
    """The nearest change of each input that gives another outcome, those of the evidence first.

    Errors:  none; no flips where no single change would do.
    Source:  docs/decisions/0012-what-would-have-changed-it.md
    """
    before = redecide(case).kind
    changes = [
        *_thresholds(case),
        *_features(case, before),
        *_documents(case),
        *_checks(case),
        *_postures(case),
        *_handlers(case),
    ]
    return tuple(flip for flip in changes if flip.kind is not before)


def contributions_of(features: Mapping[str, float]) -> tuple[Contribution, ...]:
    """What each feature adds to the logit, the largest amount first; none when they are another calibration's."""
    weights = calibration().weights
    if not features or features.keys() != weights.keys():
        return ()
    found = [Contribution(feature=name, value=features[name], weight=weights[name]) for name in weights]
    return tuple(sorted(found, key=lambda one: (-abs(one.amount), one.feature)))


def is_calibrated(evidence: Evidence) -> bool:
    """Whether the probability is what today's calibration makes of these features; not so without vectors."""
    features = evidence.features
    is_known = bool(features) and features.keys() == calibration().weights.keys()
    return is_known and math.isclose(probability_of(features), evidence.probability)


def _flip(case: Case, factor: Factor, *, given: float | str | None, changed: float | str | None) -> Flip:
    outcome = redecide(case)
    return Flip(
        factor=factor, given=given, changed=changed, kind=outcome.kind, reason=outcome.reason, case=case
    )


def _thresholds(case: Case) -> Iterator[Flip]:
    """The highest threshold that the probability still reaches, and the lowest that it does not."""
    reached = math.floor(case.evidence.probability / THRESHOLD_STEP)
    # One step of rounding either way: the value that is told is the one that is tried.
    steps = [step for step in (reached + 1, reached, reached - 1, reached + 2) if 1 <= step <= 1000]
    met = [step for step in steps if _told(step) <= case.evidence.probability]
    missed = [step for step in steps if _told(step) > case.evidence.probability]
    for step in [*([max(met)] if met else []), *([min(missed)] if missed else [])]:
        changed = replace(case, threshold=_told(step))
        yield _flip(changed, Factor.THRESHOLD, given=case.threshold, changed=changed.threshold)


def _told(step: int) -> float:
    return round(step * THRESHOLD_STEP, 3)


def _features(case: Case, before: OutcomeKind) -> Iterator[Flip]:
    if case.question.intent is not Intent.QUESTION or not is_calibrated(case.evidence):
        return
    for name, directions in _reachable(case.evidence.features).items():
        for values in directions:
            has_flipped = partial(_has_flipped, case, before, name)
            # The probability only rises or only falls along a direction, so the nearest change can be halved for.
            if values and has_flipped(values[-1]):
                yield _with_feature(case, name, values[bisect_left(values, 1, key=has_flipped)])


def _has_flipped(case: Case, before: OutcomeKind, name: str, value: float) -> bool:
    return _with_feature(case, name, value).kind is not before


def _reachable(given: Mapping[str, float]) -> dict[str, tuple[Sequence[float], ...]]:
    """The values that each feature could have had, in both directions, nearest first."""
    ceilings = calibration().ceilings
    counts = {"words_missing": int(ceilings["words"]), "names_missing": _MOST_NAMES, "kind_missing": 1}
    found: dict[str, tuple[Sequence[float], ...]] = {}
    for name in ("closeness", "lead"):
        steps = range(round(ceilings[name] / FEATURE_STEP) + 1)
        grid = [round(step * FEATURE_STEP, 4) for step in steps]
        found[name] = _both_ways(grid, given[name])
    for name, most in counts.items():
        found[name] = _both_ways([float(count) for count in range(most + 1)], given[name])
    return found


def _both_ways(values: Sequence[float], given: float) -> tuple[Sequence[float], ...]:
    lower = [value for value in reversed(values) if value < given]
    higher = [value for value in values if value > given]
    return lower, higher


def _with_feature(case: Case, name: str, value: float) -> Flip:
    given = case.evidence.features
    features = {**given, name: value}
    if name == "words_missing":
        # A word that stands nowhere is one of those that are missing.
        features["words_unknown"] = min(features["words_unknown"], value)
    evidence = replace(case.evidence, features=features, probability=probability_of(features))
    flip = _flip(replace(case, evidence=evidence), Factor.FEATURE, given=given[name], changed=value)
    return replace(flip, feature=name)


def _documents(case: Case) -> Iterator[Flip]:
    for one in case.alternatives:
        changed = replace(case, evidence=one.evidence)
        yield replace(_flip(changed, Factor.DOCUMENT, given=None, changed=None), document_id=one.document_id)


def _checks(case: Case) -> Iterator[Flip]:
    if not case.evidence.quotes:
        return
    given = case.verdict.verbatim
    changed = replace(case, verdict=Verdict(verbatim=not given))
    yield _flip(changed, Factor.CHECK, given=_check(is_verbatim=given), changed=_check(is_verbatim=not given))


def _check(*, is_verbatim: bool) -> str:
    return "verbatim" if is_verbatim else "withdrawn"


def _postures(case: Case) -> Iterator[Flip]:
    given = case.turn.tenant.posture
    for posture in Posture:
        if posture is not given:
            tenant = replace(case.turn.tenant, posture=posture)
            changed = replace(case, turn=replace(case.turn, tenant=tenant))
            yield _flip(changed, Factor.POSTURE, given=given.value, changed=posture.value)


def _handlers(case: Case) -> Iterator[Flip]:
    given = case.turn.handler
    for handler in Handler:
        if handler is not given:
            changed = replace(case, turn=replace(case.turn, handler=handler))
            yield _flip(changed, Factor.HANDLER, given=given.value, changed=handler.value)
