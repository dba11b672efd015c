"""Markdown becomes a page: CommonMark with tables, reduced to what a reader sees.

Links become their text, images their description; HTML inside goes the way of `html`.
"""

import re
from collections.abc import Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from answerable.knowledge.parsing.front_matter import split_front_matter
from answerable.knowledge.parsing.html import add_html
from answerable.knowledge.parsing.normalise import shorten_title
from answerable.knowledge.parsing.page import Page
from answerable.knowledge.values import ParsedDocument, ParseNote

_MARKDOWN: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_LINE_BREAK_TAG = re.compile(r"<br\b", re.IGNORECASE)
_DROPPED_TAG = re.compile(r"<(/?)(?:script|style)\b", re.IGNORECASE)


def parse_markdown(text: str, fallback_title: str, notes: tuple[ParseNote, ...] = ()) -> ParsedDocument:
    """The document of a Markdown file.

    Errors:  EmptyDocument, FrontMatterInvalid.
    """
    front, body = split_front_matter(text)
    page = Page()
    _Writer(page).write(_MARKDOWN.parse(body))
    plain, headings = page.finish()
    first = next((heading.title for heading in headings if heading.level == 1), "")
    return ParsedDocument(
        title=front.title
        or shorten_title(first or (headings[0].title if headings else ""))
        or shorten_title(fallback_title),
        text=plain,
        headings=headings,
        language=front.language,
        valid_from=front.valid_from,
        valid_until=front.valid_until,
        notes=notes,
    )


class _Writer:
    """Writes the tokens of a file on a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._depth = 0
        self._marker: str | None = None
        self._heading: int | None = None
        self._row: list[str] | None = None
        self._rows: list[list[str]] = []

    def write(self, tokens: Sequence[Token]) -> None:
        """Write all tokens in order."""
        for token in tokens:
            match token.type:
                case "inline":
                    self._write_text(_inline_text(token.children or []))
                case "fence" | "code_block":
                    self._page.add_code(token.content)
                case "html_block":
                    add_html(self._page, token.content)
                case "heading_open":
                    self._heading = int(token.tag[1:])
                case "heading_close":
                    self._heading = None
                case _ if "list" in token.type:
                    self._write_list_part(token)
                case _:
                    self._write_table_part(token)

    def _write_list_part(self, token: Token) -> None:
        match token.type:
            case "list_item_open":
                self._marker = f"{token.info}." if token.info else "-"
            case "list_item_close":
                self._marker = None
            case "bullet_list_open" | "ordered_list_open":
                if not self._depth:
                    self._page.end_block()
                self._depth += 1
            case _:
                self._depth -= 1
                if not self._depth:
                    self._page.end_block()

    def _write_table_part(self, token: Token) -> None:
        match token.type:
            case "tr_open":
                self._row = []
            case "tr_close":
                self._rows.append(self._row or [])
                self._row = None
            case "table_close":
                self._page.add_table(self._rows[0], self._rows[1:])
                self._rows = []
            case _:
                pass

    def _write_text(self, text: str) -> None:
        if self._row is not None:
            self._row.append(text)
        elif self._depth and self._marker is not None and text.strip():
            self._page.add_item(text, depth=self._depth - 1, marker=self._marker)
            self._marker = None
        elif self._depth:
            self._page.add_lines(text, depth=self._depth)
        elif self._heading is not None:
            self._page.add_heading(self._heading, text)
        else:
            self._page.add_paragraph(text)


def _inline_text(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    dropped = 0
    for token in tokens:
        if token.type == "html_inline":
            dropped = max(0, dropped + _dropped_change(token.content))
            if _LINE_BREAK_TAG.match(token.content):
                parts.append("\n")
        elif not dropped:
            parts.append(_token_text(token))
    return "".join(parts)


def _dropped_change(tag: str) -> int:
    """1 where a script or style begins, -1 where it ends."""
    match = _DROPPED_TAG.match(tag)
    if match is None:
        return 0
    return -1 if match.group(1) else 1


def _token_text(token: Token) -> str:
    match token.type:
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "image":
            return _inline_text(token.children or [])
        case _:
            return token.content
