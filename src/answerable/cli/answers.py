"""The command that asks a question as a contact would, by the very functions that the worker runs."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from cyclopts import App, Parameter

from answerable import answering
from answerable.answering import Desk, Record
from answerable.answering.exporting import as_json
from answerable.answering.values import OutcomeKind
from answerable.cli.output import print_json, print_table
from answerable.cli.runners import Runners
from answerable.cli.session import platform_actor, run_command
from answerable.conversations import Channel, ConversationId, NewMessage
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.infra.installation import Installation

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the command was given."""

    tenant: str
    text: str
    language: str | None


def register(app: App, runners: Runners) -> None:
    """Add this command."""

    @app.command
    def ask(
        tenant: str,
        question: str,
        *,
        language: Literal["de", "en"] | None = None,
        explain: Annotated[bool, Parameter(negative=())] = False,
        json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    ) -> None:
        """Ask a workspace's assistant a question and show the answer with its sources.

        Args:
            tenant: the workspace.
            question: what a contact would write.
            language: language of the contact, where the question is too short to tell.
            explain: show every step, and the passages that were considered.
            json: print one JSON value.
        """

        async def work(installation: Installation) -> Record:
            return await _ask(installation, Question(tenant=tenant, text=question, language=language))

        record = run_command(runners, work)
        if json:
            print_json(as_json(record, explain=explain))
        else:
            _print_record(record, explain=explain)


async def _ask(installation: Installation, question: Question) -> Record:
    platform = await platform_actor(installation.database, question.tenant)
    contact = replace(platform, kind=ActorKind.CONTACT)
    new = NewMessage(
        text=question.text, client_id=str(uuid7()), channel=Channel.COMMAND_LINE, language=question.language
    )
    async with installation.database.tenant_session(contact) as db:
        conversation, _message_id = await answering.accept(db, new)
    desk = Desk(database=installation.database, embedder=installation.embedder)
    for _attempt in range(_ATTEMPTS - 1):
        record = await _answer(desk, platform, conversation.id)
        if record.outcome is not OutcomeKind.SUPERSEDED:
            return record
    return await _answer(desk, platform, conversation.id)


async def _answer(desk: Desk, platform: Actor, conversation_id: ConversationId) -> Record:
    assistant = Actor(tenant_id=platform.tenant_id, kind=ActorKind.ASSISTANT)
    await answering.answer(desk, assistant, conversation_id)
    async with desk.database.tenant_session(platform) as db:
        # A worker beside this process may have been faster; the last turn is the answer either way.
        turns = await answering.list_turns(db, conversation_id)
        return await answering.view_record(db, turns[-1])


def _print_record(record: Record, *, explain: bool) -> None:
    print(record.text or f"[{record.outcome.value}]")
    print(f"\n{record.outcome.value}: {record.reason.value}")
    for quote in record.citations:
        print(f"  {quote.title}, version {quote.version}, characters {quote.start} to {quote.end}")
        print(f"    document {quote.document_id}")
    print(f"  conversation {record.conversation_id}, turn {record.turn_id}")
    if explain:
        _print_steps(record)
        _print_considered(record)


def _print_steps(record: Record) -> None:
    print()
    print_table(
        ["step", "verdict", "method", "ms", "why"],
        [
            (
                one.step,
                one.verdict,
                f"{one.method.name} {one.method.version}",
                f"{one.duration_ms:.1f}",
                one.reason,
            )
            for one in record.decisions
        ],
        empty="No step was taken.",
    )


def _print_considered(record: Record) -> None:
    print()
    print_table(
        ["#", "cosine", "words", "by meaning", "by words", "document", "characters", "dropped"],
        [
            (
                position,
                one.cosine and f"{one.cosine:.3f}",
                one.lexical and f"{one.lexical:.2f}",
                one.vector_rank,
                one.lexical_rank,
                one.document_id,
                f"{one.start}:{one.end}",
                one.dropped,
            )
            for position, one in enumerate(record.considered, start=1)
        ],
        empty="No passage was considered.",
    )
