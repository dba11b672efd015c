"""What every command does before its own work: settings, log, installation, tenant."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from answerable import tenancy
from answerable.audit.values import ROOT
from answerable.cli.runners import Runners
from answerable.infra.db import Database, SystemReason
from answerable.infra.ids import Actor, ActorKind, TenantId
from answerable.infra.installation import Installation
from answerable.infra.logging import configure_logging
from answerable.infra.settings import Settings

Result = TypeVar("Result")

ROOT_NAME = "@root"
"""What stands for the root log where a workspace is named: no workspace can be called so."""


def run_command(runners: Runners, work: Callable[[Installation], Awaitable[Result]]) -> Result:
    """Open the installation, do one command's work, close it again.

    Errors:  those of opening an installation, and the work's own.
    """

    async def in_installation() -> Result:
        settings = Settings.load()
        # A command's result is its output; of the log only what needs a person belongs beside it.
        configure_logging("warning", format=settings.log_format, stream=sys.stderr)
        async with runners.open(settings) as installation:
            return await work(installation)

    return asyncio.run(in_installation())


async def platform_actor(database: Database, slug: str) -> Actor:
    """Whoever runs the command line, in the tenant of that name.

    Errors:  TenantUnknown.
    """
    async with database.system_session(SystemReason.RESOLVE_TENANT) as session:
        found = await tenancy.resolve_tenant(session, slug=slug)
    return platform_in(found.id)


async def log_actor(database: Database, name: str) -> Actor:
    """Whoever runs the command line, in the log of a tenant, or in the root log where that is named.

    Errors:  TenantUnknown.
    """
    return platform_in(ROOT) if name == ROOT_NAME else await platform_actor(database, name)


def platform_in(tenant_id: TenantId) -> Actor:
    """Whoever runs the command line, in a tenant."""
    return Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM)
