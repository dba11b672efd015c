"""What counts as a change, what is embedded, what may be quoted. Pure: values and text in, values out."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from hashlib import sha256

from answerable.knowledge.parsing.normalise import flatten, shorten_title
from answerable.knowledge.parsing.sentences import split_sentences
from answerable.knowledge.values import Days, Heading, Language, ParsedDocument, PassageSpan, SentenceSpan

MAX_QUESTION = 8_000
"""So many characters of a question are searched for."""

MAX_NAME = 500
"""So many characters a file's name may have with its folders; longer ones lose their beginning."""

_UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")
_MIN_QUOTED_WORDS = 3
_CLOSERS = "\"'\u201d\u201c\u2019\u00bb\u00ab)]*_ "


def name_upload(name: str) -> str:
    """The source of a file that somebody sends: a path without what would lead out of its folder."""
    parts = [flatten(part) for part in name.replace("\\", "/").split("/")]
    return "/".join(part for part in parts if part not in {"", ".", ".."})[-MAX_NAME:].lstrip("/ ")


def name_paste(title: str) -> str:
    """The source of a text that somebody wrote into the page; the same title again is a new version of it."""
    return f"pasted/{shorten_title(title).replace('/', ' ')}"


def write_paste(title: str, text: str, language: Language | None) -> bytes:
    """A text as the file that it is read from."""
    lines = ["---", f"title: {shorten_title(title)}"]
    if language is not None:
        lines.append(f"language: {language.value}")
    return "\n".join([*lines, "---", text.replace("\x00", "")]).encode("utf-8", "replace")


def digest_of(document: ParsedDocument, language: Language) -> bytes:
    """The SHA-256 by which the next import sees whether a document changed."""
    matters = [
        document.title,
        document.text,
        language.value,
        document.valid_from.isoformat() if document.valid_from else None,
        document.valid_until.isoformat() if document.valid_until else None,
    ]
    return sha256(json.dumps(matters, ensure_ascii=True).encode("ascii")).digest()


def days_in_force(set_days: Days, *, file_before: Days, file_now: Days) -> Days:
    """Which days count when a file is imported again: those it says, unless it says what it said before."""
    return set_days if file_now == file_before else file_now


def day_number(day: date | None) -> int | None:
    """A day as the log holds it: days since 1970-01-01."""
    return None if day is None else (day - date(1970, 1, 1)).days


def text_for_search(title: str, span: PassageSpan, text: str) -> str:
    """What is embedded and whose words are weighed: title and headings above the passage, then the passage."""
    above = [title, *(heading for heading in span.heading_path if heading != title)]
    inside = set(text.split("\n"))
    return "\n".join([*(line for line in above if line not in inside), text])


def texts_to_embed(title: str, span: PassageSpan, text: str, headings: Sequence[Heading]) -> tuple[str, ...]:
    """What is embedded of a passage: each quotable sentence under its title and headings, else the whole."""
    path = list(span.heading_path)
    if path[:1] != [title]:
        path.insert(0, title)
    above = " > ".join(path)
    sentences = [sentence for _, sentence in quotable_sentences(text, span.start, headings)]
    return tuple(f"{above}: {sentence}" for sentence in sentences) or (text_for_search(title, span, text),)


def clean_question(question: str) -> str:
    """The question as it can be searched for: what PostgreSQL cannot hold becomes a blank."""
    return _UNSPEAKABLE.sub(" ", question[:MAX_QUESTION])


def path_at(headings: Sequence[Heading], start: int) -> tuple[str, ...]:
    """The headings that a place stands under, outermost first; its own when it begins with one."""
    path: list[Heading] = []
    for heading in headings:
        if heading.start > start:
            break
        path = [*(above for above in path if above.level < heading.level), heading]
    return tuple(heading.title for heading in path)


def quotable_sentences(
    passage: str, start: int, headings: Sequence[Heading]
) -> Iterator[tuple[SentenceSpan, str]]:
    """The sentences of a passage that may answer, with their places in the version's text.

    A heading answers nothing, nor does a question, nor what only leads over to a list.
    """
    heading_starts: Collection[int] = {heading.start for heading in headings}
    line_start = 0
    for line in passage.split("\n"):
        if start + line_start not in heading_starts:
            for span in split_sentences(line):
                sentence = line[span.start : span.end]
                first = start + line_start + span.start
                if _may_be_quoted(sentence):
                    yield SentenceSpan(start=first, end=first + len(sentence)), sentence
        line_start += len(line) + 1


def headings_above(headings: Sequence[Heading], place: int) -> tuple[str, ...]:
    """The headings that a place of a text stands under, outermost first."""
    path: list[Heading] = []
    for heading in headings:
        if heading.start > place:
            break
        path = [one for one in path if one.level < heading.level] + [heading]
    return tuple(one.title for one in path)


def trim_before(text: str) -> str:
    """What comes before a quote, from the first paragraph or line that is whole."""
    for border in ("\n\n", "\n", " "):
        _, found, rest = text.partition(border)
        if found and rest.strip():
            return rest.lstrip()
    return text


def trim_after(text: str) -> str:
    """What comes after a quote, to the last paragraph or line that is whole."""
    for border in ("\n\n", "\n", " "):
        rest, found, _ = text.rpartition(border)
        if found and rest.strip():
            return rest.rstrip()
    return text


def _may_be_quoted(sentence: str) -> bool:
    if len(sentence.split()) < _MIN_QUOTED_WORDS:
        return False
    return not sentence.rstrip(_CLOSERS).endswith(("?", ":"))
