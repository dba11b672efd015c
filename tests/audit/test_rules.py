"""The closed schema of events: what gets in, and above all what does not."""

import json
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar, cast, get_args, get_type_hints
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from answerable import tlog
from answerable.app import event_registry
from answerable.audit import Commitment, Digest, ErrorCode, Event, EventId, RetentionClass, SubjectKind
from answerable.audit.errors import EventRefused, EventUnregistered
from answerable.audit.rules import canonical, fields_of, render_body
from answerable.audit.values import Number
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7

ACTOR = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.ASSISTANT)
AT = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
NUMBER = Number(writer=uuid7(), number=3, void=(1, 2))
PERSONAL: tuple[Any, ...] = (
    "Max Mustermann",
    "max@example.com",
    "+4915112345678",
    4915112345678,
    b"max@example.com",
    {"name": "Max Mustermann"},
    ["max@example.com"],
    ("max@example.com",),
)


def value_of(hint: Any) -> Any:
    bare = getattr(hint, "__supertype__", hint)
    if isinstance(bare, type) and issubclass(bare, Enum):
        return next(iter(bare))
    if get_args(bare):
        return None if type(None) in get_args(bare) else ()
    return {
        UUID: uuid7(),
        int: 3,
        bool: True,
        Digest: Digest(bytes(32)),
        Commitment: Commitment(value=bytes(32), key_id=uuid7(), record_id=uuid7()),
        ErrorCode: ErrorCode("internal.error"),
    }[bare]


def smallest(event: type[Event]) -> Event:
    hints = get_type_hints(event)
    return event(**{name: value_of(hints[name]) for name in names_of(event)})


def names_of(event: type[Event]) -> list[str]:
    # Every event is a dataclass; the Protocol cannot say so.
    return [field.name for field in fields(event)]  # pyright: ignore[reportArgumentType]


EVENTS = sorted(event_registry(), key=lambda one: one.type)
CASES = [(event, name) for event in EVENTS for name in names_of(event)]


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.type)
def test_every_registered_event_has_a_closed_schema(event: type[Event]) -> None:
    assert fields_of(event) is not None
    assert event.type.islower()
    assert event.__doc__


@pytest.mark.parametrize(("event", "field"), CASES, ids=lambda value: getattr(value, "type", value))
@pytest.mark.parametrize("personal", PERSONAL, ids=lambda value: type(value).__name__ + str(len(str(value))))
def test_no_personal_value_gets_into_any_field_of_any_event(
    event: type[Event], field: str, personal: Any
) -> None:
    # What `replace` is told to do is wrong on purpose, and it cannot tell that an event is a dataclass.
    smuggling = cast(Event, replace(cast(Any, smallest(event)), **{field: personal}))

    with pytest.raises(EventRefused):
        render_body(smuggling, event_id=EventId(uuid7()), actor=ACTOR, at=AT, number=NUMBER)


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.type)
def test_a_body_is_canonical_as_the_standard_defines_it(event: type[Event]) -> None:
    body = render_body(smallest(event), event_id=EventId(uuid7()), actor=ACTOR, at=AT, number=NUMBER)

    assert rfc8785.dumps(json.loads(body)) == body


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeText:
    """An event that nobody should be able to declare."""

    type: ClassVar[str] = "free.text"
    about: ClassVar[SubjectKind] = SubjectKind.TENANT
    retention: ClassVar[RetentionClass] = RetentionClass.ACCESS

    subject_id: UUID
    note: str


def test_an_event_with_a_free_text_field_cannot_be_declared() -> None:
    with pytest.raises(EventUnregistered):
        fields_of(FreeText)


def test_a_contact_is_never_named_in_a_body() -> None:
    contact = replace(ACTOR, kind=ActorKind.CONTACT, id=uuid7())
    event = smallest(next(one for one in event_registry() if one.type == "conversation.opened"))

    body = json.loads(render_body(event, event_id=EventId(uuid7()), actor=contact, at=AT, number=NUMBER))

    assert body["actor"] == {"kind": "contact", "id": None}


def test_the_leaf_of_the_published_example_is_reproduced() -> None:
    body = canonical(
        {
            "event_id": "0193a1f0-0000-7000-8000-000000000001",
            "slots": {"input": "HAb+HGLcXJCIYkQozgDHOw0dkdRnSrxSX0O8d1zD168="},
            "ts": "2026-11-21T21:00:00.000000Z",
            "type": "message.received",
            "v": 1,
        }
    )

    assert tlog.hash_leaf(body).hex() == "59678fb3b9931ecd191c48630796e3f68f669cda9534316d9e998b1efb541800"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9_999_999, 9_999_999) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
    max_leaves=20,
)


@given(JSON)
def test_canonical_bytes_equal_the_standard_for_the_profile_of_bodies(value: Any) -> None:
    from_standard = rfc8785.dumps(value)

    ours = canonical(value)

    assert ours == from_standard
