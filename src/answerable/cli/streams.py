"""The command that keeps a copy of a log in a file."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from answerable import tenancy
from answerable.audit.streaming import copy_log
from answerable.audit.values import ExportFormat
from answerable.cli.output import say
from answerable.cli.runners import Runners
from answerable.cli.session import platform_actor, run_command
from answerable.infra.installation import Installation


def register(log: App, runners: Runners) -> None:
    """Add this command."""

    @log.command
    def stream(
        tenant: str,
        *,
        to: Path,
        format: ExportFormat = ExportFormat.CLOUDEVENTS,  # noqa: A002 - the option's name
        follow: Annotated[bool, Parameter(negative=())] = False,
    ) -> None:
        """Copy a workspace's log to a file, batch by batch, and go on where the file ends.

        Each line is one batch: entries, the newest signed checkpoint, and the proof that leads from the copy to
        it, so that the copy verifies without this installation.

        Args:
            tenant: the workspace.
            to: the file; what is in it stays.
            format: how entries are written in a batch.
            follow: go on until Ctrl-C.
        """

        async def work(installation: Installation) -> int:
            actor = await platform_actor(installation.database, tenant)
            tenancy.require(actor, tenancy.Permission.VIEW_LOG)
            return await copy_log(
                installation.database,
                actor,
                to,
                wanted=format,
                follows=follow,
                tell=lambda size: say(f"{size:,} entries"),
            )

        # Ctrl-C ends it between two batches or within one that is then cut off and taken away next time.
        with suppress(KeyboardInterrupt):
            print(f"{run_command(runners, work):,} entries are in {to}.")
