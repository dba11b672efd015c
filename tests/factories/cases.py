"""What `decide` may be given: cases of every sort, for properties."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st

from answerable.answering.cases import Case
from answerable.answering.decide import Verdict
from answerable.answering.evidence import calibration, probability_of
from answerable.answering.values import Alternative, Evidence, Intent, Question
from answerable.conversations.values import Handler
from answerable.infra.ids import uuid7
from answerable.knowledge.values import DocumentId, Language
from answerable.tenancy.values import Posture
from factories.answering import CONSIDERED, QUESTION, QUOTE, TENANT, TURN

STRONG: Mapping[str, float] = {
    "closeness": 0.055,
    "lead": 0.045,
    "words_missing": 0.0,
    "words_unknown": 0.0,
    "kind_missing": 0.0,
    "asks_count": 0.0,
    "asks_name": 0.0,
    "names_missing": 0.0,
    "other_language": 0.0,
}


def case_with(features: Mapping[str, float], *, threshold: float = 0.747) -> Case:
    found = Evidence(
        quotes=(QUOTE,),
        probability=probability_of(features),
        features=features,
        considered=(CONSIDERED,),
    )
    return Case(
        turn=TURN, question=QUESTION, evidence=found, verdict=Verdict(verbatim=True), threshold=threshold
    )


@st.composite
def measured(draw: st.DrawFn) -> dict[str, float]:
    missing = draw(st.integers(0, 3))
    return {
        "closeness": draw(st.floats(0, calibration().ceilings["closeness"])),
        "lead": draw(st.floats(0, calibration().ceilings["lead"])),
        "words_missing": float(missing),
        "words_unknown": float(draw(st.integers(0, missing))),
        "kind_missing": float(draw(st.booleans())),
        "asks_count": float(draw(st.booleans())),
        "asks_name": float(draw(st.booleans())),
        "names_missing": float(draw(st.integers(0, 3))),
        "other_language": float(draw(st.booleans())),
    }


@st.composite
def found_evidence(draw: st.DrawFn) -> Evidence:
    features = draw(measured())
    probability = draw(st.sampled_from([probability_of(features), 0.0]) | st.floats(0, 1))
    return Evidence(
        quotes=draw(st.sampled_from([(), (QUOTE,)])),
        probability=probability,
        features=draw(st.sampled_from([features, {}])),
        considered=draw(st.sampled_from([(), (CONSIDERED,)])),
    )


alternatives = st.builds(
    Alternative, document_id=st.builds(lambda: DocumentId(uuid7())), evidence=found_evidence()
)
cases = st.builds(
    Case,
    turn=st.builds(
        replace,
        st.just(TURN),
        handler=st.sampled_from(Handler),
        tenant=st.builds(replace, st.just(TENANT), posture=st.sampled_from(Posture)),
    ),
    question=st.builds(
        Question,
        intent=st.sampled_from([intent for intent in Intent if intent is not Intent.ADDRESS])
        | st.just(Intent.QUESTION),
        text=st.just("How long?"),
        language=st.sampled_from(Language),
    ),
    evidence=found_evidence(),
    verdict=st.builds(Verdict, verbatim=st.booleans()),
    threshold=st.floats(0, 1),
    alternatives=st.lists(alternatives, max_size=3).map(tuple),
)
