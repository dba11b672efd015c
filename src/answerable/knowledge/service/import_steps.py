"""The steps that acts of people and the worker share: saying that something moved, and ending a batch."""

from answerable import audit
from answerable.infra import signals
from answerable.infra.db import Db
from answerable.infra.signals import Topic
from answerable.knowledge.events import KnowledgeImported
from answerable.knowledge.imports import OPEN_STATES, BatchId, ImportBatch, ItemState
from answerable.knowledge.queries import imports as import_queries


async def announce(db: Db, batch_id: BatchId) -> None:
    """Wake the pages that show this import, once the transaction has committed."""
    await signals.notify(db, Topic.IMPORT, subject_id=batch_id)


async def end_batch_if_over(db: Db, batch_id: BatchId) -> None:
    """Note the end of a batch whose last item is over, and record it if it changed something.

    The batch is locked by the caller.
    """
    batch = await import_queries.find_batch(db, batch_id)
    if batch is None or batch.ended_at is not None or OPEN_STATES & batch.counts.keys():
        return
    await import_queries.update_batch(db, batch_id, {"ended_at": db.now})
    if _has_changed_something(batch):
        await audit.append(db, _ended(db, batch))


def _has_changed_something(batch: ImportBatch) -> bool:
    return bool({ItemState.ADDED, ItemState.CHANGED} & batch.counts.keys() or batch.passages)


def _ended(db: Db, batch: ImportBatch) -> KnowledgeImported:
    return KnowledgeImported(
        subject_id=db.actor.tenant_id,
        added=batch.counts.get(ItemState.ADDED, 0),
        changed=batch.counts.get(ItemState.CHANGED, 0),
        unchanged=batch.counts.get(ItemState.UNCHANGED, 0),
        skipped=batch.counts.get(ItemState.SKIPPED, 0),
        failed=batch.counts.get(ItemState.FAILED, 0),
        passages=batch.passages,
    )
