"""Operations on tenants and their members."""

from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TID251 - the type of a system session

from answerable import audit, vault
from answerable.audit.posting import Post
from answerable.infra.db import Database, Db, SystemReason
from answerable.infra.ids import Actor, ActorKind, MemberId, uuid7
from answerable.tenancy import queries, rules
from answerable.tenancy.configuration import configuration_of
from answerable.tenancy.errors import MemberExists, SlugTaken, TenantUnknown
from answerable.tenancy.service.settings import new_public_key, store_version
from answerable.tenancy.values import (
    KeysRecovered,
    KeysRotated,
    Member,
    MemberAdded,
    NewTenant,
    Permission,
    Posture,
    Role,
    Tenant,
    TenantCreated,
    TenantRef,
)
from answerable.vault import Keys
from answerable.vault.carried import keys_of
from answerable.vault.values import Recovery, Rotation, RotationReport

_EMAIL_SLOT = "member.email"
_EMAIL_TOKEN = "member.email"  # noqa: S105 - a purpose, not a secret


async def list_tenants(session: AsyncSession) -> list[TenantRef]:
    """Every tenant of the installation; needs a system session."""
    return await queries.list_tenant_refs(session)


async def resolve_tenant(session: AsyncSession, *, slug: str = "", public_key: str = "") -> TenantRef:
    """The tenant of that slug or public key; needs a system session.

    Errors:  TenantUnknown.
    """
    found = await queries.find_tenant_ref(session, slug=slug, public_key=public_key)
    if found is None:
        raise TenantUnknown
    return found


async def create_tenant(db: Db, new: NewTenant) -> Tenant:
    """Create the tenant that the session names, with its keys and its owner.

    Errors:  PermissionDenied, SlugInvalid, SlugTaken, EmailInvalid.
    Effects: rows; the tenant's key file in the key folder; two audit events, the first of the tenant's log.
    """
    rules.require(db.actor, Permission.CREATE_TENANT)
    tenant = Tenant(
        id=db.actor.tenant_id,
        slug=rules.check_slug(new.slug),
        name=rules.check_name(new.name.strip() or new.slug),
        language=new.language,
        posture=Posture.AUTO,
        answer_hours=24,
        public_key=new_public_key(),
        created_at=db.now,
    )
    rules.normalise_email(new.owner_email)
    if not await queries.insert_tenant(db, tenant):
        raise SlugTaken(f"`{tenant.slug}`.")
    await store_version(db, configuration_of(tenant), version=1)
    await vault.open_tenant(db, keys_of(db))
    await audit.append(db, TenantCreated(subject_id=tenant.id, posture=tenant.posture))
    await add_member(db, new.owner_email, role=Role.OWNER)
    return tenant


async def get_tenant(db: Db) -> Tenant:
    """The session's own tenant.

    Errors:  PermissionDenied, TenantUnknown.
    """
    rules.require(db.actor, Permission.VIEW_TENANT)
    tenant = await queries.find_tenant(db)
    if tenant is None:
        raise TenantUnknown
    return tenant


async def is_member(db: Db, member_id: MemberId) -> bool:
    """Whether somebody is a member of the session's own tenant."""
    return await queries.has_member(db, member_id)


async def get_front(db: Db) -> Tenant:
    """The session's own tenant, for somebody who stands before it: what a contact is shown of it.

    Errors:  PermissionDenied, TenantUnknown.
    """
    rules.require(db.actor, Permission.ASK)
    tenant = await queries.find_tenant(db)
    if tenant is None:
        raise TenantUnknown
    return tenant


async def rotate_keys(database: Database, keys: Keys) -> RotationReport:
    """Replace the key of every tenant in which something was erased, so that old backups cannot open it.

    Errors:  none that stop the rest: a tenant whose rotation failed stands in the report and keeps its key.
    Effects: key files, wrapped keys; one audit event a rotated tenant.
    """
    return await vault.rotate(database, keys, record=_record_rotation)


async def _record_rotation(db: Db, rotation: Rotation) -> None:
    rotated = KeysRotated(
        subject_id=rotation.tenant_id,
        generation=rotation.generation,
        rewrapped=min(rotation.rewrapped, audit.MAX_NUMBER),
    )
    await audit.append(db, rotated)


async def recover_writers(database: Database) -> int:
    """Declare numbers of the log void that killed processes have left open, in every tenant; how many.

    Effects: an audit event for each process and tenant with such numbers.
    """
    async with database.system_session(SystemReason.LIST_TENANTS) as session:
        tenants = await list_tenants(session)
    declared = 0
    for tenant in tenants:
        actor = Actor(tenant_id=tenant.id, kind=ActorKind.SYSTEM)
        async with database.tenant_session(actor) as db:
            declared += await audit.recover_writers(db)
    return declared


async def push_heads(database: Database, post: Post) -> int:
    """Hand the newest head of every log, and of the root log, to their witnesses; how many have cosigned.

    Effects: requests to the registered addresses; rows of cosignatures.
    """
    async with database.system_session(SystemReason.LIST_TENANTS) as session:
        tenants = await list_tenants(session)
    actors = [Actor(tenant_id=tenant.id, kind=ActorKind.SYSTEM) for tenant in tenants]
    return sum([await audit.push_heads(database, actor, post) for actor in [*actors, audit.ROOT_READER]])


async def recover_keys(db: Db) -> Recovery:
    """Bring the tenant's keys in line with the key folder after an older backup was restored.

    Errors:  PermissionDenied; those of `vault.recover`, after which nothing has changed.
    """
    rules.require(db.actor, Permission.RECOVER_KEYS)
    recovery = await vault.recover(db, keys_of(db))
    recovered = KeysRecovered(
        subject_id=db.actor.tenant_id,
        rewrapped=min(recovery.rewrapped, audit.MAX_NUMBER),
        destroyed=min(len(recovery.destroyed), audit.MAX_NUMBER),
    )
    await audit.append(db, recovered)
    return recovery


async def find_member(db: Db, email: str) -> MemberId | None:
    """The member with that e-mail address.

    Errors:  PermissionDenied, EmailInvalid.
    """
    rules.require(db.actor, Permission.MANAGE_MEMBERS)
    token = vault.find_token(db, keys_of(db), purpose=_EMAIL_TOKEN, value=rules.normalise_email(email))
    found = await queries.find_member_by_token(db, token)
    return MemberId(found) if found else None


async def list_members(db: Db) -> list[Member]:
    """The people with a login, oldest first; colleagues see each other's names without an event.

    Errors:  PermissionDenied.
    """
    rules.require(db.actor, Permission.VIEW_TENANT)
    rows = await queries.list_member_rows(db)
    stored = [
        vault.Stored(record_id=row["id"], slot=_EMAIL_SLOT, envelope=row["email_sealed"]) for row in rows
    ]
    opened = await vault.open_many(db, keys_of(db), stored)
    return [
        Member(
            id=MemberId(row["id"]),
            role=Role(row["role"]),
            email=content.decode() if isinstance(content, bytes) else None,
            created_at=row["created_at"],
        )
        for row, content in zip(rows, opened, strict=True)
    ]


async def add_member(db: Db, email: str, *, role: Role) -> MemberId:
    """Give a person a login.

    Errors:  PermissionDenied, EmailInvalid, MemberExists.
    """
    rules.require(db.actor, Permission.MANAGE_MEMBERS)
    address = rules.normalise_email(email)
    token = vault.find_token(db, keys_of(db), purpose=_EMAIL_TOKEN, value=address)
    if await queries.find_member_by_token(db, token) is not None:
        raise MemberExists
    member_id = MemberId(uuid7())
    sealed = await vault.seal(
        db,
        keys_of(db),
        vault.Plain(
            subject=vault.Subject(kind=vault.SubjectKind.MEMBER, id=member_id),
            data_class=vault.DataClass.STAFF,
            record_id=member_id,
            slot=_EMAIL_SLOT,
            content=address.encode(),
        ),
    )
    await queries.insert_member(
        db,
        {
            "id": member_id,
            "role": role.value,
            "email_sealed": sealed.envelope,
            "email_token": token,
            "created_at": db.now,
        },
    )
    commitment = audit.Commitment(value=sealed.commitment, key_id=sealed.key_id, record_id=member_id)
    await audit.append(db, MemberAdded(subject_id=member_id, role=role, email=commitment))
    return member_id


async def permissions_of_member(db: Db, member_id: MemberId) -> frozenset[Permission]:
    """What a member of the session's tenant may do; nothing for who is none."""
    role = await queries.find_role(db, member_id)
    return frozenset[Permission]() if role is None else rules.OF_ROLE[Role(role)]
