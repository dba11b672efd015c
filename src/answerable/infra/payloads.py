"""What a job may carry: identifiers and small closed values, never content. Pure, open to rules and values.

Job tables have no row-level security, so whatever stands in a payload is readable across tenants.
"""

from typing import ClassVar, Protocol


class Job(Protocol):
    """One piece of work to be done after the transaction that asks for it has committed.

    Implementations are frozen dataclasses of identifiers and closed words.
    """

    task: ClassVar[str]
    """The name under which the worker knows it."""

    @property
    def lock(self) -> str | None:
        """Jobs with the same lock in the same tenant run one at a time, in order; None when order is free."""
        ...
