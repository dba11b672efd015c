"""The log of one test: its lines in memory, and the process's own hooks and handlers put back afterwards."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import structlog

from answerable.infra.logging import configure_logging
from answerable.infra.settings import LogFormat

CANARIES = ("Brunhilde Canary", "brunhilde@canary.example", "+49 170 5550199", "sk-canary-0123456789")
"""A name, an e-mail address, a telephone number and a secret."""

SECRET = " ".join(CANARIES)


@contextmanager
def captured_log(level: str = "info") -> Generator[io.StringIO]:
    """A stream that gets every log line of the block as JSON."""
    root = logging.getLogger()
    handlers, threshold, raises = root.handlers[:], root.level, logging.raiseExceptions
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning
    # A worker that ran in this process before has quietened its libraries in a way of its own.
    named = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    before = [(one, one.handlers[:], one.propagate) for one in named]
    for one in named:
        one.handlers, one.propagate = [], True
    stream = io.StringIO()
    configure_logging(level, format=LogFormat.JSON, stream=stream)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        for one, own, propagates in before:
            one.handlers, one.propagate = own, propagates
        root.handlers, logging.raiseExceptions = handlers, raises
        root.setLevel(threshold)
        sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = hooks


def read_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines of a log, parsed."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def find_canaries(*told: str) -> list[str]:
    """Which canaries stand in what was told."""
    return [canary for canary in CANARIES if any(canary in each for each in told)]
