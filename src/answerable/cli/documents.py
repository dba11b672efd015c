"""Commands on a workspace's knowledge: import, list, show, search, delete."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Self
from uuid import UUID

from cyclopts import App, Parameter

from answerable import knowledge
from answerable.cli.errors import NothingToImport, SpanInvalid
from answerable.cli.output import Limit, print_json, print_table, say
from answerable.cli.runners import Runners
from answerable.cli.session import platform_actor, run_command
from answerable.infra.ids import Actor
from answerable.infra.installation import Installation
from answerable.knowledge.values import (
    Document,
    DocumentHistory,
    DocumentId,
    ImportResult,
    ImportState,
    Progress,
    Retrieved,
)

AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print one JSON value.")]


def register(app: App, runners: Runners) -> None:
    """Add these commands."""
    group = App(name="knowledge", help="Import, list, show, search and delete a workspace's documents.")
    app.command(group)
    _register_import(group, runners)
    _register_list(group, runners)
    _register_show(group, runners)
    _register_search(group, runners)
    _register_delete(group, runners)


def _register_import(group: App, runners: Runners) -> None:
    @group.command(name="import")
    def import_(
        tenant: str,
        *sources: str,
        sitemap: Annotated[tuple[str, ...], Parameter(negative=())] = (),
        json: AsJson = False,
    ) -> int:
        """Import files, folders and pages: PDF, Word, HTML, Markdown, text, and CSV tables of questions.

        Args:
            tenant: the workspace.
            sources: files, folders, and addresses of pages; what has not changed since is left alone.
            sitemap: the address of a sitemap, all of whose pages are imported.
            json: print one JSON value: the counts, and what became of each file.
        """
        told: list[Progress] = []

        def report(progress: Progress) -> None:
            told.append(progress)
            tell_progress(progress)

        async def work(installation: Installation) -> ImportResult:
            actor = await platform_actor(installation.database, tenant)
            given = _Given.of(sources, sitemap)
            return await _import(_intake_of(installation), actor, given, report)

        if not (sources or sitemap):
            raise NothingToImport
        result = run_command(runners, work)
        if not told:
            raise NothingToImport
        if json:
            print_json({**asdict(result), "files": [_report_of(progress) for progress in told]})
        else:
            print(
                f"{result.added} added, {result.changed} changed, {result.unchanged} unchanged, "
                f"{result.skipped} skipped, {result.failed} failed; {result.passages} passages."
            )
        return int(result.failed > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What is to be imported, by the way to it."""

    paths: tuple[Path, ...]
    addresses: tuple[str, ...]
    sitemaps: tuple[str, ...]

    @classmethod
    def of(cls, sources: Sequence[str], sitemaps: Sequence[str]) -> Self:
        """The arguments of a command, told apart."""
        addresses = tuple(source for source in sources if source.lower().startswith(("http://", "https://")))
        paths = tuple(Path(source) for source in sources if source not in addresses)
        return cls(paths=paths, addresses=addresses, sitemaps=tuple(sitemaps))


def _intake_of(installation: Installation) -> knowledge.Intake:
    return knowledge.Intake(
        database=installation.database,
        embedder=installation.embedder,
        web=knowledge.Web(private_sites=installation.settings.private_sites),
    )


async def _import(
    intake: knowledge.Intake, actor: Actor, given: _Given, report: Callable[[Progress], None]
) -> ImportResult:
    result = ImportResult()
    if given.addresses or given.sitemaps:
        result += await knowledge.import_addresses(
            intake, actor, given.addresses, sitemaps=given.sitemaps, report=report
        )
    if given.paths:
        result += await knowledge.import_paths(intake, actor, given.paths, report=report)
    return result


def _report_of(progress: Progress) -> dict[str, object]:
    return {
        "file": progress.item,
        "state": progress.state.value,
        "document": progress.document_id,
        "passages": progress.passages,
        "notes": [note.value for note in progress.notes],
        "code": progress.error_code,
        "message": progress.message,
        "remedy": progress.remedy,
    }


def tell_progress(progress: Progress) -> None:
    """Say what became of one file or row, unless nothing did."""
    if progress.state is ImportState.UNCHANGED:
        return
    line = f"  {progress.state.value:9} {progress.item}"
    if progress.notes:
        line += f" ({', '.join(note.value for note in progress.notes)})"
    say(f"{line}: {progress.message} {progress.remedy}" if progress.message else line)


def _register_list(group: App, runners: Runners) -> None:
    @group.command(name="list")
    def list_(tenant: str, *, limit: Limit = 1000, json: AsJson = False) -> None:
        """List a workspace's documents."""

        async def work(installation: Installation) -> list[Document]:
            actor = await platform_actor(installation.database, tenant)
            async with installation.database.tenant_session(actor) as db:
                return await knowledge.list_documents(db, limit=limit)

        found = run_command(runners, work)
        if json:
            print_json(found)
        else:
            print_table(
                ["document", "language", "version", "valid until", "title", "source"],
                [
                    (one.id, one.language, one.version, one.valid_until, one.title, one.source)
                    for one in found
                ],
                empty=f"No document yet. Import some: answerable knowledge import {tenant} FOLDER",
            )


def _register_show(group: App, runners: Runners) -> None:
    @group.command
    def show(
        tenant: str,
        document: UUID,
        *,
        version: int | None = None,
        span: str | None = None,
        json: AsJson = False,
    ) -> None:
        """Show a document with its versions, a version's text, or exactly the characters of a span.

        Args:
            tenant: the workspace.
            document: the document's identifier.
            version: the version's number; the current one when left out.
            span: first character and one past the last, as in a citation: `120:184`.
            json: print one JSON value.
        """
        bounds = _parse_span(span) if span else None

        async def work(installation: Installation) -> tuple[DocumentHistory, str]:
            actor = await platform_actor(installation.database, tenant)
            async with installation.database.tenant_session(actor) as db:
                history = await knowledge.get_document(db, DocumentId(document))
                number = version or history.versions[0].number
                length = next((one.characters for one in history.versions if one.number == number), 0)
                start, end = bounds or (0, max(length, 1))
                text = await knowledge.show_span(
                    db, history.document.id, version=number, start=start, end=end
                )
                return history, text

        history, shown = run_command(runners, work)
        if json:
            print_json({"document": history.document, "versions": history.versions, "text": shown})
        elif bounds:
            _print_span(shown)
        else:
            _print_history(history, shown)


def _parse_span(span: str) -> tuple[int, int]:
    start, colon, end = span.partition(":")
    if not (colon and start.isdecimal() and end.isdecimal() and int(start) < int(end)):
        raise SpanInvalid
    return int(start), int(end)


def _print_span(span: str) -> None:
    # Byte for byte: no line end is added where the output goes into a file or a comparison.
    sys.stdout.write(span + ("\n" if sys.stdout.isatty() else ""))


def _print_history(history: DocumentHistory, text: str) -> None:
    document = history.document
    print(f"{document.title} ({document.language.value}), from {document.source}")
    for one in history.versions:
        print(f"  version {one.number} of {one.created_at:%Y-%m-%d %H:%M}, {one.characters:,} characters")
    print(f"\n{text}")


def _register_search(group: App, runners: Runners) -> None:
    @group.command
    def search(tenant: str, question: str, *, limit: Limit = 10, json: AsJson = False) -> None:
        """Show which passages a question finds, with their scores; the search is recorded."""

        async def work(installation: Installation) -> Retrieved:
            actor = await platform_actor(installation.database, tenant)
            embedder = installation.embedder
            vector = await embedder.embed_query(question) if embedder else None
            model = embedder.model if embedder else None
            async with installation.database.tenant_session(actor) as db:
                return await knowledge.search_for_member(
                    db, question, vector=vector, model=model, limit=limit
                )

        found = run_command(runners, work)
        if json:
            print_json(found)
        else:
            print_table(
                ["cosine", "words", "by meaning", "by words", "document", "passage"],
                [
                    (
                        one.cosine and f"{one.cosine:.3f}",
                        one.lexical and f"{one.lexical:.2f}",
                        one.vector_rank,
                        one.lexical_rank,
                        f"{one.title} {one.span.start}:{one.span.end}",
                        one.sentences[0].text if one.sentences else "",
                    )
                    for one in found.candidates
                ],
                empty="No passage has anything to do with it.",
            )


def _register_delete(group: App, runners: Runners) -> None:
    @group.command
    def delete(tenant: str, document: UUID, *, yes: Annotated[bool, Parameter(negative=())] = False) -> int:
        """Delete a document: its texts, passages and vectors go; replies keep the sentences they quoted.

        Args:
            tenant: the workspace.
            document: the document's identifier.
            yes: do not ask.
        """
        if not yes and not _confirm(f"Delete document {document} of {tenant} for good?"):
            print("Nothing was deleted.")
            return 1

        async def work(installation: Installation) -> None:
            actor = await platform_actor(installation.database, tenant)
            async with installation.database.tenant_session(actor) as db:
                await knowledge.delete_document(db, DocumentId(document))

        run_command(runners, work)
        print("Deleted, and looked for: nothing of it is found any more.")
        return 0


def _confirm(question: str) -> bool:
    return sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in {"y", "yes", "j", "ja"}
