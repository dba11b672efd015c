"""The time, as something that can be passed. Nothing else in the product asks the system for it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The system's time, aware, in UTC."""
    return datetime.now(UTC)
