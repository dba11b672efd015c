import asyncio
import gc
import io
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Generator
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from answerable.infra.db import DatabaseUnavailable
from answerable.infra.failures import describe_failure
from answerable.infra.logging import LONGEST, configure_logging, watch_loop
from answerable.infra.settings import LogFormat
from factories.log import SECRET, captured_log, find_canaries, read_lines

Lines = Callable[[], list[dict[str, Any]]]

log = structlog.get_logger()


class Colour(StrEnum):
    RED = "red"


@pytest.fixture
def stream() -> Generator[io.StringIO]:
    with captured_log("debug") as opened:
        yield opened


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    def read() -> list[dict[str, Any]]:
        return read_lines(stream)

    return read


def assert_silent(stream: io.StringIO) -> None:
    assert find_canaries(stream.getvalue()) == []


def test_fields_of_plain_types_stand_in_the_line(lines: Lines) -> None:
    turn_id = UUID(int=7)

    log.info("turn.decided", turn_id=turn_id, colour=Colour.RED, passages=6, share=0.5, ok=True, none=None)

    (line,) = lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "turn.decided",
        "level": "info",
        "turn_id": str(turn_id),
        "colour": "red",
        "passages": 6,
        "share": 0.5,
        "ok": True,
        "none": None,
    }


@pytest.mark.parametrize(
    "value", [{"a": SECRET}, {SECRET}, SECRET.encode(), ValueError(SECRET), Path(SECRET), [{"a": SECRET}]]
)
def test_a_value_that_could_hold_content_is_withheld(
    stream: io.StringIO, lines: Lines, value: object
) -> None:
    log.info("thing.seen", thing=value)

    assert "withheld" in str(lines()[0]["thing"])
    assert_silent(stream)


@pytest.mark.parametrize("name", ["text", "email", "name", "url", "path", "secret", "token"])
def test_a_field_named_after_content_is_withheld(lines: Lines, name: str) -> None:
    log.info("thing.seen", **{name: "x"})

    assert lines()[0][name] == "[withheld str]"


def test_a_string_with_an_address_is_withheld(stream: io.StringIO, lines: Lines) -> None:
    log.info("thing.seen", reason="asked by brunhilde@canary.example")

    assert lines()[0]["reason"] == "[withheld str]"
    assert_silent(stream)


def test_a_long_string_is_cut(lines: Lines) -> None:
    log.info("thing.seen", reason="x" * 10_000)

    assert lines()[0]["reason"] == "x" * LONGEST


def test_an_event_put_together_from_something_is_withheld(stream: io.StringIO, lines: Lines) -> None:
    log.info(f"Hello {SECRET}")  # noqa: G004 - the very thing that must not get through

    assert lines()[0]["event"] == "event.withheld"
    assert_silent(stream)


@pytest.mark.parametrize("format", list(LogFormat))
def test_a_line_stays_one_line_and_speaks_to_no_terminal(stream: io.StringIO, format: LogFormat) -> None:  # noqa: A002
    configure_logging("info", format=format, stream=stream)

    log.info("thing.seen", reason="a\nb\x1b[31m\ud800\u2028c")

    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b[31m" not in stream.getvalue()


@pytest.mark.parametrize("format", list(LogFormat))
def test_an_exception_gives_its_types_and_places_and_never_its_text(
    stream: io.StringIO,
    format: LogFormat,  # noqa: A002
) -> None:
    configure_logging("info", format=format, stream=stream)

    try:
        try:
            raise KeyError(SECRET)  # noqa: TRY301
        except KeyError as error:
            raise ValueError(SECRET) from error
    except ValueError:
        log.exception("thing.failed")

    assert_silent(stream)
    assert "builtins.ValueError" in stream.getvalue()
    assert "builtins.KeyError" in stream.getvalue()
    assert "test_logging:" in stream.getvalue()


def test_a_declared_error_gives_its_code(lines: Lines) -> None:
    try:
        raise DatabaseUnavailable  # noqa: TRY301
    except DatabaseUnavailable:
        log.exception("thing.failed")

    assert lines()[0]["error_code"] == "database.unavailable"


def test_a_group_of_exceptions_gives_the_types_of_all() -> None:
    group = ExceptionGroup(SECRET, [ValueError(SECRET), KeyError(SECRET)])

    failure = describe_failure(group)

    assert failure.types == ("builtins.ExceptionGroup", "builtins.ValueError", "builtins.KeyError")


def test_causes_that_go_round_in_a_circle_come_to_an_end() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first

    assert describe_failure(first).types == ("builtins.ValueError", "builtins.KeyError")


@pytest.mark.parametrize("library", ["uvicorn.error", "procrastinate.worker", "sqlalchemy.engine", "asyncio"])
def test_a_library_says_its_literal_message_without_arguments_and_exception(
    stream: io.StringIO, lines: Lines, library: str
) -> None:
    try:
        raise ValueError(SECRET)  # noqa: TRY301
    except ValueError:
        logging.getLogger(library).exception("Something about %s happened", SECRET)

    (line,) = lines()
    assert_silent(stream)
    assert line["library"] == library
    assert line["said"] == "Something about %s happened"
    assert line["error_types"] == ["builtins.ValueError"]


def test_a_librarys_message_that_was_put_together_is_not_said(stream: io.StringIO, lines: Lines) -> None:
    logging.getLogger("uvicorn.error").warning(f"Something about {SECRET}")  # noqa: G004

    assert "said" not in lines()[0]
    assert lines()[0]["place"].startswith("test_logging:")
    assert_silent(stream)


def test_a_library_is_heard_from_warnings_up(lines: Lines) -> None:
    logging.getLogger("uvicorn.access").info("GET /")
    logging.getLogger("unheard.of").debug("chatter")

    assert lines() == []


async def test_a_task_that_nobody_awaited_is_reported_without_its_text(
    stream: io.StringIO, lines: Lines
) -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    watch_loop(loop)
    try:
        task = asyncio.create_task(fail(), name=SECRET)
        await asyncio.wait([task])
        del task
        gc.collect()
    finally:
        loop.set_exception_handler(before)

    (line,) = lines()
    assert_silent(stream)
    assert line["event"] == "task.failed"
    assert line["error_types"] == ["builtins.ValueError"]


def test_an_uncaught_exception_is_reported_without_its_text(
    stream: io.StringIO, lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ValueError(SECRET)

    sys.excepthook(ValueError, error, None)

    assert lines()[0]["event"] == "process.failed"
    assert_silent(stream)
    assert SECRET not in "".join(capsys.readouterr())


def test_a_threads_uncaught_exception_is_reported_without_its_text(stream: io.StringIO, lines: Lines) -> None:
    def fail() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=fail, name=SECRET)
    thread.start()
    thread.join()

    assert lines()[0]["event"] == "thread.failed"
    assert_silent(stream)


def test_a_failing_destructor_is_reported_without_its_text(stream: io.StringIO, lines: Lines) -> None:
    class Doomed:
        def __del__(self) -> None:
            raise ValueError(SECRET)

    doomed = Doomed()
    del doomed
    gc.collect()

    assert lines()[0]["event"] == "destructor.failed"
    assert_silent(stream)


def test_a_warning_says_where_and_of_what_kind(stream: io.StringIO, lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # `catch_warnings` puts its own hook back, so that ours has to be named again.
        configure_logging("debug", format=LogFormat.JSON, stream=stream)
        warnings.warn(SECRET, UserWarning, stacklevel=1)

    assert lines()[0]["library"] == "UserWarning"
    assert lines()[0]["place"].startswith("test_logging:")
    assert_silent(stream)


def test_an_error_of_the_database_stays_without_its_values(stream: io.StringIO) -> None:
    engine = create_engine("sqlite://", hide_parameters=True)

    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT :it FROM nowhere"), {"it": SECRET})
    except DBAPIError:
        log.exception("thing.failed")
        logging.getLogger("sqlalchemy.pool").exception("Something else")
    engine.dispose()

    assert_silent(stream)
    assert "OperationalError" in stream.getvalue()


def test_a_stream_that_is_gone_stops_nobody(stream: io.StringIO) -> None:
    stream.close()

    log.error("thing.failed")

    assert stream.closed


def test_the_canaries_would_be_found() -> None:
    try:
        raise ValueError(SECRET)  # noqa: TRY301
    except ValueError:
        assert SECRET in traceback.format_exc()
