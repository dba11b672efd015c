"""Commands of a witness, which needs neither an installation nor its database."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter, validators

from answerable.cli.output import say
from answerable.cli.runners import Runners, WitnessOrder


def register(app: App, runners: Runners) -> None:
    """Add these commands."""
    witness = App(name="witness", help="See to it that a log shows everybody the same history.")
    app.command(witness)

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
