"""Commands on members: the link with which one signs in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from cyclopts import App, Parameter

from answerable import identity
from answerable.cli.output import print_json
from answerable.cli.runners import Runners
from answerable.cli.session import platform_actor, run_command
from answerable.identity.values import LINK_LIFETIME
from answerable.infra.installation import Installation
from answerable.infra.settings import Settings

AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print one JSON value.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLink:
    """A sign-in link as it is shown: the only time that anybody can read it."""

    url: str
    expires_at: datetime


def register(app: App, runners: Runners) -> None:
    """Add these commands."""

    @app.command(name="sign-in-link")
    def sign_in_link(tenant: str, email: str, *, json: AsJson = False) -> None:
        """Make a link with which a member signs in, once, within 15 minutes.

        Args:
            tenant: the workspace.
            email: the member's e-mail address.
            json: print one JSON value.
        """

        async def work(installation: Installation) -> PrintedLink:
            return await make_link(installation, tenant, email)

        made = run_command(runners, work)
        if json:
            print_json(made)
        else:
            print(made.url)
            print(f"It works once, until {made.expires_at:%H:%M} UTC.")


async def make_link(
    installation: Installation, tenant: str, email: str, *, lifetime: timedelta = LINK_LIFETIME
) -> PrintedLink:
    """A sign-in link of that member, ready to be opened.

    Errors:  TenantUnknown, EmailInvalid, MemberUnknown.
    """
    actor = await platform_actor(installation.database, tenant)
    async with installation.database.tenant_session(actor) as db:
        link = await identity.make_sign_in_link(db, email, lifetime=lifetime)
    url = f"{address_of(installation.settings)}/sign-in/{link.token}"
    return PrintedLink(url=url, expires_at=link.expires_at)


def address_of(settings: Settings) -> str:
    """Where a browser on this machine, or everybody once it is public, reaches the web server."""
    if settings.public_url:
        return settings.public_url
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
