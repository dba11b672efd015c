"""A Word document (DOCX) becomes a page, by way of the HTML that its styles, lists and tables stand for.

Checked before it is read: how large it unpacks and that its markup declares nothing. Nothing is fetched.
"""

import re
import sys
import zlib
from io import BytesIO
from types import ModuleType
from typing import Any, NoReturn
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from answerable.knowledge.errors import FileDamaged, FileEncrypted, MarkupRefused, UnpacksTooLarge
from answerable.knowledge.parsing.html import parse_html
from answerable.knowledge.values import ParsedDocument

MAX_MARKUP_BYTES = 100_000_000
"""All markup of a document, unpacked; pictures are not read at all."""

_MAX_PARTS = 5_000
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MAIN_PART = "[Content_Types].xml"
# Word's own names in every language of its menus: the file holds the English ones.
_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Quote'] => p:fresh
"""
_NOTE_MARK = re.compile(r'<sup><a href="#(?:foot|end)note-[^"]*"[^>]*>\[\d+\]</a></sup>')
_NOTE_RETURN = re.compile(r'\s*<a href="#(?:foot|end)note-ref-[^"]*">\u2191</a>')


def parse_docx(data: bytes, fallback_title: str) -> ParsedDocument:
    """The document of a DOCX file.

    Errors:  FileDamaged, FileEncrypted, UnpacksTooLarge, MarkupRefused, EmptyDocument.
    """
    if data.startswith(_OLD_OFFICE):
        if _ENCRYPTED in data:
            raise FileEncrypted
        raise FileDamaged("It is a Word document of the older form (.doc).")
    _check(data)
    html = _NOTE_RETURN.sub("", _NOTE_MARK.sub("", _to_html(data)))
    return parse_html(html, fallback_title)


def _check(data: bytes) -> None:
    """Read all markup once, within limits, before anything builds a tree of it.

    Errors:  FileDamaged, FileEncrypted, UnpacksTooLarge, MarkupRefused.
    """
    left = MAX_MARKUP_BYTES
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS:
                raise UnpacksTooLarge
            if _MAIN_PART not in archive.NameToInfo:
                raise FileDamaged
            for part in parts:
                if part.flag_bits & 1:
                    raise FileEncrypted
                if part.filename.endswith((".xml", ".rels")):
                    # Announced sizes are what is unpacked at most: more is an error of the archive.
                    left -= part.file_size
                    if left < 0:
                        raise UnpacksTooLarge
                    _check_markup(archive.read(part))
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise FileDamaged from error


def _check_markup(content: bytes) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003 - the library's own form
    except expat.ExpatError as error:
        raise FileDamaged from error


def _refuse(*_declared: object) -> NoReturn:
    raise MarkupRefused


def _to_html(data: bytes) -> str:
    mammoth = _library()
    try:
        return str(
            mammoth.convert_to_html(
                BytesIO(data),
                style_map=_STYLES,
                include_embedded_style_map=False,
                convert_image=lambda _image: [],  # pyright: ignore[reportUnknownLambdaType]
                external_file_access=False,
            ).value
        )
    # What a document's parts may lack, refer to or say wrongly has no end, and the library checks none of it.
    except (
        AttributeError,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        OSError,
        BadZipFile,
        RecursionError,
    ) as error:
        raise FileDamaged from error


def _library() -> Any:  # it has no types
    # Its module for pictures outside of the file brings the network along; the process that reads foreign
    # files has none, so an empty stand-in takes its place unless the real one is there already.
    stand_in = ModuleType("urllib.request")
    stand_in.__dict__["urlopen"] = _refuse
    is_new = sys.modules.setdefault("urllib.request", stand_in) is stand_in
    try:
        import mammoth  # noqa: PLC0415 - as above, and most files are none of Word's
    finally:
        if is_new:
            del sys.modules["urllib.request"]
    return mammoth
