"""Reading a log that has grown: how much is read for one page of it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

from answerable.audit import reading
from answerable.audit.reading import Wanted
from answerable.infra.db import Db
from answerable.infra.ids import Actor
from factories.logbook import Logbook

COUNT = 30_000
RARE = UUID("01900000-0000-7000-8000-00000000aaaa")

# As an application that has run for a year would have left them: a conversation of twenty events in between,
# a member who did something now and then, and otherwise the assistant.
GROWN = """
WITH made AS (
    SELECT n, CAST(
               lpad(to_hex(1700000000000 + n * 10000), 12, '0') || '7000800' || lpad(to_hex(n), 13, '0') AS uuid
           ) AS id,
           to_timestamp(1700000000 + n * 10) AS at, convert_to('{"n":' || n || '}', 'UTF8') AS body
    FROM generate_series(1, %(count)s) AS n
), events AS (
    INSERT INTO audit_event (tenant_id, id, type, at, body, leaf_hash, subject_kind, subject_id,
                             actor_kind, actor_id, conversation_id)
    SELECT %(tenant)s, id, CASE WHEN n %% 1000 = 7 THEN 'tenant.settings_changed' ELSE 'message.sent' END, at,
           body, sha256('\\x00'::bytea || body), 'message', id,
           CASE WHEN n %% 500 = 3 THEN 'member' ELSE 'assistant' END,
           CASE WHEN n %% 500 = 3 THEN CAST(%(rare)s AS uuid) END,
           CASE WHEN n / 20 = 700 THEN CAST(%(rare)s AS uuid) ELSE id END
    FROM made
)
INSERT INTO audit_leaf (tenant_id, index, event_id, leaf_hash, sequenced_at)
SELECT %(tenant)s, n - 1, id, sha256('\\x00'::bytea || body), at FROM made
"""

READ = text(
    "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint FROM pg_stat_xact_user_tables"
    " WHERE relname IN ('audit_event', 'audit_leaf')"
)


def grow(logbook: Logbook, tenant: Actor) -> None:
    with psycopg.connect(logbook.server.conninfo(database=logbook.name), autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_leaf DISABLE TRIGGER ALL")
        values = {"count": COUNT, "tenant": tenant.tenant_id, "rare": RARE}
        connection.execute(GROWN.encode(), values)  # pyright: ignore[reportArgumentType] - a constant
        connection.execute("ANALYZE audit_event, audit_leaf")


async def rows_read(db: Db, wanted: Wanted, **where: int) -> tuple[int, list[int | None]]:
    before = await db.scalar(READ)
    found = await reading.list_entries(db, wanted, limit=50, **where)
    return (await db.scalar(READ) or 0) - (before or 0), [one.index for one in found]


async def test_a_page_of_a_large_log_reads_about_as_much_as_it_shows(logbook: Logbook) -> None:
    tenant = await logbook.make_tenant()
    grow(logbook, tenant)
    day = datetime.fromtimestamp(1_700_000_000, UTC)
    asked: dict[str, tuple[Wanted, dict[str, int]]] = {
        "newest": (Wanted(), {}),
        "from the beginning": (Wanted(), {"after": -1}),
        "in the middle": (Wanted(), {"before": COUNT // 2}),
        "a conversation": (Wanted(conversation_ids=(RARE,)), {}),
        "a rare type": (Wanted(types=("tenant.settings_changed",)), {}),
        "a member": (Wanted(actor_kind="member", actor_id=RARE), {}),
        "a time": (Wanted(since=day, until=day + timedelta(minutes=10)), {}),
        "nothing": (Wanted(conversation_ids=(uuid4(),)), {}),
    }

    async with logbook.database.tenant_session(tenant) as db:
        read = {name: await rows_read(db, wanted, **where) for name, (wanted, where) in asked.items()}

    assert read["newest"][1] == list(range(COUNT - 1, COUNT - 51, -1))
    assert read["from the beginning"][1] == list(range(50))
    assert len(read["a conversation"][1]) == 20
    assert {name: rows for name, (rows, _found) in read.items() if rows > COUNT // 10} == {}


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
async def test_any_time_can_be_asked_for(logbook: Logbook, at: datetime) -> None:
    tenant = await logbook.make_tenant()
    await logbook.publish()

    async with logbook.database.tenant_session(tenant) as db:
        since = await reading.list_entries(db, Wanted(since=at), limit=10)
        until = await reading.list_entries(db, Wanted(until=at), limit=10)

    assert bool(since) is not bool(until)


async def test_looking_at_the_newest_again_within_a_minute_is_one_look(logbook: Logbook) -> None:
    actor = await logbook.make_tenant()
    looks: list[str] = []
    for _ in range(5):
        async with logbook.database.tenant_session(actor) as db:
            looks = [one.type for one in await reading.read_newest(db, limit=50)]

    # Two, if a minute has just turned.
    assert 1 <= looks.count("access.log_queried") <= 2
    async with logbook.database.tenant_session(actor) as db:
        await reading.read_newest(db, limit=7)
        counted = await db.scalar(
            text("SELECT count(*) FROM audit_event WHERE type = 'access.log_queried' AND body IS NOT NULL")
        )
    assert counted in {2, 3}
