"""The tables of who vouches for logs besides their signer: witnesses, the root log, timestamps."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from answerable.infra.tables import Base, configuration, id_column, logged, refers_to, tenant_column

_HEAD = ["audit_checkpoint.tenant_id", "audit_checkpoint.generation", "audit_checkpoint.size"]


class AuditWitnessRow(Base):
    """A witness that a tenant has registered."""

    __tablename__ = "audit_witness"
    __table_args__ = (
        CheckConstraint("octet_length(token_digest) = 32", name="token_is_a_digest"),
        CheckConstraint("(url IS NULL) <> (token_digest IS NULL)", name="is_reached_one_way"),
        Index("uq_audit_witness_key", "tenant_id", "key", unique=True, postgresql_where="removed_at IS NULL"),
        {"comment": "Who cosigns heads of a log besides its signer."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    key: Mapped[str] = mapped_column(
        Text, comment="Verifier key of its cosignatures, with its name.", info=logged("verification")
    )
    url: Mapped[str | None] = mapped_column(
        Text,
        comment="Where heads are handed in; absent for one that fetches them itself.",
        info=configuration("delivery"),
    )
    token_digest: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        comment="SHA-256 of the token with which it fetches heads and brings cosignatures.",
        info=configuration("authentication"),
    )
    added_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it was registered.", info=logged("order")
    )
    removed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When it was taken off; absent while it counts.",
        info=logged("order"),
    )
    asked_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When it was last asked, or last came by itself.",
        info=logged("supervision"),
    )
    failure: Mapped[str | None] = mapped_column(
        Text,
        comment="Code of what went wrong then; absent when nothing did.",
        info=logged("supervision"),
    )


class AuditCosignatureRow(Base):
    """What one witness has said of one head."""

    __tablename__ = "audit_cosignature"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "generation", "size"], _HEAD),
        refers_to("witness_id", "audit_witness"),
        {"comment": "What witnesses have said of heads of a log."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    generation: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Of which generation of the log.", info=logged("order")
    )
    size: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, comment="Of which head.", info=logged("order")
    )
    witness_id: Mapped[UUID] = mapped_column(primary_key=True, comment="Whose it is.", info=logged("order"))
    line: Mapped[str] = mapped_column(
        Text, comment="The signature line (c2sp.org/tlog-cosignature).", info=logged("evidence")
    )
    stated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When, by the clock of the witness, as the line states.",
        info=logged("order"),
    )


class AuditQuorumRow(Base):
    """How many witnesses make a quorum."""

    __tablename__ = "audit_quorum"
    __table_args__ = (
        CheckConstraint("threshold >= 0", name="threshold_not_negative"),
        {
            "comment": "How many witnesses must have cosigned for a head to count as witnessed by a quorum.",
        },
    )

    tenant_id: Mapped[UUID] = tenant_column()
    threshold: Mapped[int] = mapped_column(
        SmallInteger, comment="So many; 0 asks for none.", info=configuration("verification")
    )


class AuditRootEntryRow(Base):
    """An entry of the root log."""

    __tablename__ = "audit_root_entry"
    __table_args__ = (
        CheckConstraint("octet_length(body) <= 65535", name="body_fits_a_bundle"),
        Index("ix_audit_root_entry_digest", "tenant_id", "digest"),
        {"comment": "Entries of the root log: a blinded head of some log each."},
    )

    tenant_id: Mapped[UUID] = tenant_column(comment="The root log itself, which belongs to no tenant.")
    event_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="Identifier, UUIDv7, made by the signer.", info=logged("identification")
    )
    body: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="The bytes that its leaf is the hash of: a label and a commitment.",
        info=logged("evidence"),
    )
    digest: Mapped[bytes] = mapped_column(
        LargeBinary,
        Computed("sha256(body)", persisted=True),
        comment="SHA-256 of the bytes, by which an entry is found.",
        info=logged("evidence"),
    )


class AuditLabelRow(Base):
    """The key with which a tenant finds its own heads in the root log."""

    __tablename__ = "audit_label"
    __table_args__ = (
        CheckConstraint("octet_length(key) = 32", name="key_is_one"),
        {"comment": "With which key a tenant recognises its own heads in the root log."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    key: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="The key: who has it sees which entries are this tenant's, and changes none.",
        info=logged("verification"),
    )


class AuditTimestampRow(Base):
    """A timestamp of a head."""

    __tablename__ = "audit_timestamp"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "generation", "size"], _HEAD),
        {"comment": "Timestamps of heads by an authority (RFC 3161)."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    generation: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Of which generation of the log.", info=logged("order")
    )
    size: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, comment="Of which head.", info=logged("order")
    )
    token: Mapped[bytes] = mapped_column(
        LargeBinary, comment="The authority's answer, DER.", info=logged("evidence")
    )
    stated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When, by the clock of the authority.", info=logged("order")
    )
