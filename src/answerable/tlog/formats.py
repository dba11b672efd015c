"""The spellings that all formats share: decimal numbers, base64, lines. Each value has exactly one."""

import binascii
import re
from base64 import b64encode

from answerable.tlog.errors import Finding, Refused

MAX_NUMBER = 2**63 - 1
"""The largest size, index and time: what a signed 64-bit column holds."""

MAX_LINE_BYTES = 64 * 1024

_DECIMAL = re.compile(rb"0|[1-9][0-9]{0,18}")


def read_decimal(text: bytes, finding: Finding) -> int:
    """The number that the text spells: ASCII digits, no sign, no leading zero, at most 2^63-1."""
    if not _DECIMAL.fullmatch(text) or (number := int(text)) > MAX_NUMBER:
        raise Refused(finding, "a number is not in its one decimal form")
    return number


def read_base64(text: bytes, finding: Finding) -> bytes:
    """The bytes that the text spells: standard alphabet, padded, unused bits zero.

    Source:  RFC 4648, sections 3.5 and 4.
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error as error:
        raise Refused(finding, "malformed base64") from error
    # Python lets unused bits pass, so that several spellings would stand for the same bytes.
    if b64encode(data) != text:
        raise Refused(finding, "base64 that is not canonical")
    return data


def read_hash(text: bytes, finding: Finding) -> bytes:
    """The 32 bytes that a line of base64 spells."""
    data = read_base64(text, finding)
    if len(data) != 32:
        raise Refused(finding, f"a hash of {len(data)} bytes")
    return data


def read_lines(data: bytes, finding: Finding) -> list[bytes]:
    """The lines without their ends; the last one must be ended too."""
    if not data.endswith(b"\n"):
        raise Refused(finding, "the last line has no end")
    lines = data[:-1].split(b"\n")
    if any(len(line) > MAX_LINE_BYTES for line in lines):
        raise Refused(finding, "a line is too long")
    return lines


def is_key_name(name: str) -> bool:
    """Whether it may name a key.

    Source:  c2sp.org/signed-note, Format.
    """
    return bool(name) and "+" not in name and not any(one.isspace() or one < " " for one in name)
