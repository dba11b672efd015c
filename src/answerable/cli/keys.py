"""Commands on keys: rotate them after erasures, recover them after a restored backup."""

from typing import Annotated

from cyclopts import App, Parameter

from answerable import tenancy
from answerable.cli.output import print_json, print_table
from answerable.cli.runners import Runners
from answerable.cli.session import platform_in, run_command
from answerable.infra.db import SystemReason
from answerable.infra.installation import Installation
from answerable.vault import Keys
from answerable.vault.values import Recovery, RotationReport

AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print one JSON value.")]


def register(app: App, runners: Runners) -> None:
    """Add these commands."""
    group = App(name="vault", help="Rotate and recover keys.")
    app.command(group)

    @group.command
    def rotate(*, json: AsJson = False) -> int:
        """Replace the keys of workspaces in which something was erased, as every night at three (UTC)."""

        async def work(installation: Installation) -> RotationReport:
            keys = Keys(folder=installation.settings.keys)
            return await tenancy.rotate_keys(installation.database, keys)

        report = run_command(runners, work)
        if json:
            print_json(report)
        else:
            print(f"{len(report.rotated)} rotated, {len(report.failed)} failed.")
        return int(bool(report.failed))

    @group.command
    def recover(*, json: AsJson = False) -> None:
        """Bring keys in line with the key folder after an older backup of the database was restored."""

        async def work(installation: Installation) -> dict[str, Recovery]:
            async with installation.database.system_session(SystemReason.LIST_TENANTS) as session:
                tenants = await tenancy.list_tenants(session)
            recovered: dict[str, Recovery] = {}
            for tenant in tenants:
                async with installation.database.tenant_session(platform_in(tenant.id)) as db:
                    recovered[tenant.slug] = await tenancy.recover_keys(db)
            return recovered

        recovered = run_command(runners, work)
        if json:
            print_json(recovered)
        else:
            print_table(
                ["workspace", "living again", "destroyed again", "erased people"],
                [
                    (slug, one.rewrapped, len(one.destroyed), len(one.erased_subjects))
                    for slug, one in recovered.items()
                ],
                empty="There is no workspace.",
            )
