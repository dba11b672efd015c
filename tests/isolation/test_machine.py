"""Two tenants over the same pooled connections, in any order of steps: nobody ever sees the other's rows."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from answerable import answering, conversations, handoff, tenancy
from answerable.conversations import Channel, ConversationId, NewMessage
from answerable.conversations.errors import ConversationNotFound
from answerable.infra.db import Database, UnrecordedChange
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7

Result = TypeVar("Result")
SIDES = ("acme", "globex")
TENANT_TABLES = """
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'tenant_id'
"""


class Isolation(RuleBasedStateMachine):
    """Every rule acts as one tenant; ids of both lie in one pool, so foreign ones are tried all the time."""

    database: Database
    loop: asyncio.AbstractEventLoop
    known = Bundle("conversations")

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)

    @initialize()
    def begin(self) -> None:
        self.actors = {side: self.run(self.make_tenant()) for side in SIDES}
        self.owner: dict[UUID, str] = {}

    async def make_tenant(self) -> Actor:
        tenant_id = TenantId(uuid7())
        actor = Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM)
        new = tenancy.NewTenant(slug=f"t{tenant_id.hex[-12:]}", name="x", owner_email="owner@example.com")
        async with self.database.tenant_session(actor) as db:
            await tenancy.create_tenant(db, new)
        return actor

    @rule(target=known, side=st.sampled_from(SIDES), text=st.text(min_size=1, max_size=40))
    def write(self, side: str, text: str) -> Any:
        async def work() -> ConversationId:
            contact = replace(self.actors[side], kind=ActorKind.CONTACT)
            new = NewMessage(text=f"{side}: {text}", client_id=str(uuid7()), channel=Channel.WEB)
            async with self.database.tenant_session(contact) as db:
                conversation, _message = await answering.accept(db, new)
            return conversation.id

        conversation_id = self.run(work())
        self.owner[conversation_id] = side
        return multiple(conversation_id)

    @rule(side=st.sampled_from(SIDES), conversation_id=known)
    def read(self, side: str, conversation_id: ConversationId) -> None:
        async def work() -> list[str | None]:
            async with self.database.tenant_session(self.actors[side]) as db:
                dialogue = await conversations.view(db, conversation_id)
            return [message.text for message in dialogue.messages]

        if self.owner[conversation_id] == side:
            assert all(str(text).startswith(side) for text in self.run(work()))
        else:
            with pytest.raises(ConversationNotFound):
                self.run(work())

    @rule(side=st.sampled_from(SIDES), conversation_id=known)
    def continue_it(self, side: str, conversation_id: ConversationId) -> None:
        async def work() -> None:
            contact = replace(self.actors[side], kind=ActorKind.CONTACT)
            new = NewMessage(
                text=f"{side}: more",
                client_id=str(uuid7()),
                channel=Channel.WEB,
                conversation_id=conversation_id,
            )
            async with self.database.tenant_session(contact) as db:
                await answering.accept(db, new)

        if self.owner[conversation_id] == side:
            self.run(work())
        else:
            with pytest.raises(ConversationNotFound):
                self.run(work())

    @rule(side=st.sampled_from(SIDES), conversation_id=known)
    def take_over(self, side: str, conversation_id: ConversationId) -> None:
        async def work() -> None:
            async with self.database.tenant_session(self.actors[side]) as db:
                await handoff.take_over(db, conversation_id)

        if self.owner[conversation_id] == side:
            self.run(work())
        else:
            with pytest.raises(ConversationNotFound):
                self.run(work())

    @rule(side=st.sampled_from(SIDES), conversation_id=known)
    def insert_into_the_other(self, side: str, conversation_id: ConversationId) -> None:
        other = self.actors[SIDES[1 - SIDES.index(side)]]
        statement = text(
            "INSERT INTO contact (tenant_id, id, created_at) VALUES (:tenant, :id, now())",
        ).bindparams(tenant=other.tenant_id, id=conversation_id)

        async def work() -> None:
            async with self.database.tenant_session(self.actors[side]) as db:
                await db.execute(statement)

        with pytest.raises(DBAPIError, match="row-level security"):
            self.run(work())

    @rule(side=st.sampled_from(SIDES), conversation_id=known)
    def point_into_the_other(self, side: str, conversation_id: ConversationId) -> None:
        statement = text(
            "INSERT INTO message (id, conversation_id, position, author, text_sealed, delivery, created_at)"
            " VALUES (:id, :conversation, 999, 'contact', '', 'received', now())"
        ).bindparams(id=uuid7(), conversation=conversation_id)

        async def work() -> None:
            async with self.database.tenant_session(self.actors[side]) as db:
                await db.execute(statement)

        # In the own tenant the row would fit, but nobody recorded it; in the other the reference finds nothing.
        expected = UnrecordedChange if self.owner[conversation_id] == side else DBAPIError
        with pytest.raises(expected):
            self.run(work())

    @invariant()
    def no_table_shows_a_foreign_row(self) -> None:
        async def work(side: str) -> int:
            foreign = 0
            async with self.database.tenant_session(self.actors[side]) as db:
                for table in list(await db.scalars(text(TENANT_TABLES))):
                    statement = text(f"SELECT count(*) FROM {table} WHERE tenant_id <> :own")
                    foreign += await db.scalar(statement, {"own": self.actors[side].tenant_id}) or 0
            return foreign

        for side in SIDES:
            assert self.run(work(side)) == 0


async def test_no_order_of_steps_shows_one_tenant_the_other(database: Database) -> None:
    loop = asyncio.get_running_loop()
    machine = type("Bound", (Isolation,), {"database": database, "loop": loop})
    case = machine.TestCase
    case.settings = settings(
        max_examples=12,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )

    await asyncio.to_thread(case("runTest").runTest)
