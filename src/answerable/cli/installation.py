"""Commands on the installation itself: run it, its parts, its schema, its jobs, its health."""

import sys
from typing import Annotated

from cyclopts import App, Parameter
from sqlalchemy import make_url

from answerable.cli import running
from answerable.cli.diagnosis import diagnose_all
from answerable.cli.output import Limit, print_json, print_table, say
from answerable.cli.runners import DemoReport, Runners
from answerable.cli.session import run_command
from answerable.infra import jobs, roles, schema
from answerable.infra.installation import Installation, migrate_installation
from answerable.infra.jobs import ParkedJob
from answerable.infra.logging import configure_logging
from answerable.infra.postgres import Finding, Status
from answerable.infra.settings import Settings

AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print one JSON value.")]
Leash = Annotated[bool, Parameter(show=False, negative=())]


def register(app: App, runners: Runners) -> None:
    """Add these commands."""
    _register_running(app, runners)
    _register_upkeep(app, runners)
    _register_demo(app, runners)
    _register_jobs(app, runners)


def _register_running(app: App, runners: Runners) -> None:
    @app.command
    def run() -> None:
        """Start everything: database, demo, web server, worker and log; Ctrl-C stops it."""
        running.run_everything(runners)

    @app.command
    def serve(*, leash: Leash = False) -> None:
        """Start the web server alone."""
        running.check_port(Settings.load())
        running.run_part(runners, runners.serve, leash=leash)

    @app.command
    def worker(*, leash: Leash = False) -> None:
        """Start a worker alone; as many as wanted may run."""
        running.run_part(runners, runners.work, leash=leash)

    @app.command
    def sequencer(*, leash: Leash = False) -> None:
        """Start the sequencer alone: it gives events their place in the log; a second one stands by."""
        running.run_part(runners, runners.sequence, leash=leash)

    @app.command
    def signer(*, leash: Leash = False) -> None:
        """Start the signer alone: it signs each log's head; a second one on the same folder stands by."""
        running.run_part(runners, runners.sign, leash=leash)


def _register_upkeep(app: App, runners: Runners) -> None:
    @app.command
    def migrate(
        *,
        renew_passwords: Annotated[bool, Parameter(negative=())] = False,
        print_roles: Annotated[bool, Parameter(negative=())] = False,
        json: AsJson = False,
    ) -> None:
        """Make the database's roles and bring its schema up to date.

        Args:
            renew_passwords: make new passwords for database roles whose password is lost.
            print_roles: print the SQL that makes the roles, for a database administrator, and do nothing.
            json: print one JSON value.
        """
        if print_roles:
            url = Settings.load().database_url
            named = make_url(url.get_secret_value()).database if url else None
            print(roles.render_sql(database=named or "answerable"))
            return
        if renew_passwords:
            settings = Settings.load()
            configure_logging("warning", format=settings.log_format, stream=sys.stderr)
            migrate_installation(settings, renew_passwords=True)

        async def work(_installation: Installation) -> str:
            # Opening an installation has migrated it.
            return schema.EXPECTED_REVISION

        revision = run_command(runners, work)
        if json:
            print_json({"revision": revision})
        else:
            print(f"The schema is up to date: {revision}.")

    @app.command
    def doctor(*, json: AsJson = False) -> int:
        """Look for everything that keeps the product from working, and say how to mend it."""
        findings = diagnose_all(Settings.load())
        if json:
            print_json(findings)
        else:
            _print_findings(findings)
        return int(any(finding.status is Status.FAILED for finding in findings))


def _register_demo(app: App, runners: Runners) -> None:
    @app.command
    def demo(*, json: AsJson = False) -> None:
        """Load the demo's two workspaces, `shop` and `docs`; a second time it changes nothing."""

        async def work(installation: Installation) -> DemoReport:
            return await runners.load_demo(installation, say)

        report = run_command(runners, work)
        if json:
            print_json(report)
        else:
            print_table(
                ["workspace", "created", "added", "changed", "unchanged", "failed"],
                [
                    (
                        one.slug,
                        "yes" if one.created else "no",
                        one.added,
                        one.changed,
                        one.unchanged,
                        one.failed,
                    )
                    for one in report.tenants
                ],
                empty="The demo holds nothing.",
            )


def _register_jobs(app: App, runners: Runners) -> None:
    group = App(name="jobs", help="Look at jobs that gave up, and try them again.")
    app.command(group)

    @group.default
    def list_parked(*, limit: Limit = 50, json: AsJson = False) -> None:
        """List the jobs that gave up, each with the code of its last error."""

        async def work(installation: Installation) -> list[ParkedJob]:
            async with jobs.connect(installation.jobs_conninfo) as connection:
                return await jobs.list_parked(connection, limit=limit)

        parked = run_command(runners, work)
        if json:
            print_json(parked)
        else:
            print_table(
                ["job", "task", "workspace", "attempts", "error", "since"],
                [
                    (one.id, one.task, one.tenant_id, one.attempts, one.error_code, one.parked_at)
                    for one in parked
                ],
                empty="No job has given up.",
            )

    @group.command
    def retry(job_id: int) -> None:
        """Try a job again that gave up."""

        async def work(installation: Installation) -> None:
            async with jobs.connect(installation.jobs_conninfo) as connection:
                await jobs.retry_parked(connection, job_id)

        run_command(runners, work)
        print(f"Job {job_id} waits for a worker.")

    @group.command
    def discard(job_id: int) -> None:
        """Give a job up for good."""

        async def work(installation: Installation) -> None:
            async with jobs.connect(installation.jobs_conninfo) as connection:
                await jobs.discard_parked(connection, job_id)

        run_command(runners, work)
        print(f"Job {job_id} is gone.")


def _print_findings(findings: list[Finding]) -> None:
    for finding in findings:
        print(f"{finding.status.value:8} {finding.name}: {finding.message}")
        if finding.remedy:
            first, *others = finding.remedy.rstrip().split("\n")
            print(f"{'':8} Remedy: {first}")
            for line in others:
                print(f"{'':8} {line}".rstrip())
