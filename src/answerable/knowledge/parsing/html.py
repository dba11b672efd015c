"""HTML becomes a page: what a reader would see, without navigation, scripts and hidden parts.

Nothing is fetched and nothing is run.
"""

from selectolax.lexbor import LexborHTMLParser, LexborNode

from answerable.knowledge.parsing.front_matter import find_language
from answerable.knowledge.parsing.html_tree import Step, collapse, read_attribute, read_table, walk
from answerable.knowledge.parsing.normalise import shorten_title
from answerable.knowledge.parsing.page import Page
from answerable.knowledge.values import ParsedDocument, ParseNote

_BLOCK_TAGS = """
    address article aside blockquote body center details div dl fieldset figcaption figure form header
    hgroup hr legend main p section summary dt
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}


def parse_html(text: str, fallback_title: str, notes: tuple[ParseNote, ...] = ()) -> ParsedDocument:
    """The document of an HTML file.

    Errors:  EmptyDocument.
    """
    tree = LexborHTMLParser(text)
    page = Page()
    root = _content_root(tree)
    if root is not None:
        _Writer(page).write(root)
    plain, headings = page.finish()
    first = next((heading.title for heading in headings if heading.level == 1), "")
    named = tree.css_first("head > title")
    return ParsedDocument(
        title=shorten_title(first or (named.text() if named else ""))
        or shorten_title(headings[0].title if headings else fallback_title),
        text=plain,
        headings=headings,
        language=find_language(read_attribute(tree.root, "lang")) if tree.root else None,
        notes=notes,
    )


def add_html(page: Page, text: str) -> None:
    """Write the readable part of a piece of HTML on a page."""
    body = LexborHTMLParser(text).body
    if body is not None:
        _Writer(page).write(body)


def _content_root(tree: LexborHTMLParser) -> LexborNode | None:
    """The one main part when there is one with text, otherwise the body."""
    mains = tree.css("main")
    if len(mains) == 1 and mains[0].text().strip():
        return mains[0]
    return tree.body


class _Writer:
    """Gathers running text and writes it on the page where a block begins or ends."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._text: list[str] = []
        self._marker: str | None = None
        self._lists: list[int | None] = []
        """One entry for each open list: the number of its last item, None where items have none."""
        self._preformatted = 0

    def write(self, root: LexborNode) -> None:
        """Write all that is visible below a node."""
        for step, node in walk(root):
            match step:
                case Step.TEXT:
                    content = node.text_content or ""
                    self._text.append(content if self._preformatted else collapse(content))
                case Step.OPEN:
                    self._open(node.tag or "", node)
                case Step.CLOSE:
                    self._close(node.tag or "")
                case Step.TABLE:
                    self._flush()
                    self._page.add_table(*read_table(node))
        self._flush()
        self._page.end_block()

    def _open(self, tag: str, node: LexborNode) -> None:
        if tag == "br":
            self._text.append("\n")
        elif tag == "img":
            self._text.append(f" {read_attribute(node, 'alt')} ")
        elif tag == "pre":
            self._flush()
            self._preformatted += 1
        elif tag in {"ul", "ol"}:
            self._flush()
            self._open_list(tag, read_attribute(node, "start"))
        elif tag == "li":
            self._flush()
            self._marker = self._next_marker()
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._flush()

    def _close(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._write_heading(_HEADINGS[tag])
        elif tag == "summary":
            self._write_heading(min(6, self._page.heading_level + 1))
        elif tag == "dt":
            # A term is read with its definition: `Delivery time: two days`.
            ends = "".join(self._text).rstrip().endswith(("?", ":", ".", "!"))
            self._text.append(" " if ends else ": ")
        elif tag == "pre":
            self._flush()
            self._preformatted -= 1
        elif tag in {"ul", "ol"}:
            self._flush()
            self._close_list()
        elif tag in _BLOCKS or tag in {"li", "dd"}:
            self._flush()

    def _open_list(self, tag: str, start: str) -> None:
        if not self._lists:
            self._page.end_block()
        first = int(start) if start.isdecimal() and len(start) < 4 else 1
        self._lists.append(first - 1 if tag == "ol" else None)

    def _close_list(self) -> None:
        self._lists.pop()
        self._marker = None
        if not self._lists:
            self._page.end_block()

    def _next_marker(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "-"
        self._lists[-1] = number + 1
        return f"{number + 1}."

    def _take(self) -> str:
        text = "".join(self._text)
        self._text = []
        return text

    def _write_heading(self, level: int) -> None:
        if self._lists:
            self._flush()
        else:
            self._page.add_heading(level, self._take())

    def _flush(self) -> None:
        text = self._take()
        if not text.strip():
            return
        if self._preformatted:
            self._page.add_code(text)
        elif self._marker is not None:
            self._page.add_item(text, depth=max(0, len(self._lists) - 1), marker=self._marker)
            self._marker = None
        elif self._lists:
            self._page.add_lines(text, depth=len(self._lists))
        else:
            self._page.add_paragraph(text)
