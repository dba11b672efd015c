"""A PDF becomes a page: what repeats on every page is left out, broken words and lines are joined again.

A PDF knows places and sizes of letters, not paragraphs; headings, lists and tables are recognised by these.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from answerable.knowledge.errors import EmptyDocument, FileDamaged, PicturesOnly
from answerable.knowledge.parsing.normalise import normalise, shorten_title
from answerable.knowledge.parsing.page import CELL_SEPARATOR, Page
from answerable.knowledge.parsing.pdf_pages import Line, PdfPage, read_pages
from answerable.knowledge.parsing.sentences import find_marker_end, is_item
from answerable.knowledge.values import ParsedDocument, ParseNote

_MARGIN = 0.12
"""The share of a page's height in which headers and footers stand, at the top and at the bottom."""

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"\W*(?:page|seite|p\.|s\.)?\s*\d+(?:\s*(?:of|von|/)\s*\d+)?\W*", re.IGNORECASE)
_BULLET = re.compile("^[\uf0b7\uf0a7\uf0d8\u25cf\u25cb\u25a0\u25aa\u2022\u2023\u00b7]\\s*")
_LIGATURES = str.maketrans(
    {
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
    }
)
_PRIVATE = re.compile("[\ue000-\uf8ff\ufffd\ufffe]")
_KEEP_HYPHEN = frozenset({"und", "oder", "bzw", "sowie", "bis", "and", "or", "to"})
_ENDS = (".", "!", "?", ":", ";", "…")
_LARGER = 1.15
_FULL = 0.9
_LONGEST_HEADING = 160
_LEVELS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """What is usual in this document."""

    body_size: float
    heading_sizes: tuple[float, ...]
    """Largest first."""

    is_bold_usual: bool


def parse_pdf(data: bytes, fallback_title: str) -> ParsedDocument:
    """The document of a PDF.

    Errors:  FileDamaged, FileEncrypted, TooManyPages, PicturesOnly, EmptyDocument.
    """
    pages = [_cleaned(page) for page in read_pages(data)]
    notes = _notes(pages)
    bodies = _without_running_lines(pages)
    lines = [line for body in bodies for line in body]
    if not lines:
        raise _nothing_found(pages)
    page = Page()
    _Writer(page, _style_of(lines)).write(bodies)
    text, headings = page.finish()
    first = next((heading.title for heading in headings if heading.level == 1), "")
    return ParsedDocument(
        title=shorten_title(first) or shorten_title(fallback_title) or "PDF",
        text=text,
        headings=headings,
        notes=notes,
    )


def _nothing_found(pages: Sequence[PdfPage]) -> FileDamaged | PicturesOnly | EmptyDocument:
    if any(page.is_picture for page in pages):
        return PicturesOnly()
    return FileDamaged() if any(page.is_broken for page in pages) else EmptyDocument()


def _notes(pages: Sequence[PdfPage]) -> tuple[ParseNote, ...]:
    notes: list[ParseNote] = []
    if any(page.is_broken for page in pages):
        notes.append(ParseNote.PAGES_BROKEN)
    if any(page.is_picture for page in pages):
        notes.append(ParseNote.PAGES_WITHOUT_TEXT)
    return tuple(notes)


def _cleaned(page: PdfPage) -> PdfPage:
    """The page without what only decorates it and with letters that can be searched for."""
    rotated = sum(len(line.text) for line in page.lines if line.is_rotated)
    # A stamp across the page is none of its text; a page that lies on its side is nothing else.
    keeps_rotated = rotated * 2 > sum(len(line.text) for line in page.lines)
    lines = tuple(
        cleaned
        for line in page.lines
        if line.is_rotated is keeps_rotated and (cleaned := _readable(line)) is not None
    )
    # A font without a table of its letters: what is seen cannot be read.
    is_picture = page.is_picture or (not lines and bool(page.lines))
    return PdfPage(height=page.height, lines=lines, is_picture=is_picture, is_broken=page.is_broken)


def _readable(line: Line) -> Line | None:
    cells = tuple(
        cell for given in line.cells if (cell := normalise(_BULLET.sub("• ", given).translate(_LIGATURES)))
    )
    unknown = sum(len(_PRIVATE.findall(cell)) for cell in cells)
    if not cells or unknown * 2 > sum(len(cell) for cell in cells):
        return None
    return Line(
        cells=cells,
        left=line.left,
        right=line.right,
        bottom=line.bottom,
        size=line.size,
        is_bold=line.is_bold,
        is_hyphenated=line.is_hyphenated,
    )


def _without_running_lines(pages: Sequence[PdfPage]) -> list[list[Line]]:
    """The lines of each page without headers, footers and page numbers."""
    seen = Counter(
        key for page in pages for key in {_key(line) for line in page.lines if _is_marginal(page, line)}
    )
    full = sum(1 for page in pages if page.lines)
    # On two pages a repeated line may be a repeated sentence; from three on it is furniture.
    often = max(3, full * 2 // 5)
    return [
        [
            line
            for line in page.lines
            if not (
                _is_marginal(page, line)
                and (seen[_key(line)] >= often or _PAGE_NUMBER.fullmatch(line.text) is not None)
            )
        ]
        for page in pages
    ]


def _key(line: Line) -> str:
    return _DIGITS.sub("#", line.text)


def _is_marginal(page: PdfPage, line: Line) -> bool:
    return not _MARGIN * page.height < line.bottom < (1 - _MARGIN) * page.height


def _style_of(lines: Sequence[Line]) -> _Style:
    weights: Counter[float] = Counter()
    bold = 0
    for line in lines:
        weights[_rounded(line.size)] += len(line.text)
        bold += len(line.text) if line.is_bold else 0
    body = weights.most_common(1)[0][0]
    larger = {_rounded(line.size) for line in lines if _may_be_heading(line) and _is_larger(line, body)}
    return _Style(
        body_size=body,
        heading_sizes=tuple(sorted(larger, reverse=True)),
        is_bold_usual=bold * 2 > sum(weights.values()),
    )


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _is_larger(line: Line, body_size: float) -> bool:
    return _rounded(line.size) >= body_size * _LARGER


def _may_be_heading(line: Line) -> bool:
    return len(line.text) <= _LONGEST_HEADING and any(character.isalpha() for character in line.text)


class _Writer:
    """Gathers lines into blocks and writes them on the page where a block ends."""

    def __init__(self, page: Page, style: _Style) -> None:
        self._page = page
        self._style = style
        self._block: list[Line] = []
        self._level: int | None = None
        """Of the block when it is a heading."""
        self._right = 1.0
        """Where the lines of the page before ended."""

    def write(self, bodies: Sequence[Sequence[Line]]) -> None:
        """Write the lines of all pages."""
        for body in bodies:
            right = max((line.right for line in body), default=0.0)
            for line in body:
                level = self._level_of(line)
                if not self._continues(line, level, right):
                    self._flush()
                self._block.append(line)
                self._level = level
            self._right = max(right, 1.0)
        self._flush()

    def _level_of(self, line: Line) -> int | None:
        if not _may_be_heading(line) or len(line.cells) > 1:
            return None
        sizes = self._style.heading_sizes
        if _is_larger(line, self._style.body_size):
            return min(_LEVELS, 1 + sizes.index(_rounded(line.size)))
        is_set_off = line.is_bold and not self._style.is_bold_usual and not is_item(line.text)
        if is_set_off and not line.text.endswith((".", ",", ";", ":")):
            return min(_LEVELS + 1, 2 + len(sizes))
        return None

    def _continues(self, line: Line, level: int | None, right: float) -> bool:
        """Whether a line belongs to the block before it."""
        last = self._block[-1] if self._block else None
        if last is None or last.is_hyphenated:
            return True
        if level != self._level or len(last.cells) > 1 or len(line.cells) > 1 or is_item(line.text):
            return False
        step = last.bottom - line.bottom
        if step <= 0:
            # A new column or page: only a sentence that is not over goes on there. Nouns have capitals, too,
            # so where the line is full a capital does not begin another sentence.
            is_open = not line.text[:1].isupper() or last.right > _FULL * self._right
            return level is None and is_open and not last.text.endswith(_ENDS)
        if step > 1.7 * max(last.size, line.size) or abs(last.size - line.size) > 0.15 * last.size:
            return False
        return level is not None or not self._is_over(last, line, right)

    def _is_over(self, last: Line, line: Line, right: float) -> bool:
        """Whether a paragraph ended with a line, since the next word would have fitted into it."""
        first_word = line.text.split(" ", 1)[0]
        width = (line.right - line.left) / max(1, len(line.text))
        would_fit = last.right + width * (len(first_word) + 1) < right - width
        indented = line.left > last.left + line.size and not is_item(self._block[0].text)
        return (would_fit and (last.text.endswith(_ENDS) or line.text[:1].isupper())) or (
            indented and last.text.endswith(_ENDS)
        )

    def _flush(self) -> None:
        block, self._block = self._block, []
        if not block:
            return
        text = _joined(block)
        if self._level is not None:
            self._page.add_heading(self._level, text)
        elif len(block[0].cells) > 1:
            self._page.add_lines(CELL_SEPARATOR.join(block[0].cells))
        elif is_item(text):
            start = find_marker_end(text)
            marker = text[:start].strip()
            self._page.add_item(text[start:], marker=marker if marker[0].isalnum() else "-")
        else:
            self._page.add_paragraph(text)


def _joined(lines: Sequence[Line]) -> str:
    return "".join(_parts(lines)).strip()


def _parts(lines: Sequence[Line]) -> Iterator[str]:
    for place, line in enumerate(lines):
        following = lines[place + 1].text if place + 1 < len(lines) else ""
        if not line.is_hyphenated:
            yield line.text + " "
        elif following.split(" ", 1)[0].strip(".,") in _KEEP_HYPHEN:
            # `Vor- und Nachteile`: the hyphen stands for a word, not for a broken one.
            yield line.text + "- "
        else:
            yield line.text + ("" if following[:1].islower() else "-")
