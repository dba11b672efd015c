"""Turns, measured: `python -m benchmarks turn`.

Every turn is a new conversation with one question that is answered with quotes, the longest way there is: the
threshold is 0. What `apply` and a commit consist of is in `commit`.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event, text

from answerable import answering, knowledge, worker
from answerable.answering import Desk, pipeline
from answerable.answering.pipeline import Tools
from answerable.answering.values import Outcome, Turn
from answerable.conversations import ConversationId, NewMessage
from answerable.conversations.values import Channel
from answerable.demo.loading import workspaces
from answerable.infra.db import Database, Unaudited
from answerable.infra.embedding import LocalEmbedder, available
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.installation import Installation
from answerable.infra.jobs import JobContext, JobRunner, Task
from answerable.vault import Keys
from benchmarks import commit
from benchmarks.tables import percentile, print_conditions, print_table
from benchmarks.throwaway import add_tenant, execute, open_throwaway, replaced

QUESTIONS = (
    "How long do I have to send something back?",
    "Wie lange kann ich Ware zurückgeben?",
    "Was kostet der Versand in Deutschland?",
    "Which payment methods do you accept?",
    "Wann habt ihr geöffnet?",
    "Do you repair hiking boots?",
    "Wie lange gilt die Garantie?",
    "What happens to my personal data?",
)
TURNS = 96
REAL_TURNS = 20
REAL_S = 25.0
REAL_DOCUMENTS = 4
WARM_UP = 10
AT_ONCE = 8
WRITING = frozenset({"accept", "apply"})

P = ParamSpec("P")
Result = TypeVar("Result")


@dataclass(slots=True)
class Watch:
    """One turn as it runs: its phase, time spent in each, what went to the database in each."""

    phase: str = "accept"
    since: float = field(default_factory=time.perf_counter)
    spent: Counter[str] = field(default_factory=Counter[str])  # seconds, which Counter takes as well
    statements: Counter[str] = field(default_factory=Counter[str])
    transactions: Counter[str] = field(default_factory=Counter[str])
    outcome: Outcome | None = None

    @property
    def total(self) -> float:
        """Seconds of the whole turn."""
        return sum(self.spent.values())

    def enter(self, phase: str) -> None:
        """End the present phase and begin another."""
        now = time.perf_counter()
        self.spent[self.phase] += now - self.since  # pyright: ignore[reportArgumentType] - see `spent`
        self.phase, self.since = phase, now


WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The demo's shop in the throw-away installation, and who answers there."""

    desk: Desk
    tenant_id: TenantId

    @property
    def contact(self) -> Actor:
        """Who asks."""
        return Actor(tenant_id=self.tenant_id, kind=ActorKind.CONTACT)

    @property
    def assistant(self) -> Actor:
        """Who answers."""
        return Actor(tenant_id=self.tenant_id, kind=ActorKind.ASSISTANT)

    async def accept(self, question: str) -> ConversationId:
        """Begin a conversation with a question."""
        new = NewMessage(text=question, client_id=str(uuid7()), channel=Channel.COMMAND_LINE)
        async with self.desk.database.tenant_session(self.contact) as db:
            conversation, _ = await answering.accept(db, new)
        return conversation.id

    async def turn(self, question: str) -> Watch:
        """Accept a question and answer it, watched."""
        watch = Watch()
        WATCH.set(watch)
        conversation_id = await self.accept(question)
        watch.enter("load")
        await answering.answer(self.desk, self.assistant, conversation_id)
        watch.enter("over")
        WATCH.set(None)
        return watch


async def main() -> None:
    """Print the tables."""
    async with open_throwaway() as installation:
        shop = await _open_shop(installation)
        print_conditions("TURN", _conditions(installation, shop))
        with _watched():
            await _measure_turns(shop)
            await _measure_worker(installation, shop)
            outcomes = [await _outcome(shop, question) for question in QUESTIONS]
        await commit.measure(installation, shop.tenant_id, outcomes, accept=shop.accept)
        with _watched():
            await _measure_with_model(installation)


def _conditions(installation: Installation, shop: Shop) -> Mapping[str, object]:
    assert shop.desk.embedder is not None
    return {
        "PostgreSQL": installation.server.version,
        "durable": "yes (fsync, synchronous commit)",
        "embedder": shop.desk.embedder.model,
        "repetitions": f"{TURNS} turns a row, after {WARM_UP} to warm up",
        "threshold": shop.desk.threshold,
    }


async def _open_shop(installation: Installation, *, real: LocalEmbedder | None = None) -> Shop:
    tenant_id = await add_tenant(installation)
    actor = Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM)
    embedder = real or installation.embedder
    folder = workspaces()[0].folder
    paths = sorted(folder.glob("*.md"))[: REAL_DOCUMENTS if real else None]
    intake = knowledge.Intake(database=installation.database, embedder=embedder)
    await knowledge.import_paths(intake, actor, paths, base=folder)
    return Shop(
        desk=Desk(database=installation.database, embedder=embedder, threshold=0.0), tenant_id=tenant_id
    )


async def _measure_turns(shop: Shop) -> None:
    await _take(shop, WARM_UP, at_once=1)
    floor: list[float] = []
    rows: list[tuple[object, ...]] = []
    alone: list[Watch] = []
    for number in range(TURNS):
        alone.append(await shop.turn(QUESTIONS[number % len(QUESTIONS)]))
        # In turns: what else the machine does meets both alike.
        floor.append(await _touch(shop.desk.database, shop.contact, alone[-1]))
    whole = [watch.total for watch in alone]
    rows.append((1, percentile(whole, 50), percentile(whole, 95), TURNS / sum(whole)))
    began = time.perf_counter()
    crowd = [watch.total for watch in await _take(shop, TURNS, at_once=AT_ONCE)]
    rate = TURNS / (time.perf_counter() - began)
    rows.append((AT_ONCE, percentile(crowd, 50), percentile(crowd, 95), rate))
    print_table(
        "accept and answer, in this process", ("at once", "p50 ms", "p95 ms", "turns per second"), rows
    )
    _print_phases(alone, floor)


def _print_phases(watches: Sequence[Watch], floor: Sequence[float]) -> None:
    phases = ("accept", "load", "search", "check", "rest of run", "apply")
    rows: list[tuple[object, ...]] = [
        (phase, *_row([watch.spent[phase] for watch in watches], watches, (phase,))) for phase in phases
    ]
    whole = [watch.total for watch in watches]
    rows.append(("turn", *_row(whole, watches, phases)))
    rows.append(("limit: as many, empty", percentile(floor, 50), percentile(floor, 95), "", ""))
    print_table(
        "of it, one at a time; the limit is as many transactions and statements of SELECT 1, two of them "
        "writing one record",
        ("phase", "p50 ms", "p95 ms", "transactions", "statements"),
        rows,
    )
    print(f"turn / limit: {percentile(whole, 50) / percentile(floor, 50):.1f}")


def _row(
    seconds: Sequence[float], watches: Sequence[Watch], phases: Sequence[str]
) -> tuple[float, float, float, float]:
    def mean(count: Callable[[Watch], Counter[str]]) -> float:
        return sum(count(watch)[phase] for watch in watches for phase in phases) / len(watches)

    return (
        percentile(seconds, 50),
        percentile(seconds, 95),
        mean(lambda watch: watch.transactions),
        mean(lambda watch: watch.statements),
    )


async def _touch(database: Database, actor: Actor, watch: Watch) -> float:
    """What the database and the way to it cost alone, in seconds: as much of everything, doing nothing."""
    began = time.perf_counter()
    for phase, statements in watch.statements.items():
        async with database.tenant_session(actor) as db:
            # The session itself has one for the tenant's name and, unless an event is recorded, one more that
            # asks whether anything was written.
            if phase in WRITING:
                db.unaudited(Unaudited.PROGRESS)
                await db.execute(text("SELECT pg_logical_emit_message(true, 'benchmark', '')"))
            for _ in range(statements - 2):
                await db.execute(text("SELECT 1"))
    return time.perf_counter() - began


async def _take(shop: Shop, turns: int, *, at_once: int) -> list[Watch]:
    waiting = [QUESTIONS[number % len(QUESTIONS)] for number in range(turns)]
    watches: list[Watch] = []

    async def one_after_another() -> None:
        while waiting:
            watches.append(await shop.turn(waiting.pop()))

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
    return watches


async def _measure_worker(installation: Installation, shop: Shop) -> None:
    concurrency = installation.settings.worker_concurrency
    # What was accepted and answered above waits in the queue.
    await asyncio.to_thread(execute, installation, "TRUNCATE jobs.procrastinate_jobs CASCADE")
    async with _working(installation, shop.desk) as done:
        # The first job waits for the worker to start.
        await done(await shop.accept(QUESTIONS[0]))
        took: list[float] = []
        for number in range(TURNS // 2):
            conversation_id = await shop.accept(QUESTIONS[number % len(QUESTIONS)])
            began = time.perf_counter()
            await done(conversation_id)
            took.append(time.perf_counter() - began)
        began = time.perf_counter()
        accepted = [await shop.accept(QUESTIONS[number % len(QUESTIONS)]) for number in range(TURNS // 2)]
        await asyncio.gather(*(done(conversation_id) for conversation_id in accepted))
        rate = len(accepted) / (time.perf_counter() - began)
    print_table(
        f"through the worker's queue ({concurrency} jobs at once), from the commit that defers to the outcome's",
        ("", "p50 ms", "p95 ms", "turns per second"),
        [
            ("one at a time", percentile(took, 50), percentile(took, 95), ""),
            (f"{len(accepted)} accepted in a row", "", "", rate),
        ],
    )


@asynccontextmanager
async def _working(installation: Installation, desk: Desk) -> AsyncGenerator[Callable[[ConversationId], Any]]:
    """A worker; what it yields waits for a conversation's outcome."""
    outcomes: dict[str, asyncio.Event] = {}
    tasks = dict(worker.build_tasks(desk, Keys(folder=installation.settings.keys)))
    answer = tasks["answer_message"]

    def outcome_of(conversation_id: object) -> asyncio.Event:
        return outcomes.setdefault(str(conversation_id), asyncio.Event())

    async def run(context: JobContext) -> None:
        await answer.run(context)
        outcome_of(context.payload["conversation_id"]).set()

    async def done(conversation_id: ConversationId) -> None:
        await outcome_of(conversation_id).wait()

    tasks["answer_message"] = Task(run=run, when_parked=answer.when_parked)
    runner = JobRunner(
        installation.jobs_conninfo, tasks, concurrency=installation.settings.worker_concurrency
    )
    running = asyncio.create_task(runner.run())
    yield done
    runner.stop()
    await running


async def _measure_with_model(installation: Installation) -> None:
    if not available():
        print("\nwith the model: not measured, its wheel is not here")
        return
    real = LocalEmbedder()
    try:
        shop = await _open_shop(installation, real=real)
        await _take(shop, 1, at_once=1)
        watches: list[Watch] = []
        began = time.perf_counter()
        while len(watches) < REAL_TURNS and time.perf_counter() - began < REAL_S:
            watches.append(await shop.turn(QUESTIONS[len(watches) % len(QUESTIONS)]))
    finally:
        await real.close()
    whole = [watch.total for watch in watches]
    rest = [watch.spent["rest of run"] for watch in watches]
    print_table(
        f"with the model {real.model}: {REAL_DOCUMENTS} documents, {len(watches)} turns, one at a time",
        ("", "p50 ms", "p95 ms"),
        [
            ("turn", percentile(whole, 50), percentile(whole, 95)),
            ("of it embedding and choosing", percentile(rest, 50), percentile(rest, 95)),
        ],
    )


async def _outcome(shop: Shop, question: str) -> Outcome:
    watch = await shop.turn(question)
    assert watch.outcome is not None
    return watch.outcome


@contextmanager
def _watched() -> Generator[None]:
    """Note in each turn's watch what phase it is in and what goes to the database."""
    run = pipeline.run

    async def watched_run(turn: Turn, tools: Tools) -> Outcome:
        watch = WATCH.get()
        if watch is None:
            return await run(turn, tools)
        watch.enter("rest of run")
        outcome = await run(turn, _watched_tools(tools, watch))
        watch.outcome = outcome
        watch.enter("apply")
        return outcome

    listeners = (("before_cursor_execute", _count_statement), ("commit", _count_transaction))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        with replaced(pipeline, "run", watched_run):
            yield
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def _watched_tools(tools: Tools, watch: Watch) -> Tools:
    async def within(phase: str, effect: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
        # Whatever the effect returns goes to the pipeline unseen.
        watch.enter(phase)
        try:
            return await effect(*args, **kwargs)
        finally:
            watch.enter("rest of run")

    return replace(
        tools,
        search=partial(within, "search", tools.search),
        stands=partial(within, "check", tools.stands),
    )


def _count_statement(*_: object) -> None:
    watch = WATCH.get()
    if watch is not None:
        watch.statements[watch.phase] += 1


def _count_transaction(_: Connection) -> None:
    watch = WATCH.get()
    if watch is not None:
        watch.transactions[watch.phase] += 1
