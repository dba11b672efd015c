"""The tables of sign-in links and sign-in sessions; both hold digests of tokens, never tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from answerable.infra.tables import Base, Retention, id_column, operation, refers_to, tenant_column

_SHORT = Retention.SHORT
_MEMBER = Retention.MEMBER


class SignInLinkRow(Base):
    """A link that signs a member in once."""

    __tablename__ = "sign_in_link"
    __table_args__ = (
        refers_to("member_id", "member"),
        UniqueConstraint("tenant_id", "token_digest", name="uq_sign_in_link_token"),
        Index("ix_sign_in_link_member_id", "tenant_id", "member_id"),
        {"comment": "Links with which members sign in, each once."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    member_id: Mapped[UUID] = mapped_column(
        comment="Whom it signs in.", info=operation("sign-in", retention=_SHORT)
    )
    token_digest: Mapped[bytes] = mapped_column(
        LargeBinary, comment="SHA-256 of its token.", info=operation("sign-in", retention=_SHORT)
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it was made.", info=operation("sign-in", retention=_SHORT)
    )
    expires_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When it can no longer be used.",
        info=operation("sign-in", retention=_SHORT),
    )
    used_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When it was used; absent before.",
        info=operation("sign-in", retention=_SHORT),
    )


class SignInSessionRow(Base):
    """A browser in which a member has signed in."""

    __tablename__ = "sign_in_session"
    __table_args__ = (
        refers_to("member_id", "member"),
        UniqueConstraint("tenant_id", "token_digest", name="uq_sign_in_session_token"),
        Index("ix_sign_in_session_member_id", "tenant_id", "member_id"),
        {"comment": "Browsers in which members have signed in."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    member_id: Mapped[UUID] = mapped_column(
        comment="Who signed in.", info=operation("sign-in", retention=_SHORT)
    )
    token_digest: Mapped[bytes] = mapped_column(
        LargeBinary, comment="SHA-256 of its token.", info=operation("sign-in", retention=_SHORT)
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it began.", info=operation("sign-in", retention=_SHORT)
    )
    seen_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When it was last used, to within five minutes.",
        info=operation("sign-in", retention=_SHORT),
    )
    expires_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When it ends, however much it is used.",
        info=operation("sign-in", retention=_SHORT),
    )
    ended_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When the member signed out; absent before.",
        info=operation("sign-in", retention=_SHORT),
    )


class MemberPreferenceRow(Base):
    """How a member wants the pages."""

    __tablename__ = "member_preference"
    __table_args__ = (
        refers_to("member_id", "member"),
        CheckConstraint("language IN ('de', 'en')", name="language_known"),
        CheckConstraint("theme IN ('light', 'dark')", name="theme_known"),
        {"comment": "How members want the pages to look."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    member_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="Whose.", info=operation("pages", retention=_MEMBER)
    )
    language: Mapped[str | None] = mapped_column(
        Text, comment="Absent leaves it to the browser.", info=operation("pages", retention=_MEMBER)
    )
    theme: Mapped[str | None] = mapped_column(
        Text, comment="Absent leaves it to the browser.", info=operation("pages", retention=_MEMBER)
    )
