"""How PostgreSQL carries search out, asked as the application's role: the plan is the promise, not the clock."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np
import psycopg
import pytest
from sqlalchemy import text

from answerable import knowledge
from answerable.infra.db import Database
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.knowledge.queries.searching import search_statement
from factories.databases import clone_database, open_database

LARGE = 12_000
SMALL = 300
QUESTION = "w7 w21 w3"

# Vectors in a hundred heaps, since texts of people are not spread evenly; words as rare as their rank is high.
FILL = """
    INSERT INTO document
        (tenant_id, id, source, key, title, language, status, current_version, created_at, changed_at)
    VALUES (%(tenant)s, %(document)s, 'a', '', 'A', 'en', 'published', 1, now(), now());
    INSERT INTO document_version (tenant_id, id, document_id, number, text, headings, digest, created_at)
    VALUES (%(tenant)s, %(version)s, %(document)s, 1, repeat('x', 20000), '[]', sha256('a'), now());
    INSERT INTO passage
        (tenant_id, id, version_id, starts_at, ends_at, language, heading_path, valid_from, valid_until,
        embedded_digest, embedding_model, sentence_vectors, embedding)
    SELECT
        %(tenant)s, gen_random_uuid(), %(version)s, place, place + 1, 'en', '{}', '-infinity', 'infinity',
        sha256(place::text::bytea), 'hashing-1', '',
        (
            SELECT array_agg(sin(place %% 100 * number) + random() ORDER BY number)
            FROM generate_series(1, 384) AS number
            WHERE place IS NOT NULL
        )::vector
    FROM generate_series(1, %(passages)s) AS place;
    INSERT INTO passage_terms (tenant_id, passage_id, language, valid_from, valid_until, terms)
    SELECT
        tenant_id, id, language, valid_from, valid_until,
        weigh_terms('en', (
            SELECT string_agg('w' || floor(exp(random() * 6)), ' ')
            FROM generate_series(1, 15)
            WHERE starts_at IS NOT NULL
        ))
    FROM passage
    WHERE tenant_id = %(tenant)s;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    database: Database
    large: Actor
    small: Actor


@pytest.fixture(scope="module")
async def filled(server: Server, settings: Settings, database_name: str) -> AsyncGenerator[Filled]:
    """A database of its own, since the plans depend on whose rows lie in it."""
    name = f"{database_name}_plans"
    clone_database(server, name)
    large, small = (Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM) for _ in range(2))
    # As the superuser: no policy holds it back, and only it may gather statistics.
    with psycopg.connect(server.conninfo(database=name), autocommit=True) as connection:
        cursor = psycopg.ClientCursor(connection)
        cursor.execute(
            "SET maintenance_work_mem = '256MB'; SELECT pg_get_indexdef('ix_passage_embedding'::regclass)"
        )
        cursor.nextset()
        ((index,),) = cursor.fetchall()
        cursor.execute("DROP INDEX ix_passage_embedding")
        for actor, passages in ((large, LARGE), (small, SMALL)):
            ids = {"tenant": actor.tenant_id, "document": uuid7(), "version": uuid7(), "passages": passages}
            cursor.execute(FILL, ids)
        # Built at once it takes a fraction of the time.
        cursor.execute(index)
        for table in ("passage", "passage_terms", "term_frequency"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    database = open_database(server, settings, name)
    yield Filled(database=database, large=large, small=small)
    await database.close()


async def explain(database: Database, actor: Actor) -> str:
    statement = search_statement()
    explained = text(f"EXPLAIN (COSTS OFF) {statement.text}").bindparams(*statement._bindparams.values())
    async with database.tenant_session(actor) as db:
        parameters = {
            "tenant": actor.tenant_id,
            "question": QUESTION,
            "embedding": await HashingEmbedder().embed_query(QUESTION),
            "model": "hashing-1",
            "today": db.now.date(),
            "passages": 12,
        }
        return "\n".join(await db.scalars(explained, parameters))


async def test_a_large_tenant_is_searched_through_the_vector_index(filled: Filled) -> None:
    plan = await explain(filled.database, filled.large)

    assert "Index Scan using ix_passage_embedding on passage" in plan
    assert "Order By: (embedding <=> " in plan
    assert f"(tenant_id = '{filled.large.tenant_id}'::uuid)" in plan


async def test_a_small_tenant_beside_it_is_searched_exactly(filled: Filled) -> None:
    plan = await explain(filled.database, filled.small)

    assert "ix_passage_embedding" not in plan
    assert f"(tenant_id = '{filled.small.tenant_id}'::uuid)" in plan
    assert "Seq Scan on passage " not in plan + " "


async def test_the_policy_still_guards_a_search_that_names_its_tenant(filled: Filled) -> None:
    plan = await explain(filled.database, filled.large)

    guards = [line for line in plan.splitlines() if "One-Time Filter: (" in line]
    assert len(guards) >= 2
    assert all(f"= '{filled.large.tenant_id}'::uuid)" in line for line in guards[:2])


async def test_the_index_finds_what_an_exact_search_finds(filled: Filled) -> None:
    async with filled.database.tenant_session(filled.large) as db:
        vector = await db.scalar(text("SELECT embedding FROM passage LIMIT 1"))
        exact = set(
            await db.scalars(
                text("""
                    SELECT id FROM (SELECT id, embedding <=> CAST(:vector AS vector) AS distance FROM passage
                    OFFSET 0) AS every ORDER BY distance LIMIT 10
                """),
                {"vector": vector},
            )
        )
        numbers = np.array(vector.strip("[]").split(","), dtype=np.float32)
        found = await knowledge.search(db, "", vector=numbers, limit=10)

    assert len(exact & {candidate.passage_id for candidate in found.candidates}) >= 9
