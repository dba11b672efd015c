"""Whatever was sent is read, once, whatever is killed meanwhile; nothing stays half read."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from sqlalchemy import text

from answerable import knowledge, tenancy
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.installation import Installation
from answerable.knowledge.imports import ImportBatch, ImportDetail, ItemState
from factories.imports import look, upload
from factories.product import Product

PATIENCE_S = 120
FILES = 8
ROWS = 60


def handbook(number: int) -> bytes:
    rows = "".join(
        f"What about article {number} part {row}?,Article {number} part {row} is sent back within {row} days.\n"
        for row in range(ROWS)
    )
    return f"question,answer\n{rows}".encode()


async def begin(installation: Installation) -> tuple[Actor, ImportDetail]:
    actor = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM)
    new = tenancy.NewTenant(slug="shop", name="Shop", owner_email="owner@example.com")
    async with installation.database.tenant_session(actor) as db:
        await tenancy.create_tenant(db, new)
    files = {f"{number}.csv": handbook(number) for number in range(FILES)}
    return actor, await upload(installation.database, actor, files)


async def await_state(
    installation: Installation,
    actor: Actor,
    begun: ImportDetail,
    product: Product,
    *,
    until: Callable[[ImportBatch], bool],
) -> ImportDetail:
    deadline = time.monotonic() + PATIENCE_S
    while not until((seen := await look(installation.database, actor, begun.batch.id)).batch):
        assert time.monotonic() < deadline, f"{seen.batch.counts}\n{product.output.read_text()[-4000:]}"
        await asyncio.sleep(0.05)
    return seen


async def test_a_worker_killed_while_it_reads_loses_and_doubles_nothing(
    product: Product, installation: Installation
) -> None:
    actor, begun = await begin(installation)
    worker = product.start("worker")
    halfway = await await_state(installation, actor, begun, product, until=lambda batch: batch.done >= 2)

    worker.kill()
    killed_in = await look(installation.database, actor, begun.batch.id)
    product.start("worker")
    ended = await await_state(
        installation, actor, begun, product, until=lambda batch: batch.ended_at is not None
    )

    assert halfway.batch.done < FILES, "Nothing was left to kill the worker in."
    assert killed_in.batch.ended_at is None
    assert ended.batch.counts.keys() <= {ItemState.ADDED, ItemState.UNCHANGED}
    assert ended.batch.done == FILES
    async with installation.database.tenant_session(actor) as db:
        sources = Counter(document.source for document in await knowledge.list_documents(db, limit=10_000))
        assert sources == Counter({f"{number}.csv": ROWS for number in range(FILES)})
        assert await db.scalar(text("SELECT count(*) FROM import_content")) == 0
        recorded = text("SELECT count(*) FROM audit_event WHERE type = 'knowledge.imported'")
        assert await db.scalar(recorded) == 1
