"""Puts the commands together, and turns what goes wrong into a message and an exit code."""

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from answerable.cli import answers, audit_log, documents, installation, keys, members, tenants, witnesses
from answerable.cli.errors import UsageWrong
from answerable.cli.output import print_error, print_internal_error
from answerable.cli.runners import Runners
from answerable.infra.errors import AnswerableError

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def build(runners: Runners) -> App:
    """The tree of commands."""
    app = App(
        name="answerable",
        help="Customer care whose every reply has a complete record.",
        help_format="plaintext",
        version_flags=["--version"],
        # Otherwise it would end the process by itself, instead of telling the exit code.
        suppress_keyboard_interrupt=False,
    )
    for group in (installation, tenants, members, documents, answers, audit_log, keys, witnesses):
        group.register(app, runners)
    return app


def main(runners: Runners, arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage."""
    app = build(runners)
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in tokens
    try:
        # To people the library draws a box around what is wrong; a program gets the form of every other error.
        code = app(tokens, exit_on_error=False, print_error=not as_json, result_action="return_value")
    except CycloptsError as error:
        if as_json:
            print_error(UsageWrong(str(error)), as_json=True)
        return USAGE
    except AnswerableError as error:
        print_error(error, as_json=as_json)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has read enough; what Python would still flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    except Exception as error:  # noqa: BLE001 - the last place: a traceback could show content
        print_internal_error(error, as_json=as_json)
        return FAILED
    return code if isinstance(code, int) else DONE
