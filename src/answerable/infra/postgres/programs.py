"""Runs one of the server's programs as the account that owns its data, and hands back what it said."""

import os
import subprocess
from collections.abc import Sequence

from answerable.infra.errors import AnswerableError
from answerable.infra.home import storage_error
from answerable.infra.postgres.account import Account
from answerable.infra.postgres.errors import BinariesNotFound, StartTooSlow
from answerable.infra.postgres.place import Place


def run_program(
    command: Sequence[str], account: Account, place: Place, *, timeout_s: float
) -> tuple[int, str]:
    """The exit code of a program, and all that it wrote.

    Errors:  BinariesNotFound, StartTooSlow, NoDiskLeft, HomeNotUsable.
    """
    try:
        return _run(command, account, place, timeout_s)
    except subprocess.TimeoutExpired as error:
        raise StartTooSlow(f"Waited {timeout_s:.0f} s.") from error
    except OSError as error:
        raise _explain(error, command[0], place) from error


def _run(command: Sequence[str], account: Account, place: Place, timeout_s: float) -> tuple[int, str]:
    # Variables such as PGDATA and PGOPTIONS are for clients and servers of other people.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    # Output goes to a file and not to a pipe: the server inherits it and would keep a pipe open for ever.
    with (place.folder / "output").open("w+", encoding="utf-8", errors="replace") as output:
        finished = subprocess.run(  # noqa: S603 - programs of the wheel or the operator, without a shell.
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
            cwd=place.run,
            env=environment | {"LC_ALL": "C"},
            # Ctrl-C in a terminal goes to the whole session, and the server must outlive an application that
            # still has connections to close.
            start_new_session=True,
            umask=0o077,
            **account.switch,
        )
        output.seek(0)
        return finished.returncode, output.read()


def _explain(error: OSError, program: str, place: Place) -> AnswerableError:
    if error.filename == program:
        return BinariesNotFound(f"{program}: {error.strerror}.")
    return storage_error(error, place.folder)
