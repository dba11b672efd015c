"""Which files an import reads, and their bytes. What is in them is the parser's matter."""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import FormatUnknown, LinkLeadsOut, PathNotFound, PathUnreadable
from answerable.knowledge.parsing import SUFFIXES, file_limit
from answerable.knowledge.values import ImportState


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableFile:
    """A file to import."""

    path: Path
    source: str
    """Under which its documents are found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFile:
    """A file or folder that is not read."""

    source: str
    state: ImportState
    error: AnswerableError


Entry = ReadableFile | RefusedFile


def find_entries(paths: Sequence[Path], *, base: Path) -> list[Entry]:
    """What these files and folders hold, each file once, folders in the order of their names.

    Hidden entries of folders are left out; a file that is named itself is taken as it is.
    """
    entries: dict[str, Entry] = {}
    for path in paths:
        for entry in _find(path, base=base):
            entries.setdefault(entry.source, entry)
    return list(entries.values())


def read_file(path: Path) -> bytes:
    """The bytes of a file, as many as the parser may take and one more.

    Errors:  PathNotFound, PathUnreadable.
    """
    try:
        with path.open("rb") as file:
            # One more than the parser takes, so that it can refuse what is longer.
            return file.read(file_limit(path.name) + 1)
    except FileNotFoundError as error:
        raise PathNotFound from error
    except OSError as error:
        raise PathUnreadable from error


def name_source(path: Path, *, base: Path) -> str:
    """The path as documents are found by it: relative to the base where it lies below, without the root else."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links
    origin = Path(os.path.abspath(base))  # noqa: PTH100 - As above.
    below = absolute.relative_to(origin if absolute.is_relative_to(origin) else absolute.anchor)
    # File names are bytes; the database holds text.
    readable = os.fsencode(below.as_posix()).decode("utf-8", "replace")
    return unicodedata.normalize("NFC", readable)


def _find(path: Path, *, base: Path) -> Iterator[Entry]:
    if path.is_dir():
        yield from _walk(path, root=path.resolve(), base=base)
    elif path.exists():
        yield _judge(path, base=base)
    else:
        yield _refuse(path, PathNotFound(), base=base, state=ImportState.FAILED)


def _walk(folder: Path, *, root: Path, base: Path) -> Iterator[Entry]:
    try:
        children = sorted(folder.iterdir(), key=lambda child: child.name)
    except OSError:
        yield _refuse(folder, PathUnreadable(), base=base, state=ImportState.FAILED)
        return
    for child in children:
        if child.name.startswith("."):
            continue
        if child.is_symlink() and not _stays_within(child, root):
            yield _refuse(child, LinkLeadsOut(), base=base)
        elif child.is_dir():
            yield from _walk(child, root=root, base=base)
        else:
            yield _judge(child, base=base)


def _stays_within(link: Path, root: Path) -> bool:
    # A link to a folder is not followed at all: its files would be found twice, or without end.
    target = link.resolve()
    return target.is_file() and target.is_relative_to(root)


def _judge(path: Path, *, base: Path) -> Entry:
    if path.suffix.lower() not in SUFFIXES:
        return _refuse(path, FormatUnknown(), base=base)
    # Pipes and devices would be read without end.
    if not path.is_file():
        return _refuse(path, PathUnreadable(), base=base)
    return ReadableFile(path=path, source=name_source(path, base=base))


def _refuse(
    path: Path, error: AnswerableError, *, base: Path, state: ImportState = ImportState.SKIPPED
) -> RefusedFile:
    return RefusedFile(source=name_source(path, base=base), state=state, error=error)
