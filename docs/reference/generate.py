# ruff: noqa: INP001 - a folder of pages, and no package.
"""Writes the generated pages of the documentation from the code, or with `--check` says which differ.

The roles' page is read from a database: the one that REFERENCE_CONNINFO names, else a new, short-lived one.
"""

import ast
import difflib
import importlib
import logging
import os
import pkgutil
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import fields
from enum import Enum
from inspect import cleandoc, getsource
from pathlib import Path
from typing import Any, get_args

import structlog
from command_pages import commands_page
from log_pages import explain, log_events_page
from markdown_pages import PageIncomplete, code, write_page, write_table
from role_pages import migrated_database, roles_page
from sqlalchemy import Column

import answerable
from answerable.answering import evidence
from answerable.app import event_registry
from answerable.audit import Event
from answerable.infra.errors import AnswerableError, registered_errors
from answerable.infra.settings import PREFIX, Settings
from answerable.infra.tables import Base
from answerable.tenancy.rules import OF_KIND, OF_ROLE
from answerable.tenancy.values import Permission, Role

DOCS = Path(__file__).parents[1]
_REFERENCE = Path("reference")
_NOT_IMPORTED = frozenset({"answerable.__main__"})


def import_everything() -> None:
    """Import every module of the product, so that everything declared is known."""
    for module in pkgutil.walk_packages(answerable.__path__, "answerable."):
        if module.name not in _NOT_IMPORTED:
            importlib.import_module(module.name)


def settings_page() -> str:
    """All settings."""
    rows = [
        (
            code(PREFIX + name.upper()),
            _takes(field.annotation, field.metadata),
            _default(field),
            field.description,
        )
        for name, field in Settings.model_fields.items()
    ]
    return write_page(
        "Settings",
        "What whoever runs an installation decides, as environment variables.\n"
        "Every setting has a default that works; an empty variable counts as unset.\n"
        "`answerable doctor` names variables that begin with `ANSWERABLE_` and that nothing reads.",
        write_table(["variable", "takes", "default", "means"], rows),
    )


def errors_page() -> str:
    """All errors."""
    rows = [
        (code(name), error.kind.value, _first_paragraph(error), error.remedy)
        for name, error in {AnswerableError.code: AnswerableError, **registered_errors()}.items()
    ]
    return write_page(
        "Errors",
        "Every error has a code that never changes its meaning, a kind, a message and a remedy.\n"
        "The command line ends with 1 whatever the kind.",
        write_table(["code", "kind", "message", "remedy"], rows),
    )


def audit_events_page() -> str:
    """All audit events."""
    rows = [
        (
            code(event.type),
            _first_paragraph(event),
            event.about.value,
            event.retention.value,
            ", ".join(code(field.name) for field in fields(event) if field.name != "subject_id"),  # pyright: ignore[reportArgumentType] - every Event is a dataclass; the Protocol cannot say so
        )
        for event in sorted(event_registry(), key=_type_of)
    ]
    return write_page(
        "Audit events",
        "What the log of a workspace can hold; an event of any other type is refused, "
        "and with it the transaction.\n"
        "Every event also names its time, its actor and the row it is about.\n"
        "Fields hold identifiers, closed words, small numbers, digests or commitments, never text.",
        write_table(["type", "means", "about", "retention", "fields"], rows),
    )


def permissions_page() -> str:
    """Who may do what."""
    members = [
        (code(each.value), *("yes" if each in OF_ROLE[role] else "" for role in Role)) for each in Permission
    ]
    others = [
        (kind.value, ", ".join(code(each.value) for each in sorted(allowed)) or "nothing")
        for kind, allowed in OF_KIND.items()
        if kind.value != "member"
    ]
    return write_page(
        "Permissions",
        "What is not listed is refused.\nEvery operation names the one permission it needs.",
        "## Members, by role",
        write_table(["permission", *(role.value.replace("_", " ") for role in Role)], members),
        "## Everybody else",
        "*platform* is whoever runs the command line on the machine; they could read the keys anyway, "
        "and the log says what they did.",
        write_table(["actor", "may"], others),
    )


def data_map_page() -> str:
    """All tables and columns with their classification."""
    parts: list[str] = []
    for table in sorted(Base.metadata.tables.values(), key=lambda each: each.name):
        parts += [f"## {table.name}", table.comment or ""]
        parts.append(
            write_table(
                ["column", "holds", "category", "purpose", "protection", "kept", "export", "erased"],
                map(_column_row, table.columns),
            )
        )
    return write_page(
        "Data map",
        "Every column with what it holds, why, how it is protected beyond the tenant boundary, "
        "how long it is kept, how it reaches the person it is about and how it ends when that person is erased.\n"
        "The words are explained in `src/answerable/infra/tables.py`.",
        *parts,
    )


def calibration_page() -> str:
    """The model that says how probable it is that quotes answer."""
    model = evidence.calibration()
    names = _features()
    meaning = explain(set(names), of="features")
    rows = [(code(name), f"{model.weights.get(name, 0):.6g}", meaning[name]) for name in names]
    return write_page(
        "Calibration",
        "The probability that quoted sentences answer a question is a logistic function of the features below, "
        "each times its weight, plus the intercept.\n"
        "A feature with weight 0 is recorded and does not count.\n"
        "`make bench BENCH=calibration` fits and measures it.",
        write_table(
            ["version", "threshold", "intercept"],
            [(code(model.version), f"{model.threshold:.6g}", f"{model.intercept:.6g}")],
        ),
        write_table(["feature", "weight", "means"], rows),
    )


def decisions_page() -> str:
    """The list of decisions."""
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    rows = [(page.name[:4], f"[{_title(page)}]({page.name})") for page in pages]
    return write_page(
        "Decisions",
        "Choices that somebody will ask about, each under a page: context, decision, consequences, alternatives.\n"
        "A decision that is overturned is not rewritten; a new one takes its place and says so.",
        write_table(["number", "decision"], rows),
    )


def write_pages(conninfo: str) -> dict[Path, str]:
    """Every generated page by its path below `docs`.

    Errors:  PageIncomplete.
    """
    import_everything()
    pages: dict[str, Callable[[], str]] = {
        "audit-events": audit_events_page,
        "calibration": calibration_page,
        "commands": commands_page,
        "data-map": data_map_page,
        "errors": errors_page,
        "log-events": log_events_page,
        "permissions": permissions_page,
        "roles": lambda: roles_page(conninfo),
        "settings": settings_page,
    }
    written = {_REFERENCE / f"{name}.md": write() for name, write in pages.items()}
    rows = [(f"[{_head(text)}]({path.name})", _lead(text)) for path, text in written.items()]
    index = write_page(
        "Reference", "Everything that has a name, as the code has it.", write_table(["page", "says"], rows)
    )
    return {**written, _REFERENCE / "README.md": index, Path("decisions/README.md"): decisions_page()}


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` compare them; 1 when something is missing or differs."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        with _database() as conninfo:
            pages = write_pages(conninfo)
    except PageIncomplete as error:
        print(error)  # noqa: T201 - a program for the terminal
        return 1
    if "--check" in arguments:
        return int(sum(_differs(DOCS / path, text) for path, text in pages.items()) > 0)
    for path, text in pages.items():
        (DOCS / path).write_text(text, encoding="utf-8")
    return 0


@contextmanager
def _database() -> Generator[str]:
    if given := os.environ.get("REFERENCE_CONNINFO"):
        yield given
        return
    with migrated_database() as conninfo:
        yield conninfo


def _differs(path: Path, text: str) -> bool:
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(
        found.splitlines(), text.splitlines(), f"docs/{path.relative_to(DOCS)}", "the code", lineterm="", n=0
    )
    for line in lines:
        print(line)  # noqa: T201 - as above
    return found != text


def _takes(annotation: object, metadata: list[Any]) -> str:  # pydantic's own types
    bounds = {name: getattr(each, name) for each in metadata for name in ("ge", "le") if hasattr(each, name)}
    if bounds:
        return f"{bounds['ge']} to {bounds['le']}"
    kinds = list(_flatten(annotation))
    words = [word for kind in kinds for word in ([kind] if isinstance(kind, str) else _members(kind))]
    if words:
        return ", ".join(map(code, dict.fromkeys(words)))
    names = {getattr(kind, "__name__", "") for kind in kinds}
    return next((word for name, word in _TYPES.items() if name in names), "text")


_TYPES = {
    "SecretStr": "a URL, secret",
    "Path": "a folder",
    "_web_address": "an address",
    "_url": "an address",
}


def _flatten(hint: object) -> Iterator[object]:
    """A type with everything that it is made of."""
    yield hint
    yield from (part for inner in get_args(hint) for part in _flatten(inner))
    check = getattr(hint, "func", None)
    if check is not None:
        yield check


def _members(kind: object) -> list[str]:
    return [str(each.value) for each in _enum(kind)]


def _enum(kind: object) -> list[Enum]:
    return list(kind) if isinstance(kind, type) and issubclass(kind, Enum) else []


def _default(field: Any) -> str:  # as above
    if field.default_factory is not None or field.default is None:
        return ""
    return code(getattr(field.default, "value", field.default))


def _first_paragraph(kind: type) -> str:
    return cleandoc(kind.__doc__ or "").split("\n\n", maxsplit=1)[0]


def _type_of(event: type[Event]) -> str:
    return event.type


def _column_row(column: Column[Any]) -> tuple[str, ...]:  # columns of every type
    found = column.info.get("classification")
    if found is None:
        raise PageIncomplete(f"Classify {column.table.name}.{column.name} in its model.")
    words = [
        str(found[name]) for name in ("category", "purpose", "protection", "retention", "export", "erasure")
    ]
    return (code(column.name), column.comment or "", *words)


def _features() -> list[str]:
    tree = ast.parse(getsource(evidence.measure))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    keys = [key for value in returned if isinstance(value, ast.Dict) for key in value.keys]
    return [str(key.value) for key in keys if isinstance(key, ast.Constant)]


def _title(page: Path) -> str:
    first = page.read_text(encoding="utf-8").split("\n", maxsplit=1)[0]
    return first.removeprefix("# ").removeprefix(page.name[:4]).lstrip(":. ")


def _head(text: str) -> str:
    return text.split("\n", maxsplit=1)[0].removeprefix("# ")


def _lead(text: str) -> str:
    return text.split("\n\n")[2].split("\n", maxsplit=1)[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
