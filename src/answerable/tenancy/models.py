"""The tables of tenants and their members."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from answerable.infra.tables import (
    Base,
    Category,
    Retention,
    configuration,
    id_column,
    keyed_token,
    operation,
    sealed,
    tenant_column,
)


class TenantRow(Base):
    """One customer company of the installation."""

    __tablename__ = "tenant"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z][a-z0-9-]{1,39}$'", name="slug_form"),
        CheckConstraint("language IN ('de', 'en')", name="language_known"),
        CheckConstraint("posture IN ('auto', 'draft', 'off')", name="posture_known"),
        CheckConstraint("answer_hours BETWEEN 1 AND 720", name="answer_hours_range"),
        CheckConstraint("cardinality(widget_origins) <= 50", name="widget_origins_few"),
        CheckConstraint("brand_colour ~ '^#[0-9a-f]{6}$'", name="brand_colour_form"),
        CheckConstraint(
            "languages <@ ARRAY['de', 'en'] AND cardinality(languages) > 0 AND language = ANY (languages)",
            name="languages_known",
        ),
        CheckConstraint("threshold BETWEEN 0.51 AND 0.99", name="threshold_range"),
        CheckConstraint("settings_version > 0", name="settings_version_positive"),
        # The two names by which a tenant is found before a session in it exists, so they are unique in the
        # whole installation; neither says anything about a person.
        UniqueConstraint("slug", name="uq_tenant_slug"),
        UniqueConstraint("public_key", name="uq_tenant_public_key"),
        {"comment": "The customer companies of this installation; the isolation boundary."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    slug: Mapped[str] = mapped_column(
        Text, comment="Short name in addresses and commands.", info=configuration("name")
    )
    name: Mapped[str] = mapped_column(Text, comment="Name as contacts see it.", info=configuration("name"))
    language: Mapped[str] = mapped_column(Text, comment="Its own language.", info=configuration("texts"))
    posture: Mapped[str] = mapped_column(
        Text, comment="What the assistant may do by itself.", info=configuration("automation")
    )
    answer_hours: Mapped[int] = mapped_column(
        SmallInteger,
        comment="Within how many hours people answer.",
        info=configuration("promise to contacts"),
    )
    public_key: Mapped[str] = mapped_column(
        Text,
        comment="Names the tenant to the widget's endpoints; not a secret.",
        info=configuration("widget"),
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="Creation.", info=configuration("bookkeeping")
    )
    widget_origins: Mapped[list[str]] = mapped_column(
        ARRAY(Text),
        server_default=text("'{}'::text[]"),
        comment="Origins whose pages may carry the chat.",
        info=configuration("widget"),
    )
    brand_colour: Mapped[str] = mapped_column(
        Text,
        server_default=text("'#1f4b3f'"),
        comment="The colour of the chat's head, legible under white.",
        info=configuration("widget"),
    )
    languages: Mapped[list[str]] = mapped_column(
        ARRAY(Text),
        server_default=text("'{de,en}'::text[]"),
        comment="In which languages the assistant speaks to contacts.",
        info=configuration("texts"),
    )
    threshold: Mapped[float | None] = mapped_column(
        Double,
        comment="From which probability on it answers; absent for the calibrated one.",
        info=configuration("automation"),
    )
    settings_version: Mapped[int] = mapped_column(
        Integer,
        server_default=text("1"),
        comment="Which version of what is set this row has.",
        info=configuration("history"),
    )


class ChannelPostureRow(Base):
    """What the assistant may do by itself in a channel."""

    __tablename__ = "channel_posture"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("channel IN ('web', 'command_line', 'playground')", name="channel_known"),
        CheckConstraint("posture IN ('auto', 'draft', 'off')", name="posture_known"),
        {
            "comment": (
                "What the assistant may do by itself in a channel, where that is not what it may do elsewhere."
            )
        },
    )

    tenant_id: Mapped[UUID] = tenant_column()
    channel: Mapped[str] = mapped_column(
        Text, primary_key=True, comment="Where.", info=configuration("automation")
    )
    posture: Mapped[str] = mapped_column(
        Text, comment="What the assistant may do by itself there.", info=configuration("automation")
    )


class TenantSettingVersionRow(Base):
    """Everything that was set of a tenant from one moment to the next."""

    __tablename__ = "tenant_setting_version"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("digest = sha256(convert_to(written, 'UTF8'))", name="digest_is_of_text"),
        CheckConstraint("version > 0", name="version_positive"),
        {
            "comment": (
                "Everything that was ever set of a tenant, append only: what held when a reply was given."
            )
        },
    )

    tenant_id: Mapped[UUID] = tenant_column()
    version: Mapped[int] = mapped_column(
        Integer, primary_key=True, comment="Counts changes, from 1.", info=configuration("history")
    )
    written: Mapped[str] = mapped_column(
        Text, comment="Everything that was set, as JSON.", info=configuration("history")
    )
    digest: Mapped[bytes] = mapped_column(
        LargeBinary, comment="SHA-256 of that text; the log has it too.", info=configuration("history")
    )
    changed: Mapped[list[str]] = mapped_column(
        ARRAY(Text), comment="The fields that differ from the version before.", info=configuration("history")
    )
    actor_kind: Mapped[str] = mapped_column(Text, comment="Who set it.", info=configuration("history"))
    actor_id: Mapped[UUID | None] = mapped_column(
        comment="The member; absent when no member did it.", info=configuration("history")
    )
    reverts_to: Mapped[int | None] = mapped_column(
        Integer,
        comment="The version that was brought back; absent when none was.",
        info=configuration("history"),
    )
    changed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it began to hold.", info=configuration("history")
    )


class MemberRow(Base):
    """A person with a login in a tenant."""

    __tablename__ = "member"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        UniqueConstraint("tenant_id", "email_token", name="uq_member_email_token"),
        CheckConstraint(
            "role IN ('owner', 'admin', 'privacy_officer', 'auditor', 'responder', 'viewer')",
            name="role_known",
        ),
        {"comment": "People with a login in a tenant."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    role: Mapped[str] = mapped_column(
        Text, comment="What the member may do.", info=operation("permissions", retention=Retention.MEMBER)
    )
    email_sealed: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="E-mail address, sealed.",
        info=sealed("sign-in and messages", category=Category.IDENTITY, retention=Retention.MEMBER),
    )
    email_token: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="Keyed digest that finds the address.",
        info=keyed_token("sign-in", retention=Retention.MEMBER),
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="Creation.",
        info=operation("bookkeeping", retention=Retention.MEMBER),
    )
