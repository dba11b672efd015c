"""Search and import, measured: `python -m benchmarks search`.

Every number is one client's round trips through the product's own code, as the application's role.
"""

import asyncio
import platform
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from os import cpu_count, getloadavg
from pathlib import Path

import numpy as np
import psycopg
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Uuid, bindparam, text

from answerable import audit, knowledge, tenancy
from answerable.app import event_registry
from answerable.infra import roles, schema
from answerable.infra.db import Database, Db, Wiring
from answerable.infra.embedding import LocalEmbedder, available
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.postgres import Server, Tuning, delete_database, running_server
from answerable.infra.settings import Settings
from answerable.knowledge.models import DIMENSIONS
from answerable.knowledge.queries.searching import Asked, search_passages
from answerable.knowledge.service.searching import LIMIT
from answerable.vault import Keys
from answerable.vault.carried import KEYS
from benchmarks.search_data import SEED, Library, Question, prepare, store

SIZES = (500, 10_000, 50_000)
OTHERS = 98
OTHER_PASSAGES = 200
QUESTIONS = 60
WARM_UP = 5
IMPORTED = 12
SHOP = Path(knowledge.__file__).parents[1] / "demo" / "shop"

_NEAREST = """
    SELECT id FROM passage
    WHERE tenant_id = :tenant AND valid_from <= :today AND valid_until >= :today
    ORDER BY embedding <=> :vector LIMIT {limit}
"""
_TS_RANK = """
    SELECT id FROM body
    WHERE tenant_id = :tenant
    ORDER BY ts_rank(words, replace(plainto_tsquery('english', :question)::text, '&', '|')::tsquery, 1) DESC
    LIMIT 50
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Milliseconds of one statement or call over all questions."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        """The middle and the slow end."""
        p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
        return cls(p50=float(p50), p95=float(p95))

    def __str__(self) -> str:
        return f"{self.p50:7.1f} {self.p95:7.1f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant with the questions about its passages."""

    actor: Actor
    passages: int
    questions: list[Question]


async def main() -> None:
    """Print the tables."""
    home = Path(tempfile.mkdtemp(prefix="answerable-bench-"))
    settings = Settings(home=home)
    try:
        with running_server(settings, tuning=Tuning.THROWAWAY) as server:
            roles.ensure_roles(server.conninfo(), keys=settings.keys)
            owner = roles.password_of(roles.OWNER, keys=settings.keys)
            schema.migrate(server.url(role=roles.OWNER.name, password=owner))
            database = _open(server, settings)
            print(
                f"PostgreSQL {server.version}, {platform.machine()}, {cpu_count()} cores, "
                f"load {getloadavg()[0]:.1f}, seed {SEED}, {QUESTIONS} questions a row, warm, one client"
            )
            await _measure_import(database)
            tenants = await asyncio.to_thread(_fill, server)
            await _measure_search(database, tenants)
            await database.close()
    finally:
        delete_database(settings)
        shutil.rmtree(home, ignore_errors=True)


def _open(server: Server, settings: Settings) -> Database:
    carries = {
        audit.REGISTRY: event_registry(),
        audit.WRITERS: audit.Writers(),
        KEYS: Keys(folder=settings.keys),
    }
    app, system = (
        server.url(role=role.name, password=roles.password_of(role, keys=settings.keys))
        for role in (roles.APP, roles.SYSTEM)
    )
    return Database(app=app, system=system, wiring=Wiring(carries=carries))


async def _measure_import(database: Database) -> None:
    files = sorted(SHOP.glob("*.md"))[:IMPORTED]
    for name, embedder in (("words alone", None), ("with vectors", LocalEmbedder() if available() else None)):
        if name == "with vectors" and embedder is None:
            print("import with vectors: not measured, the embedder's wheel is not here")
            return
        if embedder is not None:
            await embedder.embed_query("warm")
        actor = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM)
        async with database.tenant_session(actor) as db:
            new = tenancy.NewTenant(
                slug=f"t{actor.tenant_id.hex[-12:]}", name="A", owner_email="o@example.com"
            )
            await tenancy.create_tenant(db, new)
        intake = knowledge.Intake(database=database, embedder=embedder)
        began = time.perf_counter()
        result = await knowledge.import_paths(intake, actor, files, base=SHOP)
        took = time.perf_counter() - began
        model = embedder.model if embedder else "none"
        print(
            f"import, {name}: {result.passages / took:.1f} passages/s "
            f"({result.passages} passages of {result.added} documents in {took:.1f} s, model {model})"
        )
        if embedder is not None:
            await embedder.close()


def _fill(server: Server) -> list[Tenant]:
    """Store 101 tenants, three of them measured."""
    library = Library()
    measured: list[Tenant] = []
    began = time.perf_counter()
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        index = prepare(connection)
        for passages in (*SIZES, *[OTHER_PASSAGES] * OTHERS):
            actor = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM)
            texts, vectors = library.make(passages)
            store(connection, actor.tenant_id, texts, vectors, keeps_words=passages in SIZES)
            if passages in SIZES:
                questions = library.ask(texts, vectors, questions=QUESTIONS)
                measured.append(Tenant(actor=actor, passages=passages, questions=questions))
        stored = time.perf_counter()
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute(index)
        built = time.perf_counter()
        for table in ("document", "document_version", "passage", "passage_terms", "term_frequency", "body"):
            connection.execute(f"VACUUM ANALYZE {table}")
    total = sum(SIZES) + OTHERS * OTHER_PASSAGES
    print(
        f"{len(SIZES) + OTHERS} tenants, {total:,} passages: stored in {stored - began:.0f} s, "
        f"vector index built in {built - stored:.0f} s"
    )
    return measured


async def _measure_search(database: Database, tenants: Sequence[Tenant]) -> None:
    print("\nmilliseconds, each p50 and p95")
    print(
        "passages  search (all)      vectors           exact vectors     quotient  recall@10  "
        "words             ts_rank, OR"
    )
    for tenant in tenants:
        exact_ids: list[set[object]] = []
        near_ids: list[set[object]] = []
        whole = await _time(database, tenant, _search)
        near = await _time(database, tenant, _nearest(near_ids, index=True))
        exact = await _time(database, tenant, _nearest(exact_ids, index=False))
        words = await _time(database, tenant, _by_words)
        ranked = await _time(database, tenant, _by_ts_rank)
        recall = np.mean([len(a & b) / 10 for a, b in zip(near_ids, exact_ids, strict=True)])
        print(
            f"{tenant.passages:8,}  {whole}  {near}  {exact}   {near.p95 / exact.p95:6.2f}   "
            f"{recall:8.3f}  {words}  {ranked}"
        )


async def _time(database: Database, tenant: Tenant, ask: Callable[[Db, Question], Awaitable[None]]) -> Times:
    took: list[float] = []
    for question in (*tenant.questions[:WARM_UP], *tenant.questions):
        began = time.perf_counter()
        async with database.tenant_session(tenant.actor) as db:
            await ask(db, question)
        took.append(time.perf_counter() - began)
    return Times.of(took[WARM_UP:])


async def _search(db: Db, question: Question) -> None:
    found = await knowledge.search(db, question.text, vector=question.vector, model="benchmark", limit=LIMIT)
    assert len(found.candidates) == LIMIT


def _nearest(found: list[set[object]], *, index: bool) -> Callable[[Db, Question], Awaitable[None]]:
    """Asks for the nearest fifty as search does, or for the exactly nearest; keeps the first ten of each."""
    # Fewer rows make it another statement: a plan that was kept for the first would ignore the setting.
    statement = text(_NEAREST.format(limit=50 if index else 10)).bindparams(
        bindparam("tenant", type_=Uuid(), literal_execute=True),
        bindparam("vector", type_=VECTOR(DIMENSIONS)),
    )
    settings = (
        "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),"
        " set_config('hnsw.ef_search', '100', true)"
        if index
        else "SELECT set_config('enable_indexscan', 'off', true)"
    )

    async def ask(db: Db, question: Question) -> None:
        await db.execute(text(settings))
        parameters = {"tenant": db.actor.tenant_id, "today": db.now.date(), "vector": question.vector}
        ids = list(await db.scalars(statement, parameters))
        found.append(set(ids[:10]))
        # The first few questions warm up and are asked again.
        del found[:-QUESTIONS]

    return ask


async def _by_words(db: Db, question: Question) -> None:
    await search_passages(db, Asked(question=question.text, vector=None, model=None, limit=LIMIT))


async def _by_ts_rank(db: Db, question: Question) -> None:
    statement = text(_TS_RANK).bindparams(bindparam("tenant", type_=Uuid(), literal_execute=True))
    await db.execute(statement, {"tenant": db.actor.tenant_id, "question": question.text})


if __name__ == "__main__":
    asyncio.run(main())
