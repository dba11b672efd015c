"""The closed schema of events and their canonical bytes. Pure: values in, bytes out."""

import hashlib
import json
import types
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from answerable.audit.errors import EventRefused, EventUnregistered
from answerable.audit.values import (
    MAX_BODY_BYTES,
    MAX_ITEMS,
    MAX_NUMBER,
    Commitment,
    Digest,
    ErrorCode,
    Event,
    EventId,
    Number,
)
from answerable.infra.errors import AnswerableError, registered_errors
from answerable.infra.ids import Actor, ActorKind

# JSON's own value type is recursive and would need a cast at every step.
Json = Any

_ENVELOPE = frozenset({"subject_id", "conversation_id"})


@dataclass(frozen=True, slots=True)
class Field:
    """What a part of an event may hold, and how it is spelled."""

    rule: Json
    """In the words of a declared schema (see `schemas`)."""

    encode: Callable[[Any], Json]
    """Turns a value into JSON.

    Errors:  EventRefused for a value of another type.
    """


# Made once: `json.dumps` makes a new one at every call, which costs as much as the encoding itself.
_encode_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(value: Json) -> bytes:
    """The one spelling of a body.

    Source:  RFC 8785, for the profile that bodies keep to: ASCII keys, integers, no floats.
    """
    return _encode_json(value).encode("utf-8")


def timestamp(at: datetime) -> str:
    """A time in UTC with microseconds, as bodies spell it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def key_digest(key_id: UUID, event_id: UUID) -> bytes:
    """What a body says of a key: enough to recognise its destruction, not enough to link two events."""
    return hashlib.sha256(b"answerable/key/v1\x00" + key_id.bytes + event_id.bytes).digest()[:16]


def render_body(event: Event, *, event_id: EventId, actor: Actor, at: datetime, number: Number) -> bytes:
    """The canonical bytes of an event.

    Errors:  EventRefused when a field holds what the schema of its type does not allow.
    """
    detail: dict[str, Json] = {}
    slots: dict[str, Json] = {}
    for name, field in fields_of(type(event)).items():
        value = getattr(event, name)
        if isinstance(value, Commitment):
            slots[name] = _encode_commitment(value, event_id)
        else:
            detail[name] = field.encode(value)
    body = canonical(
        {
            "v": 1,
            "type": event.type,
            "event_id": str(event_id),
            "ts": timestamp(at),
            "ctx": {"conv": _encode_optional_id(getattr(event, "conversation_id", None))},
            "actor": {"kind": actor.kind.value, "id": _actor_id(actor)},
            "subject": {"kind": event.about.value, "id": _encode_id(event.subject_id)},
            "d": detail,
            "slots": slots,
            "ret": event.retention.value,
            "w": {"id": str(number.writer), "n": number.number, "void": list(number.void)},
        }
    )
    if len(body) > MAX_BODY_BYTES:
        raise EventRefused(f"{event.type} is {len(body)} bytes long.")
    return body


@cache
def fields_of(event: type[Event]) -> Mapping[str, Field]:
    """The fields of an event type, besides what it is about and in which conversation.

    Errors:  EventUnregistered when a field has a type that could carry free text.
    """
    hints = get_type_hints(event)
    # Every Event is a dataclass; the Protocol cannot say so.
    names = [field.name for field in fields(event) if field.name not in _ENVELOPE]  # pyright: ignore[reportArgumentType]
    return {name: _field(hints[name], where=f"{event.__name__}.{name}") for name in names}


def conversation_of(event: type[Event]) -> Json:
    """The rule of the conversation that an event of this type belongs to; None where it belongs to none."""
    hint = get_type_hints(event).get("conversation_id")
    return None if hint is None else _field(hint, where=f"{event.__name__}.conversation_id").rule


def _field(hint: Any, *, where: str) -> Field:
    bare = getattr(hint, "__supertype__", hint)
    if get_origin(bare) in {Union, types.UnionType}:
        inner = [part for part in get_args(bare) if part is not type(None)]
        if len(inner) == 1:
            field = _field(inner[0], where=where)
            return Field({"maybe": field.rule}, _optional(field.encode))
    if get_origin(bare) is tuple and get_args(bare)[1:] == (...,):
        field = _field(get_args(bare)[0], where=where)
        return Field({"each": field.rule}, _several(field.encode, where=where))
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        return Field({"one_of": sorted(one.value for one in bare)}, _member_of(bare, where=where))
    field = _PLAIN.get(bare)
    if field is None:
        raise EventUnregistered(f"{where} has a type that the closed schema does not know.")
    return Field(field.rule, _guarded(field.encode, where=where))


def _optional(encode: Callable[[Any], Json]) -> Callable[[Any], Json]:
    return lambda value: None if value is None else encode(value)


def _several(encode: Callable[[Any], Json], *, where: str) -> Callable[[Any], Json]:
    def encode_all(values: Any) -> Json:
        if not isinstance(values, tuple) or len(values) > MAX_ITEMS:  # pyright: ignore[reportUnknownArgumentType]
            raise EventRefused(f"{where} is no tuple of at most {MAX_ITEMS}.")
        return [encode(value) for value in values]  # pyright: ignore[reportUnknownVariableType]

    return encode_all


def _member_of(closed: type[StrEnum], *, where: str) -> Callable[[Any], Json]:
    def encode(value: Any) -> Json:
        if not isinstance(value, closed):
            raise EventRefused(f"{where} is no {closed.__name__}.")
        return value.value

    return encode


def _guarded(encode: Callable[[Any], Json], *, where: str) -> Callable[[Any], Json]:
    def encode_or_name(value: Any) -> Json:
        try:
            return encode(value)
        except (TypeError, ValueError, AttributeError) as error:
            raise EventRefused(f"{where} holds a value of another type.") from error

    return encode_or_name


def _encode_id(value: Any) -> str:
    if not isinstance(value, UUID):
        raise EventRefused("An identifier is no UUID.")
    return str(value)


def _encode_optional_id(value: Any) -> str | None:
    return None if value is None else _encode_id(value)


def _encode_number(value: Any) -> int:
    if type(value) is not int or not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise TypeError
    return value


def _encode_flag(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _encode_digest(value: Any) -> str:
    if type(value) is not Digest:
        raise TypeError
    return b64encode(value.value).decode("ascii")


def _encode_error_code(value: Any) -> str:
    # The code of whatever nobody declared is on no list of declared ones, and a turn can end with it too.
    if type(value) is not ErrorCode or value.value not in {AnswerableError.code, *registered_errors()}:
        raise TypeError
    return value.value


def _refuse_bare(_value: Any) -> Json:
    # A field declared as a commitment and holding anything else.
    raise TypeError


_PLAIN: Mapping[Any, Field] = {
    UUID: Field("id", _encode_id),
    int: Field("number", _encode_number),
    bool: Field("flag", _encode_flag),
    Digest: Field("digest", _encode_digest),
    ErrorCode: Field("word", _encode_error_code),
    Commitment: Field("sealed", _refuse_bare),
}


def _encode_commitment(commitment: Commitment, event_id: UUID) -> Json:
    if type(commitment.value) is not bytes or len(commitment.value) != 32:
        raise EventRefused("A commitment is not 32 bytes long.")
    return {
        "c": b64encode(commitment.value).decode("ascii"),
        "k": b64encode(key_digest(commitment.key_id, event_id)).decode("ascii"),
        "r": _encode_id(commitment.record_id),
    }


def _actor_id(actor: Actor) -> str | None:
    # A contact's id would link everything they ever did for whoever reads the log after their erasure.
    if actor.kind is ActorKind.CONTACT:
        return None
    return _encode_optional_id(actor.id)
