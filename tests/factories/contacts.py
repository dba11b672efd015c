"""A contact who writes to a workspace over HTTP."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from answerable import tenancy
from answerable.infra.db import Database, Unaudited
from answerable.infra.ids import Actor, uuid7
from factories.http import Client

PATH = "/widget/v1/messages"


class Seconds:
    """A clock of the rates that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Writes to one workspace."""

    client: Client
    key: str
    tenant: Actor

    async def write(self, text: object, *, token: str | None = None, **more: Any) -> httpx.Response:
        body = {"text": text, "client_id": str(uuid7()), **more}
        return await self.client.post(PATH, json=body, headers=self._headers(token))

    async def read(
        self, conversation_id: str | UUID, *, token: str | None, after: object = 0
    ) -> httpx.Response:
        wanted = {"conversation_id": str(conversation_id), "after": str(after)}
        return await self.client.get(PATH, params=wanted, headers=self._headers(token))

    def _headers(self, token: str | None) -> dict[str, str]:
        own = {"Answerable-Key": self.key}
        return own if token is None else own | {"Answerable-Conversation": token}


async def make_contact(client: Client, database: Database, tenant: Actor) -> Contact:
    async with database.tenant_session(tenant) as db:
        key = (await tenancy.get_tenant(db)).public_key
    return Contact(client=client, key=key, tenant=tenant)


async def allow(database: Database, tenant: Actor, *origins: str) -> None:
    """Let pages of these origins carry the workspace's chat."""
    async with database.tenant_session(tenant) as db:
        await db.execute(text("UPDATE tenant SET widget_origins = :origins"), {"origins": list(origins)})
        db.unaudited(Unaudited.PROGRESS)
