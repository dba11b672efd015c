"""SQL of tenants and members: one function per question."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TID251 - the type of a system session

from answerable.infra.db import Db
from answerable.infra.ids import MemberId, TenantId
from answerable.infra.tables import table_of
from answerable.tenancy.models import ChannelPostureRow, MemberRow, TenantRow, TenantSettingVersionRow
from answerable.tenancy.values import Channel, Configuration, Posture, Tenant, TenantRef


async def list_tenant_refs(session: AsyncSession) -> list[TenantRef]:
    """Return every tenant of the installation, by slug; needs a system session."""
    statement = select(TenantRow.tenant_id.label("id"), TenantRow.slug, TenantRow.name).order_by(
        TenantRow.slug
    )
    return [TenantRef(**row) for row in (await session.execute(statement.limit(10_000))).mappings()]


async def find_tenant_ref(session: AsyncSession, *, slug: str = "", public_key: str = "") -> TenantRef | None:
    """Return the tenant with this slug or this public key, if there is one; needs a system session."""
    statement = select(TenantRow.tenant_id, TenantRow.slug, TenantRow.name, TenantRow.widget_origins).where(
        TenantRow.public_key == public_key if public_key else TenantRow.slug == slug
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    return TenantRef(
        id=TenantId(row["tenant_id"]),
        slug=row["slug"],
        name=row["name"],
        widget_origins=tuple(row["widget_origins"]),
    )


async def lock_tenant(db: Db) -> None:
    """Keep what is set of the session's own tenant as it is until the transaction ends.

    A statement of its own: one that waits for a lock and reads other tables sees those as they were before.
    """
    await db.execute(select(TenantRow.tenant_id).with_for_update())


async def find_tenant(db: Db) -> Tenant | None:
    """Return the session's own tenant."""
    statement = select(
        TenantRow.tenant_id,
        TenantRow.slug,
        TenantRow.name,
        TenantRow.language,
        TenantRow.languages,
        TenantRow.posture,
        TenantRow.threshold,
        TenantRow.answer_hours,
        TenantRow.public_key,
        TenantRow.settings_version,
        TenantRow.created_at,
        TenantRow.widget_origins,
        TenantRow.brand_colour,
        # In the same statement: a turn reads its tenant once, and every round trip counts there.
        select(func.jsonb_object_agg(ChannelPostureRow.channel, ChannelPostureRow.posture))
        .scalar_subquery()
        .label("channel_postures"),
    )
    row = (await db.execute(statement)).mappings().one_or_none()
    return _read_tenant(row) if row else None


def _read_tenant(row: RowMapping) -> Tenant:
    postures: dict[str, str] = row["channel_postures"] or {}
    return Tenant(
        id=TenantId(row["tenant_id"]),
        slug=row["slug"],
        name=row["name"],
        language=row["language"],
        languages=tuple(row["languages"]),
        posture=Posture(row["posture"]),
        channel_postures={one: Posture(postures[one]) for one in Channel if one in postures},
        threshold=row["threshold"],
        answer_hours=row["answer_hours"],
        public_key=row["public_key"],
        settings_version=row["settings_version"],
        created_at=row["created_at"],
        widget_origins=tuple(row["widget_origins"]),
        brand_colour=row["brand_colour"],
    )


async def insert_tenant(db: Db, tenant: Tenant) -> bool:
    """Store a tenant; False when its slug is taken."""
    statement = text(
        """
        INSERT INTO tenant (tenant_id, slug, name, language, posture, answer_hours, public_key, created_at)
        VALUES (:id, :slug, :name, :language, :posture, :answer_hours, :public_key, :created_at)
        ON CONFLICT (slug) DO NOTHING
        RETURNING tenant_id
        """
    )
    stored = await db.execute(
        statement,
        {
            "id": tenant.id,
            "slug": tenant.slug,
            "name": tenant.name,
            "language": tenant.language,
            "posture": tenant.posture.value,
            "answer_hours": tenant.answer_hours,
            "public_key": tenant.public_key,
            "created_at": tenant.created_at,
        },
    )
    return stored.first() is not None


async def insert_member(db: Db, values: dict[str, object]) -> None:
    """Store a member; `values` are the columns of `MemberRow`."""
    await db.execute(insert(MemberRow).values(**values))


async def has_member(db: Db, member_id: MemberId) -> bool:
    """Whether the session's tenant has this member."""
    return await db.scalar(select(MemberRow.id).where(MemberRow.id == member_id)) is not None


async def find_member_by_token(db: Db, token: bytes) -> UUID | None:
    """Return the member whose address has this keyed digest."""
    return await db.scalar(select(MemberRow.id).where(MemberRow.email_token == token))


async def save_configuration(db: Db, configuration: Configuration, *, version: int) -> None:
    """Store what is set of the session's own tenant."""
    values = {
        "name": configuration.name,
        "language": configuration.language,
        "languages": list(configuration.languages),
        "answer_hours": configuration.answer_hours,
        "posture": configuration.posture.value,
        "threshold": configuration.threshold,
        "widget_origins": list(configuration.widget_origins),
        "brand_colour": configuration.brand_colour,
        "public_key": configuration.public_key,
        "settings_version": version,
    }
    await db.execute(update(TenantRow).values(**values))
    await db.execute(delete(ChannelPostureRow))
    postures = [
        {"channel": channel.value, "posture": posture.value}
        for channel, posture in configuration.channel_postures.items()
    ]
    if postures:
        await db.execute(insert(table_of(ChannelPostureRow)), postures)


async def insert_version(db: Db, values: dict[str, object]) -> None:
    """Store a version of what is set; `values` are the columns of `TenantSettingVersionRow`."""
    await db.execute(insert(TenantSettingVersionRow).values(**values))


async def list_versions(
    db: Db, *, limit: int, version: int | None = None, before: int | None = None, at: datetime | None = None
) -> Sequence[RowMapping]:
    """Return versions of what is set, newest first: of that number, below it, or begun by then."""
    statement = (
        select(
            TenantSettingVersionRow.version,
            TenantSettingVersionRow.written,
            TenantSettingVersionRow.changed,
            TenantSettingVersionRow.actor_kind,
            TenantSettingVersionRow.actor_id,
            TenantSettingVersionRow.reverts_to,
            TenantSettingVersionRow.changed_at,
        )
        .order_by(TenantSettingVersionRow.version.desc())
        .limit(limit)
    )
    if version is not None:
        statement = statement.where(TenantSettingVersionRow.version == version)
    if before is not None:
        statement = statement.where(TenantSettingVersionRow.version < before)
    if at is not None:
        statement = statement.where(TenantSettingVersionRow.changed_at <= at)
    return (await db.execute(statement)).mappings().all()


async def list_member_rows(db: Db, *, limit: int = 1_000) -> Sequence[RowMapping]:
    """Return members, oldest first, their addresses still sealed."""
    statement = (
        select(MemberRow.id, MemberRow.role, MemberRow.email_sealed, MemberRow.created_at)
        .order_by(MemberRow.created_at, MemberRow.id)
        .limit(limit)
    )
    return (await db.execute(statement)).mappings().all()


async def find_role(db: Db, member_id: MemberId) -> str | None:
    """Return a member's role."""
    return await db.scalar(select(MemberRow.role).where(MemberRow.id == member_id))
