"""The tables of documents, their versions, and what search keeps of the passages in force.

`passage`, `passage_terms` and `term_frequency` are derived: they hold only the current versions of published
documents, so search never has to look whether a passage still counts.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import SPARSEVEC, VECTOR
from sqlalchemy import CheckConstraint, Date, DateTime, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from answerable.infra.tables import (
    Base,
    Retention,
    id_column,
    knowledge,
    operation,
    refers_to,
    tenant_column,
)

DIMENSIONS = 384
"""Numbers in the vector of a passage."""

TERM_NUMBERS = 536_870_912
"""Words are numbered from 1 to here by their digest."""

_KEPT = Retention.KNOWLEDGE


class DocumentRow(Base):
    """A document; its row lock is the order in which imports and deletions of it take effect."""

    __tablename__ = "document"
    __table_args__ = (
        refers_to("owner_id", "member"),
        UniqueConstraint("tenant_id", "source", "key", name="uq_document_source"),
        CheckConstraint("status IN ('published', 'deleted')", name="status_known"),
        CheckConstraint("language IN ('de', 'en')", name="language_known"),
        CheckConstraint("current_version > 0", name="current_version_positive"),
        CheckConstraint("valid_from <= valid_until", name="validity_in_order"),
        CheckConstraint("(status = 'deleted') = (title IS NULL)", name="deleted_has_no_title"),
        CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name="deleted_has_a_time"),
        {"comment": "What tenants published; the texts lie in the versions."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    source: Mapped[str] = mapped_column(
        Text, comment="The path that it was imported from.", info=knowledge("finding it again")
    )
    key: Mapped[str] = mapped_column(
        Text,
        comment="Which document of its source: empty for a whole file, for a table's row a digest.",
        info=knowledge("finding it again"),
    )
    title: Mapped[str | None] = mapped_column(
        Text, comment="Title; NULL once deleted.", info=knowledge("answers")
    )
    language: Mapped[str] = mapped_column(
        Text, comment="Language of its text.", info=operation("search", retention=_KEPT)
    )
    status: Mapped[str] = mapped_column(
        Text, comment="Whether it may be quoted.", info=operation("publication", retention=_KEPT)
    )
    owner_id: Mapped[UUID | None] = mapped_column(
        comment="The member who answers for it; absent when nobody is named.",
        info=operation("responsibility", retention=_KEPT),
    )
    valid_from: Mapped[date | None] = mapped_column(
        Date,
        comment="First day on which it may be quoted; absent when it always could.",
        info=operation("publication", retention=_KEPT),
    )
    valid_until: Mapped[date | None] = mapped_column(
        Date,
        comment="Last day on which it may be quoted; absent when it has no end.",
        info=operation("publication", retention=_KEPT),
    )
    file_valid_from: Mapped[date | None] = mapped_column(
        Date,
        comment="First day as its file said it last; another one than valid_from when a person set that.",
        info=operation("publication", retention=_KEPT),
    )
    file_valid_until: Mapped[date | None] = mapped_column(
        Date,
        comment="Last day as its file said it last; another one than valid_until when a person set that.",
        info=operation("publication", retention=_KEPT),
    )
    current_version: Mapped[int] = mapped_column(
        Integer,
        comment="Number of the version that is quoted.",
        info=operation("publication", retention=_KEPT),
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="First import.", info=operation("bookkeeping", retention=_KEPT)
    )
    changed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When its newest version came.",
        info=operation("bookkeeping", retention=_KEPT),
    )
    deleted_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When it was deleted; absent before.",
        info=operation("bookkeeping", retention=_KEPT),
    )


class DocumentVersionRow(Base):
    """One text of a document; it is never changed, only emptied when its document is deleted."""

    __tablename__ = "document_version"
    __table_args__ = (
        refers_to("document_id", "document"),
        UniqueConstraint("tenant_id", "document_id", "number", name="uq_document_version_number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
        {"comment": "Texts of documents, one row each time a text changed."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    document_id: Mapped[UUID] = mapped_column(
        comment="Whose text it is.", info=operation("linking", retention=_KEPT)
    )
    number: Mapped[int] = mapped_column(
        Integer, comment="Order, from 1.", info=operation("order", retention=_KEPT)
    )
    text: Mapped[str | None] = mapped_column(
        Text,
        comment="The normalised text that spans count in; NULL once deleted.",
        info=knowledge("answers"),
    )
    headings: Mapped[list[dict[str, Any]]] = mapped_column(  # level, title, start: read by one function
        JSONB,
        comment="Level, title and start of each heading; empty once deleted.",
        info=knowledge("answers"),
    )
    digest: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="SHA-256 of title, text, language and validity: the same one again is no new version.",
        info=operation("finding changes", retention=_KEPT),
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it came.", info=operation("bookkeeping", retention=_KEPT)
    )


class PassageRow(Base):
    """A piece of a version in force, with its place and its vector; its text is that place of the version."""

    __tablename__ = "passage"
    __table_args__ = (
        refers_to("version_id", "document_version"),
        UniqueConstraint("tenant_id", "version_id", "starts_at", name="uq_passage_starts_at"),
        CheckConstraint("0 <= starts_at AND starts_at < ends_at", name="span_not_empty"),
        CheckConstraint("(embedding IS NULL) = (embedding_model IS NULL)", name="vector_names_its_model"),
        CheckConstraint("(embedding IS NULL) = (sentence_vectors IS NULL)", name="sentences_as_the_passage"),
        CheckConstraint("language IN ('de', 'en')", name="language_known"),
        CheckConstraint("octet_length(embedded_digest) = 32", name="embedded_digest_is_sha256"),
        Index("ix_passage_embedded_digest", "tenant_id", "embedded_digest"),
        Index(
            "ix_passage_embedding",
            "embedding",
            postgresql_using="hnsw",
            postgresql_with={"m": 24, "ef_construction": 128},
            postgresql_ops={"embedding": "vector_cosine_ops"},
        ),
        {"comment": "Pieces of the current versions of published documents, found by meaning."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    version_id: Mapped[UUID] = mapped_column(
        comment="Whose piece it is.", info=operation("linking", retention=_KEPT)
    )
    starts_at: Mapped[int] = mapped_column(
        Integer,
        comment="First character in the version's text, from 0.",
        info=operation("citation", retention=_KEPT),
    )
    ends_at: Mapped[int] = mapped_column(
        Integer,
        comment="End in the version's text, exclusive.",
        info=operation("citation", retention=_KEPT),
    )
    language: Mapped[str] = mapped_column(
        Text, comment="As its document's.", info=operation("search", retention=_KEPT)
    )
    heading_path: Mapped[list[str]] = mapped_column(
        ARRAY(Text), comment="The headings it stands under, outermost first.", info=knowledge("answers")
    )
    valid_from: Mapped[date] = mapped_column(
        Date,
        comment="As its document's; -infinity when that is absent.",
        info=operation("search", retention=_KEPT),
    )
    valid_until: Mapped[date] = mapped_column(
        Date,
        comment="As its document's; infinity when that is absent.",
        info=operation("search", retention=_KEPT),
    )
    embedded_digest: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="SHA-256 of the text that the vectors are made of: the same text takes the vectors over.",
        info=operation("reuse of vectors", retention=_KEPT),
    )
    embedding_model: Mapped[str | None] = mapped_column(
        Text,
        comment="What made the vector; vectors of two models never compare. Absent without a vector.",
        info=operation("search", retention=_KEPT),
    )
    embedding: Mapped[Any | None] = mapped_column(  # numpy's array or pgvector's own type
        VECTOR(DIMENSIONS),
        comment="The mean of its sentences' vectors, of length 1; absent without an embedder.",
        info=knowledge("search"),
    )
    sentence_vectors: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        comment="The vector of each quotable sentence in order, 384 little-endian half-precision numbers each.",
        info=knowledge("search"),
    )


class PassageTermsRow(Base):
    """The words of a passage; apart from the passage, so that a scan over them all reads little."""

    __tablename__ = "passage_terms"
    __table_args__ = (
        refers_to("passage_id", "passage"),
        # It returns rows in the order in which they lie, the key in that of their ids.
        Index("ix_passage_terms_language", "tenant_id", "language"),
        {"comment": "Words of passages with their weights, found by words."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    passage_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="Whose words they are.", info=operation("linking", retention=_KEPT)
    )
    language: Mapped[str] = mapped_column(
        Text, comment="As its passage's.", info=operation("search", retention=_KEPT)
    )
    valid_from: Mapped[date] = mapped_column(
        Date, comment="As its passage's.", info=operation("search", retention=_KEPT)
    )
    valid_until: Mapped[date] = mapped_column(
        Date, comment="As its passage's.", info=operation("search", retention=_KEPT)
    )
    terms: Mapped[Any] = mapped_column(  # pgvector's own type; only SQL reads it
        SPARSEVEC(TERM_NUMBERS),
        comment="Number of each word with its part of the BM25 score that depends on the passage alone.",
        info=knowledge("search"),
    )


class TermFrequencyRow(Base):
    """In how many passages a word stands; a trigger on `passage_terms` keeps it exact."""

    __tablename__ = "term_frequency"
    __table_args__ = (
        CheckConstraint("term >= 0", name="term_not_negative"),
        CheckConstraint("passages > 0", name="passages_positive"),
        {"comment": "How rare each word is among the tenant's passages; kept by a trigger."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    term: Mapped[int] = mapped_column(
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="Number of the word; 0 counts all passages.",
        info=knowledge("search"),
    )
    passages: Mapped[int] = mapped_column(
        Integer, comment="In how many passages it stands.", info=operation("search", retention=_KEPT)
    )
