"""How commands print: tables and sentences for people, one JSON value for programs, errors on standard error."""

import json
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, cast
from uuid import UUID

from cyclopts import Parameter, validators
from rich.console import Console
from rich.table import Table

from answerable.infra.errors import AnswerableError

Limit = Annotated[int, Parameter(help="At most so many.", validator=validators.Number(gte=1, lte=10_000))]
"""How long a list may get."""


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=_to_json))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table on standard output, or a sentence that says what to do when there is nothing."""
    lines = [[_cell(cell) for cell in row] for row in rows]
    # Into a file or a pipe nothing is folded: a line is a row there.
    console = Console(width=None if sys.stdout.isatty() else 240)
    if not lines:
        console.print(empty, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for line in lines:
        table.add_row(*line)
    console.print(table, markup=False)


def say(line: str) -> None:
    """A line of progress, on standard error so that it never mixes with a result."""
    print(line, file=sys.stderr, flush=True)


def print_error(error: AnswerableError, *, as_json: bool) -> None:
    """An error with its code and remedy, on standard error."""
    _print_failure(error.code, error.message, error.remedy, as_json=as_json)


def print_internal_error(error: Exception, *, as_json: bool) -> None:
    """An error that nobody declared: its type and where it arose, not its text, which may hold content."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = "\n".join(f"    {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    message = f"An error that was not foreseen: {type(error).__name__}\n{where}"
    remedy = "Report these lines; they hold no content."
    _print_failure(AnswerableError.code, message, remedy, as_json=as_json)


def _print_failure(code: str, message: str, remedy: str, *, as_json: bool) -> None:
    if as_json:
        told = {"code": code, "message": message, "remedy": remedy}
        print(json.dumps({"error": told}, ensure_ascii=False), file=sys.stderr)
        return
    print(f"{message}\n  Remedy: {remedy}\n  Code: {code}", file=sys.stderr)


def _to_json(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(cast("Iterable[Any]", value))  # of numbers, everywhere in the product
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value.value if isinstance(value, Enum) else value)
