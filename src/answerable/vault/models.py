"""Tables of the vault: generations of tenants' keys, and subjects' keys wrapped by them.

The tenants' keys themselves lie in the key folder, never in the database.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from answerable.infra.tables import Base, Retention, id_column, logged, operation, tenant_column, wrapped_key

_CURRENT = "retired_at IS NULL"


class TenantKeyRow(Base):
    """A generation of a tenant's key; the key is a file outside the database."""

    __tablename__ = "tenant_key"
    __table_args__ = (
        CheckConstraint("generation > 0", name="generation_positive"),
        Index("ix_tenant_key_current", "tenant_id", unique=True, postgresql_where=text(_CURRENT)),
        {"comment": "Generations of a tenant's key; the keys are files outside the database."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    generation: Mapped[int] = mapped_column(
        primary_key=True,
        autoincrement=False,
        comment="Counts rotations, from 1; names the key file.",
        info=operation("identification", retention=Retention.TENANT),
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When it began to wrap new subject keys.",
        info=operation("key rotation", retention=Retention.TENANT),
    )
    dirty_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When a key that it wraps was first destroyed; the next rotation ends it.",
        info=operation("key rotation", retention=Retention.TENANT),
    )
    retired_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When a newer generation took over; exactly one generation of a tenant is not retired.",
        info=operation("key rotation", retention=Retention.TENANT),
    )


class SubjectKeyRow(Base):
    """The key of one person's content of one class in one month, wrapped by the tenant's key."""

    __tablename__ = "subject_key"
    __table_args__ = (
        UniqueConstraint("tenant_id", "subject_kind", "subject_id", "data_class", "epoch"),
        ForeignKeyConstraint(["tenant_id", "generation"], ["tenant_key.tenant_id", "tenant_key.generation"]),
        CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed_is_empty"),
        CheckConstraint("subject_kind IN ('contact', 'member')", name="subject_kind_known"),
        CheckConstraint(
            "data_class IN ('conversation', 'identity', 'record', 'staff')", name="data_class_known"
        ),
        CheckConstraint("extract(day FROM epoch) = 1", name="epoch_begins_a_month"),
        Index(None, "tenant_id", "generation"),
        {"comment": "Keys of data subjects, wrapped; destroying one erases what it sealed."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    subject_kind: Mapped[str] = mapped_column(
        Text, comment="Contact or member.", info=operation("erasure by person")
    )
    subject_id: Mapped[UUID] = mapped_column(
        comment="Whose content it seals: the contact or the member.", info=operation("erasure by person")
    )
    data_class: Mapped[str] = mapped_column(
        Text, comment="Which sort of content it seals.", info=operation("erasure by class of data")
    )
    epoch: Mapped[date] = mapped_column(
        comment="First day of the month (UTC) in which it seals.", info=operation("erasure by age")
    )
    generation: Mapped[int] = mapped_column(
        comment="The generation of the tenant's key that wraps it.", info=operation("key rotation")
    )
    wrapped: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        comment="The key, encrypted under the tenant's key; NULL once destroyed.",
        info=wrapped_key("sealing and opening"),
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it was made.", info=operation("accountability")
    )
    destroyed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="When it was destroyed.", info=operation("proof of erasure")
    )


class KeyOpeningRow(Base):
    """That a person was handed a contact's key, and the event that stands for it."""

    __tablename__ = "key_opening"
    __table_args__ = {  # noqa: RUF012 - as SQLAlchemy wants it
        "comment": "Where a person was handed a contact's key, and the event that stands for it."
    }

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    event_id: Mapped[UUID] = mapped_column(
        comment="The event that says who looked, at what.", info=logged("completeness of the log")
    )
    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When, by the operation's own clock.",
        info=logged("completeness of the log"),
    )
    actor_kind: Mapped[str] = mapped_column(
        Text, comment="Member, key or platform.", info=logged("completeness of the log")
    )
    actor_id: Mapped[UUID | None] = mapped_column(
        comment="The member or key.", info=logged("completeness of the log")
    )
