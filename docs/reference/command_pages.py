# ruff: noqa: INP001 - a folder of pages, and no package.
"""The page of commands, read from the command line's own tree."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from inspect import cleandoc
from typing import NoReturn, get_args

from cyclopts import App, Argument
from markdown_pages import code, write_page, write_table

from answerable.cli import Runners, build
from answerable.infra.installation import Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command with its words and what it takes."""

    words: tuple[str, ...]
    says: str
    arguments: tuple[Argument, ...]


def build_commands() -> App:
    """The command line's tree, with runners that run nothing."""

    def refuse(*_arguments: object) -> NoReturn:
        raise AssertionError

    def opens(_settings: object) -> AbstractAsyncContextManager[Installation]:
        raise AssertionError

    return build(
        Runners(
            open=opens,
            serve=refuse,
            work=refuse,
            sequence=refuse,
            sign=refuse,
            drill=refuse,
            witness=refuse,
            monitor=refuse,
            monitor_key=refuse,
            stamp=refuse,
            load_demo=refuse,
        )
    )


def list_commands(app: App, words: tuple[str, ...] = ("answerable",)) -> Iterator[Command]:
    """Every command below an app, groups without a command of their own left out."""
    if app.default_command is not None and len(words) > 1:
        shown = tuple(each for each in app.assemble_argument_collection(parse_docstring=True) if each.show)
        yield Command(words=words, says=_first_sentence(app), arguments=shown)
    for name in sorted(name for name in app if not name.startswith("-")):
        yield from list_commands(app[name], (*words, name))


def commands_page() -> str:
    """All commands with their arguments."""
    parts: list[str] = []
    for command in list_commands(build_commands()):
        parts.append(f"## {' '.join(command.words)}")
        parts.append(command.says)
        if command.arguments:
            parts.append(write_table(["argument", "takes", "means"], map(_row, command.arguments)))
    return write_page(
        "Commands",
        "A command ends with 0 when it did its work, with 1 when it failed, and with 2 when it was used wrongly.\n"
        "Whatever the outcome of `ask` is, a handoff included, it did its work.\n"
        "A failure is told with its message, remedy and code on standard error; "
        "with `--json` as one JSON object.",
        *parts,
    )


def _first_sentence(app: App) -> str:
    command = app.default_command
    text = (command.__doc__ if command is not None else None) or app.help or ""
    return cleandoc(text).split("\n\n", maxsplit=1)[0].replace("\n", " ")


def _row(argument: Argument) -> tuple[str, str, str]:
    positional = argument.index is not None
    name = argument.name.removeprefix("--").upper() if positional else argument.name
    default = argument.field_info.default
    told = (
        f" Default: `{default}`."
        if isinstance(default, str | int) and default and not argument.required
        else ""
    )
    must = " Required." if argument.required and not positional else ""
    return code(name), _takes(argument.hint), f"{_sentence(argument.parameter.help)}{must}{told}".strip()


def _takes(hint: object) -> str:
    if hint is bool:
        return "a switch"
    inner = [part for part in get_args(hint) if part is not type(None)]
    if not inner:
        return {"str": "text", "int": "a number", "UUID": "an identifier", "Path": "a path"}.get(
            getattr(hint, "__name__", ""), "text"
        )
    if all(isinstance(part, str) for part in inner):
        return " or ".join(map(code, inner))
    several = getattr(hint, "__origin__", None) in {list, tuple}
    taken = _takes(inner[0])
    return f"{taken}, one or more" if several else taken


def _sentence(text: str | None) -> str:
    words = " ".join((text or "").split())
    return words[:1].upper() + words[1:]
