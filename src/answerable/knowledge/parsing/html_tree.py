"""A walk over what a reader sees of an HTML tree, without recursion, so that depth costs no stack.

What becomes of the parts is the business of `html`.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto

from selectolax.lexbor import LexborNode

_DROPPED_TAGS = """
    script style nav footer head template noscript svg math iframe object embed canvas audio video button
    select textarea input dialog menu
"""
_DROPPED = frozenset(_DROPPED_TAGS.split())
_INVISIBLE_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_WHITESPACE = re.compile(r"\s+")


class Step(Enum):
    """What the walk meets."""

    TEXT = auto()
    OPEN = auto()
    CLOSE = auto()
    TABLE = auto()
    """A table of data, met as a whole; tables that only arrange a page are walked like any other part."""


def walk(root: LexborNode) -> Iterator[tuple[Step, LexborNode]]:
    """Everything visible below a node, in order."""
    # Compared by `mem_id`: `==` on nodes writes both out as HTML, which makes the walk quadratic.
    end = root.mem_id
    node = root.first_child
    while node is not None:
        step = _step(node)
        if step is not None:
            yield step, node
        child = node.first_child if step is Step.OPEN else None
        if child is not None:
            node = child
            continue
        if step is Step.OPEN:
            yield Step.CLOSE, node
        while node.next is None:
            parent = node.parent
            if parent is None or parent.mem_id == end:
                return
            node = parent
            yield Step.CLOSE, node
        node = node.next


def read_attribute(node: LexborNode, name: str) -> str:
    """The value of an attribute, empty when it has none."""
    return node.attributes.get(name) or ""


def read_text(node: LexborNode) -> str:
    """The visible text below a node as one line."""
    parts: list[str] = []
    for step, part in walk(node):
        if step is Step.TEXT:
            parts.append(part.text_content or "")
        elif part.tag == "img" and step is Step.OPEN:
            parts.append(f" {read_attribute(part, 'alt')} ")
        elif part.tag in {"p", "div", "li", "br"}:
            parts.append(" ")
    return collapse("".join(parts)).strip()


def read_table(table: LexborNode) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a table; the header is empty when no row consists of header cells."""
    header: list[str] = []
    rows: list[list[str]] = []
    for row in table.css("tr"):
        cells = [cell for cell in _children(row) if cell.tag in {"td", "th"}]
        texts = [read_text(cell) for cell in cells]
        if not header and not rows and cells and all(cell.tag == "th" for cell in cells):
            header = texts
        else:
            rows.append(texts)
    return header, rows


def collapse(text: str) -> str:
    """The text with one blank for each run of white space."""
    return _WHITESPACE.sub(" ", text)


def _step(node: LexborNode) -> Step | None:
    if node.is_text_node:
        return Step.TEXT
    tag = node.tag
    if not node.is_element_node or tag is None or tag in _DROPPED or _is_hidden(node):
        return None
    if tag == "table" and not node.css("table table, h1, h2, h3, h4, h5, h6"):
        return Step.TABLE
    return Step.OPEN


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return (
        "hidden" in attributes
        or (attributes.get("aria-hidden") or "").lower() == "true"
        or _INVISIBLE_STYLE.search(attributes.get("style") or "") is not None
    )


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next
