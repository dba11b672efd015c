"""The documentation and the code say the same: generated pages, links, commands, settings."""

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest
from cyclopts import App

from answerable.cli import Runners, build
from answerable.infra.installation import Installation
from answerable.infra.postgres import Server
from answerable.infra.settings import PREFIX, Settings
from answerable.knowledge.parsing.formats import parse_file

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
EXPLANATIONS = sorted((DOCS / "explanation").glob("*.md"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SHOWN = re.compile(r"`((?:\.venv/bin/)?answerable [^`]+|make [^`]+)`")
NAMED_PAGE = re.compile(r"\bdocs/[\w/-]+(?:\.\w+)*\.md\b")
VARIABLE = re.compile(rf"\b{PREFIX}[A-Z_]+\b")
MADE_HERE = re.compile(r"^([a-z0-9-]+):", re.MULTILINE)


@cache
def command_tree() -> dict[tuple[str, ...], frozenset[str]]:
    """The options of every command and of every group, by their words."""

    def refuse(*_arguments: object) -> NoReturn:
        raise AssertionError

    def opens(_settings: object) -> AbstractAsyncContextManager[Installation]:
        raise AssertionError

    runners = Runners(
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
    return dict(_walk(build(runners), ()))


def _walk(app: App, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    arguments = app.assemble_argument_collection() if app.default_command else ()
    yield words, frozenset(name for argument in arguments for name in argument.names) | {"--help"}
    for name in app:
        if not name.startswith("-"):
            yield from _walk(app[name], (*words, name))


def what_is_wrong_with(line: str) -> str | None:
    """Why a shown command would not run; None for what would, and for other programs."""
    words = [word for word in line.split() if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    if not words:
        return None
    if words[0] == "make":
        targets = MADE_HERE.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
        return next(
            (f"no target {word}" for word in words[1:] if word.isalpha() and word not in targets), None
        )
    if words[0] not in {"answerable", ".venv/bin/answerable"}:
        return None
    return _wrong_words(words[1:])


def _wrong_words(words: list[str]) -> str | None:
    command: tuple[str, ...] = ()
    while len(command) < len(words) and (*command, words[len(command)]) in command_tree():
        command = (*command, words[len(command)])
    if not command and words != ["--version"]:
        return f"no command {' '.join(words)}"
    options = [word for word in words if re.fullmatch(r"--[a-z][a-z-]*", word)]
    if not command:
        return None
    return next((f"no option {option}" for option in options if option not in command_tree()[command]), None)


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{page.relative_to(ROOT)}#{number}", found.group(2))
        for page in PAGES
        for number, found in enumerate(BLOCK.finditer(page.read_text(encoding="utf-8")), start=1)
        if found.group(1) == language
    ]


def anchors_of(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_generated_pages_are_as_the_code_has_it(server: Server, database_name: str) -> None:
    environment = {**os.environ, "REFERENCE_CONNINFO": server.conninfo(database=database_name)}

    run = subprocess.run(
        [sys.executable, DOCS / "reference" / "generate.py", "--check"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stdout + run.stderr == "", "Run make fmt."
    assert run.returncode == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    dead: list[str] = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors_of(there)):
            dead.append(target)

    assert not dead


@pytest.mark.parametrize(("place", "block"), blocks("sh"), ids=[place for place, _ in blocks("sh")])
def test_every_command_in_a_block_exists(place: str, block: str) -> None:
    lines = block.replace("\\\n", " ").splitlines()

    wrong = {line: problem for line in lines if (problem := what_is_wrong_with(line))}

    assert not wrong, place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_a_sentence_exists(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))

    wrong = {line: problem for line in SHOWN.findall(text) if (problem := what_is_wrong_with(line))}

    assert not wrong


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("answerable doctor --json", None),
        ("ANSWERABLE_PORT=8801 .venv/bin/answerable run", None),
        ("make test", None),
        ("psql --version", None),
        ("answerable enchant", "no command enchant"),
        ("answerable doctor --loudly", "no option --loudly"),
        ("make coffee", "no target coffee"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, problem: str | None) -> None:
    assert what_is_wrong_with(line) == problem


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_variable_is_a_setting(page: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}

    named = set(VARIABLE.findall(page.read_text(encoding="utf-8")))

    assert named <= known


def test_every_page_that_the_code_names_exists() -> None:
    named = {
        (str(path.relative_to(ROOT)), page)
        for folder in ("src", "tests", "benchmarks", "migrations")
        for path in (ROOT / folder).rglob("*.py")
        for page in NAMED_PAGE.findall(path.read_text(encoding="utf-8"))
    }

    assert not {(where, page) for where, page in named if not (ROOT / page).exists()}


@pytest.mark.parametrize("page", EXPLANATIONS, ids=lambda page: page.name)
def test_an_explanation_can_be_imported_with_title_and_language(page: Path) -> None:
    (keyed,) = parse_file(page.name, page.read_bytes())

    assert keyed.document.title
    assert keyed.document.language == ("de" if ".de." in page.name else "en")
    assert not keyed.document.notes


@pytest.mark.parametrize("page", [*EXPLANATIONS, DOCS / "architecture.md"], ids=lambda page: page.name)
def test_prose_has_one_sentence_on_each_line(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    prose = [
        line for line in text.splitlines() if line and not line.startswith(("#", "|", "-", "title", "lang"))
    ]

    crowded = [line for line in prose if re.search(r"[a-z)`][.!?] [A-ZÄÖÜ]", line)]

    assert not crowded


def test_every_python_block_runs() -> None:
    parser = doctest.DocTestParser()
    tests = [parser.get_doctest(block, {}, place, place, 0) for place, block in blocks("python")]

    failed = [test.name for test in tests if doctest.DocTestRunner(verbose=False).run(test).failed]

    assert not failed
