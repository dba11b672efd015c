"""What the search benchmark searches: texts and vectors of a fixed seed, stored as an import would store them."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import LiteralString
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray

from answerable.infra.ids import TenantId
from answerable.knowledge.models import DIMENSIONS

SEED = 20_260_101
PER_DOCUMENT = 20
_CLUSTERS = 200
_WORDS = 30_000
_SYLLABLES = [
    "con",
    "tra",
    "sur",
    "fac",
    "ment",
    "pro",
    "ject",
    "ser",
    "vic",
    "sup",
    "ply",
    "mar",
    "ket",
    "dis",
    "trib",
    "fin",
    "loc",
    "gra",
    "ple",
    "tor",
    "mon",
    "stil",
]
_ENDINGS = ["ing", "ed", "s", "ment", "er", "ly", "ness", "ation", "", "able", "ies"]

_COPY_DOCUMENTS = """
    COPY document
        (tenant_id, id, source, key, title, language, status, current_version, created_at, changed_at)
    FROM STDIN
"""
_COPY_VERSIONS = """
    COPY document_version (tenant_id, id, document_id, number, text, headings, digest, created_at) FROM STDIN
"""
_COPY_PASSAGES = "COPY staged (number, id, version_id, starts_at, ends_at, body) FROM STDIN"
# A sentence has the vector of its passage: search compares as many numbers, and what they say does not matter.
_STORE = """
    INSERT INTO passage
        (tenant_id, id, version_id, starts_at, ends_at, language, heading_path, valid_from, valid_until,
        embedded_digest, embedding_model, embedding, sentence_vectors)
    SELECT
        %(tenant)s, staged.id, staged.version_id, staged.starts_at, staged.ends_at, 'en', '{}',
        '-infinity', 'infinity', sha256(staged.id::text::bytea), 'benchmark', vector.embedding,
        decode(repeat(encode(vector.halved, 'hex'), length(body) - length(replace(body, '.', ''))), 'hex')
    FROM staged JOIN staged_vector AS vector USING (number);
    INSERT INTO passage_terms (tenant_id, passage_id, language, valid_from, valid_until, terms)
    SELECT %(tenant)s, id, 'en', '-infinity', 'infinity', weigh_terms('en', body) FROM staged;
    INSERT INTO body SELECT %(tenant)s, id, to_tsvector('english', body) FROM staged WHERE %(keeps_words)s;
    TRUNCATE staged, staged_vector;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question made of words of one passage and a vector near its own."""

    text: str
    vector: NDArray[np.float32]


class Library:
    """Makes passages: words by Zipf's law, a quarter of them of the document's subject, vectors in clusters."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(SEED)
        self._words = _make_words(self._random)
        shares = 1 / (np.arange(_WORDS) + 11.0) ** 1.05
        self._cumulated = np.cumsum(shares / shares.sum())
        centres = self._random.normal(size=(_CLUSTERS, DIMENSIONS))
        self._centres = centres / np.linalg.norm(centres, axis=1, keepdims=True)
        self._subjects = self._random.integers(100, 20_000, size=(_CLUSTERS, 40))

    def make(self, passages: int) -> tuple[list[str], NDArray[np.float32]]:
        """Texts of passages and their vectors.

        Shapes:  vectors (n, 384).
        """
        clusters = np.repeat(self._random.integers(0, _CLUSTERS, -(-passages // PER_DOCUMENT)), PER_DOCUMENT)
        clusters = clusters[:passages]
        noise = self._random.normal(size=(passages, DIMENSIONS)) * 0.03
        vectors = self._centres[clusters] + noise
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return [self._make_text(cluster) for cluster in clusters], vectors.astype(np.float32)

    def ask(self, texts: list[str], vectors: NDArray[np.float32], *, questions: int) -> list[Question]:
        """Questions about some of these passages."""
        asked: list[Question] = []
        for place in map(int, self._random.integers(0, len(texts), questions)):
            words = texts[place].lower().replace(".", "").split()
            own = self._random.choice(words, int(self._random.integers(2, 7)), replace=False)
            other = self._words[self._draw(3)]
            vector = vectors[place] + self._random.normal(size=DIMENSIONS) * 0.025
            vector /= np.linalg.norm(vector)
            text = " ".join(["what is the", *own, "of", *other])
            asked.append(Question(text=text, vector=vector.astype(np.float32)))
        return asked

    def _make_text(self, cluster: int) -> str:
        count = int(self._random.integers(40, 81))
        of_subject = self._subjects[cluster][self._random.integers(0, 40, count)]
        places = np.where(self._random.random(count) < 0.25, of_subject, self._draw(count))
        words = self._words[places]
        return " ".join(
            " ".join(words[start : start + 10]).capitalize() + "." for start in range(0, count, 10)
        )

    def _draw(self, count: int) -> NDArray[np.int64]:
        return np.minimum(_WORDS - 1, np.searchsorted(self._cumulated, self._random.random(count)))


def store(
    connection: psycopg.Connection,
    tenant: TenantId,
    texts: list[str],
    vectors: NDArray[np.float32],
    *,
    keeps_words: bool,
) -> None:
    """Store passages as published documents; `keeps_words` also as text search vectors, to compare with."""
    with connection.cursor() as cursor:
        copies: list[tuple[LiteralString, Iterator[tuple[object, ...]]]] = [
            (_COPY_DOCUMENTS, _documents(tenant, len(texts))),
            (_COPY_VERSIONS, _versions(tenant, texts)),
            (_COPY_PASSAGES, _passages(tenant, texts)),
        ]
        for statement, rows in copies:
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        with cursor.copy("COPY staged_vector (number, embedding, halved) FROM STDIN (FORMAT binary)") as copy:
            copy.write(_binary(vectors))
    psycopg.ClientCursor(connection).execute(_STORE, {"tenant": tenant, "keeps_words": keeps_words})


def prepare(connection: psycopg.Connection) -> bytes:
    """Make the tables that hold rows on their way in, take the vector index away and return how to make it."""
    connection.execute("""
        CREATE TABLE staged
            (number integer, id uuid, version_id uuid, starts_at integer, ends_at integer, body text)
    """)
    connection.execute("CREATE TABLE staged_vector (number integer, embedding vector(384), halved bytea)")
    connection.execute("CREATE TABLE body (tenant_id uuid, id uuid, words tsvector)")
    connection.execute("GRANT SELECT ON body TO answerable_app")
    found = connection.execute("SELECT pg_get_indexdef('ix_passage_embedding'::regclass)").fetchone()
    assert found is not None
    connection.execute("DROP INDEX ix_passage_embedding")
    return found[0].encode()


def _make_words(random: np.random.Generator) -> NDArray[np.str_]:
    words: dict[str, None] = {}
    while len(words) < _WORDS:
        stem = "".join(random.choice(_SYLLABLES, int(random.integers(2, 5))))
        words[stem + str(random.choice(_ENDINGS))] = None
    return np.array(list(words))


def _id(tenant: UUID, kind: str, number: int) -> UUID:
    return UUID(bytes=sha256(f"{tenant}/{kind}/{number}".encode()).digest()[:16])


def _documents(tenant: UUID, passages: int) -> Iterator[tuple[object, ...]]:
    for number in range(-(-passages // PER_DOCUMENT)):
        yield (
            tenant,
            _id(tenant, "document", number),
            f"{number}.md",
            "",
            f"Document {number}",
            "en",
            "published",
            1,
            "2026-01-01",
            "2026-01-01",
        )


def _versions(tenant: UUID, texts: list[str]) -> Iterator[tuple[object, ...]]:
    for number, start in enumerate(range(0, len(texts), PER_DOCUMENT)):
        text = "\n\n".join(texts[start : start + PER_DOCUMENT])
        yield (
            tenant,
            _id(tenant, "version", number),
            _id(tenant, "document", number),
            1,
            text,
            "[]",
            sha256(text.encode()).digest(),
            "2026-01-01",
        )


def _passages(tenant: UUID, texts: list[str]) -> Iterator[tuple[object, ...]]:
    place = 0
    for number, text in enumerate(texts):
        place = 0 if number % PER_DOCUMENT == 0 else place
        version = _id(tenant, "version", number // PER_DOCUMENT)
        yield number, _id(tenant, "passage", number), version, place, place + len(text), text
        place += len(text) + 2


def _binary(vectors: NDArray[np.float32]) -> bytes:
    """Rows of a number and a vector as PostgreSQL copies them; as text they would take minutes."""
    rows = np.zeros(
        len(vectors),
        dtype=[
            ("fields", ">i2"),
            ("size", ">i4"),
            ("number", ">i4"),
            ("vector_size", ">i4"),
            ("dimensions", ">i2"),
            ("unused", ">i2"),
            ("vector", ">f4", (DIMENSIONS,)),
            ("halved_size", ">i4"),
            ("halved", "<f2", (DIMENSIONS,)),
        ],
    )
    rows["fields"], rows["size"], rows["number"] = 3, 4, np.arange(len(vectors))
    rows["vector_size"], rows["dimensions"], rows["vector"] = 4 + 4 * DIMENSIONS, DIMENSIONS, vectors
    rows["halved_size"], rows["halved"] = 2 * DIMENSIONS, vectors
    stream = io.BytesIO()
    stream.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
    stream.write(rows.tobytes())
    stream.write(b"\xff\xff")
    return stream.getvalue()
