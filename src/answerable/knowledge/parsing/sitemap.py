"""Sitemaps: the addresses that they list, from XML, packed or not, or from plain lines.

Source:  the sitemap protocol 0.9, sitemaps.org.
"""

import zlib
from typing import NoReturn
from xml.parsers import expat

from answerable.knowledge.errors import MarkupRefused, UnpacksTooLarge
from answerable.knowledge.page_errors import SitemapInvalid
from answerable.knowledge.parsing.findings import ADDRESS_CHARACTERS, MAX_LISTED, Sitemap, SitemapEntry

MAX_BYTES = 50_000_000
"""A sitemap, unpacked, as the protocol has it."""

_GZIP = b"\x1f\x8b"
_DATE_CHARACTERS = 40


def find_entries(data: bytes) -> Sitemap:
    """What a sitemap lists, at most fifty thousand entries of it.

    Errors:  SitemapInvalid, MarkupRefused, UnpacksTooLarge.
    """
    content = _unpack(data).lstrip(b"\xef\xbb\xbf \t\r\n")
    if content.startswith((b"http://", b"https://")):
        lines = content.decode("utf-8", "replace").split("\n")[:MAX_LISTED]
        entries = (SitemapEntry(address=line.strip()[:ADDRESS_CHARACTERS]) for line in lines if line.strip())
        return Sitemap(pages=tuple(entries))
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.open
    parser.EndElementHandler = reader.close
    parser.CharacterDataHandler = reader.read
    try:
        parser.Parse(content, True)  # noqa: FBT003 - the library's own form
    except expat.ExpatError as error:
        raise SitemapInvalid from error
    if reader.root not in {"urlset", "sitemapindex"}:
        raise SitemapInvalid
    return Sitemap(pages=tuple(reader.pages), sitemaps=tuple(reader.sitemaps))


def _unpack(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = inflater.decompress(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise SitemapInvalid from error
    if len(content) > MAX_BYTES:
        raise UnpacksTooLarge
    if not inflater.eof:
        raise SitemapInvalid
    return content


def _refuse(*_declared: object) -> NoReturn:
    raise MarkupRefused


class _Reader:
    """Takes entries from the events of an XML parser."""

    def __init__(self) -> None:
        self.root = ""
        self.pages: list[SitemapEntry] = []
        self.sitemaps: list[SitemapEntry] = []
        self._path: list[str] = []
        self._fields: dict[str, str] = {}

    def open(self, name: str, _attributes: dict[str, str]) -> None:
        """An element begins."""
        local = name.rpartition(" ")[2]
        self.root = self.root or local
        self._path.append(local)
        if len(self._path) == 2:
            self._fields = {}

    def read(self, text: str) -> None:
        """Text of an element comes."""
        # Only what stands directly in an entry: pictures and translations have addresses, too.
        if len(self._path) == 3:
            name = self._path[2]
            self._fields[name] = (self._fields.get(name, "") + text)[:ADDRESS_CHARACTERS]

    def close(self, _name: str) -> None:
        """An element ends."""
        local = self._path.pop()
        address = self._fields.get("loc", "").strip()
        target = {"url": self.pages, "sitemap": self.sitemaps}.get(local)
        if len(self._path) == 1 and target is not None and address and len(target) < MAX_LISTED:
            changed = self._fields.get("lastmod", "").strip()[:_DATE_CHARACTERS]
            target.append(SitemapEntry(address=address, changed=changed))
