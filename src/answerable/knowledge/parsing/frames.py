"""What goes through the pipes between the parser process and its parent: lengths, JSON and bytes.

Both sides import it; what the parent believes of an answer is checked here, since a file may have taken
over the process that read it.
"""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from typing import Any, cast

from answerable.infra.errors import AnswerableError
from answerable.knowledge import errors
from answerable.knowledge.page_errors import SitemapInvalid
from answerable.knowledge.parsing.findings import (
    ADDRESS_CHARACTERS,
    MAX_LISTED,
    PageFacts,
    Sitemap,
    SitemapEntry,
)
from answerable.knowledge.parsing.normalise import normalise, shorten_title
from answerable.knowledge.values import Heading, KeyedDocument, Language, ParsedDocument, ParseNote

OUT_OF_MEMORY = 77
"""How the process that reads ends when its limit is met outside of the reading itself."""

LENGTH_BYTES = 4
MAX_ANSWER_BYTES = 64_000_000


class Reading(StrEnum):
    """What a request wants of its bytes."""

    DOCUMENTS = "documents"
    PAGE = "page"
    """What a page says of itself."""

    SITEMAP = "sitemap"


READY = b"ready"
"""The first frame of a new process: limits are set, formats are loaded."""

_DETAIL_CHARACTERS = 200
_KEY_CHARACTERS = 64

_ERRORS: dict[str, type[AnswerableError]] = {
    error.code: error
    for error in (
        errors.FormatUnknown,
        errors.NotText,
        errors.EmptyDocument,
        errors.FrontMatterInvalid,
        errors.ColumnsMissing,
        errors.ColumnsInvalid,
        errors.FileDamaged,
        errors.FileEncrypted,
        errors.PicturesOnly,
        errors.TooManyPages,
        errors.UnpacksTooLarge,
        errors.MarkupRefused,
        errors.ParseMemory,
        errors.ParseCrashed,
        errors.TextTooLong,
        SitemapInvalid,
    )
}


def frame(content: bytes) -> bytes:
    """The content with its length before it."""
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


def encode_documents(documents: Sequence[KeyedDocument]) -> bytes:
    """An answer that carries documents.

    Errors:  TextTooLong.
    """
    rows = [_to_json(keyed) for keyed in documents]
    answer = json.dumps({"documents": rows}, ensure_ascii=False).encode()
    if len(answer) > MAX_ANSWER_BYTES:
        raise errors.TextTooLong
    return answer


def encode_error(error: AnswerableError) -> bytes:
    """An answer that carries an error."""
    return json.dumps({"error": error.code, "detail": error.detail}).encode()


def encode_page(facts: PageFacts) -> bytes:
    """An answer that carries what a page says of itself."""
    return json.dumps(asdict(facts)).encode()


def encode_sitemap(sitemap: Sitemap) -> bytes:
    """An answer that carries what a sitemap lists."""
    return json.dumps(
        {
            "pages": [[entry.address, entry.changed] for entry in sitemap.pages],
            "sitemaps": [[entry.address, entry.changed] for entry in sitemap.sitemaps],
        }
    ).encode()


def decode_answer(answer: bytes) -> tuple[KeyedDocument, ...]:
    """The documents of an answer.

    Errors:  the error that the answer carries; ParseCrashed when it is no answer.
    """
    with _understood():
        return tuple(_from_json(row) for row in _fields(answer)["documents"])


def decode_page(answer: bytes) -> PageFacts:
    """What a page says of itself.

    Errors:  as `decode_answer`.
    """
    with _understood():
        fields = _fields(answer)
        return PageFacts(
            canonical=_short(fields["canonical"]),
            robots=_short(fields["robots"]),
            asks_password=fields["asks_password"] is True,
            words=int(fields["words"]),
        )


def decode_sitemap(answer: bytes) -> Sitemap:
    """What a sitemap lists.

    Errors:  as `decode_answer`.
    """
    with _understood():
        fields = _fields(answer)
        return Sitemap(pages=_entries(fields["pages"]), sitemaps=_entries(fields["sitemaps"]))


# Any: JSON from the other process; every field is checked where it is read.
def _fields(answer: bytes) -> dict[str, Any]:
    fields = cast("dict[str, Any]", json.loads(answer))
    if "error" in fields:
        raise _ERRORS[fields["error"]](str(fields["detail"])[:_DETAIL_CHARACTERS])
    return fields


@contextmanager
def _understood() -> Generator[None]:
    try:
        yield
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise errors.ParseCrashed("The answer was not understood.") from error


def _entries(rows: list[list[str]]) -> tuple[SitemapEntry, ...]:
    if len(rows) > MAX_LISTED:
        raise ValueError
    return tuple(SitemapEntry(address=_short(address), changed=_short(changed)) for address, changed in rows)


def _short(value: str) -> str:
    if len(value) > ADDRESS_CHARACTERS:
        raise ValueError
    return value


def _to_json(keyed: KeyedDocument) -> dict[str, object]:
    document = keyed.document
    return {
        "key": keyed.key,
        "title": document.title,
        "text": document.text,
        "headings": [[heading.level, heading.title, heading.start] for heading in document.headings],
        "language": document.language,
        "valid_from": document.valid_from.isoformat() if document.valid_from else None,
        "valid_until": document.valid_until.isoformat() if document.valid_until else None,
        "notes": list(document.notes),
    }


# Any: as in decode_answer.
def _from_json(row: dict[str, Any]) -> KeyedDocument:
    text, title, key = row["text"], row["title"], row["key"]
    if normalise(text) != text or not text or shorten_title(title) != title or len(key) > _KEY_CHARACTERS:
        raise ValueError
    headings = tuple(
        Heading(level=int(level), title=heading, start=int(start))
        for level, heading, start in row["headings"]
    )
    if not all(text.startswith(heading.title, heading.start) for heading in headings):
        raise ValueError
    return KeyedDocument(
        key=key,
        document=ParsedDocument(
            title=title,
            text=text,
            headings=headings,
            language=Language(row["language"]) if row["language"] else None,
            valid_from=_day(row["valid_from"]),
            valid_until=_day(row["valid_until"]),
            notes=tuple(ParseNote(note) for note in row["notes"]),
        ),
    )


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
