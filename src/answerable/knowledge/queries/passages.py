"""SQL of passages and their words: what search keeps of the versions in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from answerable.infra.db import Db
from answerable.knowledge.models import PassageRow, PassageTermsRow
from answerable.knowledge.values import PassageId, VersionId

_BATCH = 500
"""Rows for one statement: enough to save round trips, few enough to hold in memory with their texts."""

_INSERT_TERMS = text("""
    INSERT INTO passage_terms (passage_id, language, valid_from, valid_until, terms)
    SELECT id, :language, CAST(:valid_from AS date), CAST(:valid_until AS date), weigh_terms(:language, body)
    FROM unnest(:ids, :bodies) AS given (id, body)
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("bodies", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageVectors:
    """What was embedded of a passage."""

    passage: Any  # numpy's array on the way in, pgvector's own type on the way out
    sentences: bytes
    """The vectors of its sentences in order, little-endian half-precision numbers."""


async def insert_passages(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store passages; each row holds the columns of `PassageRow` without those of its validity."""
    for start in range(0, len(rows), _BATCH):
        await db.execute(insert(PassageRow), [dict(row) for row in rows[start : start + _BATCH]])


async def insert_terms(
    db: Db,
    bodies: Sequence[tuple[PassageId, str]],
    *,
    language: str,
    validity: Mapping[str, str],
) -> None:
    """Store the words of passages, weighed from the texts given here.

    Effects: the trigger counts them in `term_frequency`.
    """
    for start in range(0, len(bodies), _BATCH):
        batch = bodies[start : start + _BATCH]
        parameters = {
            "ids": [passage_id for passage_id, _ in batch],
            "bodies": [body for _, body in batch],
            "language": language,
            **validity,
        }
        await db.execute(_INSERT_TERMS, parameters)


def validity_of(valid_from: date | None, valid_until: date | None) -> dict[str, str]:
    """The two columns of a passage's validity; as text, since Python's days know no infinity."""
    return {
        "valid_from": valid_from.isoformat() if valid_from else "-infinity",
        "valid_until": valid_until.isoformat() if valid_until else "infinity",
    }


async def delete_terms(db: Db, version_ids: Sequence[UUID]) -> None:
    """Delete the words of the passages of versions.

    Effects: the trigger takes them off `term_frequency`.
    """
    passages = select(PassageRow.id).where(PassageRow.version_id.in_(version_ids))
    await db.execute(delete(PassageTermsRow).where(PassageTermsRow.passage_id.in_(passages)))


async def delete_passages(db: Db, version_ids: Sequence[UUID]) -> None:
    """Delete the passages of versions with their vectors; their words are gone already."""
    await db.execute(delete(PassageRow).where(PassageRow.version_id.in_(version_ids)))


async def list_passage_ids(db: Db, version_ids: Sequence[UUID]) -> list[PassageId]:
    """Return the passages of versions."""
    statement = select(PassageRow.id).where(PassageRow.version_id.in_(version_ids)).order_by(PassageRow.id)
    return [PassageId(found) for found in await db.scalars(statement)]


async def count_terms(db: Db, passage_ids: Sequence[UUID]) -> int:
    """How many of these passages have their words stored."""
    statement = select(func.count()).where(PassageTermsRow.passage_id.in_(passage_ids))
    return await db.scalar(statement) or 0


async def list_otherwise_embedded(db: Db, version_ids: Sequence[UUID], *, model: str) -> set[VersionId]:
    """Return those of the versions that have a passage without a vector of this model."""
    statement = (
        select(PassageRow.version_id)
        .where(PassageRow.version_id.in_(version_ids), PassageRow.embedding_model.is_distinct_from(model))
        .distinct()
    )
    return {VersionId(found) for found in await db.scalars(statement)}


async def list_vectors(db: Db, digests: Sequence[bytes], *, model: str) -> dict[bytes, PassageVectors]:
    """Return the vectors that the tenant has of texts with these digests."""
    found: dict[bytes, PassageVectors] = {}
    for start in range(0, len(digests), _BATCH):
        statement = select(
            PassageRow.embedded_digest, PassageRow.embedding, PassageRow.sentence_vectors
        ).where(
            PassageRow.embedded_digest.in_(digests[start : start + _BATCH]),
            PassageRow.embedding_model == model,
        )
        found |= {
            row.embedded_digest: PassageVectors(passage=row.embedding, sentences=row.sentence_vectors)
            for row in await db.execute(statement)
        }
    return found
