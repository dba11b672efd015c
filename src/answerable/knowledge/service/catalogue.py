"""Looking through documents: pages of the list, versions with their passages, what changed between two."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from answerable import tenancy
from answerable.infra.db import Db
from answerable.knowledge import catalogue
from answerable.knowledge.catalogue import (
    DeletedDocument,
    DocumentPage,
    Listed,
    ShownPassage,
    VersionText,
    Wanted,
)
from answerable.knowledge.difference import Difference, compare_texts
from answerable.knowledge.errors import DocumentNotFound, TextRemoved, VersionNotFound
from answerable.knowledge.parsing.passages import split_passages
from answerable.knowledge.queries import catalogue as catalogue_queries
from answerable.knowledge.queries import documents as document_queries
from answerable.knowledge.rules import clean_question
from answerable.knowledge.values import Document, DocumentId, DocumentVersion, PassageSpan
from answerable.tenancy import Permission

_LAST_NUMBER = 2**31 - 1
_MOST_WORDS = 200
"""So many characters of what is looked for in titles count."""


async def list_page(db: Db, wanted: Wanted) -> DocumentPage:
    """One page of the published documents with what is asked.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    wanted = replace(wanted, words=clean_question(wanted.words[:_MOST_WORDS]).strip())
    today = db.now.date()
    found = await catalogue_queries.list_page(db, wanted, today=today)
    documents = found[: wanted.limit]
    passages = await catalogue_queries.count_passages(db, [one.id for one in documents])
    count = await catalogue_queries.count_documents(db, wanted, today=today)
    return DocumentPage(
        documents=tuple(
            Listed(
                document=one,
                kind=catalogue.kind_of(one.source),
                freshness=catalogue.freshness_of(one, today=today),
                passages=passages.get(one.id, 0),
            )
            for one in documents
        ),
        found=count,
        published=await catalogue_queries.count_documents(db, Wanted(), today=today)
        if wanted.is_filtered
        else count,
        next=documents[-1].id if len(found) > wanted.limit else None,
    )


async def show_version(
    db: Db, document_id: DocumentId, number: int, *, at: int = 0, offset: int | None = None, limit: int = 50
) -> VersionText:
    """Passages of a version of a published document, with their texts; none once its text is removed.

    Without an offset they are those of the page on which the character `at` stands.

    Errors:  PermissionDenied, DocumentNotFound, VersionNotFound.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    document = await _get_published(db, document_id)
    version = await _get_version(db, document_id, number)
    if not version.has_text:
        return VersionText(version=version, passages=(), found=0)
    if number == document.version:
        before = await catalogue_queries.count_stored_passages(db, version.id, begun_by=at)
        begins = _page_of(before, limit) if offset is None else offset
        return await _show_current(db, document, version, offset=begins, limit=limit)
    found = await catalogue_queries.find_text(db, document_id, version=number)
    assert found is not None
    text, headings = found
    # Search keeps the passages of the current version alone; of an older one they are made again.
    spans = await asyncio.to_thread(split_passages, text, headings)
    begins = _page_of(sum(span.start <= at for span in spans), limit) if offset is None else offset
    shown = _cut(text, 0, spans[begins : begins + limit], offset=begins)
    return VersionText(version=version, passages=shown, found=len(spans))


async def compare_versions(db: Db, document_id: DocumentId, *, old: int, new: int) -> Difference:
    """What changed from one version of a published document to another.

    Errors:  PermissionDenied, DocumentNotFound, VersionNotFound, TextRemoved.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    await _get_published(db, document_id)
    before = await _get_text(db, document_id, old)
    after = await _get_text(db, document_id, new)
    return await asyncio.to_thread(compare_texts, before, after)


async def find_deleted(db: Db, document_id: DocumentId) -> DeletedDocument | None:
    """What is left of a document that was deleted; None when there never was one, or it is published.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    return await catalogue_queries.find_deleted(db, document_id)


def _page_of(begun: int, limit: int) -> int:
    """Where the page begins on which the last of so many passages stands."""
    return max(begun - 1, 0) // limit * limit


async def _show_current(
    db: Db, document: Document, version: DocumentVersion, *, offset: int, limit: int
) -> VersionText:
    count = await catalogue_queries.count_stored_passages(db, version.id)
    spans = await catalogue_queries.list_stored_spans(db, version.id, offset=offset, limit=limit)
    if not spans:
        return VersionText(version=version, passages=(), found=count)
    # One piece of the text for all of them: for each piece the database reads the whole of a long text.
    start, end = spans[0].start, max(span.end for span in spans)
    text = await document_queries.find_span(db, document.id, version=version.number, start=start, end=end)
    assert text is not None
    return VersionText(version=version, passages=_cut(text, start, spans, offset=offset), found=count)


def _cut(text: str, begins: int, spans: Sequence[PassageSpan], *, offset: int) -> tuple[ShownPassage, ...]:
    return tuple(
        ShownPassage(number=offset + place, span=span, text=text[span.start - begins : span.end - begins])
        for place, span in enumerate(spans, start=1)
    )


async def _get_published(db: Db, document_id: DocumentId) -> Document:
    document = await document_queries.find_document(db, document_id)
    if document is None:
        raise DocumentNotFound
    return document


async def _get_version(db: Db, document_id: DocumentId, number: int) -> DocumentVersion:
    if not 0 < number <= _LAST_NUMBER:
        raise VersionNotFound
    version = await document_queries.find_version(db, document_id, number=number)
    if version is None:
        raise VersionNotFound
    return version


async def _get_text(db: Db, document_id: DocumentId, number: int) -> str:
    await _get_version(db, document_id, number)
    found = await catalogue_queries.find_text(db, document_id, version=number)
    if found is None:
        raise TextRemoved(f"Version {number}.")
    return found[0]
