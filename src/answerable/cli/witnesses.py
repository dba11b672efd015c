"""Commands of witnesses, which need neither an installation nor a database, and commands on a log's witnesses."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import App, Parameter, validators

from answerable import audit, tenancy
from answerable.audit import witnesses
from answerable.audit.posting import poster, require_reachable
from answerable.audit.reading import Alarm, list_alarms
from answerable.audit.witnesses import Witness
from answerable.cli.installation import AsJson
from answerable.cli.output import print_json, print_table, say
from answerable.cli.runners import MonitorLook, MonitorOrder, Runners, WitnessOrder
from answerable.cli.session import log_actor, run_command
from answerable.infra.db import Db
from answerable.infra.installation import Installation
from answerable.infra.settings import Settings

Result = TypeVar("Result")


def register(app: App, runners: Runners) -> None:
    """Add these commands."""
    witness = App(name="witness", help="See to it that a log shows everybody the same history.")
    app.command(witness)
    _register_serving(witness, runners)
    _register_adding(witness, runners)
    _register_listing(witness, runners)
    _register_stamp(witness, runners)
    _register_monitor(app, runners)


def _register_serving(witness: App, runners: Runners) -> None:
    @witness.command
    def serve(
        *,
        state: Path,
        logs: Path,
        name: str,
        host: str = "127.0.0.1",
        port: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=65_535))] = 8_801,
    ) -> None:
        """Cosign heads of logs over HTTP (c2sp.org/tlog-witness), where whoever runs the logs cannot reach.

        Args:
            state: a folder for its key and for what it has seen; made when it is not there.
            logs: a file that names the logs: `log VKEY`, or `logs PREFIX KEY` for all of an installation.
            name: under which it cosigns, such as witness.example.com/w1.
            host: address to listen on.
            port: port to listen on.
        """
        runners.witness(WitnessOrder(state=state, logs=logs, name=name, host=host, port=port), say)


def _register_adding(witness: App, runners: Runners) -> None:
    @witness.command
    def add(tenant: str, key: str, *, url: str | None = None) -> None:
        """Register who cosigns a workspace's log from now on.

        Args:
            tenant: the workspace, or @root for the log over all logs of this installation.
            key: the witness's verifier key, as it prints it when it starts.
            url: where heads are handed in; without it the witness fetches them with a token that is printed once.
        """
        if url is not None:
            require_reachable(url, Settings.load().private_sites)
        _, token = _change(runners, tenant, lambda db: witnesses.add_witness(db, key, url=url))
        say("It counts from now on.")
        if token is not None:
            say("Its token, shown this once; put it into a file that only the witness can read:")
            print(token)

    @witness.command
    def remove(tenant: str, name: str) -> None:
        """Take a witness off; what it has said of heads stays.

        Args:
            tenant: the workspace, or @root.
            name: the name that its key bears.
        """
        _change(runners, tenant, lambda db: witnesses.remove_witness(db, name))
        print(f"{name} counts no more.")

    @witness.command
    def quorum(
        tenant: str, threshold: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=100))]
    ) -> None:
        """Set how many witnesses must have cosigned a head for it to be quorum-witnessed; 0 asks for none.

        Args:
            tenant: the workspace, or @root.
            threshold: so many.
        """
        _change(runners, tenant, lambda db: witnesses.set_quorum(db, threshold))
        print(f"{threshold} of them make a quorum." if threshold else "No quorum is asked for.")


def _register_listing(witness: App, runners: Runners) -> None:
    @witness.command(name="list")
    def list_(tenant: str, *, json: AsJson = False) -> None:
        """List who cosigns a workspace's log, and how far each has come.

        Args:
            tenant: the workspace, or @root.
            json: print one JSON value.
        """
        found, threshold, alarms = _change(runners, tenant, _list)
        if json:
            listed = [_as_json(one) for one in found]
            print_json({"quorum": threshold, "witnesses": listed, "alarms": [one.finding for one in alarms]})
            return
        print_table(
            ["witness", "reached at", "cosigned", "at", "trouble"],
            [
                (one.key.name, one.url or "comes itself", one.size, one.stated_at, one.failure)
                for one in found
            ],
            empty="No witness yet. Add one: answerable witness add WORKSPACE KEY",
        )
        if threshold:
            print(f"{threshold} of them make a quorum.")
        for one in alarms:
            say(
                f"The signer refuses this log ({one.finding}): {one.signed_size} signed, {one.found_size} found."
            )

    @witness.command
    def policy(tenant: str) -> None:
        """Print whose signatures count for a workspace's log, as a file for verifiers (c2sp.org/tlog-policy).

        Args:
            tenant: the workspace, or @root.
        """
        print(_change(runners, tenant, witnesses.render_policy).decode(), end="")

    @witness.command
    def push(tenant: str) -> None:
        """Hand the newest head to the witnesses now; the worker does it every minute.

        Args:
            tenant: the workspace, or @root.
        """

        async def work(installation: Installation) -> int:
            actor = await log_actor(installation.database, tenant)
            post = poster(installation.settings.private_sites)
            return await audit.push_heads(installation.database, actor, post)

        print(f"{run_command(runners, work)} cosigned.")


def _register_stamp(witness: App, runners: Runners) -> None:
    @witness.command
    def stamp() -> None:
        """Have the root log timestamped by the authority that is configured; the worker does it every hour."""
        at = run_command(runners, runners.stamp)
        print(f"Stamped at {at:%Y-%m-%d %H:%M:%S} UTC." if at else "Its newest head is stamped already.")


async def _list(db: Db) -> tuple[list[Witness], int, tuple[Alarm, ...]]:
    found, quorum = await witnesses.list_witnesses(db), await witnesses.get_quorum(db)
    return found, quorum, await list_alarms(db)


def _as_json(one: Witness) -> dict[str, object]:
    return {
        "name": one.key.name,
        "key": str(one.key),
        "url": one.url,
        "size": one.size,
        "stated_at": one.stated_at,
        "asked_at": one.asked_at,
        "failure": one.failure,
    }


def _change(runners: Runners, tenant: str, work: Callable[[Db], Awaitable[Result]]) -> Result:
    """Do something with the witnesses of a log, as whoever runs the command line."""

    async def in_session(installation: Installation) -> Result:
        actor = await log_actor(installation.database, tenant)
        async with installation.database.tenant_session(actor) as db:
            tenancy.require(actor, tenancy.Permission.MANAGE_SETTINGS)
            return await work(db)

    return run_command(runners, in_session)


def _register_monitor(app: App, runners: Runners) -> None:
    @app.command
    def monitor(  # noqa: PLR0913 - each is an option of its own
        *,
        state: Path,
        url: str | None = None,
        token: Path | None = None,
        name: str = "monitor",
        key: str | None = None,
        every: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=86_400))] = 0,
        max_age: Annotated[int | None, Parameter(name="--max-age")] = None,
        json: AsJson = False,
    ) -> int:
        """Watch a log from anywhere: see that it only grows, cosign its head, and raise alarm when it lies.

        It needs neither an installation nor a database. Ends with 0; 20 when the newest head is older than asked
        for; 40 when something does not verify; 41 when the log shows another history than before.

        Args:
            state: a folder for its key and what it has seen; made when it is not there.
            url: the installation's address; without it the monitor only prints its own key, to be registered.
            token: a file with the token that `answerable witness add` printed, which only you can read.
            name: under which it cosigns, such as example.com/monitor.
            key: the log's verifier key, if you have it from elsewhere; otherwise the first one seen is kept.
            every: look again after so many seconds, for ever; 0 looks once.
            max_age: how old the newest head may be, in seconds.
            json: print one JSON value a look.
        """
        if url is None:
            print(runners.monitor_key(state, name))
            return 0
        order = MonitorOrder(
            url=url, state=state, token=token, name=name, key=key, every_s=every, max_age_s=max_age
        )
        return runners.monitor(order, print_json if json else _print_look)


def _print_look(look: MonitorLook) -> None:
    if look.alarms:
        print("\n".join(f"ALARM  {look.origin}  {one}" for one in look.alarms))
    if look.cosigned:
        more = f"{look.added:,} new" if look.added else "none new"
        print(
            f"ok  {look.origin}  {look.size:,} entries, {more}; "
            f"{look.published:,} heads found in the root log; cosigned"
        )
