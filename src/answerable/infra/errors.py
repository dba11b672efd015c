"""The form of every error: a code, a kind, a message and a remedy.

Domains declare theirs beside their code.
"""

from enum import StrEnum
from inspect import cleandoc
from typing import ClassVar


class Kind(StrEnum):
    """What sort of failure it is; each surface maps it to a status, a page or an exit code."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


class AnswerableError(Exception):
    """Something went wrong that a person can mend.

    The docstring of a subclass is its message; `detail` adds what only the moment knows and never holds
    content or personal data, since it may be logged.
    """

    code: ClassVar[str] = "internal.error"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    remedy: ClassVar[str] = "Look for the request id in the log and report it."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    @property
    def message(self) -> str:
        """The first paragraph of the docstring, then the detail."""
        first = cleandoc(type(self).__doc__ or "").split("\n\n", maxsplit=1)[0].replace("\n", " ")
        return f"{first} {self.detail}".strip()

    def __str__(self) -> str:
        return f"{self.message} [{self.code}] {self.remedy}"


def registered_errors() -> dict[str, type[AnswerableError]]:
    """Every declared error by its code, for the reference page and its test."""
    found: dict[str, type[AnswerableError]] = {}
    waiting = list(AnswerableError.__subclasses__())
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        if "code" in vars(error):
            found[error.code] = error
    return dict(sorted(found.items()))
