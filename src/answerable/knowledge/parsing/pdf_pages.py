"""The lines of a PDF's pages with their places and sizes, read by PDFium.

What is a heading, a list or a paragraph is the business of `pdf`. Nothing is drawn, run or fetched.
"""

import ctypes
import importlib
import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from answerable.knowledge.errors import FileDamaged, FileEncrypted, TooManyPages

MAX_PAGES = 1_000

_PASSWORD_ERROR = 4
_HYPHEN = 0x02
"""What PDFium gives for a hyphen at the end of a line whose word goes on in the next."""

_CELL_GAP = 1.6
"""So many times the size of the letters lie between two cells of a row, and less between two words."""

_BOLD = ("bold", "black", "heavy", "demi")
_UPRIGHT = 0.1
_NAME_BYTES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line as it stands on its page, which is measured from the lower left corner."""

    cells: tuple[str, ...]
    """Its text; more than one where gaps part it, as in a row of a table."""

    left: float
    right: float
    bottom: float
    size: float
    is_bold: bool = False
    is_rotated: bool = False
    is_hyphenated: bool = False
    """Whether its last word goes on in the next line; the hyphen is left out."""

    @property
    def text(self) -> str:
        """The whole line with a blank for each gap."""
        return " ".join(self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfPage:
    """One page."""

    height: float
    lines: tuple[Line, ...]
    is_picture: bool = False
    """Whether something is drawn on it and nothing can be read."""

    is_broken: bool = False


@dataclass(slots=True)
class _Gathered:
    """A line while its characters come in."""

    cells: list[list[str]] = field(default_factory=lambda: [[]])
    first: int | None = None
    last: int = 0

    def add(self, index: int, character: str) -> None:
        """Take one more character."""
        if self.first is None:
            self.first = index
        self.last = index
        self.cells[-1].append(character)


def read_pages(data: bytes) -> list[PdfPage]:
    """All pages in order.

    Errors:  FileDamaged, FileEncrypted, TooManyPages.
    """
    with _open_document(data) as document:
        pages = _library().FPDF_GetPageCount(document)
        if pages > MAX_PAGES:
            raise TooManyPages(f"It has {pages}.")
        if pages < 1:
            raise FileDamaged
        return [_read_page(document, number) for number in range(pages)]


@cache
def _library() -> Any:  # PDFium's functions as ctypes sees them
    # Imported here: the process that reads files starts sooner, and most files are no PDF.
    library = importlib.import_module("pypdfium2_raw")
    library.FPDF_InitLibrary()
    return library


@contextmanager
def _open_document(data: bytes) -> Generator[Any]:
    library = _library()
    document = library.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        raise FileEncrypted if library.FPDF_GetLastError() == _PASSWORD_ERROR else FileDamaged
    try:
        yield document
    finally:
        library.FPDF_CloseDocument(document)


def _read_page(document: Any, number: int) -> PdfPage:
    library = _library()
    page = library.FPDF_LoadPage(document, number)
    if not page:
        return PdfPage(height=0, lines=(), is_broken=True)
    text = library.FPDFText_LoadPage(page)
    try:
        lines = tuple(_Reader(text).read()) if text else ()
        return PdfPage(
            height=library.FPDF_GetPageHeightF(page),
            lines=lines,
            is_picture=not lines and library.FPDFPage_CountObjects(page) > 0,
            is_broken=not text,
        )
    finally:
        if text:
            library.FPDFText_ClosePage(text)
        library.FPDF_ClosePage(page)


class _Reader:
    """Reads the lines of one page."""

    def __init__(self, text: Any) -> None:
        self._text = text
        self._library = _library()
        self._edges = tuple(ctypes.c_double() for _ in range(4))
        self._name = ctypes.create_string_buffer(_NAME_BYTES)

    def read(self) -> Generator[Line]:
        """The lines in the order in which the page has them."""
        library, text = self._library, self._text
        line = _Gathered()
        for index in range(library.FPDFText_CountChars(text)):
            code = library.FPDFText_GetUnicode(text, index)
            if code in {_HYPHEN, 0x0A}:
                yield from self._finish(line, is_hyphenated=code == _HYPHEN)
                line = _Gathered()
            elif code == 0x20 and self._parts_cells(line, index):
                line.cells.append([])
            elif code != 0x0D and (code > 0x20 or line.first is not None):
                line.add(index, _character(code))
        yield from self._finish(line, is_hyphenated=False)

    def _finish(self, line: _Gathered, *, is_hyphenated: bool) -> Generator[Line]:
        cells = tuple(cell for part in line.cells if (cell := "".join(part).strip()))
        if not cells or line.first is None:
            return
        library, text = self._library, self._text
        left, _ = self._edges_of(line.first)
        _, right = self._edges_of(line.last)
        yield Line(
            cells=cells,
            left=left,
            right=right,
            bottom=self._bottom(line.first),
            size=self._size(line.first),
            is_bold=self._is_bold(line.first) and self._is_bold(line.last),
            is_rotated=abs(math.sin(library.FPDFText_GetCharAngle(text, line.first))) > _UPRIGHT,
            is_hyphenated=is_hyphenated,
        )

    def _parts_cells(self, line: _Gathered, index: int) -> bool:
        if line.first is None:
            return False
        _, right = self._edges_of(line.last)
        left, _ = self._edges_of(index + 1)
        # Asked for last: most gaps are narrower than any letter's size.
        return left - right > _CELL_GAP and left - right > _CELL_GAP * self._size(line.last)

    def _edges_of(self, index: int) -> tuple[float, float]:
        left, right, bottom, top = self._edges
        self._library.FPDFText_GetCharBox(self._text, index, left, right, bottom, top)
        return left.value, right.value

    def _bottom(self, index: int) -> float:
        """The height of the line that the letters stand on."""
        left, _, bottom, _ = self._edges
        self._library.FPDFText_GetCharOrigin(self._text, index, left, bottom)
        return bottom.value

    def _size(self, index: int) -> float:
        """How large the letters are on the page, whatever the font and its matrix share between them."""
        size = self._library.FPDFText_GetFontSize(self._text, index)
        return float(size) if math.isfinite(size) and size > 0 else 1.0

    def _is_bold(self, index: int) -> bool:
        flags = ctypes.c_int()
        length = self._library.FPDFText_GetFontInfo(self._text, index, self._name, _NAME_BYTES, flags)
        name = self._name.value.decode("latin-1").lower() if 0 < length <= _NAME_BYTES else ""
        return any(word in name for word in _BOLD) or (
            self._library.FPDFText_GetFontWeight(self._text, index) >= 600
        )


def _character(code: int) -> str:
    # Letters outside of the first plane come in two halves where wide characters are narrow; lone halves,
    # like codes that no character has, are taken out when the text is normalised.
    return chr(code) if code <= 0x10FFFF else "\ufffd"
