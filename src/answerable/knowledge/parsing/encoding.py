"""Bytes become text: UTF-8, UTF-16 with a byte order mark, or Windows-1252 when nothing else fits."""

import codecs
import re

from answerable.knowledge.errors import NotText
from answerable.knowledge.values import ParseNote

_SIGNATURES = {
    b"%PDF-": "It is a PDF.",
    b"PK\x03\x04": "It is a ZIP archive or an Office document.",
    b"\xd0\xcf\x11\xe0": "It is an Office document.",
    b"{\\rtf": "It is an RTF document.",
    b"\x1f\x8b": "It is a compressed file.",
    b"\x7fELF": "It is a program.",
    b"\x89PNG": "It is an image.",
    b"\xff\xd8\xff": "It is an image.",
    b"GIF8": "It is an image.",
}
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_MULTIBYTE = re.compile(r"[^\x00-\x7f\ufffd]")


def decode(data: bytes) -> tuple[str, tuple[ParseNote, ...]]:
    """The text of a file and what had to be assumed to read it.

    Errors:  NotText.
    """
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature):
            raise NotText(what)
    text, notes = _decode_bytes(data)
    # A twentieth: terminal logs with colours stay readable, compressed or encrypted bytes do not pass.
    if "\x00" in text or len(_CONTROLS.findall(text)) * 20 > len(text):
        raise NotText("It holds control characters.")
    return text, notes


def _decode_bytes(data: bytes) -> tuple[str, tuple[ParseNote, ...]]:
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16"), ()
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        if error.encoding.startswith("utf-16"):
            raise NotText("It ends within a UTF-16 character.") from error
    replaced = data.decode("utf-8-sig", errors="replace")
    # One torn character must not turn every umlaut of a UTF-8 file into two wrong letters.
    if len(_MULTIBYTE.findall(replaced)) > 4 * replaced.count("\ufffd"):
        return replaced, (ParseNote.BYTES_REPLACED,)
    try:
        return data.decode("cp1252"), (ParseNote.DECODED_AS_CP1252,)
    except UnicodeDecodeError as error:
        raise NotText("It is neither UTF-8, UTF-16 nor Windows-1252.") from error
