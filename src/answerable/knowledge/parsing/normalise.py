"""One spelling for every text: what is stored, quoted and compared.

Structure (paragraphs, lists, tables) is the business of the parsers.
"""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BLANK_LINES = re.compile(r"\n{3,}")

# What nobody sees but a search, a comparison or a model does: controls, directions, zero widths, variation
# selectors and the tag block, in which whole instructions can hide. Joined emoji fall apart by this, which
# is the smaller loss. Lone surrogates and noncharacters cannot be stored.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

_TITLE_CHARACTERS = 200


def normalise(text: str) -> str:
    """The text in NFC with plain line ends and blanks and nothing invisible; the same when done again."""
    text = _LINE_ENDS.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    text = _SPACES.sub(" ", text).replace("\t", "    ")
    text = unicodedata.normalize("NFC", text)
    text = "\n".join(line.rstrip(" ") for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip("\n ")


def flatten(text: str) -> str:
    """The text as one line, with one blank between words."""
    return " ".join(normalise(text).split())


def shorten_title(text: str) -> str:
    """The text as one line of at most 200 characters, cut between words."""
    line = flatten(text)
    if len(line) <= _TITLE_CHARACTERS:
        return line
    head = line[: _TITLE_CHARACTERS - 1]
    return head.rsplit(" ", 1)[0].rstrip() + "…"
