"""The page a parser writes on: blocks in, the text in its one spelling and the headings' places out.

Each paragraph, heading, list item and table row becomes one line, so that sentences and passages can be
found from the text alone; where blocks begin and end in a file is the business of its parser.
"""

from answerable.knowledge.errors import EmptyDocument
from answerable.knowledge.parsing.normalise import flatten, normalise
from answerable.knowledge.values import Heading

CELL_SEPARATOR = " | "
_DEEPEST_INDENT = 8


class Page:
    """Collects the blocks of one document in order."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._headings: list[tuple[int, str, int]] = []
        self._length = 0

    @property
    def heading_level(self) -> int:
        """The level of the last heading, 0 before the first."""
        return self._headings[-1][0] if self._headings else 0

    def end_block(self) -> None:
        """Let the next line begin after a blank one."""
        if self._lines and self._lines[-1]:
            self._write("")

    def add_heading(self, level: int, text: str) -> None:
        """Add a heading of a level from 1 to 6, a block of its own."""
        title = flatten(text)
        if not title:
            return
        self.end_block()
        self._headings.append((level, title, self._length))
        self._write(title)
        self.end_block()

    def add_paragraph(self, text: str) -> None:
        """Add a paragraph; line breaks in it stay."""
        self.end_block()
        self.add_lines(text)
        self.end_block()

    def add_lines(self, text: str, *, depth: int = 0) -> None:
        """Add lines to the current block, indented by their depth in a list."""
        indent = "  " * min(depth, _DEEPEST_INDENT)
        for line in normalise(text).split("\n"):
            words = " ".join(line.split())
            if words:
                self._write(indent + words)

    def add_item(self, text: str, *, depth: int = 0, marker: str = "-") -> None:
        """Add a list item: its first line with the marker, the others below it."""
        first, _, rest = normalise(text).partition("\n")
        words = " ".join(first.split())
        if words:
            self._write("  " * min(depth, _DEEPEST_INDENT) + f"{marker} {words}")
        self.add_lines(rest, depth=depth + 1)

    def add_table(self, header: list[str], rows: list[list[str]]) -> None:
        """Add a table: a line for each row, each cell after its column's name."""
        names = [flatten(cell) for cell in header]
        lines = [line for row in rows if (line := _row_line(names, row))]
        self.end_block()
        for line in lines or [_row_line([], header)]:
            if line:
                self._write(line)
        self.end_block()

    def add_code(self, text: str) -> None:
        """Add lines as they are, with their indentation."""
        self.end_block()
        # The dot shields the first line's indentation from being trimmed.
        for line in normalise(".\n" + text).split("\n")[1:]:
            if line:
                self._write(line)
            else:
                self.end_block()
        self.end_block()

    def finish(self) -> tuple[str, tuple[Heading, ...]]:
        """The text and its headings.

        Errors:  EmptyDocument.
        """
        text = "\n".join(self._lines).strip("\n")
        if not text.strip():
            raise EmptyDocument
        return text, tuple(
            Heading(level=level, title=title, start=start) for level, title, start in self._headings
        )

    def _write(self, line: str) -> None:
        # Indentation at the very start would be trimmed by `normalise` and move every span.
        kept = line if self._lines else line.lstrip(" ")
        self._lines.append(kept)
        self._length += len(kept) + 1


def _row_line(names: list[str], row: list[str]) -> str:
    parts: list[str] = []
    for column, cell in enumerate(row):
        content = flatten(cell)
        name = names[column] if column < len(names) else ""
        if content:
            parts.append(f"{name.rstrip(':')}: {content}" if name else content)
    return CELL_SEPARATOR.join(parts)
