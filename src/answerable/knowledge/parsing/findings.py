"""What is looked for in pages and sitemaps besides their text: where they lead, and what they ask of robots.

Values only: both sides of the parser process know them.
"""

from dataclasses import dataclass

MAX_LISTED = 50_000
"""Entries of one sitemap, as the protocol has it."""

ADDRESS_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What an HTML page says of itself."""

    canonical: str = ""
    """The address that it names as its original, as it stands there."""

    robots: str = ""
    """Its directives for robots."""

    asks_password: bool = False
    words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapEntry:
    """A page or another sitemap that a sitemap lists."""

    address: str
    changed: str = ""
    """When it changed last, as it stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """What a sitemap lists."""

    pages: tuple[SitemapEntry, ...] = ()
    sitemaps: tuple[SitemapEntry, ...] = ()
