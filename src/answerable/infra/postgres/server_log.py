"""What the server wrote since a moment. It holds no content: `configuration` sees to that."""

from collections.abc import Mapping
from pathlib import Path

from answerable.infra.postgres.place import Place

MOST_BYTES = 4000

Marks = Mapping[Path, int]
"""How long each log file was at a moment."""


def mark_log(place: Place) -> Marks:
    """Remember where the log ends now."""
    return {path: path.stat().st_size for path in place.log.glob("*.log")}


def read_log(place: Place, since: Marks) -> str:
    """The last lines written after the marks, newest file last."""
    paths = sorted(place.log.glob("*.log"), key=lambda path: path.stat().st_mtime)
    return "".join(_read_end(path, since.get(path, 0)) for path in paths)


def _read_end(path: Path, start: int) -> str:
    with path.open("rb") as file:
        file.seek(max(start, path.stat().st_size - MOST_BYTES))
        return file.read().decode("utf-8", errors="replace")
