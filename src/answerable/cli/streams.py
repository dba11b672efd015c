"""The command that keeps a copy of a log elsewhere."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from answerable import tenancy
from answerable.audit.errors import StreamIncomplete
from answerable.audit.posting import poster
from answerable.audit.streaming import FileSink, Sink, copy_log
from answerable.audit.values import ExportFormat
from answerable.audit.webhooks import Hook, WebhookSink
from answerable.cli.output import say
from answerable.cli.runners import Runners
from answerable.cli.session import platform_actor, run_command
from answerable.infra.installation import Installation
from answerable.vault import secretfiles


def register(log: App, runners: Runners) -> None:
    """Add this command."""

    @log.command
    def stream(
        tenant: str,
        *,
        to: str,
        state: Path | None = None,
        secret: Path | None = None,
        format: ExportFormat = ExportFormat.CLOUDEVENTS,  # noqa: A002 - the option's name
        follow: Annotated[bool, Parameter(negative=())] = False,
    ) -> None:
        """Copy a workspace's log to a file or to an address, batch by batch, and go on where the copy ends.

        A batch holds entries, the newest signed checkpoint, and the proof that leads from the copy to it, so that
        the copy verifies without this installation. A file gets a line a batch; an address gets each as a signed
        POST request (Standard Webhooks), again until it is accepted.

        Args:
            tenant: the workspace.
            to: the file, in which what is there stays, or an address that begins with https://.
            state: for an address: the file that remembers how far it is.
            secret: for an address: the file with the secret that requests are signed with, which only you can
                read; 24 bytes or more.
            format: how entries are written in a batch.
            follow: go on until Ctrl-C.
        """

        async def work(installation: Installation) -> int:
            actor = await platform_actor(installation.database, tenant)
            tenancy.require(actor, tenancy.Permission.VIEW_LOG)
            return await copy_log(
                installation.database,
                actor,
                _sink(installation, to, state=state, secret=secret, follows=follow),
                wanted=format,
                follows=follow,
                tell=lambda size: say(f"{size:,} entries"),
            )

        # Ctrl-C ends it between two batches or within one that is then cut off and taken away next time.
        with suppress(KeyboardInterrupt):
            print(f"{run_command(runners, work):,} entries are at {to}.")


def _sink(
    installation: Installation, to: str, *, state: Path | None, secret: Path | None, follows: bool
) -> Sink:
    if not to.startswith(("http://", "https://")):
        return FileSink(Path(to))
    if state is None or secret is None:
        raise StreamIncomplete
    hook = Hook(url=to, secret=secretfiles.read_given(secret).encode(), state=state)
    return WebhookSink(hook, poster(installation.settings.private_sites), gives_up=not follows)
