"""Search: passages for a question, with their sentences and the words that stand in them."""

from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy import RowMapping

from answerable import audit, tenancy
from answerable.infra.db import Db
from answerable.infra.embedding import DIMENSIONS, Vectors
from answerable.knowledge import rules
from answerable.knowledge.events import KnowledgeSearched
from answerable.knowledge.queries.searching import Asked, match_terms, search_passages
from answerable.knowledge.values import (
    Candidate,
    DocumentId,
    Heading,
    Language,
    PassageId,
    PassageSpan,
    Retrieved,
    Sentence,
    SentenceSpan,
    VersionId,
)
from answerable.tenancy import Permission

LIMIT = 16
"""So many passages are returned when nobody says otherwise."""

_Quotable = list[tuple[SentenceSpan, str]]


async def search(
    db: Db, question: str, *, vector: Vectors | None = None, model: str | None = None, limit: int = LIMIT
) -> Retrieved:
    """Passages that may answer a question, from published documents valid today, best first.

    Without a vector words alone decide; `model` leaves out the vectors that anything else made.

    Shapes:  vector (384,).
    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    asked = Asked(question=rules.clean_question(question), vector=vector, model=model, limit=limit)
    found = await search_passages(db, asked)
    quotable = [_quotable(row) for row in found.rows]
    matched = await match_terms(db, list(_texts(found.rows, quotable)), found.terms)
    candidates: list[Candidate] = []
    place = 0
    for row, sentences in zip(found.rows, quotable, strict=True):
        of_row = [matched.get(place + offset, frozenset[int]()) for offset in range(len(sentences) + 1)]
        candidates.append(_candidate(row, sentences, of_row, cosines=_cosines(row, vector)))
        place += len(of_row)
    return Retrieved(
        terms=tuple(one.term for one in found.terms),
        candidates=tuple(candidates),
        background=found.background,
    )


async def search_for_member(
    db: Db, question: str, *, vector: Vectors | None = None, model: str | None = None, limit: int = LIMIT
) -> Retrieved:
    """As `search`, for somebody who looks through the documents; the look is recorded.

    Errors:  PermissionDenied.
    """
    retrieved = await search(db, question, vector=vector, model=model, limit=limit)
    event = KnowledgeSearched(subject_id=db.actor.tenant_id, found=len(retrieved.candidates))
    await audit.append(db, event)
    return retrieved


def _quotable(row: RowMapping) -> _Quotable:
    headings = [Heading(**heading) for heading in row["headings"]]
    return list(rules.quotable_sentences(row["text"], row["starts_at"], headings))


def _texts(rows: Sequence[RowMapping], quotable: Sequence[_Quotable]) -> Iterator[tuple[str, str]]:
    """Of each passage its title and headings, then its sentences."""
    for row, sentences in zip(rows, quotable, strict=True):
        yield "\n".join([row["title"], *row["heading_path"]]), row["language"]
        for _, sentence in sentences:
            yield sentence, row["language"]


def _cosines(row: RowMapping, vector: Vectors | None) -> list[float]:
    """How near the question is to each sentence; empty where the passage has no vectors to compare."""
    if vector is None or row["sentence_vectors"] is None:
        return []
    sentences = np.frombuffer(row["sentence_vectors"], dtype="<f2").astype(np.float32).reshape(-1, DIMENSIONS)
    return [float(cosine) for cosine in sentences @ vector]


def _candidate(
    row: RowMapping, quotable: _Quotable, matched: Sequence[frozenset[int]], *, cosines: Sequence[float]
) -> Candidate:
    # A passage without quotable sentences has the vector of the whole, which is no sentence's.
    nearness = cosines if len(cosines) == len(quotable) else [None] * len(quotable)
    return Candidate(
        passage_id=PassageId(row["passage_id"]),
        document_id=DocumentId(row["document_id"]),
        version_id=VersionId(row["version_id"]),
        version=row["version"],
        title=row["title"],
        language=Language(row["language"]),
        span=PassageSpan(start=row["starts_at"], end=row["ends_at"], heading_path=tuple(row["heading_path"])),
        cosine=row["cosine"],
        lexical=row["lexical"],
        vector_rank=row["vector_rank"],
        lexical_rank=row["lexical_rank"],
        fused=row["fused"],
        heading_matched=matched[0],
        sentences=tuple(
            Sentence(start=span.start, end=span.end, text=text, matched=stands, cosine=cosine)
            for (span, text), stands, cosine in zip(quotable, matched[1:], nearness, strict=True)
        ),
    )
