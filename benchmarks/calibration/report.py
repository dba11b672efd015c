"""Precision and coverage of the replies that the shipped coefficients give, with intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from answerable.answering.trade_off import Share
from benchmarks.calibration.gather import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A case with what the product would do."""

    case: Case
    replies: bool
    right: bool


_GROUPS: Mapping[str, Callable[[Case], bool]] = {
    "all": lambda _case: True,
    "German questions": lambda case: case.labelled.language == "de",
    "English questions": lambda case: case.labelled.language == "en",
    "answer in the same language": lambda case: case.labelled.answerable and not case.labelled.crosses,
    "answer in the other language": lambda case: case.labelled.answerable and case.labelled.crosses,
}
_FALSE: Mapping[str, Callable[[Case], bool]] = {
    "near misses": lambda case: case.labelled.near_miss,
    "off topic": lambda case: case.labelled.document is None,
}


def judge(cases: Sequence[Case], *, threshold: float) -> list[Judged]:
    """What becomes of each case at this threshold."""
    return [
        Judged(case=case, replies=case.weigh().probability >= threshold, right=case.is_right)
        for case in cases
    ]


def precision_of(judged: Sequence[Judged]) -> Share:
    """Of the replies, those in which a quoted sentence answers."""
    replies = [one for one in judged if one.replies]
    return Share(part=sum(one.right for one in replies), whole=len(replies))


def coverage_of(judged: Sequence[Judged]) -> Share:
    """Of the answerable questions, those that got an answer."""
    answerable = [one for one in judged if one.case.labelled.answerable]
    return Share(part=sum(one.replies and one.right for one in answerable), whole=len(answerable))


def write_table(judged: Sequence[Judged]) -> str:
    """Precision and coverage as Markdown, in total and by group."""
    rows = ["| questions | precision | coverage |", "| --- | --- | --- |"]
    for name, belongs in _GROUPS.items():
        group = [one for one in judged if belongs(one.case)]
        rows.append(f"| {name} | {precision_of(group)} | {coverage_of(group)} |")
    rows += ["", "| unanswerable | handed over |", "| --- | --- |"]
    for name, belongs in _FALSE.items():
        group = [one for one in judged if belongs(one.case)]
        rows.append(f"| {name} | {Share(part=sum(not one.replies for one in group), whole=len(group))} |")
    return "\n".join(rows)
