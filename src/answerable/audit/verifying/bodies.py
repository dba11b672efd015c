"""What every entry looks like, whatever its type. Pure: bytes in, faults out.

One spelling, one envelope, and no value in which a person could be described. What its type allows beyond that
is for the schemas that the log declares (see `schemas`).
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

from answerable.audit.rules import canonical
from answerable.audit.values import MAX_ITEMS, MAX_NUMBER

# JSON's own value type is recursive and would need a cast at every step.
Json = Any

MEMBERS: Final = {
    "v": None,
    "type": re.compile(r"[a-z_]+(\.[a-z_]+){1,2}"),
    "event_id": None,
    "ts": None,
    "ctx": frozenset({"conv"}),
    "actor": frozenset({"kind", "id"}),
    "subject": frozenset({"kind", "id"}),
    "d": None,
    "slots": None,
    "ret": re.compile(r"[a-z_]+"),
}
_SLOT: Final = frozenset({"c", "k", "r"})
_NUMBER: Final = frozenset({"id", "n", "void"})
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
UUID_FORM: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORD_FORM: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{22,43}={0,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What an entry says of one sealed value."""

    name: str
    commitment: str
    """Base64 of 32 bytes."""

    key: str
    """Base64 of the 16 bytes that recognise the key for this event alone."""

    record: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry, taken apart."""

    event_id: UUID
    type: str
    at: datetime
    conversation: UUID | None
    actor_kind: str
    actor_id: UUID | None
    subject_kind: str
    subject_id: UUID
    detail: dict[str, Json]
    retention: str
    slots: tuple[Slot, ...]
    writer: UUID | None
    number: int
    void: tuple[int, ...]


class Malformed(Exception):
    """An entry that is none; the text says why and holds nothing of it."""


def read_entry(body: bytes) -> Entry:
    """The parts of an entry, if it is in its one spelling and says nothing but what entries may say.

    Errors:  Malformed.
    """
    try:
        parsed: Json = json.loads(
            body, object_pairs_hook=_unique, parse_float=_refuse, parse_constant=_refuse
        )
        if canonical(parsed) != body:
            raise Malformed("not in its one spelling")
        return _take_apart(parsed)
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise Malformed("not what an entry is made of") from error


def _take_apart(parsed: Json) -> Entry:
    _require(
        parsed.keys() - {"w"} == MEMBERS.keys() and parsed["v"] == 1, "members that are not those of entries"
    )
    for name in ("ctx", "actor", "subject"):
        _require(parsed[name].keys() == MEMBERS[name], f"{name} with other members")
    for name in ("type", "ret"):
        _require(cast("re.Pattern[str]", MEMBERS[name]).fullmatch(parsed[name]), f"{name} that is no word")
    _require(_TIME.fullmatch(parsed["ts"]), "a time in another form")
    for value in parsed["d"].values():
        _require_closed(value)
    slots = tuple(_slot(name, one) for name, one in parsed["slots"].items())
    number = parsed.get("w")
    if number is not None:
        _require(number.keys() == _NUMBER and _is_count(number["n"]), "a writer's number that is none")
        _require(
            all(map(_is_count, number["void"])) and len(number["void"]) <= MAX_ITEMS, "a void that is none"
        )
    actor, subject = parsed["actor"], parsed["subject"]
    _require(all(WORD_FORM.fullmatch(one["kind"]) for one in (actor, subject)), "a kind that is no word")
    return Entry(
        event_id=_id(parsed["event_id"]),
        type=parsed["type"],
        at=datetime.strptime(parsed["ts"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
        conversation=None if parsed["ctx"]["conv"] is None else _id(parsed["ctx"]["conv"]),
        actor_kind=actor["kind"],
        actor_id=None if actor["id"] is None else _id(actor["id"]),
        subject_kind=subject["kind"],
        subject_id=_id(subject["id"]),
        detail=parsed["d"],
        retention=parsed["ret"],
        slots=slots,
        writer=None if number is None else _id(number["id"]),
        number=0 if number is None else number["n"],
        void=() if number is None else tuple(number["void"]),
    )


def _slot(name: str, value: Json) -> Slot:
    _require(WORD_FORM.fullmatch(name) and value.keys() == _SLOT, "a sealed value that is none")
    _require(len(value["c"]) == 44 and len(value["k"]) == 24, "a commitment that is none")
    _require(_BASE64.fullmatch(value["c"]) and _BASE64.fullmatch(value["k"]), "a commitment that is none")
    return Slot(name=name, commitment=value["c"], key=value["k"], record=_id(value["r"]))


def _require_closed(value: Json) -> None:
    """Refuse what could describe a person: any text but a short word, an identifier or a digest."""
    if isinstance(value, list):
        items = cast("list[Json]", value)
        _require(len(items) <= MAX_ITEMS, "a list that is too long")
        for each in items:
            _require(not isinstance(each, list), "a list within a list")
            _require_closed(each)
    elif isinstance(value, str):
        _require(
            any(form.fullmatch(value) for form in (WORD_FORM, UUID_FORM, _BASE64)), "a text that is no word"
        )
    elif isinstance(value, int):
        _require(-MAX_NUMBER <= value <= MAX_NUMBER, "a number that is too large")
    else:
        _require(value is None, "a value of another kind")


def _id(text: str) -> UUID:
    _require(UUID_FORM.fullmatch(text), "an identifier in another form")
    return UUID(text)


def _is_count(value: Json) -> bool:
    return type(value) is int and 1 <= value <= MAX_NUMBER


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    _require(len(members) == len(pairs), "the same member twice")
    return members


def _refuse(_text: str) -> None:
    raise Malformed("a number that is not whole")


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise Malformed(otherwise)
