# ruff: noqa: INP001 - a folder of pages, and no package.
"""The page of log events: found in the source by its syntax, explained by sentences of our own."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_pages import PageIncomplete, code, write_page, write_table

import answerable

SOURCE = Path(answerable.__file__).parent
SENTENCES = Path(__file__).with_name("sentences.toml")
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
_LEVELS = {"exception": "error"}

_EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
_NOT_FIELDS = frozenset({"exc_info"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One place in the source that writes a log event."""

    name: str
    level: str
    fields: frozenset[str]


def sentences(of: str) -> dict[str, str]:
    """What a person should know about each name, as the file of sentences says."""
    return tomllib.loads(SENTENCES.read_text(encoding="utf-8"))[of]


def explain(names: set[str], *, of: str) -> dict[str, str]:
    """The sentence of each name.

    Errors:  PageIncomplete when a name has none, or a sentence no name.
    """
    known = sentences(of)
    if missing := sorted(names - known.keys()):
        raise PageIncomplete(f"Add to [{of}] in {SENTENCES.name}: {', '.join(missing)}.")
    if spare := sorted(known.keys() - names):
        raise PageIncomplete(f"Remove from [{of}] in {SENTENCES.name}: {', '.join(spare)}.")
    return known


def find_log_events() -> list[LogEvent]:
    """Every log event that the source can write."""
    found: list[LogEvent] = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.extend(_events_of(node))
    return found


def log_events_page() -> str:
    """All log events with level, fields and what they mean."""
    found = find_log_events()
    names = sorted({event.name for event in found})
    meaning = explain(set(names), of="log_events")
    rows: list[tuple[str, str, str, str]] = []
    for name in names:
        places = [event for event in found if event.name == name]
        levels = " or ".join(sorted({event.level for event in places}, key=LEVELS.index))
        fields = sorted(frozenset[str]().union(*(event.fields for event in places)))
        rows.append((code(name), levels, meaning[name], ", ".join(map(code, fields))))
    return write_page(
        "Log events",
        "What the program writes to its output: how things went, never what was said.\n"
        "*info* is a fact, *warning* is for reading this week, *error* is for acting on.\n"
        "Every line also has a time and a level; a field's name ends in its unit.",
        write_table(["event", "level", "means", "fields"], rows),
    )


def _events_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[LogEvent]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    bound = frozenset(name for call in calls if _method(call) == "bind" for name in _keywords(call))
    for call in calls:
        level, name = _method(call), _first_text(call)
        if level in LEVELS and name is not None and _EVENT.fullmatch(name):
            is_bound = not (isinstance(call.func, ast.Attribute) and _is_name(call.func.value, "log"))
            own = frozenset([*_keywords(call), *_unpacked(call, function)])
            yield LogEvent(
                name=name, level=_LEVELS.get(level, level), fields=own | bound if is_bound else own
            )


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _first_text(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _keywords(call: ast.Call) -> list[str]:
    return [word.arg for word in call.keywords if word.arg and word.arg not in _NOT_FIELDS]


def _unpacked(call: ast.Call, function: ast.AST) -> Iterator[str]:
    """The keys of a dictionary that the function makes and hands over as `**fields`."""
    names = {word.value.id for word in call.keywords if word.arg is None and isinstance(word.value, ast.Name)}
    for node in ast.walk(function):
        target = node.target if isinstance(node, ast.AnnAssign) else None
        target = node.targets[0] if isinstance(node, ast.Assign) else target
        if isinstance(target, ast.Name) and target.id in names:
            made = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            keys = made.keys if isinstance(made, ast.Dict) else []
            yield from (str(key.value) for key in keys if isinstance(key, ast.Constant))


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
