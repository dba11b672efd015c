"""How PostgreSQL carries lists out, asked as the application's role among 10,000 conversations."""

from collections.abc import AsyncGenerator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from answerable import conversations, tenancy
from answerable.conversations import Cursor, Filters
from answerable.conversations.listing import Assigned, Standing
from answerable.conversations.queries.inbox import list_statement
from answerable.conversations.values import ConversationId, Handler, Status
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from conftest import clone_database, open_database

MANY = 10_000

FILL = """
    INSERT INTO contact (tenant_id, id, created_at) VALUES (%(tenant)s, %(contact)s, now());
    INSERT INTO conversation
        (tenant_id, id, contact_id, channel, status, handler, turn_epoch, client_id, last_position, language,
        created_at, waiting_since, last_message_at, assignee_id)
    SELECT
        %(tenant)s, gen_random_uuid(), %(contact)s, 'web', status,
        CASE WHEN number %% 3 = 0 THEN 'people' ELSE 'assistant' END, 0, number::text, 1, 'en',
        now() - number * interval '1 minute',
        CASE status WHEN 'waiting' THEN now() - number * interval '1 minute' END,
        now() - number * interval '1 minute',
        CASE WHEN number %% 3 = 0 THEN %(member)s::uuid END
    FROM generate_series(1, %(many)s) AS number,
        LATERAL (SELECT (ARRAY['open', 'waiting', 'closed', 'closed', 'closed'])[number %% 5 + 1] AS status) AS s;
    INSERT INTO conversation_seen (tenant_id, conversation_id, member_id, position, seen_at)
    SELECT tenant_id, id, %(member)s, 1, now() FROM conversation
    WHERE tenant_id = %(tenant)s AND client_id::int %% 2 = 0;
"""


@pytest.fixture(scope="module")
async def filled(
    server: Server, settings: Settings, database_name: str
) -> AsyncGenerator[tuple[Database, Actor]]:
    """A database of its own, since the plans depend on whose rows lie in it."""
    name = f"{database_name}_lists"
    clone_database(server, name)
    database = open_database(server, settings, name)
    platform = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM)
    async with database.tenant_session(platform) as db:
        await tenancy.create_tenant(
            db, tenancy.NewTenant(slug="many", name="Many", owner_email="owner@example.com")
        )
        member_id = await tenancy.add_member(db, "anna@example.com", role=tenancy.Role.RESPONDER)
    ids = {"tenant": platform.tenant_id, "contact": uuid7(), "member": member_id, "many": MANY}
    with psycopg.connect(server.conninfo(database=name), autocommit=True) as connection:
        psycopg.ClientCursor(connection).execute(FILL, ids)
        connection.execute("VACUUM ANALYZE conversation")
        connection.execute("VACUUM ANALYZE conversation_seen")
    anna = Actor(
        tenant_id=platform.tenant_id,
        kind=ActorKind.MEMBER,
        id=member_id,
        role=tenancy.Role.RESPONDER.value,
    )
    yield database, anna
    await database.close()


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(handler=Handler.PEOPLE),
        Filters(assigned=Assigned.ME),
        Filters(unread=True),
        Filters(language="en"),
    ],
    ids=str,
)
@pytest.mark.parametrize("is_first", [True, False])
async def test_no_page_of_a_list_sorts_what_it_does_not_show(
    filled: tuple[Database, Actor], status: Status, filters: Filters, *, is_first: bool
) -> None:
    database, anna = filled
    async with database.tenant_session(anna) as db:
        after = None if is_first else Cursor(status=status, at=db.now, id=ConversationId(uuid7()))
        statement = list_statement(filters, status, member_id=anna.id, after=after, limit=51)
        compiled = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
        # Colons of casts and times are no parameters.
        explain = "EXPLAIN (COSTS OFF) " + str(compiled).replace(":", "\\:")
        plan = "\n".join(await db.scalars(text(explain)))

    index = "ix_conversation_status" if status is Status.WAITING else "ix_conversation_newest"
    assert f"using {index} on conversation" in plan
    assert "Sort" not in plan
    assert "Seq Scan on conversation" not in plan


async def test_every_conversation_is_on_one_page_of_the_list(filled: tuple[Database, Actor]) -> None:
    database, anna = filled
    seen: list[ConversationId] = []
    after: Cursor | None = None
    for _page in range(MANY // 100 + 2):
        async with database.tenant_session(anna) as db:
            listed = await conversations.list_inbox(
                db, Filters(standing=Standing.ALL), after=after, limit=100
            )
        seen += [one.row.conversation.id for one in listed.previews]
        after = listed.next
        if after is None:
            break

    assert len(seen) == len(set(seen)) == MANY
