"""Whether entries look as the log itself has declared. Pure: entries in, findings out.

A schema gives a rule for each field: `id`, `number`, `flag`, `digest`, `word`, `sealed` (a commitment), words of
which it is one (`{"one_of": […]}`), a list of one of these (`{"each": …}`), or any of these or nothing
(`{"maybe": …}`). None of them lets free text through.
"""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from answerable.audit.values import MAX_ITEMS, MAX_NUMBER
from answerable.audit.verifying.bodies import UUID_FORM, WORD_FORM, Entry
from answerable.audit.verifying.values import Fault, Finding

# JSON's own value type is recursive and would need a cast at every step.
Json = Any

DECLARED: Final = "log.schemas_declared"

_TEXTS: Final = {
    "id": UUID_FORM,
    "digest": re.compile(r"[A-Za-z0-9+/]{43}="),
    "word": WORD_FORM,
}
_MEMBERS: Final = {"v", "type", "about", "ret", "conv", "fields"}
_SEALED: Final = object()


@dataclass(slots=True, kw_only=True)
class Schemas:
    """The schemas of a log, taken in where it declares them."""

    stored: Mapping[bytes, bytes]
    """What lies beside the log, by its SHA-256."""

    before: int = 0
    """Entries from before the first declaration, which nothing describes."""

    _declared: dict[str, list[Mapping[str, Json]]] = field(
        default_factory=dict[str, list[Mapping[str, Json]]]
    )
    _lost: bool = False

    def follow(self, index: int, entry: Entry) -> list[Finding]:
        """Take in an entry, and say what is wrong with its form or its declarations."""
        found: list[Finding] = []
        if entry.type == DECLARED:
            found += self._take(index, entry)
        if not self._declared and not self._lost:
            self.before += 1
        elif not any(is_as_declared(entry, schema) for schema in self._declared.get(entry.type, ())):
            if self._lost and entry.type not in self._declared:
                # It may be the one that is gone, which is a finding already.
                return found
            detail = f"{entry.type} is declared in no such form before"
            found.append(
                Finding(finding=Fault.SCHEMA_MISMATCH, detail=detail, leaf=index, event=entry.event_id)
            )
        return found

    def _take(self, index: int, entry: Entry) -> list[Finding]:
        found: list[Finding] = []
        for digest in entry.detail.get("schemas", ()):
            schema = read_schema(self.stored.get(b64decode(digest)), digest=b64decode(digest))
            if schema is not None:
                self._declared.setdefault(schema["type"], []).append(schema)
                continue
            self._lost = True
            detail = f"schema {digest} is declared, and not there in words that are known"
            found.append(
                Finding(finding=Fault.SCHEMA_MISSING, detail=detail, leaf=index, event=entry.event_id)
            )
        return found


def read_schema(stored: bytes | None, *, digest: bytes) -> Mapping[str, Json] | None:
    """The schema with this digest; None where it is gone, another, or in words that nobody here knows."""
    if stored is None or hashlib.sha256(stored).digest() != digest:
        return None
    try:
        schema: Json = json.loads(stored)
        is_one = schema.keys() == _MEMBERS and schema["v"] == 1
        words = (schema["type"], schema["about"], schema["ret"], *schema["fields"])
        is_one = is_one and all(WORD_FORM.fullmatch(word) for word in words)
        is_one = is_one and all(map(_is_rule, (schema["conv"] or "id", *schema["fields"].values())))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return schema if is_one else None


def is_as_declared(entry: Entry, schema: Mapping[str, Json]) -> bool:
    """Whether an entry holds what a schema says, no more and no less."""
    given: dict[str, Json] = {**entry.detail, **{slot.name: _SEALED for slot in entry.slots}}
    return (
        (entry.type, entry.subject_kind, entry.retention) == (schema["type"], schema["about"], schema["ret"])
        and len(given) == len(entry.detail) + len(entry.slots)
        and given.keys() == schema["fields"].keys()
        and all(_fits(given[name], rule) for name, rule in schema["fields"].items())
        and _fits(None if entry.conversation is None else str(entry.conversation), schema["conv"])
    )


def _is_rule(rule: Json) -> bool:
    match rule:
        case {"maybe": inner} if len(rule) == 1:
            return not (isinstance(inner, dict) and "maybe" in inner) and _is_rule(inner)
        case {"each": inner} if len(rule) == 1:
            return (isinstance(inner, str) or "one_of" in inner) and _is_rule(inner)
        case {"one_of": [*words]} if len(rule) == 1:
            return all(isinstance(word, str) and WORD_FORM.fullmatch(word) for word in words)
        case _:
            return rule in {"id", "number", "flag", "digest", "word", "sealed"}


def _fits(value: Json, rule: Json) -> bool:
    match rule:
        case {"maybe": inner}:
            found = value is None or _fits(value, inner)
        case {"each": inner}:
            found = isinstance(value, list) and _all_fit(cast("list[Json]", value), inner)
        case {"one_of": words}:
            found = value in words
        case "number":
            found = type(value) is int and abs(value) <= MAX_NUMBER
        case "flag":
            found = isinstance(value, bool)
        case "id" | "digest" | "word":
            found = isinstance(value, str) and _TEXTS[rule].fullmatch(value) is not None
        case _:
            found = value is _SEALED if rule == "sealed" else value is None and rule is None
    return found


def _all_fit(values: list[Json], rule: Json) -> bool:
    return len(values) <= MAX_ITEMS and all(_fits(one, rule) for one in values)
