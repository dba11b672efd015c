"""The tree of commands, exit codes, and what is said of errors that nobody foresaw."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import NoReturn

import pytest
from cyclopts import App

from answerable.answering.exporting import as_json
from answerable.answering.values import (
    Decision,
    Disclosure,
    Method,
    OutcomeKind,
    Reason,
    Record,
    Step,
)
from answerable.cli import DemoReport, Runners, Say, build, main
from answerable.cli.output import print_json, print_table
from answerable.conversations.values import ConversationId, MessageId
from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.ids import uuid7
from answerable.infra.installation import Installation
from answerable.infra.settings import Settings
from answerable.knowledge.values import Language
from factories.answering import AT, CONSIDERED, QUOTE, TURN
from factories.log import SECRET, captured_log, find_canaries

PROMISED = {
    "run": set[str](),
    "serve": set[str](),
    "worker": set[str](),
    "sequencer": set[str](),
    "signer": set[str](),
    "migrate": set[str](),
    "doctor": set[str](),
    "sign-in-link": set[str](),
    "demo": set[str](),
    "jobs": {"retry", "discard"},
    "tenant": {"create", "list", "show", "set", "history", "undo", "renew-key"},
    "knowledge": {"import", "list", "show", "search", "delete"},
    "ask": set[str](),
    "conversation": {"list", "show"},
    "drill": {"tamper"},
    "witness": {"serve", "add", "remove", "quorum", "list", "policy", "push", "stamp"},
    "monitor": set[str](),
    "audit": {"tail", "show", "verify", "export", "recover", "stream"},
    "vault": {"rotate", "recover"},
}


class Broken(AnswerableError):
    """It is broken."""

    code = "cli_test.broken"
    kind = Kind.UNAVAILABLE
    remedy = "Mend it."


def runners_that(error: BaseException) -> Runners:
    @asynccontextmanager
    async def fail(_settings: Settings) -> AsyncGenerator[Installation]:
        raise error
        yield  # pyright: ignore[reportUnreachable] - makes it a generator

    async def never(_installation: Installation, _say: Say | None = None) -> NoReturn:
        raise AssertionError

    def never_witness(_order: object, _say: object) -> NoReturn:
        raise AssertionError

    async def load(_installation: Installation, _say: Say) -> DemoReport:
        raise AssertionError

    return Runners(
        open=fail,
        serve=never,
        work=never,
        sequence=never,
        sign=never,
        drill=never,
        witness=never_witness,
        monitor=never_witness,
        monitor_key=never_witness,
        stamp=never,
        load_demo=load,
    )


@pytest.fixture(autouse=True)
def log() -> Generator[None]:
    """Every command sets the process's own log up; what was there comes back."""
    with captured_log():
        yield


def own_commands(app: App) -> dict[str, App]:
    return {name: app[name] for name in app if not name.startswith("-")}


def test_there_is_every_promised_command_and_no_other() -> None:
    tree = own_commands(build(runners_that(Broken())))

    assert {name: set(own_commands(command)) for name, command in tree.items()} == PROMISED


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--help",),
        ("--version",),
        ("knowledge", "--help"),
        ("ask", "--help"),
    ],
    ids=" ".join,
)
def test_asking_for_help_is_no_failure(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(runners_that(Broken()), arguments) == 0
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("ask",),
        ("ask", "shop"),
        ("ask", "shop", "Hello", "--no-such-option"),
        ("ask", "shop", "Hello", "--language", "fr"),
        ("tenant", "create", "shop"),
        ("tenant", "create", "shop", "--owner", "o@example.com", "--language", "fr"),
        ("knowledge", "show", "shop", "not-an-identifier"),
        ("audit", "tail", "shop", "--limit", "many"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two_before_anything_is_opened(arguments: tuple[str, ...]) -> None:
    assert main(runners_that(AssertionError()), arguments) == 2


@pytest.mark.parametrize(
    "arguments",
    [("no-such-command",), ("ask", "shop"), ("tenant", "list", "--jsn"), ("jobs", "--limit", "many")],
    ids=" ".join,
)
def test_wrong_usage_is_json_for_who_asked_for_json(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(runners_that(AssertionError()), (*arguments, "--json"))

    told = capsys.readouterr()
    error = json.loads(told.err)["error"]
    assert (code, told.out, error["code"]) == (2, "", "cli.usage_wrong")
    assert len(error["message"]) > len("The command is not written as it has to be.")
    assert "--help" in error["remedy"]


@pytest.mark.parametrize("command", ["tenant list", "demo", "migrate", "jobs", "serve", "worker"])
def test_a_declared_error_ends_with_one_and_its_remedy(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(runners_that(Broken("Part 7.")), command.split())

    told = capsys.readouterr()
    assert (code, told.out) == (1, "")
    assert told.err == "It is broken. Part 7.\n  Remedy: Mend it.\n  Code: cli_test.broken\n"


def test_a_declared_error_is_json_for_who_asked_for_json(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(runners_that(Broken()), ("tenant", "list", "--json"))

    told = capsys.readouterr()
    assert (code, told.out) == (1, "")
    assert json.loads(told.err) == {
        "error": {"code": "cli_test.broken", "message": "It is broken.", "remedy": "Mend it."}
    }


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["to people", "to programs"])
def test_an_error_that_nobody_declared_shows_where_it_arose_and_no_content(
    capsys: pytest.CaptureFixture[str], as_json: tuple[str, ...]
) -> None:
    error = RuntimeError(SECRET)
    error.__cause__ = ValueError(SECRET)
    error.add_note(SECRET)

    code = main(runners_that(error), ("tenant", "list", *as_json))

    told = capsys.readouterr()
    assert (code, told.out) == (1, "")
    assert find_canaries(told.err) == []
    assert "RuntimeError" in told.err
    assert "internal.error" in told.err
    assert "test_application.py" in told.err


def test_an_error_that_nobody_declared_is_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    main(runners_that(RuntimeError()), ("tenant", "list", "--json"))

    error = json.loads(capsys.readouterr().err)["error"]
    assert error["code"] == "internal.error"
    assert error.keys() == {"code", "message", "remedy"}


def test_ctrl_c_ends_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(runners_that(KeyboardInterrupt()), ("tenant", "list"))

    assert (code, capsys.readouterr().err) == (130, "")


@pytest.mark.parametrize("buffering", [(), ("-u",)], ids=["at the end", "at once"])
def test_whoever_stops_reading_has_read_enough(buffering: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, *buffering, "-m", "answerable", "migrate", "--print-roles"],
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)

    _out, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, b"")


def record() -> Record:
    message_id = MessageId(uuid7())
    return Record(
        turn_id=TURN.id,
        conversation_id=ConversationId(uuid7()),
        outcome=OutcomeKind.REPLY,
        reason=Reason.ANSWERED,
        language=Language.ENGLISH,
        message_id=message_id,
        text="Our documents say: …",
        disclosure=Disclosure(message_id=message_id, language=Language.ENGLISH, text_version=1, shown_at=AT),
        citations=(QUOTE,),
        decisions=(
            Decision(
                step=Step.RETRIEVE,
                method=Method(name="words", version="bm25-1"),
                verdict="found",
                reason="1 passage.",
                duration_ms=1.23456,
                inputs={"query": "How long?"},
            ),
        ),
        considered=(CONSIDERED,),
        started_at=AT,
        ended_at=AT,
        error_code=None,
        is_erased=False,
    )


def test_a_citation_has_exactly_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(as_json(record()))

    (citation,) = json.loads(capsys.readouterr().out)["citations"]
    assert citation == {
        "document_id": str(QUOTE.document_id),
        "title": "Returns",
        "version": 1,
        "start": 0,
        "end": 12,
        "quote": "Thirty days.",
    }


def test_a_decision_has_exactly_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(as_json(record()))

    (decision,) = json.loads(capsys.readouterr().out)["decisions"]
    assert decision == {
        "step": "retrieve",
        "method": "words",
        "version": "bm25-1",
        "verdict": "found",
        "reason": "1 passage.",
        "duration_ms": 1.235,
    }


def test_json_holds_times_identifiers_words_and_every_letter(capsys: pytest.CaptureFixture[str]) -> None:
    found = uuid7()

    print_json(
        {"at": datetime(2026, 11, 21, tzinfo=UTC), "on": date(2026, 1, 2), "id": found, "text": "Grüße"}
    )

    told = capsys.readouterr().out
    assert json.loads(told) == {
        "at": "2026-11-21T00:00:00+00:00",
        "on": "2026-01-02",
        "id": str(found),
        "text": "Grüße",
    }
    assert "Grüße" in told


def test_a_table_in_a_pipe_has_a_line_for_each_row_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "note"], [("[red]shop[/red]", "x" * 100), (None, 3)], empty="Nothing.")

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "[red]shop[/red]" in lines[1]
    assert lines[2].split() == ["-", "3"]
