"""Members who are signed in, as their browsers would be."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from answerable import identity, tenancy
from answerable.dashboard.frame.signing_in import COOKIE
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind, MemberId
from answerable.tenancy import Role
from factories.http import Client, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A browser in which a member has signed in."""

    client: Client
    actor: Actor
    token: str

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.token}"}

    async def get(self, path: str, *, part: bool = False) -> "Answer":
        headers = self.cookie | ({"HX-Request": "true"} if part else {})
        return Answer(await self.client.get(path, headers=headers))

    async def post(
        self, path: str, form: Mapping[str, str] | None = None, /, *, part: bool = False, **fields: str
    ) -> "Answer":
        headers = self.cookie | ({"HX-Request": "true"} if part else {})
        return Answer(await self.client.post(path, data={**(form or {}), **fields}, headers=headers))

    async def send(self, path: str, fields: Mapping[str, str]) -> "Answer":
        return Answer(await self.client.post(path, data=dict(fields), headers=self.cookie))


SignIn = Callable[..., Awaitable[Browser]]


class Answer:
    """What came back, with what tests ask of it."""

    def __init__(self, response: Response) -> None:
        self.status = response.status_code
        self.text = response.text
        self.headers = response.headers


async def make_member(database: Database, tenant: Actor, role: Role = Role.OWNER) -> tuple[Actor, str]:
    """A new member of a tenant and their address; an owner there is from the beginning."""
    email = "owner@example.com" if role is Role.OWNER else f"{role.value}@example.com"
    platform = Actor(tenant_id=tenant.tenant_id, kind=ActorKind.PLATFORM)
    async with database.tenant_session(platform) as db:
        found = await tenancy.find_member(db, email)
        member_id: MemberId = found or await tenancy.add_member(db, email, role=role)
    actor = Actor(tenant_id=tenant.tenant_id, kind=ActorKind.MEMBER, id=member_id, role=role.value)
    return actor, email


async def sign_in(database: Database, client: Client, tenant: Actor, role: Role = Role.OWNER) -> Browser:
    """A browser in which a member of that role has signed in."""
    actor, email = await make_member(database, tenant, role)
    platform = Actor(tenant_id=tenant.tenant_id, kind=ActorKind.PLATFORM)
    async with database.tenant_session(platform) as db:
        link = await identity.make_sign_in_link(db, email)
    return Browser(client=client, actor=actor, token=await identity.sign_in(database, link.token))
