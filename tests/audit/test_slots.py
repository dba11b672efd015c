"""What has become of sealed values, told without opening any."""

from dataclasses import replace
from typing import get_type_hints

import psycopg
import pytest

from answerable import conversations, vault
from answerable.app import event_registry
from answerable.audit import Commitment, reading
from answerable.audit.slots import PLACES, SlotState, list_slots
from answerable.conversations import ConversationId
from answerable.infra.db import Unaudited
from answerable.infra.ids import Actor, ActorKind
from factories.inbox import hear
from factories.logbook import Logbook


async def states(logbook: Logbook, tenant: Actor, conversation_id: ConversationId) -> list[SlotState]:
    wanted = reading.Wanted(types=("message.received",), conversation_ids=(conversation_id,))
    async with logbook.database.tenant_session(tenant) as db:
        found = await reading.list_entries(db, wanted, limit=10)
        return [
            one.state for one in await list_slots(db, [(each.event.id, each.event.body) for each in found])
        ]


@pytest.fixture
async def heard(logbook: Logbook) -> tuple[Actor, ConversationId]:
    tenant = await logbook.make_tenant()
    conversation_id = await hear(logbook.database, replace(tenant, kind=ActorKind.CONTACT))
    await logbook.publish()
    return tenant, conversation_id


def change(logbook: Logbook, statement: str) -> None:
    with psycopg.connect(logbook.server.conninfo(database=logbook.name), autocommit=True) as connection:
        connection.execute("ALTER TABLE message DISABLE TRIGGER ALL")
        connection.execute(statement.encode())


def test_every_committed_value_has_a_place() -> None:
    names = {
        name
        for event in event_registry()
        for name, hint in get_type_hints(event).items()
        if hint in {Commitment, Commitment | None}
    }

    assert names == set(PLACES)


async def test_a_value_under_a_living_key_is_sealed(
    logbook: Logbook, heard: tuple[Actor, ConversationId]
) -> None:
    assert await states(logbook, *heard) == [SlotState.SEALED]


async def test_a_value_whose_key_was_destroyed_is_erased_with_its_row_and_without(
    logbook: Logbook, heard: tuple[Actor, ConversationId]
) -> None:
    tenant, conversation_id = heard
    async with logbook.database.tenant_session(tenant) as db:
        contact_id = (await conversations.get(db, conversation_id)).contact_id
        await vault.destroy(db, vault.Subject(kind=vault.SubjectKind.CONTACT, id=contact_id))
        db.unaudited(Unaudited.PROGRESS)

    with_row = await states(logbook, tenant, conversation_id)
    change(logbook, "DELETE FROM message")

    assert with_row == [SlotState.ERASED]
    assert await states(logbook, tenant, conversation_id) == [SlotState.ERASED]


async def test_a_row_that_vanished_is_gone_and_one_that_was_exchanged_is_changed(
    logbook: Logbook, heard: tuple[Actor, ConversationId]
) -> None:
    tenant, conversation_id = heard
    change(
        logbook, "UPDATE message SET text_sealed = set_byte(text_sealed, 20, get_byte(text_sealed, 20) # 1)"
    )
    exchanged = await states(logbook, tenant, conversation_id)
    change(logbook, "DELETE FROM message")

    assert exchanged == [SlotState.CHANGED]
    assert await states(logbook, tenant, conversation_id) == [SlotState.GONE]
