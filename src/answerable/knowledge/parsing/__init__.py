"""Files become plain text with headings, passages and sentences: pure, one module for each format.

`sandbox` runs it in a limited child process; what is stored of it is the business of the domain's service.
"""

from pathlib import PurePath

TEXT_BYTES = 10_000_000
"""The largest file of a text format."""

BINARY_BYTES = 25_000_000
"""The largest PDF or Word document: most of it are pictures, which are not read."""

_BINARY = frozenset({".pdf", ".docx"})
SUFFIXES = _BINARY | {".md", ".markdown", ".txt", ".text", ".html", ".htm", ".csv"}
"""The endings of file names that can be read, in lower case."""


def file_limit(name: str) -> int:
    """How large a file of this name may be."""
    return BINARY_BYTES if PurePath(name).suffix.lower() in _BINARY else TEXT_BYTES
