"""Runs jobs: what each one does stands in `tasks`."""

from answerable.worker.tasks import Outward, build_tasks

__all__ = ["Outward", "build_tasks"]
