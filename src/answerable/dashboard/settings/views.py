"""Values of the settings shaped for their templates: what a threshold means, what was changed, what is kept."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from answerable.answering.evidence import calibration
from answerable.answering.trade_off import Questions, TradeOff, measurements, trade_off
from answerable.infra.tables import Category, Protection, Retention, list_classified
from answerable.tenancy import Configuration, SettingField, SettingsVersion
from answerable.tenancy.configuration import LEAST_THRESHOLD, MOST_THRESHOLD
from answerable.tenancy.errors import OriginInvalid
from answerable.tenancy.origins import check_origin

_SHOWN = (0.6, 0.7, 0.8, 0.9, 0.95)
_WIDTH, _HEIGHT = 480, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one threshold comes to, on both sets of questions."""

    threshold: float
    held_out: TradeOff
    fresh: TradeOff
    is_calibrated: bool
    is_set: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Precision and coverage by threshold, as the points of two lines in a box."""

    precision: str
    coverage: str
    marked_x: float
    """Where the present threshold stands."""
    width: int = _WIDTH
    height: int = _HEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedField:
    """One field of a change, before and after."""

    field: SettingField
    before: object
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One version of the history."""

    version: int
    at: datetime
    actor_kind: str
    member: str | None
    """The name of the member who did it; None when nobody did, or they are gone."""
    reverts_to: int | None
    fields: tuple[ChangedField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept for one and the same time."""

    retention: Retention
    categories: tuple[Category, ...]
    tables: tuple[str, ...]
    columns: int
    sealed: int
    """Of the columns, those that are sealed under a person's key."""


def meaning_of(threshold: float, *, present: float) -> Meaning:
    """What a threshold comes to."""
    measured = measurements().questions
    return Meaning(
        threshold=threshold,
        held_out=trade_off(threshold, measured[Questions.HELD_OUT]),
        fresh=trade_off(threshold, measured[Questions.FRESH]),
        is_calibrated=threshold == calibration().threshold,
        is_set=threshold == present,
    )


def meanings(present: float) -> list[Meaning]:
    """Thresholds to compare, lowest first: a few round ones, the calibrated and the present one."""
    return [meaning_of(one, present=present) for one in sorted({*_SHOWN, calibration().threshold, present})]


def chart_of(present: float) -> Chart:
    """The held-out questions' precision and coverage by threshold."""
    measured = measurements().questions[Questions.HELD_OUT]
    steps = [number / 100 for number in range(round(LEAST_THRESHOLD * 100), round(MOST_THRESHOLD * 100) + 1)]
    found = [trade_off(step, measured) for step in steps]
    return Chart(
        # Without a reply there is no precision, so the line ends there.
        precision=_line([one for one in found if one.precision.whole], of="precision"),
        coverage=_line(found, of="coverage"),
        marked_x=_x(present),
    )


def changes(
    versions: Sequence[SettingsVersion], *, earlier: SettingsVersion | None, names: Mapping[UUID, str]
) -> list[Change]:
    """The history's rows, newest first; `earlier` is the version before the oldest of them."""
    before = [*versions[1:], earlier]
    return [
        Change(
            version=one.version,
            at=one.changed_at,
            actor_kind=one.actor_kind,
            member=names.get(one.actor_id) if one.actor_id else None,
            reverts_to=one.reverts_to,
            fields=compare(previous.configuration, one.configuration, one.changed) if previous else (),
        )
        for one, previous in zip(versions, before, strict=True)
    ]


def compare(
    before: Configuration, after: Configuration, fields: Sequence[SettingField]
) -> tuple[ChangedField, ...]:
    """The named fields of two configurations side by side."""
    return tuple(
        ChangedField(field=one, before=getattr(before, one.value), after=getattr(after, one.value))
        for one in fields
    )


def retention() -> list[Kept]:
    """All that is stored, by how long it is kept, as every column says of itself."""
    # Whose row it is stands in every table, and says nothing of how long the table is kept.
    told = [one for one in list_classified() if one[1] != "tenant_id"]
    found = sorted(told, key=lambda one: list(Retention).index(one[2].retention))
    kept: list[Kept] = []
    for duration, columns in groupby(found, key=lambda one: one[2].retention):
        rows = list(columns)
        counted = Counter(row.category for _, _, row in rows)
        kept.append(
            Kept(
                retention=duration,
                categories=tuple(one for one in Category if counted[one]),
                tables=tuple(sorted({table for table, _, _ in rows})),
                columns=len(rows),
                sealed=sum(row.protection is Protection.SEALED for _, _, row in rows),
            )
        )
    return kept


def first_refused(lines: str) -> str | None:
    """The first line that is no origin; None when all are."""
    for line in lines.splitlines():
        try:
            if line.strip():
                check_origin(line)
        except OriginInvalid:
            return line.strip()[:100]
    return None


def _line(found: Sequence[TradeOff], *, of: str) -> str:
    points: list[str] = []
    for one in found:
        share = one.precision if of == "precision" else one.coverage
        points.append(f"{_x(one.threshold):.1f},{_HEIGHT * (1 - share.part / share.whole):.1f}")
    return " ".join(points)


def _x(threshold: float) -> float:
    return round(_WIDTH * (threshold - LEAST_THRESHOLD) / (MOST_THRESHOLD - LEAST_THRESHOLD), 1)
