"""The tables of the log: events as hashed bytes, and the queue in which they wait for their place."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from answerable.infra.tables import Base, id_column, logged, tenant_column


class AuditEventRow(Base):
    """One thing that happened, as the exact bytes that are hashed; the other columns repeat parts of them."""

    __tablename__ = "audit_event"
    __table_args__ = (
        CheckConstraint("octet_length(body) <= 65535", name="body_fits_a_bundle"),
        CheckConstraint("leaf_hash = sha256('\\x00'::bytea || body)", name="leaf_hash_is_of_body"),
        CheckConstraint(
            "(writer_id IS NULL) = (writer_number IS NULL) AND writer_number > 0", name="writer_is_whole"
        ),
        UniqueConstraint("tenant_id", "writer_id", "writer_number", name="uq_audit_event_writer"),
        Index("ix_audit_event_conversation", "tenant_id", "conversation_id", "id"),
        Index("ix_audit_event_subject", "tenant_id", "subject_kind", "subject_id"),
        Index("ix_audit_event_type", "tenant_id", "type", "id"),
        Index("ix_audit_event_members", "tenant_id", "id", postgresql_where="actor_kind = 'member'"),
        Index(
            "uq_audit_event_idem_key",
            "tenant_id",
            "idem_key",
            unique=True,
            postgresql_where="idem_key IS NOT NULL",
        ),
        {"comment": "What happened, append only: the leaves of the tenant's log."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    type: Mapped[str] = mapped_column(
        Text, comment="Event type, see the audit events.", info=logged("filter")
    )
    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When the operation ran, by its own clock.", info=logged("filter")
    )
    body: Mapped[bytes] = mapped_column(
        LargeBinary, comment="The canonical bytes; holds commitments, never content.", info=logged("evidence")
    )
    leaf_hash: Mapped[bytes] = mapped_column(
        LargeBinary, comment="SHA-256 of a zero byte and the body (RFC 9162).", info=logged("evidence")
    )
    subject_kind: Mapped[str] = mapped_column(Text, comment="What it is about.", info=logged("filter"))
    subject_id: Mapped[UUID] = mapped_column(comment="The row that it is about.", info=logged("filter"))
    actor_kind: Mapped[str] = mapped_column(Text, comment="Who did it.", info=logged("filter"))
    actor_id: Mapped[UUID | None] = mapped_column(
        comment="The member or key; absent for contacts, the assistant and the system.", info=logged("filter")
    )
    conversation_id: Mapped[UUID | None] = mapped_column(
        comment="The conversation it belongs to, if any.", info=logged("filter")
    )
    idem_key: Mapped[str | None] = mapped_column(
        Text, comment="Same key, same event: a retry adds nothing.", info=logged("idempotency")
    )
    writer_id: Mapped[UUID | None] = mapped_column(
        comment="The writer session that recorded it; absent for events of before.", info=logged("evidence")
    )
    writer_number: Mapped[int | None] = mapped_column(
        comment="Its number within that session, from 1.", info=logged("evidence")
    )


class AuditSchemaRow(Base):
    """What entries of a type may hold, as the log has declared it."""

    __tablename__ = "audit_schema"
    __table_args__ = (
        CheckConstraint("digest = sha256(body)", name="digest_is_of_body"),
        Index("ix_audit_schema_digest", "tenant_id", "digest"),
        {"comment": "What entries of each type may hold, as the log itself declares."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    event_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="The event that declares it.", info=logged("verification")
    )
    digest: Mapped[bytes] = mapped_column(
        LargeBinary, primary_key=True, comment="SHA-256 of the schema.", info=logged("verification")
    )
    body: Mapped[bytes] = mapped_column(
        LargeBinary, comment="The schema's canonical bytes.", info=logged("verification")
    )


class AuditQueueRow(Base):
    """An event that has no place in the tree yet; whoever sequences it deletes the row."""

    __tablename__ = "audit_queue"
    __table_args__ = (
        Index("ix_audit_queue_seq", "seq"),
        {"comment": "Events waiting for their place in the tree, in commit-visible order."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    seq: Mapped[int] = mapped_column(
        BigInteger, Identity(always=True), primary_key=True, comment="Arrival.", info=logged("order")
    )
    event_id: Mapped[UUID] = mapped_column(comment="The event.", info=logged("order"))
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="Its leaf.", info=logged("evidence"))


class AuditTreeRow(Base):
    """How far a tenant's log has grown."""

    __tablename__ = "audit_tree"
    __table_args__ = (
        CheckConstraint("size >= 0", name="size_not_negative"),
        CheckConstraint("octet_length(frontier) % 32 = 0", name="frontier_is_of_hashes"),
        {"comment": "How far each workspace's log has grown."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    size: Mapped[int] = mapped_column(BigInteger, comment="How many leaves it has.", info=logged("order"))
    frontier: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="Roots of its complete subtrees, largest first, 32 bytes each.",
        info=logged("evidence"),
    )


class AuditLeafRow(Base):
    """An event's place in its log."""

    __tablename__ = "audit_leaf"
    __table_args__ = (
        UniqueConstraint("tenant_id", "event_id", name="uq_audit_leaf_event_id"),
        CheckConstraint("index >= 0", name="index_not_negative"),
        CheckConstraint("octet_length(leaf_hash) = 32", name="hash_is_one"),
        {"comment": "Places of events in their log."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    index: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, comment="The place, from 0.", info=logged("order")
    )
    event_id: Mapped[UUID] = mapped_column(comment="The event.", info=logged("order"))
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="Its leaf.", info=logged("evidence"))
    sequenced_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When it got its place, by the clock of the sequencer.",
        info=logged("order"),
    )


class AuditTileRow(Base):
    """A full tile of a log's tree."""

    __tablename__ = "audit_tile"
    __table_args__ = (
        CheckConstraint("octet_length(hashes) = 8192 AND octet_length(root) = 32", name="is_full"),
        {"comment": "Full tiles of each log's tree: 256 hashes of one level."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    level: Mapped[int] = mapped_column(
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        comment="Level of tiles, 0 holds leaves.",
        info=logged("order"),
    )
    index: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, comment="Its place in the level, from 0.", info=logged("order")
    )
    hashes: Mapped[bytes] = mapped_column(
        LargeBinary, comment="The hashes, 32 bytes each.", info=logged("evidence")
    )
    root: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="The hash over them, which is one hash of the level above.",
        info=logged("evidence"),
    )


class AuditLogRow(Base):
    """A generation of a log: its name and its keys."""

    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint("generation > 0", name="generation_positive"),
        {
            "comment": "Under which name and keys each log is signed; a new generation follows a declared loss."
        },
    )

    tenant_id: Mapped[UUID] = tenant_column()
    generation: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Counts from 1.", info=logged("identification")
    )
    origin: Mapped[str] = mapped_column(
        Text, comment="The log's name in checkpoints.", info=logged("identification")
    )
    log_key: Mapped[str] = mapped_column(
        Text, comment="Verifier key of its checkpoints.", info=logged("verification")
    )
    clock_key: Mapped[str] = mapped_column(
        Text, comment="Verifier key of the signer's statements of time.", info=logged("verification")
    )
    receipt_key: Mapped[str] = mapped_column(
        Text, comment="Verifier key of receipts.", info=logged("verification")
    )
    begins_with: Mapped[int] = mapped_column(
        BigInteger, comment="Size of the tree when the generation began.", info=logged("order")
    )
    begun_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it began.", info=logged("order")
    )


class AuditCheckpointRow(Base):
    """A signed head of a log."""

    __tablename__ = "audit_checkpoint"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "generation"], ["audit_log.tenant_id", "audit_log.generation"]),
        CheckConstraint("octet_length(root) = 32", name="root_is_a_hash"),
        {"comment": "Signed heads of each log."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    generation: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Under which name it is signed.", info=logged("order")
    )
    size: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, comment="How many leaves it covers.", info=logged("order")
    )
    root: Mapped[bytes] = mapped_column(LargeBinary, comment="The root over them.", info=logged("evidence"))
    note: Mapped[str] = mapped_column(
        Text, comment="The signed note (c2sp.org/tlog-checkpoint).", info=logged("evidence")
    )
    signed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When, by the signer's clock; the note states the same.",
        info=logged("order"),
    )


class AuditPromiseRow(Base):
    """An event whose receipt waits for the signer, who deletes the row."""

    __tablename__ = "audit_promise"
    __table_args__ = ({"comment": "Events whose receipt waits for the signer."},)

    tenant_id: Mapped[UUID] = tenant_column()
    event_id: Mapped[UUID] = mapped_column(primary_key=True, comment="The event.", info=logged("order"))
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="Its leaf.", info=logged("evidence"))
    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When the operation ran, by its own clock.", info=logged("order")
    )


class AuditReceiptRow(Base):
    """A signed promise that an event will stand in the log."""

    __tablename__ = "audit_receipt"
    __table_args__ = ({"comment": "Signed promises that an event will stand in the log."},)

    tenant_id: Mapped[UUID] = tenant_column()
    event_id: Mapped[UUID] = mapped_column(primary_key=True, comment="The event.", info=logged("order"))
    note: Mapped[str] = mapped_column(Text, comment="The signed note.", info=logged("evidence"))
    signed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When, by the signer's clock.", info=logged("order")
    )


class AuditAlarmRow(Base):
    """Something that the signer refused to sign."""

    __tablename__ = "audit_alarm"
    __table_args__ = (
        CheckConstraint("finding IN ('rollback', 'fork', 'clock_went_back')", name="finding_known"),
        Index(
            "uq_audit_alarm_open",
            "tenant_id",
            "generation",
            "finding",
            unique=True,
            postgresql_where="settled_at IS NULL",
        ),
        {"comment": "What the signer refused to sign."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    generation: Mapped[int] = mapped_column(
        comment="Of which generation of the log.", info=logged("evidence")
    )
    finding: Mapped[str] = mapped_column(Text, comment="What was found.", info=logged("evidence"))
    signed_size: Mapped[int] = mapped_column(
        BigInteger, comment="How many leaves had been signed.", info=logged("evidence")
    )
    found_size: Mapped[int] = mapped_column(
        BigInteger, comment="How many the database has.", info=logged("evidence")
    )
    raised_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it was first found.", info=logged("order")
    )
    settled_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="When it ended; absent while it lasts.", info=logged("order")
    )


class AuditDestroyedKeyRow(Base):
    """Which event says that a key was destroyed."""

    __tablename__ = "audit_destroyed_key"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "event_id"], ["audit_event.tenant_id", "audit_event.id"]),
        {"comment": "Which event of the log says that a key was destroyed."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    key_id: Mapped[UUID] = mapped_column(primary_key=True, comment="The key.", info=logged("evidence"))
    event_id: Mapped[UUID] = mapped_column(comment="The event.", info=logged("evidence"))
