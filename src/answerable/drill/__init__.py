"""The drill: attacks on a copy of a log, each to be caught with the finding that is expected for it."""

from answerable.drill.running import Attempt, run_drill

__all__ = ["Attempt", "run_drill"]
