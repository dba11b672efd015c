"""Where everything is wired: settings in; ASGI application, worker and console script out."""

import asyncio
import signal
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from answerable import audit, cli, conversations, demo, handoff, identity, knowledge, tenancy, worker
from answerable.answering import Desk
from answerable.answering.gaps import EVENTS as QUESTION_EVENTS
from answerable.answering.values import EVENTS as ANSWERING_EVENTS
from answerable.audit import Event
from answerable.audit.errors import TimestampUnconfigured
from answerable.audit.posting import poster
from answerable.infra import jobs, roles, schema, signals
from answerable.infra.installation import Installation, open_installation, patiently
from answerable.infra.logging import configure_logging, watch_loop
from answerable.infra.settings import LogFormat, Settings
from answerable.vault import Keys
from answerable.vault.carried import KEYS

if TYPE_CHECKING:
    from fastapi import FastAPI

    from answerable.infra.web import Web


def event_registry() -> frozenset[type[Event]]:
    """Every type of audit event that the product can record; any other is refused."""
    return frozenset(
        audit.EVENTS
        + tenancy.EVENTS
        + identity.EVENTS
        + knowledge.EVENTS
        + conversations.EVENTS
        + handoff.EVENTS
        + ANSWERING_EVENTS
        + QUESTION_EVENTS
    )


def carried(settings: Settings) -> dict[str, object]:
    """What every database session carries for the domains."""
    return {
        audit.REGISTRY: event_registry(),
        audit.WRITERS: audit.Writers(),
        KEYS: Keys(folder=settings.keys),
    }


def open_product(settings: Settings) -> AbstractAsyncContextManager[Installation]:
    """Open the installation with everything that its domains need.

    Errors:  those of `open_installation`.
    """
    return open_installation(settings, carries=carried(settings))


def desk_of(installation: Installation) -> Desk:
    """What answering works with."""
    return Desk(database=installation.database, embedder=installation.embedder)


def create_application(web: "Web") -> "FastAPI":
    """The web application with every surface that speaks HTTP."""
    from answerable import dashboard, widget  # noqa: PLC0415 - as in `serve`
    from answerable.api import create_api, routers  # noqa: PLC0415

    served = [*routers, dashboard.router, widget.router]
    application = create_api(web, routers=served, wrappers=[widget.CrossOrigin])
    dashboard.show_what_is_nowhere(application)
    return application


async def serve(installation: Installation) -> None:
    """Serve HTTP until SIGTERM or SIGINT, then finish what was begun.

    Errors:  GuardsBroken, before anything is served.
    """
    # Imported here: commands that serve nothing start a second sooner.
    import uvicorn  # noqa: PLC0415

    from answerable.api import Web, drain, server_config  # noqa: PLC0415

    await patiently(lambda: audit.require_guards(installation.database))
    settings = installation.settings
    web = Web(
        database=installation.database,
        embedder=installation.embedder,
        expected_revision=schema.EXPECTED_REVISION,
        proxies=settings.trusted_proxies,
        public_url=settings.public_url,
    )
    application = create_application(web)
    server = uvicorn.Server(server_config(application, host=settings.host, port=settings.port))

    def stop() -> None:
        # First no longer ready, so that a load balancer looks elsewhere; then what was begun is finished.
        drain(application)
        # Streams would go on for ever; their clients come again, elsewhere or later.
        web.hub.drain()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with signals.listening(web.hub, installation.signals_conninfo):
        # `serve` would install handlers of its own over these.
        await server._serve()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


async def work(installation: Installation) -> None:
    """Run jobs until SIGTERM or SIGINT, then finish what was begun.

    Errors:  GuardsBroken, before any job is taken.
    """
    await patiently(lambda: audit.require_guards(installation.database))
    watch_loop(asyncio.get_running_loop())
    tasks = worker.build_tasks(
        desk_of(installation),
        Keys(folder=installation.settings.keys),
        web=knowledge.Web(private_sites=installation.settings.private_sites),
        outward=outward_of(installation),
    )
    await jobs.run_jobs(
        installation.jobs_conninfo, tasks, concurrency=installation.settings.worker_concurrency
    )


def outward_of(installation: Installation) -> worker.Outward:
    """How heads of this installation's logs reach those who vouch for them.

    Errors:  TimestampRootsUnreadable.
    """
    settings = installation.settings
    post = poster(settings.private_sites)
    if settings.timestamp_url is None or settings.timestamp_roots is None:
        return worker.Outward(post=post)
    return worker.Outward(post=post, stamp=partial(stamp_root, installation))


async def stamp_root(installation: Installation) -> datetime | None:
    """Have the root log timestamped by the authority that is configured; nothing when its head is already.

    Errors:  TimestampUnconfigured, TimestampRootsUnreadable, TimestampRefused, and those of reaching it.
    """
    from answerable.audit import timestamps  # noqa: PLC0415 - few installations have an authority

    settings = installation.settings
    if settings.timestamp_url is None or settings.timestamp_roots is None:
        raise TimestampUnconfigured
    authority = timestamps.Authority(
        url=settings.timestamp_url, roots=timestamps.read_roots(settings.timestamp_roots)
    )
    # A token proves itself, and many authorities are asked without TLS.
    post = poster(settings.private_sites, allows_plain=True)
    stamp = await timestamps.stamp_root(installation.database, post, authority)
    return None if stamp is None else stamp.at


async def sequence(installation: Installation) -> None:
    """Give events their place in the log until SIGTERM or SIGINT."""
    async with installation.service(roles.SEQUENCER) as service:
        await audit.run_sequencer(service, stop_event())


async def sign(installation: Installation) -> None:
    """Sign the heads of logs until SIGTERM or SIGINT."""
    async with installation.service(roles.SIGNER) as service:
        await audit.run_signer(service, installation.settings.signer, stop_event())


def stop_event() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


async def load_demo(installation: Installation, tell: cli.Say) -> cli.DemoReport:
    """Load the demo's workspaces."""
    loaded = await demo.load(installation, tell)
    return cli.DemoReport(
        tenants=tuple(
            cli.DemoTenant(
                slug=one.slug,
                created=one.created,
                added=one.added,
                changed=one.changed,
                unchanged=one.unchanged,
                failed=one.failed,
            )
            for one in loaded
        )
    )


async def run_drill(installation: Installation, tell: cli.Say) -> list[cli.DrillAttempt]:
    """Attack copies of a log in every way that is listed."""
    from answerable import drill  # noqa: PLC0415 - as in `serve`

    return [cli.DrillAttempt(**asdict(one)) for one in await drill.run_drill(installation, tell)]


def run_witness(order: cli.WitnessOrder, tell: cli.Say) -> None:
    """Serve as a witness until told to stop."""
    from answerable import witness  # noqa: PLC0415 - as in `serve`

    witness.serve_witness(witness.WitnessOptions(**asdict(order)), tell)


def run_monitor(order: cli.MonitorOrder, looked: cli.Looked) -> int:
    """Watch a log, once or for ever; the exit code."""
    from answerable import witness  # noqa: PLC0415 - as in `serve`

    # Its output is what it found; of the log only what needs a person belongs beside it.
    configure_logging("warning", format=LogFormat.CONSOLE, stream=sys.stderr)
    options = witness.MonitorOptions(**asdict(order))
    return asyncio.run(witness.watch(options, lambda look: looked(cli.MonitorLook(**asdict(look)))))


def monitor_key(state: Path, name: str) -> str:
    """The key of the monitor of a folder."""
    from answerable import witness  # noqa: PLC0415 - as in `serve`

    return witness.Memory(state, name).key


def main() -> int:
    """The console script: run one command and return its exit code."""
    return cli.main(
        cli.Runners(
            open=open_product,
            serve=serve,
            work=work,
            sequence=sequence,
            sign=sign,
            load_demo=load_demo,
            drill=run_drill,
            witness=run_witness,
            monitor=run_monitor,
            monitor_key=monitor_key,
            stamp=stamp_root,
        )
    )
