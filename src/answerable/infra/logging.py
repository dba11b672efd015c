"""The log: how lines look, and what keeps content out of them. What is logged, each module says itself.

Three walls: fields that could hold content are withheld, exceptions give their types and places alone, and
libraries say where they warned and their message only when it stands word for word in their source.
"""

import asyncio
import linecache
import logging
import re
import sys
import threading
import warnings
from collections.abc import Mapping, MutableMapping, Sequence
from enum import Enum
from types import TracebackType
from typing import Any, Final, TextIO, cast
from uuid import UUID

import structlog
from structlog.typing import EventDict, WrappedLogger

from answerable.infra.failures import describe_failure
from answerable.infra.settings import LogFormat

log = structlog.get_logger()

LONGEST: Final = 200
"""Characters of a field; what is longer is cut."""

_MOST_ITEMS = 32
_EVENT = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_ADDRESS = re.compile(r"[^\s@]@[^\s@]")
# Fields of these names hold content wherever they occur, so their value is never looked at.
_CONTENT = frozenset(
    {
        "address", "answer", "body", "content", "cookie", "email", "headers", "message_text", "name", "params",
        "password", "path", "phone", "prompt", "query", "question", "quote", "secret", "subject", "text",
        "title", "token", "url", "value",
    }
)  # fmt: skip
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logging(level: str, *, format: LogFormat, stream: TextIO) -> None:  # noqa: A002 - the setting's name
    """Send every log line of this process to a stream: ours, the libraries', and what nobody caught.

    Effects: replaces the handlers of the standard library's root logger and the process's hooks for uncaught
             exceptions and warnings.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _reduce_exception,
            _withhold_content,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            *_renderers(format, stream),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(_Unfailing(stream)),  # pyright: ignore[reportArgumentType] - only `write` and `flush` are used
        cache_logger_on_first_use=False,
    )
    _bridge_standard_library()
    sys.excepthook = _report_uncaught
    sys.unraisablehook = _report_unraisable
    threading.excepthook = _report_thread
    warnings.showwarning = _report_warning


def watch_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Have an event loop report failures of tasks that nobody awaited, by type and place."""
    loop.set_exception_handler(_report_task)


def _renderers(format: LogFormat, stream: TextIO) -> Sequence[structlog.typing.Processor]:  # noqa: A002 - as above
    if format is LogFormat.JSON:
        return [structlog.processors.JSONRenderer(ensure_ascii=True)]
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), timestamp_key="at")]


class _Unfailing:
    """A stream whose failures stay its own: a full disk or a closed pipe must not stop an answer."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        try:
            self._stream.write(line)
        except (OSError, ValueError):
            return

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            return


def _reduce_exception(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    given = fields.pop("exc_info", None)
    fields.pop("stack_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1]
    if given and error:
        failure = describe_failure(error)
        fields.update(error_types=failure.types, error_frames=failure.frames)
        fields.setdefault("error_code", failure.code)
    return fields


def _withhold_content(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    event = fields.pop("event", None)
    # An event that is no `noun.verb_past` was put together from something, and nobody knows from what.
    known = isinstance(event, str) and len(event) <= LONGEST and _EVENT.fullmatch(event)
    kept: MutableMapping[str, Any] = {"event": event if known else "event.withheld"}
    for name, value in fields.items():
        plain = _ADDRESS.search(name) is None and name.isidentifier()
        kept[name if plain else "field"] = _plain(value) if name not in _CONTENT else _withheld(value)
    return kept


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, tuple | list):
        items = cast("Sequence[object]", value)  # of whatever: each is looked at here
        return [
            _plain(each) if isinstance(each, str | int) else _withheld(each) for each in items[:_MOST_ITEMS]
        ]
    return _withheld(value)


def _clean(value: str) -> str:
    if _ADDRESS.search(value):
        return _withheld(value)
    # A line break would begin a line that we never wrote, an escape would speak to somebody's terminal.
    return "".join(mark if mark.isprintable() else "\ufffd" for mark in value[:LONGEST])


def _withheld(value: object) -> str:
    return f"[withheld {type(value).__name__}]"


class _Bridge(logging.Handler):
    """Turns a library's record into an event of ours, without its arguments and without its exception's text."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        known = record.levelno >= logging.ERROR
        report = log.error if known else log.warning
        report("library.warned", library=record.name, exc_info=error, **_place(record))


def _place(record: logging.LogRecord) -> Mapping[str, str]:
    place = {"place": f"{record.module}:{record.lineno}"}
    message = record.msg
    # Libraries put values into their messages as well as into the arguments. A message that stands in the
    # source as it is cannot hold any.
    if isinstance(message, str) and message.strip() in "".join(linecache.getlines(record.pathname)):
        return {**place, "said": message.strip()}
    return place


def _bridge_standard_library() -> None:
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    root.setLevel(logging.WARNING)
    # Off, since it prints the record, arguments and all, to the standard error when a handler fails.
    logging.raiseExceptions = False


def _report_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.error("process.failed", exc_info=error.with_traceback(trace))


def _report_thread(given: threading.ExceptHookArgs) -> None:
    log.error("thread.failed", exc_info=given.exc_value)


def _report_unraisable(given: "sys.UnraisableHookArgs") -> None:
    log.error("destructor.failed", exc_info=given.exc_value)


def _report_task(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    # The context also holds the task, whose representation shows the exception's text.
    log.error("task.failed", exc_info=context.get("exception"))


def _report_warning(
    _message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    _file: TextIO | None = None,
    _line: str | None = None,
) -> None:
    module = filename.rsplit("/", maxsplit=1)[-1].removesuffix(".py")
    log.warning("library.warned", library=category.__name__, place=f"{module}:{lineno}")
