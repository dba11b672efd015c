"""From what initdb, pg_ctl and the server said to the error with its remedy. Pure: text in, error out."""

from answerable.infra.errors import AnswerableError
from answerable.infra.home import NoDiskLeft
from answerable.infra.postgres.errors import (
    AnotherMajorVersion,
    DataNotOwned,
    HalfWrittenData,
    PortInUse,
    StartFailed,
)

STILL_IN_USE = "pre-existing shared memory block"
LINES_SHOWN = 5

SIGNS: tuple[tuple[str, type[AnswerableError]], ...] = (
    ("no space left on device", NoDiskLeft),
    ("disk quota exceeded", NoDiskLeft),
    ("address already in use", PortInUse),
    ("could not bind", PortInUse),
    ("database files are incompatible with server", AnotherMajorVersion),
    ("has wrong ownership", DataNotOwned),
    ("has invalid permissions", DataNotOwned),
    ("is not a valid data directory", HalfWrittenData),
    ('could not open file "global/pg_control"', HalfWrittenData),
    ("could not find the database system", HalfWrittenData),
    ("could not locate a valid checkpoint record", HalfWrittenData),
)


def explain(said: str, *, otherwise: type[AnswerableError] = StartFailed) -> AnswerableError:
    """The error that what a program said amounts to, with its last lines.

    The lines hold no content: the server is told to write none.
    """
    lowered = said.lower()
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    detail = " | ".join(lines[-LINES_SHOWN:])
    for sign, error in SIGNS:
        if sign in lowered:
            return error(detail)
    return otherwise(detail)
