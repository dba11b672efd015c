"""Publishing what a file holds: compared with what is stored, embedded, stored in one transaction a document."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from answerable import tenancy
from answerable.infra.db import Database
from answerable.infra.embedding import Embedder, Vectors
from answerable.infra.ids import Actor, MemberId
from answerable.knowledge.fetching.web import Web
from answerable.knowledge.queries import documents as document_queries
from answerable.knowledge.queries import passages as passage_queries
from answerable.knowledge.queries.passages import PassageVectors
from answerable.knowledge.service.storing import Indexing, Prepared, prepare, store
from answerable.knowledge.values import (
    DocumentId,
    DocumentStatus,
    ImportState,
    KeyedDocument,
    Progress,
    VersionId,
)
from answerable.tenancy import Permission

_BATCH = 50
"""Documents of one file that are looked up and embedded together; a table may have thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What importing works with: the database, what turns text into vectors, the way to pages."""

    database: Database
    embedder: Embedder | None
    """None finds by words alone."""

    web: Web = field(default_factory=Web)
    """The way to pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who publishes, with what, and who answers for it."""

    intake: Intake
    actor: Actor
    owner_id: MemberId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """Which documents are to be stored, and what is there already."""

    due: list[Prepared]
    known: Mapping[tuple[str, str], DocumentId]
    vectors: dict[bytes, PassageVectors]
    """Of passages of due documents, by digest."""


async def publish(
    publisher: Publisher, source: str, keyed: Sequence[KeyedDocument]
) -> AsyncGenerator[Progress]:
    """Publish the documents of one file; what became of each, in order.

    Errors:  PermissionDenied, EmbeddingUnavailable, DatabaseUnavailable.
    Effects: a transaction for each document that changed.
    """
    for start in range(0, len(keyed), _BATCH):
        async for progress in _publish_some(publisher, source, keyed[start : start + _BATCH]):
            yield progress


async def find_current(publisher: Publisher, source: str) -> tuple[DocumentId, ...]:
    """The published documents of a source, if nothing would have to be done for them were they as they are.

    Errors:  PermissionDenied.
    """
    embedder = publisher.intake.embedder
    async with publisher.intake.database.tenant_session(publisher.actor) as db:
        tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
        found = await document_queries.list_published(db, source)
        versions = [version_id for _, version_id in found]
        if embedder and await passage_queries.list_otherwise_embedded(db, versions, model=embedder.model):
            return ()
    return tuple(document_id for document_id, _ in found)


async def _publish_some(
    job: Publisher, source: str, keyed: Sequence[KeyedDocument]
) -> AsyncGenerator[Progress]:
    prepared = await asyncio.to_thread(lambda: [prepare(source, one) for one in keyed])
    compared = await _compare(job, prepared)
    vectors = await _embed(job.intake.embedder, compared.due, compared.vectors)
    embedder = job.intake.embedder
    indexing = Indexing(model=embedder.model if embedder else None, vectors=vectors, owner_id=job.owner_id)
    waiting = {one.key for one in compared.due}
    for one in prepared:
        state = ImportState.UNCHANGED
        document_id = compared.known.get((one.source, one.key))
        if one.key in waiting:
            async with job.intake.database.tenant_session(job.actor) as db:
                state, document_id = await store(db, one, indexing)
        yield Progress(
            item=f"{source}: {one.parsed.title}" if one.key else source,
            state=state,
            passages=len(one.pieces) if one.key in waiting else 0,
            notes=one.parsed.notes,
            document_id=document_id,
        )


async def _compare(job: Publisher, prepared: Sequence[Prepared]) -> _Compared:
    """The documents that are not stored as they are now, and the vectors that are there for their passages."""
    embedder = job.intake.embedder
    async with job.intake.database.tenant_session(job.actor) as db:
        tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
        known = await document_queries.list_known(db, [(one.source, one.key) for one in prepared])
        versions = [one.version_id for one in known.values()]
        stale = (
            await passage_queries.list_otherwise_embedded(db, versions, model=embedder.model)
            if embedder
            else set[VersionId]()
        )
        current = {
            place: one.digest
            for place, one in known.items()
            if one.status is DocumentStatus.PUBLISHED and one.version_id not in stale
        }
        due = [one for one in prepared if current.get((one.source, one.key)) != one.digest]
        digests = [piece.digest for one in due for piece in one.pieces]
        stored = (
            await passage_queries.list_vectors(db, digests, model=embedder.model)
            if embedder
            else dict[bytes, PassageVectors]()
        )
    ids = {place: one.document_id for place, one in known.items()}
    return _Compared(due=due, known=ids, vectors=stored)


async def _embed(
    embedder: Embedder | None, due: Sequence[Prepared], stored: Mapping[bytes, PassageVectors]
) -> dict[bytes, PassageVectors]:
    if embedder is None:
        return {}
    missing = {
        piece.digest: piece.embedded for one in due for piece in one.pieces if piece.digest not in stored
    }
    texts = [text for embedded in missing.values() for text in embedded]
    made = await embedder.embed_passages(texts)
    vectors = dict(stored)
    start = 0
    for digest, embedded in missing.items():
        vectors[digest] = join_vectors(made[start : start + len(embedded)])
        start += len(embedded)
    return vectors


def join_vectors(sentences: Vectors) -> PassageVectors:
    """A passage's vectors: those of its sentences, and their mean, which finds it as well as its own would.

    Shapes:  sentences (n, d), n at least 1.
    """
    mean = sentences.mean(axis=0)
    length = float(np.linalg.norm(mean)) or 1.0
    return PassageVectors(passage=mean / length, sentences=sentences.astype("<f2").tobytes())
