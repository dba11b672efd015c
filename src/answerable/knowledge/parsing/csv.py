"""A table of questions and answers becomes one document for each row.

The first row names the columns, in English or German, in any order.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from io import StringIO

from answerable.knowledge.errors import ColumnsInvalid, ColumnsMissing, EmptyDocument
from answerable.knowledge.parsing.front_matter import find_language
from answerable.knowledge.parsing.normalise import flatten, normalise, shorten_title
from answerable.knowledge.parsing.page import Page
from answerable.knowledge.parsing.text import add_text
from answerable.knowledge.values import KeyedDocument, Language, ParsedDocument, ParseNote

_COLUMNS = {
    "question": "question",
    "frage": "question",
    "answer": "answer",
    "antwort": "answer",
    "language": "language",
    "sprache": "language",
}
_DELIMITERS = ";,\t"
_LARGEST_CELL = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One question with its answer."""

    question: str
    answer: str
    language: Language | None


def parse_csv(text: str, notes: tuple[ParseNote, ...] = ()) -> tuple[KeyedDocument, ...]:
    """The documents of a table, one for each question.

    Errors:  ColumnsMissing, ColumnsInvalid, EmptyDocument.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n \ufeff")
    documents: dict[str, KeyedDocument] = {}
    found: set[ParseNote] = set()
    for row in _read_rows(text):
        document = _document(row, notes) if row else None
        if document is None:
            found.add(ParseNote.ROWS_INCOMPLETE)
            continue
        if document.key in documents:
            found.add(ParseNote.ROWS_REPEATED)
        documents[document.key] = document
    if not documents:
        raise EmptyDocument("No row has both a question and an answer.")
    first, *others = documents.values()
    noted = replace(first.document, notes=(*notes, *sorted(found)))
    return (replace(first, document=noted), *others)


def _document(row: _Row, notes: tuple[ParseNote, ...]) -> KeyedDocument | None:
    question = flatten(row.question)
    if not question or not normalise(row.answer):
        return None
    page = Page()
    page.add_heading(1, question)
    add_text(page, row.answer)
    text, headings = page.finish()
    return KeyedDocument(
        key=sha256(question.casefold().encode()).hexdigest()[:32],
        document=ParsedDocument(
            title=shorten_title(question),
            text=text,
            headings=headings,
            language=row.language,
            notes=notes,
        ),
    )


def _read_rows(text: str) -> Iterator[_Row | None]:
    """The rows below the header; None for one without a question or an answer."""
    delimiter, columns, width = _find_columns(text.partition("\n")[0])
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        next(reader)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _read_row(cells, columns, width, line=reader.line_num)
    except csv.Error as error:
        raise ColumnsInvalid(f"The quotes or separators around line {reader.line_num} are wrong.") from error


def _read_row(cells: list[str], columns: dict[str, int], width: int, *, line: int) -> _Row | None:
    # An answer with a comma but without quotes would be cut in the middle and quoted as the whole truth.
    if any(cell.strip() for cell in cells[width:]):
        raise ColumnsInvalid(f"The row that ends in line {line} has more cells than the first row.")
    named = {name: cells[place].strip() for name, place in columns.items() if place < len(cells)}
    language = find_language(named.get("language", ""))
    if named.get("language") and language is None:
        raise ColumnsInvalid(f"The language in line {line} is neither de nor en.")
    if not named.get("question") or not named.get("answer"):
        return None
    return _Row(question=named["question"], answer=named["answer"], language=language)


def _find_columns(header: str) -> tuple[str, dict[str, int], int]:
    """The delimiter, the place of each known column and the number of columns.

    Errors:  ColumnsMissing.
    """
    for delimiter in _DELIMITERS:
        try:
            names = next(iter(csv.reader([header], delimiter=delimiter))) if header else []
        except csv.Error:
            continue
        columns: dict[str, int] = {}
        for place, name in enumerate(names):
            known = _COLUMNS.get(flatten(name).lower())
            if known:
                columns.setdefault(known, place)
        if "question" in columns and "answer" in columns:
            return delimiter, columns, len(names)
    raise ColumnsMissing
