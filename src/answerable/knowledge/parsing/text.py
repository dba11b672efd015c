"""Plain text becomes a page: wrapped lines are joined, headings and lists are recognised by their form.

It has the same front matter as Markdown.
"""

import re
from collections.abc import Iterator

from answerable.knowledge.parsing.front_matter import split_front_matter
from answerable.knowledge.parsing.normalise import normalise, shorten_title
from answerable.knowledge.parsing.page import Page
from answerable.knowledge.parsing.sentences import find_marker_end, is_item
from answerable.knowledge.values import ParsedDocument, ParseNote

_NARROWEST_WRAP = 50
_LONGEST_HEADING = 80
_UNDERLINE = re.compile(r" *(={3,}|-{3,}) *")
_DECORATION = re.compile(r" *[^\w\s]{3,} *")


def parse_text(text: str, fallback_title: str, notes: tuple[ParseNote, ...] = ()) -> ParsedDocument:
    """The document of a plain text file.

    Errors:  EmptyDocument, FrontMatterInvalid.
    """
    front, body = split_front_matter(text)
    page = Page()
    blocks = [block.split("\n") for block in normalise(body).split("\n\n")]
    for index, block in enumerate(blocks):
        _add_block(page, block, is_last=index == len(blocks) - 1)
    plain, headings = page.finish()
    return ParsedDocument(
        title=front.title or shorten_title(headings[0].title if headings else fallback_title),
        text=plain,
        headings=headings,
        language=front.language,
        valid_from=front.valid_from,
        valid_until=front.valid_until,
        notes=notes,
    )


def add_text(page: Page, text: str) -> None:
    """Write plain text without headings on a page."""
    for block in normalise(text).split("\n\n"):
        _add_lines(page, block.split("\n"))


def _add_block(page: Page, lines: list[str], *, is_last: bool) -> None:
    if len(lines) > 1 and _UNDERLINE.fullmatch(lines[1]) and _may_be_heading(lines[0]):
        page.add_heading(1 if "=" in lines[1] else 2, lines[0])
        lines = lines[2:]
    elif len(lines) == 1 and not is_last and _may_be_heading(lines[0]):
        page.add_heading(2 if page.heading_level else 1, lines[0])
        return
    _add_lines(page, lines)


def _may_be_heading(line: str) -> bool:
    words = line.strip()
    # A question counts: lists of frequent questions have nothing else for headings.
    return (
        0 < len(words) <= _LONGEST_HEADING
        and not words.endswith((".", ",", ";", ":", "!"))
        and not words.startswith(("-", "*", "•"))
        and words[:1].upper() == words[:1]
        and any(character.isalpha() for character in words)
    )


def _add_lines(page: Page, lines: list[str]) -> None:
    page.end_block()
    for line in _unwrap([line for line in lines if not _DECORATION.fullmatch(line)]):
        indent = len(line) - len(line.lstrip(" "))
        if is_item(line):
            start = find_marker_end(line)
            marker = line[indent:start].strip()
            page.add_item(
                line[start:],
                depth=min(indent // 2, 3),
                marker=marker if marker[0].isalnum() else "-",
            )
        else:
            page.add_lines(line, depth=min(indent // 2, 3))
    page.end_block()


def _unwrap(lines: list[str]) -> Iterator[str]:
    """The lines with those joined that were broken only because the next word did not fit."""
    width = max((len(line) for line in lines), default=0)
    current: list[str] = []
    length = 0
    for line in lines:
        words = line.split(maxsplit=1)
        fitted = length + 1 + len(words[0]) <= width if words else True
        continues = line.startswith(" ") and bool(current) and is_item(current[0])
        if current and not is_item(line) and (continues or (width >= _NARROWEST_WRAP and not fitted)):
            current.append(line.strip())
        else:
            if current:
                yield " ".join(current)
            current = [line]
        length = len(line)
    if current:
        yield " ".join(current)
