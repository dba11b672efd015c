"""Runs jobs: what each one does stands in `tasks`."""

from answerable.worker.tasks import build_tasks

__all__ = ["build_tasks"]
