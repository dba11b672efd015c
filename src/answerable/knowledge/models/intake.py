"""The tables of imports under way: what came in together, each file or page of it, and the bytes until read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
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

_SHORT = Retention.SHORT


class ImportBatchRow(Base):
    """What was given together; its row lock orders the acts of people and the steps of the job."""

    __tablename__ = "import_batch"
    __table_args__ = (
        refers_to("started_by", "member"),
        CheckConstraint("kind IN ('upload', 'paste', 'url', 'sitemap')", name="kind_known"),
        Index("ix_import_batch_started_at", "tenant_id", "started_at"),
        {"comment": "Imports that run in the background, one row for what was given together."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    kind: Mapped[str] = mapped_column(
        Text, comment="Upload, paste, url or sitemap.", info=operation("progress", retention=_SHORT)
    )
    started_by: Mapped[UUID | None] = mapped_column(
        comment="The member who began it; absent when it was the platform.",
        info=operation("responsibility", retention=_SHORT),
    )
    started_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it began.", info=operation("progress", retention=_SHORT)
    )
    ended_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When its last item ended; absent while one waits or is read.",
        info=operation("progress", retention=_SHORT),
    )
    cancelled_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When somebody stopped it; absent otherwise.",
        info=operation("progress", retention=_SHORT),
    )


class ImportItemRow(Base):
    """One file, text, page or sitemap of an import, with what became of it."""

    __tablename__ = "import_item"
    __table_args__ = (
        refers_to("batch_id", "import_batch", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "batch_id", "position", name="uq_import_item_position"),
        CheckConstraint("kind IN ('upload', 'paste', 'url', 'sitemap')", name="kind_known"),
        CheckConstraint(
            "state IN ('waiting', 'reading', 'added', 'changed', 'unchanged', 'listed', 'skipped', 'failed')",
            name="state_known",
        ),
        CheckConstraint("position > 0", name="position_positive"),
        CheckConstraint(
            "state NOT IN ('skipped', 'failed') OR error_code IS NOT NULL", name="failure_has_a_reason"
        ),
        CheckConstraint("(state IN ('waiting', 'reading')) = (ended_at IS NULL)", name="end_has_a_time"),
        {"comment": "Files, texts and pages that are imported in the background, with what became of each."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    batch_id: Mapped[UUID] = mapped_column(
        comment="What it was given with.", info=operation("linking", retention=_SHORT)
    )
    position: Mapped[int] = mapped_column(
        Integer, comment="Order in its batch, from 1.", info=operation("order", retention=_SHORT)
    )
    kind: Mapped[str] = mapped_column(
        Text,
        comment="How it comes in; the pages of a sitemap are of kind url.",
        info=operation("progress", retention=_SHORT),
    )
    source: Mapped[str] = mapped_column(
        Text,
        comment="Name of the file, title of the text or address of the page.",
        info=knowledge("progress", retention=_SHORT),
    )
    state: Mapped[str] = mapped_column(
        Text, comment="How far it is, or how it ended.", info=operation("progress", retention=_SHORT)
    )
    size_bytes: Mapped[int | None] = mapped_column(
        BigInteger,
        comment="Size as announced, then as read; absent while nobody knows.",
        info=operation("progress", retention=_SHORT),
    )
    listed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When a sitemap says that the page changed last; absent when it does not say.",
        info=operation("finding changes", retention=_SHORT),
    )
    passages: Mapped[int] = mapped_column(
        Integer,
        server_default=sql("0"),
        comment="Passages that were made of it.",
        info=operation("progress", retention=_SHORT),
    )
    notes: Mapped[list[str]] = mapped_column(
        ARRAY(Text),
        server_default=sql("'{}'"),
        comment="What a person should know of how it was read.",
        info=operation("progress", retention=_SHORT),
    )
    document_ids: Mapped[list[UUID]] = mapped_column(
        ARRAY(PG_UUID(as_uuid=True)),
        server_default=sql("'{}'"),
        comment="The documents that it became, at most a hundred of them.",
        info=operation("linking", retention=_SHORT),
    )
    error_code: Mapped[str | None] = mapped_column(
        Text,
        comment="Why it was skipped or failed; absent otherwise.",
        info=operation("progress", retention=_SHORT),
    )
    error_detail: Mapped[str] = mapped_column(
        Text,
        server_default=sql("''"),
        comment="What the error adds to its message; never content.",
        info=operation("progress", retention=_SHORT),
    )
    started_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When reading began; absent before.",
        info=operation("progress", retention=_SHORT),
    )
    ended_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When it ended, however it did; absent before.",
        info=operation("progress", retention=_SHORT),
    )


class ImportContentRow(Base):
    """The bytes of an item until they are read, which is when the row goes."""

    __tablename__ = "import_content"
    __table_args__ = (
        refers_to("item_id", "import_item", on_delete="CASCADE"),
        CheckConstraint("octet_length(data) <= 25000000", name="data_within_limit"),
        {
            "comment": "Uploaded bytes that wait to be read; deleted as soon as they were, also when that failed."
        },
    )

    tenant_id: Mapped[UUID] = tenant_column()
    item_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="Whose bytes they are.", info=operation("linking", retention=_SHORT)
    )
    data: Mapped[bytes] = mapped_column(
        LargeBinary, comment="The file as it came.", info=knowledge("import", retention=_SHORT)
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When they came.", info=operation("progress", retention=_SHORT)
    )


class FetchedPageRow(Base):
    """What a web server said of a page, by which the next fetch asks whether it changed."""

    __tablename__ = "fetched_page"
    __table_args__ = ({"comment": "Pages fetched from the web, with what tells whether they changed."},)

    tenant_id: Mapped[UUID] = tenant_column()
    url: Mapped[str] = mapped_column(
        Text, primary_key=True, comment="The address that was asked for.", info=knowledge("finding changes")
    )
    source: Mapped[str] = mapped_column(
        Text, comment="The source of the document that it became.", info=knowledge("finding changes")
    )
    etag: Mapped[str | None] = mapped_column(
        Text,
        comment="The server's name for this state of it; absent when it gave none.",
        info=operation("finding changes", retention=Retention.KNOWLEDGE),
    )
    last_modified: Mapped[str | None] = mapped_column(
        Text,
        comment="When it changed last, as the server spelt it; absent when it did not say.",
        info=operation("finding changes", retention=Retention.KNOWLEDGE),
    )
    fetched_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When it was read last.",
        info=operation("finding changes", retention=Retention.KNOWLEDGE),
    )
