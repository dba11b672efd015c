"""What may be said of an exception: its types and where it was raised, never its text.

The text of an exception may hold what a contact wrote: a driver quotes the value that it refuses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import cast

from answerable.infra.errors import AnswerableError

_MOST_TYPES = 8
_MOST_FRAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Where an exception came from, without its text."""

    code: str
    """That of a declared error, `internal.error` for any other."""

    types: tuple[str, ...]
    """The exception's type, then those of what caused it."""

    frames: tuple[str, ...]
    """Module and line of each frame, outermost first; the innermost ones when there are many."""


def describe_failure(error: BaseException) -> Failure:
    """Where an exception came from."""
    types: list[str] = []
    for each in _chain(error):
        types.append(f"{type(each).__module__}.{type(each).__qualname__}")
        if len(types) == _MOST_TYPES:
            break
    declared = error if isinstance(error, AnswerableError) else AnswerableError
    return Failure(code=declared.code, types=tuple(types), frames=_list_frames(error.__traceback__))


def _chain(error: BaseException) -> Iterator[BaseException]:
    # A cause may lead back to itself through a context that was set by hand.
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        cause = each.__cause__ or each.__context__
        waiting.extend([cause] if cause else [])
        if isinstance(each, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", each)  # the check cannot say of what
            waiting.extend(group.exceptions)


def _list_frames(trace: TracebackType | None) -> tuple[str, ...]:
    frames: list[str] = []
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return tuple(frames[-_MOST_FRAMES:])
