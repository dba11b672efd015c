"""The shape of the code: sizes, names, and what must not stand anywhere in the repository."""

import ast
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from alembic.script import ScriptDirectory

from answerable.infra import schema

ROOT = Path(__file__).parents[2]
CODE_FOLDERS = ("src", "tests", "benchmarks", "migrations", "docs")
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
DRAWERS = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"})
PUBLIC_HOSTS = frozenset({"files.pythonhosted.org", "pypi.org", "registry.npmjs.org"})
LOG_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
EVENT = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
LAZY_IGNORE = re.compile(r"#\s*(?:type|pyright):\s*ignore(?!\[)|#\s*noqa(?!:)")
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")
NOT_OURS = frozenset(
    {
        ".venv", ".git", ".hypothesis", ".pytest_cache", ".ruff_cache", "__pycache__", ".answerable",
        "node_modules", "dist", "artefacts",
    }
)  # fmt: skip

# With a letter in brackets where this file would otherwise hold what it looks for.
FOREIGN = re.compile(
    r"[/]work/|\.\./share[d]|pypi-mor[e]|[/]root/\."
    r"|architecture(?:[.]md)?,? (?:part|section) \d|\b(?:trust|care|style|audit)[.]md\b"
)


def text_files() -> Iterator[tuple[Path, str]]:
    for folder, inner, names in os.walk(ROOT):
        inner[:] = sorted(set(inner) - NOT_OURS)
        for path in sorted(Path(folder) / name for name in names):
            try:
                yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def code_files() -> list[Path]:
    return sorted(
        path
        for folder in CODE_FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in path.parts
    )


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its own lines: those of functions inside it count as theirs."""
    inner = [
        node
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    outermost = [
        one for one in inner if not any(other is not one and _encloses(other, one) for other in inner)
    ]
    return _length(function) - sum(map(_length, outermost))


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def _encloses(
    outer: ast.FunctionDef | ast.AsyncFunctionDef, inner: ast.FunctionDef | ast.AsyncFunctionDef
) -> bool:
    return any(node is inner for statement in outer.body for node in ast.walk(statement))


def found_in_repository(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_has_more_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in code_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }

    assert not long


def test_no_function_has_more_than_40_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name} {lines_of(function)}"
        for path in code_files()
        for function in functions_of(path)
        if lines_of(function) > LONGEST_FUNCTION
    ]

    assert not long


def test_lines_of_a_function_inside_count_once() -> None:
    outer = next(
        node
        for node in ast.walk(
            ast.parse("def a():\n    x = 1\n    def b():\n        def c(): ...\n        return c\n")
        )
        if isinstance(node, ast.FunctionDef)
    )

    assert lines_of(outer) == 2


def test_no_module_is_a_drawer() -> None:
    drawers = [
        str(path.relative_to(ROOT))
        for path in code_files()
        if not DRAWERS.isdisjoint(path.relative_to(ROOT).with_suffix("").parts)
    ]

    assert not drawers


def test_every_ignored_finding_names_its_rule() -> None:
    lazy = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in code_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if LAZY_IGNORE.search(line) and path != Path(__file__)
    ]

    assert not lazy


def test_every_log_event_is_a_literal_of_noun_and_verb() -> None:
    wrong: list[str] = []
    for path in code_files():
        if not path.is_relative_to(ROOT / "src"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            is_log = isinstance(node.func.value, ast.Name) and node.func.value.id == "log"
            if is_log and node.func.attr in LOG_LEVELS and not _names_an_event(node):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")

    assert not wrong


def _names_an_event(call: ast.Call) -> bool:
    first = call.args[0] if call.args else None
    return (
        len(call.args) == 1
        and isinstance(first, ast.Constant)
        and isinstance(first.value, str)
        and EVENT.fullmatch(first.value) is not None
    )


def test_nothing_is_left_to_do_in_the_code() -> None:
    assert not [place for place in found_in_repository(UNFINISHED) if not place.startswith("uv.lock")]


def test_the_repository_names_no_machine_and_no_document_outside_of_it() -> None:
    assert not found_in_repository(FOREIGN)


def test_the_lock_file_names_public_package_hosts_only() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")

    urls: list[str] = re.findall(r'"(https?://[^"]+)"', lock)
    hosts = {urlsplit(url).hostname for url in urls}

    assert hosts == {"files.pythonhosted.org", "pypi.org"}


def test_front_end_packages_are_locked_to_the_public_registry() -> None:
    locks = [path for path, _ in text_files() if path.name == "package-lock.json"]

    urls: list[str] = [
        package["resolved"]
        for lock in locks
        for package in json.loads((ROOT / lock).read_text(encoding="utf-8"))["packages"].values()
        if "resolved" in package
    ]
    hosts = {urlsplit(url).hostname for url in urls}

    assert hosts <= PUBLIC_HOSTS


def test_the_schema_has_one_newest_revision() -> None:
    heads = ScriptDirectory(str(schema.migrations_folder())).get_heads()

    assert len(heads) == 1


@pytest.mark.parametrize("path", sorted((ROOT / "migrations").rglob("*.py")), ids=lambda path: path.name)
def test_a_migration_does_not_depend_on_code_that_changes(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    imported = {
        name.split(".", maxsplit=1)[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        )
    }

    assert "answerable" not in imported
