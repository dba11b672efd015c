"""The pages of two workspaces in this process, and browsers in which their members have signed in."""

from collections.abc import AsyncGenerator

import pytest
from fastapi import FastAPI

from answerable.api import Web
from answerable.app import create_application
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from answerable.infra.rates import Rates
from answerable.infra.schema import EXPECTED_REVISION
from answerable.tenancy import Role
from factories.http import Client, open_client
from factories.members import Browser, SignIn, sign_in


@pytest.fixture
def web(database: Database) -> Web:
    return Web(
        database=database,
        expected_revision=EXPECTED_REVISION,
        rates=Rates(),
        public_url="https://care.example",
    )


@pytest.fixture
def app(web: Web) -> FastAPI:
    return create_application(web)


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[Client]:
    async with open_client(app) as opened:
        yield opened


@pytest.fixture
def sign_in_as(database: Database, client: Client, acme: Actor) -> SignIn:
    """Signs in a member of acme, of the role that is named, or of another tenant."""

    async def make(role: Role = Role.OWNER, tenant: Actor = acme) -> Browser:
        return await sign_in(database, client, tenant, role)

    return make


@pytest.fixture
async def owner(sign_in_as: SignIn) -> Browser:
    """The browser of acme's owner."""
    return await sign_in_as()
