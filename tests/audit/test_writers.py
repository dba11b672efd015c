"""Numbers of writer sessions: whatever transactions do, each is a leaf or declared void exactly once."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from answerable import audit
from answerable.audit.values import EventId
from answerable.audit.writers import Writer
from answerable.infra.db import Database, Ending
from answerable.infra.ids import Actor, TenantId, uuid7
from answerable.tenancy.values import KeysRotated


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transaction: how many events, how it ends, and of an unknown end what was true."""

    events: int
    ending: Ending
    was_committed: bool


STEPS = st.builds(
    Step,
    events=st.integers(min_value=1, max_value=4),
    ending=st.sampled_from(Ending),
    was_committed=st.booleans(),
)


@given(st.lists(STEPS, max_size=30), st.integers(min_value=1, max_value=4))
def test_every_number_is_stored_or_declared_once_whatever_transactions_do(
    steps: list[Step], at_once: int
) -> None:
    writer, stored, declared = Writer(), list[int](), list[int]()
    known: set[EventId] = set()

    def run(batch: list[Step]) -> None:
        while writer.unknown:
            taken = writer.unknown.pop()
            writer.settle(taken, known & taken.numbers.keys())
        begun = [(step, writer.take([EventId(uuid7()) for _ in range(step.events)])) for step in batch]
        for step, taken in begun:
            numbers, void = dict(taken.numbers), taken.void
            committed = step.ending is Ending.COMMITTED or (
                step.ending is Ending.UNKNOWN and step.was_committed
            )
            if committed:
                stored.extend(numbers.values())
                declared.extend(void)
                known.update(numbers)
            writer.end(taken, step.ending)

    for first in range(0, len(steps), at_once):
        run(steps[first : first + at_once])
    done = Step(events=1, ending=Ending.COMMITTED, was_committed=True)
    for _ in range(3):
        run([done])

    assert sorted(stored + declared) == list(range(1, writer.last + 1))


def added() -> KeysRotated:
    return KeysRotated(subject_id=TenantId(uuid7()), generation=1, rewrapped=0)


async def numbers_in(database: Database, actor: Actor) -> tuple[list[int], list[int]]:
    async with database.tenant_session(actor) as db:
        bodies = await db.scalars(text("SELECT body FROM audit_event ORDER BY writer_number"))
        said: list[dict[str, Any]] = [json.loads(body)["w"] for body in bodies]
    return [one["n"] for one in said], sorted(void for one in said for void in one["void"])


async def test_what_was_rolled_back_is_declared_by_the_next_event(database: Database, acme: Actor) -> None:
    with pytest.raises(LookupError):
        async with database.tenant_session(acme) as db:
            await audit.append(db, added(), added())
            raise LookupError
    async with database.tenant_session(acme) as db:
        await audit.append(db, added())

    stored, declared = await numbers_in(database, acme)

    assert sorted(stored + declared) == list(range(1, max(stored) + 1))
    assert len(declared) == 2


async def test_a_savepoint_that_is_rolled_back_frees_its_own_numbers_alone(
    database: Database, acme: Actor
) -> None:
    async with database.tenant_session(acme) as db:
        await audit.append(db, added())
        with pytest.raises(LookupError):
            async with db.begin_nested():
                async with db.begin_nested():
                    await audit.append(db, added())
                raise LookupError
        async with db.begin_nested():
            await audit.append(db, added())
    async with database.tenant_session(acme) as db:
        await audit.append(db, added())

    stored, declared = await numbers_in(database, acme)

    assert sorted(stored + declared) == list(range(1, max(stored) + 1))
    assert len(declared) == 1


async def test_a_repeated_event_takes_no_number_for_good(database: Database, acme: Actor) -> None:
    for _ in range(2):
        async with database.tenant_session(acme) as db:
            await audit.append(db, added(), idem_key="once")
    async with database.tenant_session(acme) as db:
        await audit.append(db, added())

    stored, declared = await numbers_in(database, acme)

    assert sorted(stored + declared) == list(range(1, max(stored) + 1))
    assert len(declared) == 1
