"""What an HTML page says of itself to robots. Its text is the business of `html`."""

from selectolax.lexbor import LexborHTMLParser

from answerable.knowledge.parsing.encoding import decode
from answerable.knowledge.parsing.findings import ADDRESS_CHARACTERS, PageFacts
from answerable.knowledge.parsing.html_tree import read_attribute

_ROBOTS = ("robots", "answerable")


def find_facts(data: bytes) -> PageFacts:
    """What the page says.

    Errors:  NotText.
    """
    text, _ = decode(data)
    tree = LexborHTMLParser(text)
    directives = [
        read_attribute(node, "content")
        for node in tree.css("meta[name]")
        if read_attribute(node, "name").strip().lower() in _ROBOTS
    ]
    canonical = next(
        (
            read_attribute(node, "href").strip()
            for node in tree.css("link[rel][href]")
            if "canonical" in read_attribute(node, "rel").lower().split()
        ),
        "",
    )
    body = tree.body
    return PageFacts(
        canonical=canonical[:ADDRESS_CHARACTERS],
        robots=",".join(directives)[:1_000],
        asks_password=tree.css_first("input[type=password i]") is not None,
        words=len(body.text(separator=" ").split()) if body else 0,
    )
