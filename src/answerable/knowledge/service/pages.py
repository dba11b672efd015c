"""Pages and sitemaps from the web: fetched, judged, read. Both imports, at once and in the background, use it."""

from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from answerable.infra.db import Unaudited
from answerable.infra.errors import AnswerableError, Kind
from answerable.knowledge.errors import AddressInvalid, FormatUnknown, ParserUnavailable
from answerable.knowledge.fetching import rules
from answerable.knowledge.fetching.addresses import is_same_site, join_address, normalise_address
from answerable.knowledge.fetching.web import Fetched
from answerable.knowledge.imports import MAX_ITEMS
from answerable.knowledge.page_errors import (
    ContentTypeUnknown,
    CopyOfAnother,
    NoIndex,
    RobotsDisallow,
    SignInNeeded,
    SitemapEmpty,
)
from answerable.knowledge.parsing.findings import Sitemap, SitemapEntry
from answerable.knowledge.parsing.sandbox import ParserProcess
from answerable.knowledge.queries import imports as import_queries
from answerable.knowledge.queries.imports import FetchedPage
from answerable.knowledge.service.publishing import Publisher, find_current, publish
from answerable.knowledge.values import DocumentId, ImportState, KeyedDocument, ParseNote, Progress

SKIPPING = (ContentTypeUnknown, CopyOfAnother, FormatUnknown, NoIndex, RobotsDisallow)
"""Reasons for which a page is left out rather than failed: its owner or its nature has it so."""

_MAX_SITEMAPS = 50
"""Sitemaps that one sitemap may name."""

_SIGN_IN_WORDS = 200
"""A page that asks for a password and says less than this is a sign-in, whatever its status says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads pages, with what."""

    publisher: Publisher
    parser: ParserProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page that a sitemap lists."""

    address: str
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """What became of a page."""

    told: tuple[Progress, ...]
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """What is known of a page before it is fetched."""

    known: FetchedPage | None = None
    document_ids: tuple[DocumentId, ...] = ()
    """Of its documents, where they are published as they should be."""

    @property
    def condition(self) -> dict[str, str]:
        """The headers that ask for it only if it has changed."""
        if self.known is None or not self.document_ids:
            return {}
        return rules.condition_of(self.known.etag, self.known.last_modified)


def is_of_the_page(error: AnswerableError) -> bool:
    """Whether an error is about one page or its site, so that the next one may well be read.

    What the installation itself lacks at the moment is not: it is tried again later.
    """
    is_ours = error.kind is Kind.UNAVAILABLE and not error.code.startswith("knowledge.")
    return not is_ours and error.kind is not Kind.FORBIDDEN and not isinstance(error, ParserUnavailable)


async def read_page(reader: Reader, page: Listed, *, others: Collection[str] = ()) -> PageResult:
    """Fetch a page and publish what is on it; `others` are the addresses that are imported along with it.

    Errors:  those of `page_errors`, of the parser and of publishing.
    Effects: requests; documents; what the server said of the page is kept.
    """
    visit = await _look_up(reader.publisher, page.address)
    if visit.known and visit.document_ids and _is_older(page.changed_at, visit.known):
        return _unchanged(page.address, visit)
    web = reader.publisher.intake.web
    fetched = await web.fetch(page.address, condition=visit.condition)
    if fetched.is_unchanged and visit.known:
        await _remember(reader.publisher, page.address, fetched, visit.known.source)
        return _unchanged(page.address, visit)
    source, keyed = await _read(reader.parser, fetched, others)
    told = [progress async for progress in publish(reader.publisher, source, keyed)]
    await _remember(reader.publisher, page.address, fetched, source)
    return PageResult(told=tuple(told), size_bytes=len(fetched.content))


async def list_pages(reader: Reader, address: str) -> tuple[tuple[Listed, ...], tuple[ParseNote, ...]]:
    """The pages of its own site that a sitemap lists, at most 2,000, and what was left out.

    Errors:  those of `page_errors` and of the parser.
    Effects: requests, one for each sitemap.
    """
    notes: set[ParseNote] = set()
    found: dict[str, Listed] = {}
    async for entry in _entries(reader, address, notes):
        listed = _listed(address, entry)
        if listed is None:
            notes.add(ParseNote.OTHER_SITES_LEFT_OUT)
        elif listed.address not in found and len(found) == MAX_ITEMS:
            notes.add(ParseNote.LINKS_LEFT_OUT)
            break
        else:
            found[listed.address] = listed
    if not found:
        raise SitemapEmpty
    return tuple(found.values()), tuple(sorted(notes))


async def _entries(reader: Reader, address: str, notes: set[ParseNote]) -> AsyncGenerator[SitemapEntry]:
    first = await _read_sitemap(reader, address)
    for entry in first.pages:
        yield entry
    if len(first.sitemaps) > _MAX_SITEMAPS:
        notes.add(ParseNote.LINKS_LEFT_OUT)
    for child in first.sitemaps[:_MAX_SITEMAPS]:
        try:
            # One level only, as the protocol has it: a sitemap that names itself is read once.
            below = await _read_sitemap(reader, join_address(address, child.address))
        except AnswerableError:
            notes.add(ParseNote.SITEMAPS_FAILED)
            continue
        for entry in below.pages:
            yield entry


async def _read_sitemap(reader: Reader, address: str) -> Sitemap:
    fetched = await reader.publisher.intake.web.fetch(address)
    return await reader.parser.read_sitemap(fetched.content)


def _listed(sitemap: str, entry: SitemapEntry) -> Listed | None:
    try:
        address = normalise_address(entry.address)
    except AddressInvalid:
        return None
    if not is_same_site(sitemap, address):
        return None
    return Listed(address=address, changed_at=parse_changed(entry.changed))


def parse_changed(written: str) -> datetime | None:
    """The latest time that the words of a sitemap can mean; None when they mean none.

    Source:  W3C note on date and time formats, as the sitemap protocol refers to it.
    """
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    if len(written) <= len("2031-12-24"):
        at += timedelta(days=1)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def _look_up(publisher: Publisher, address: str) -> _Visit:
    async with publisher.intake.database.tenant_session(publisher.actor) as db:
        known = await import_queries.find_page(db, address)
    if known is None:
        return _Visit()
    return _Visit(known=known, document_ids=await find_current(publisher, known.source))


def _is_older(changed_at: datetime | None, known: FetchedPage) -> bool:
    return changed_at is not None and changed_at < known.fetched_at


def _unchanged(address: str, visit: _Visit) -> PageResult:
    told = tuple(
        Progress(item=address, state=ImportState.UNCHANGED, document_id=document_id)
        for document_id in visit.document_ids
    )
    return PageResult(told=told)


async def _read(
    parser: ParserProcess, fetched: Fetched, others: Collection[str]
) -> tuple[str, Sequence[KeyedDocument]]:
    """The source and the documents of what was fetched."""
    if rules.forbids_index(fetched.robots):
        raise NoIndex
    suffix = rules.suffix_of(fetched.content_type, fetched.address)
    content = fetched.content
    source = fetched.address
    if suffix == ".html":
        content = rules.to_utf8(content, fetched.content_type)
        facts = await parser.read_page(content)
        if rules.forbids_index(facts.robots):
            raise NoIndex
        if facts.asks_password and facts.words < _SIGN_IN_WORDS:
            raise SignInNeeded
        source = _original(fetched.address, facts.canonical)
    if source != fetched.address and source in others:
        raise CopyOfAnother
    return source, await parser.parse(rules.name_of(fetched.address, suffix), content)


def _original(address: str, canonical: str) -> str:
    """The address that a page names as its original, where that is one of the same site."""
    try:
        original = join_address(address, canonical) if canonical else address
    except AddressInvalid:
        return address
    return original if is_same_site(address, original) else address


async def _remember(publisher: Publisher, address: str, fetched: Fetched, source: str) -> None:
    async with publisher.intake.database.tenant_session(publisher.actor) as db:
        db.unaudited(Unaudited.PROGRESS)
        page = FetchedPage(
            source=source, etag=fetched.etag, last_modified=fetched.last_modified, fetched_at=db.now
        )
        await import_queries.save_page(db, address, page)
