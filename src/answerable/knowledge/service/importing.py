"""Importing files and folders in one go: read, parsed, published; a file that fails does not stop the rest."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from pathlib import Path

import structlog

from answerable import audit, tenancy
from answerable.infra.db import Database
from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.ids import Actor, MemberId
from answerable.knowledge.events import KnowledgeImported
from answerable.knowledge.fetching.addresses import normalise_address
from answerable.knowledge.parsing.sandbox import ParserProcess
from answerable.knowledge.service.files import Entry, RefusedFile, find_entries, read_file
from answerable.knowledge.service.pages import (
    SKIPPING,
    Listed,
    Reader,
    is_of_the_page,
    list_pages,
    read_page,
)
from answerable.knowledge.service.publishing import Intake, Publisher, publish
from answerable.knowledge.values import ImportResult, ImportState, Progress
from answerable.tenancy import Permission

log = structlog.get_logger()


def _tell_nobody(_progress: Progress) -> None:
    pass


async def import_paths(
    intake: Intake,
    actor: Actor,
    paths: Sequence[Path],
    *,
    owner_id: MemberId | None = None,
    base: Path | None = None,
    report: Callable[[Progress], None] = _tell_nobody,
) -> ImportResult:
    """Import files and folders; `report` hears of each document, and a file that fails does not stop the rest.

    Documents are found again by their path below `base`, which is the working folder when absent.

    Errors:  PermissionDenied; ParserUnavailable, EmbeddingUnavailable, DatabaseUnavailable, after which what
             was reported is stored and the same import goes on where it ended.
    Effects: a transaction for each document that changed, one more at the end; a process while it lasts.
    """
    tenancy.require(actor, Permission.IMPORT_KNOWLEDGE)
    told: list[Progress] = []
    entries = await asyncio.to_thread(find_entries, paths, base=base or Path.cwd())
    publisher = Publisher(intake=intake, actor=actor, owner_id=owner_id)
    async with ParserProcess() as parser:
        for entry in entries:
            async for progress in _import_entry(publisher, parser, entry):
                told.append(progress)
                report(progress)
    result = sum_up(told)
    await record_import(intake.database, actor, result)
    return result


async def import_addresses(
    intake: Intake,
    actor: Actor,
    addresses: Sequence[str],
    *,
    sitemaps: Sequence[str] = (),
    report: Callable[[Progress], None] = _tell_nobody,
) -> ImportResult:
    """Import pages by their addresses, and all pages that sitemaps list; one that fails does not stop the rest.

    Errors:  PermissionDenied, AddressInvalid before anything is fetched; then as `import_paths`.
    Effects: as `import_paths`; requests, with a pause between two of one site.
    """
    tenancy.require(actor, Permission.IMPORT_KNOWLEDGE)
    pages = {address: Listed(address=address) for address in map(normalise_address, addresses)}
    named = [normalise_address(sitemap) for sitemap in sitemaps]
    told: list[Progress] = []

    def tell(progress: Progress) -> None:
        told.append(progress)
        report(progress)

    async with ParserProcess() as parser:
        reader = Reader(publisher=Publisher(intake=intake, actor=actor), parser=parser)
        for sitemap in named:
            try:
                listed, notes = await list_pages(reader, sitemap)
            except AnswerableError as error:
                tell(_judge(sitemap, error))
                continue
            if notes:
                tell(Progress(item=sitemap, state=ImportState.SKIPPED, notes=notes))
            pages |= {page.address: page for page in listed}
        for page in pages.values():
            for progress in await _import_page(reader, page, pages):
                tell(progress)
    result = sum_up(told)
    await record_import(intake.database, actor, result)
    return result


async def _import_page(reader: Reader, page: Listed, others: Collection[str]) -> Sequence[Progress]:
    try:
        return (await read_page(reader, page, others=others)).told
    except AnswerableError as error:
        return [_judge(page.address, error)]


def _judge(address: str, error: AnswerableError) -> Progress:
    """What became of an address that gave no page; raises what the next one would meet as well."""
    if not is_of_the_page(error):
        raise error
    state = ImportState.SKIPPED if isinstance(error, SKIPPING) else ImportState.FAILED
    return explain(address, state, error)


def sum_up(told: Sequence[Progress]) -> ImportResult:
    """What became of everything, counted."""
    states = Counter(progress.state for progress in told)
    return ImportResult(
        **{state.value: states[state] for state in ImportState},
        passages=sum(progress.passages for progress in told),
    )


async def record_import(database: Database, actor: Actor, result: ImportResult) -> None:
    """Log how an import ended, and record it if it changed something."""
    log.info(
        "knowledge.imported",
        added=result.added,
        changed=result.changed,
        unchanged=result.unchanged,
        skipped=result.skipped,
        failed=result.failed,
        passages=result.passages,
    )
    if not (result.added or result.changed or result.passages):
        return
    event = KnowledgeImported(
        subject_id=actor.tenant_id,
        added=result.added,
        changed=result.changed,
        unchanged=result.unchanged,
        skipped=result.skipped,
        failed=result.failed,
        passages=result.passages,
    )
    async with database.tenant_session(actor) as db:
        await audit.append(db, event)


async def _import_entry(
    publisher: Publisher, parser: ParserProcess, entry: Entry
) -> AsyncGenerator[Progress]:
    if isinstance(entry, RefusedFile):
        yield explain(entry.source, entry.state, entry.error)
        return
    try:
        data = await asyncio.to_thread(read_file, entry.path)
        keyed = await parser.parse(entry.source, data)
    except AnswerableError as error:
        if error.kind is Kind.UNAVAILABLE:
            raise
        yield explain(entry.source, ImportState.FAILED, error)
        return
    async for progress in publish(publisher, entry.source, keyed):
        yield progress


def explain(source: str, state: ImportState, error: AnswerableError) -> Progress:
    """What became of something that gave no document."""
    return Progress(
        item=source, state=state, error_code=error.code, message=error.message, remedy=error.remedy
    )
