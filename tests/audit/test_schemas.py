"""What entries look like, as the log itself declares it before the first that looks so."""

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlalchemy import text

from answerable import audit
from answerable.app import event_registry
from answerable.audit import Event, EventId, LogQueried
from answerable.audit.rules import canonical, render_body
from answerable.audit.schemas import render_schema, render_schemas
from answerable.audit.values import Number
from answerable.audit.verifying import Fault
from answerable.audit.verifying.bodies import Malformed, read_entry
from answerable.audit.verifying.schemas import is_as_declared, read_schema
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from audit.conftest import Logbook
from audit.test_rules import AT, EVENTS, smallest
from factories.vectors_verifier import VERIFIER

ACTOR = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.SYSTEM)
OTHERS: tuple[Any, ...] = (
    "Max Mustermann",
    "aword",
    "A" * 22 + "==",
    "A" * 43 + "=",
    str(uuid7()),
    10_000_000,
    1.5,
    [["a"]],
    {"a": 1},
    None,
    True,
    7,
    ["a"],
    [],
)


def body_of(event: Event) -> bytes:
    number = Number(writer=uuid7(), number=1)
    return render_body(event, event_id=EventId(uuid7()), actor=ACTOR, at=AT, number=number)


def agreed(body: bytes, schema: bytes) -> bool:
    """What both verifiers say of an entry that both can read."""
    entry, parsed = read_entry(body), json.loads(schema)
    said = is_as_declared(entry, parsed)
    assert VERIFIER.is_as_declared(VERIFIER.read_body(body), parsed) == said
    return said


def changed(body: bytes) -> Iterator[bytes]:
    """The entry in forms that nothing declares, or that something may."""
    entry = json.loads(body)
    yield canonical(entry | {"ret": "other"})
    yield canonical(entry | {"subject": entry["subject"] | {"kind": "other"}})
    yield canonical(entry | {"d": entry["d"] | {"more": 1}})
    for name in entry["d"]:
        yield canonical(entry | {"d": {one: value for one, value in entry["d"].items() if one != name}})
    for name, slot in entry["slots"].items():
        yield canonical(entry | {"slots": {}})
        yield canonical(entry | {"d": entry["d"] | {name: slot["c"]}})


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.type)
def test_every_entry_fits_the_schema_of_its_type_and_no_change_of_its_form_does(event: type[Event]) -> None:
    body, schema = body_of(smallest(event)), render_schema(event)

    assert agreed(body, schema)
    for other in changed(body):
        assert not agreed(other, schema)


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.type)
def test_both_verifiers_agree_on_every_other_value(event: type[Event]) -> None:
    entry, schema = json.loads(body_of(smallest(event))), render_schema(event)
    for name in entry["d"]:
        for value in OTHERS:
            body = json.dumps(
                entry | {"d": entry["d"] | {name: value}}, sort_keys=True, separators=(",", ":")
            )
            try:
                read_entry(body.encode())
            except Malformed:
                continue
            agreed(body.encode(), schema)


def test_a_schema_in_words_that_nobody_knows_is_none() -> None:
    good = json.loads(render_schema(LogQueried))
    others: tuple[Any, ...] = (
        good | {"v": 2},
        good | {"fields": {"returned": "text"}},
        good | {"fields": {"returned": {"one_of": ["Max Mustermann"]}}},
        good | {"fields": {"returned": {"each": {"each": "id"}}}},
        good | {"fields": {"returned": {"pattern": ".*"}}},
        good | {"more": 1},
        [],
    )
    for bad in others:
        stored = canonical(bad)
        assert read_schema(stored, digest=VERIFIER.hashlib.sha256(stored).digest()) is None
    stored = canonical(good)
    assert read_schema(stored, digest=VERIFIER.hashlib.sha256(stored).digest()) == good
    assert read_schema(stored, digest=bytes(32)) is None


async def declared(database: Database, actor: Actor) -> list[dict[str, Any]]:
    """The declarations of a log, oldest first."""
    async with database.tenant_session(actor) as db:
        found = await db.scalars(
            text("SELECT body FROM audit_event WHERE type = 'log.schemas_declared' ORDER BY id")
        )
        return [json.loads(bytes(body)) for body in found]


def carried(database: Database) -> dict[str, object]:
    """What its sessions carry, to be exchanged as another process would bring its own."""
    return cast("dict[str, object]", database.carries)


async def look(database: Database, actor: Actor) -> None:
    async with database.tenant_session(actor) as db:
        await audit.append(db, LogQueried(subject_id=actor.tenant_id, returned=0))


async def test_a_process_declares_what_the_log_does_not_say_yet_and_nothing_twice(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    database = logbook.database
    everything = render_schemas(event_registry())
    await look(database, actor)
    first = await declared(database, actor)
    # Another process, of the same version.
    carried(database)[audit.WRITERS] = audit.Writers()
    await look(database, actor)
    assert await declared(database, actor) == first
    assert sum(len(one["d"]["schemas"]) for one in first) == len(everything)
    assert {one["actor"]["kind"] for one in first} == {"system"}

    async with database.tenant_session(actor) as db:
        stored = await db.execute(text("SELECT digest, body FROM audit_schema"))
        assert {bytes(digest): bytes(body) for digest, body in stored} == everything


async def test_what_was_rolled_back_is_declared_again(logbook: Logbook) -> None:
    actor = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.SYSTEM)
    database = logbook.database
    with pytest.raises(RuntimeError):
        async with database.tenant_session(actor) as db:
            await audit.append(db, LogQueried(subject_id=actor.tenant_id, returned=0))
            raise RuntimeError
    assert await declared(database, actor) == []

    await look(database, actor)
    await look(database, actor)

    assert len(await declared(database, actor)) == 1


async def test_a_later_version_declares_what_is_new_before_it_writes_it(logbook: Logbook) -> None:
    actor = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.SYSTEM)
    database = logbook.database
    whole = carried(database)[audit.REGISTRY]
    carried(database)[audit.REGISTRY] = frozenset({LogQueried, audit_event("log.schemas_declared")})
    carried(database)[audit.WRITERS] = audit.Writers()
    await look(database, actor)
    carried(database)[audit.REGISTRY] = whole
    carried(database)[audit.WRITERS] = audit.Writers()
    await look(database, actor)

    older, newer = await declared(database, actor)
    assert len(older["d"]["schemas"]) == 2
    assert len(newer["d"]["schemas"]) == len(event_registry()) - 2
    assert not {*older["d"]["schemas"]} & {*newer["d"]["schemas"]}


def audit_event(name: str) -> type[Event]:
    return next(one for one in event_registry() if one.type == name)


async def test_a_log_that_declared_nothing_says_so_and_one_that_lost_a_schema_is_incomplete(
    logbook: Logbook,
) -> None:
    actor = await logbook.make_tenant()
    await logbook.record(actor)
    await logbook.publish()
    async with logbook.database.tenant_session(actor) as db:
        whole = await audit.verify(db)
    assert not whole.findings
    assert not any("form of" in one for one in whole.not_checked)

    logbook.run_as_superuser(f"DELETE FROM audit_schema WHERE tenant_id = '{actor.tenant_id}'")
    async with logbook.database.tenant_session(actor) as db:
        lost = await audit.verify(db)
    # The intruder has left every guard down as well.
    assert {one.finding for one in lost.findings} - {Fault.GUARD_MISSING} == {Fault.SCHEMA_MISSING}
