"""What the worker does for each job, over a real queue."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, text

from answerable import answering, audit, conversations, knowledge, tenancy, vault
from answerable.answering import AnswerMessage, Desk, OutcomeKind
from answerable.answering.values import JOBS, Reason
from answerable.app import event_registry
from answerable.conversations import Channel, ConversationId, NewMessage
from answerable.conversations.values import Author, Handler, Status
from answerable.handoff.values import JOBS as HANDOFF_JOBS
from answerable.infra import jobs, roles
from answerable.infra.db import Database, Unaudited, Wiring
from answerable.infra.embedding import HashingEmbedder, Vectors
from answerable.infra.embedding.errors import EmbeddingUnavailable
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.jobs import JobContext, ParkedJob, Task
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.knowledge.imports import ImportDetail, ImportItem, ItemState, NewFile
from answerable.vault import Keys
from answerable.vault.carried import KEYS
from answerable.worker import build_tasks
from infra.jobs.queues import QUICK, Queue, is_empty, until

QUESTION = "How long do I have to send something back?"


class FailingEmbedder(HashingEmbedder):
    """An embedder that never answers with a vector."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def embed_query(self, text: str) -> Vectors:  # noqa: ARG002 - as the protocol has it
        raise self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A workspace in a database of its own, so that its worker takes nobody else's jobs."""

    queue: Queue
    keys: Keys

    @property
    def database(self) -> Database:
        return self.queue.database

    @property
    def actor(self) -> Actor:
        return self.queue.actor

    def tasks(self, error: Exception | None = None, *, attempts: int = 1) -> Mapping[str, Task]:
        embedder = FailingEmbedder(error) if error else HashingEmbedder()
        built = build_tasks(Desk(database=self.database, embedder=embedder), self.keys)
        # What runs by the clock would be waited for as well.
        tasks = {name: replace(task, cron=None) for name, task in built.items()}
        return {**tasks, AnswerMessage.task: replace(tasks[AnswerMessage.task], attempts=attempts)}

    async def write(self, said: str) -> ConversationId:
        new = NewMessage(text=said, client_id=str(uuid7()), channel=Channel.WEB)
        async with self.database.tenant_session(replace(self.actor, kind=ActorKind.CONTACT)) as db:
            conversation, _message = await answering.accept(db, new)
        return conversation.id

    async def work(self, tasks: Mapping[str, Task]) -> None:
        async with self.queue.working(tasks, pace=QUICK):
            await until(lambda: is_empty(self.queue))

    async def records(self, conversation_id: ConversationId) -> list[answering.Record]:
        async with self.database.tenant_session(self.actor) as db:
            turns = await answering.list_turns(db, conversation_id)
            return [await answering.view_record(db, turn_id) for turn_id in turns]

    async def dialogue(self, conversation_id: ConversationId) -> conversations.Dialogue:
        async with self.database.tenant_session(self.actor) as db:
            return await conversations.view(db, conversation_id)


@asynccontextmanager
async def cloned(server: Server, settings: Settings, name: str) -> AsyncGenerator[Queue]:
    def url_of(role: roles.DatabaseRole) -> URL:
        return server.url(role=role.name, password=roles.password_of(role, keys=settings.keys), database=name)

    identifier = sql.Identifier(name)
    with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
        template = sql.Identifier(server.database)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, template))
    carries = {
        audit.REGISTRY: event_registry(),
        audit.WRITERS: audit.Writers(),
        KEYS: Keys(folder=settings.keys),
    }
    opened = Database(app=url_of(roles.APP), system=url_of(roles.SYSTEM), wiring=Wiring(carries=carries))
    password = roles.password_of(roles.JOBS, keys=settings.keys)
    yield Queue(
        conninfo=server.conninfo(role=roles.JOBS.name, password=password, database=name),
        database=opened,
        actor=Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM),
    )
    await opened.close()
    with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture
async def shop(server: Server, settings: Settings, database_name: str) -> AsyncGenerator[Shop]:
    async with cloned(server, settings, f"{database_name}_{uuid7().hex}") as queue:
        new = tenancy.NewTenant(slug="shop", name="Shop", owner_email="owner@example.com")
        async with queue.database.tenant_session(queue.actor) as db:
            await tenancy.create_tenant(db, new)
        yield Shop(queue=queue, keys=Keys(folder=settings.keys))


@pytest.fixture
def table(database: Database, settings: Settings) -> Mapping[str, Task]:
    return build_tasks(Desk(database=database, embedder=None), Keys(folder=settings.keys))


def test_the_worker_knows_every_job_and_nothing_that_nobody_asks_for(table: Mapping[str, Task]) -> None:
    deferred = {job.task for job in (*JOBS, *HANDOFF_JOBS, *knowledge.JOBS)}
    told = {task.when_parked for task in table.values() if task.when_parked}
    periodic = {name for name, task in table.items() if task.cron}

    assert set(table) == deferred | told | periodic
    assert deferred == {"answer_message", "answer_returned", "expire_import", "read_import"}


def test_whatever_ends_an_answer_ends_at_a_person(table: Mapping[str, Task]) -> None:
    assert table["answer_message"].when_parked == "hand_over"
    # Handing over is not handed over again: it is tried again, then parked for platform staff.
    assert table["hand_over"].when_parked is None


def test_whatever_ends_the_reading_of_an_item_ends_the_item(table: Mapping[str, Task]) -> None:
    assert table["read_import"].when_parked == "give_up_import"
    assert table["give_up_import"].when_parked is None


def test_keys_rotate_every_night_and_writers_are_recovered_all_day(table: Mapping[str, Task]) -> None:
    assert {name: task.cron for name, task in table.items() if task.cron} == {
        "rotate_keys": "0 3 * * *",
        "recover_writers": "*/5 * * * *",
        "push_heads": "* * * * *",
        "stamp_root": "17 * * * *",
    }


async def test_a_message_is_answered_by_the_worker(shop: Shop) -> None:
    conversation_id = await shop.write("Hello")

    await shop.work(shop.tasks())

    (record,) = await shop.records(conversation_id)
    dialogue = await shop.dialogue(conversation_id)
    assert (record.outcome, record.reason) == (OutcomeKind.REPLY, Reason.GREETED)
    assert [message.author for message in dialogue.messages] == [Author.CONTACT, Author.ASSISTANT]


async def parked(shop: Shop) -> list[ParkedJob]:
    return await shop.queue.parked()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EmbeddingUnavailable(), "embedding.unavailable"),
        (RuntimeError("nobody foresaw this"), "internal.error"),
        (ExceptionGroup("several", [ValueError("nor this")]), "internal.error"),
    ],
    ids=["declared", "undeclared", "group"],
)
async def test_a_job_that_fails_for_good_hands_over_to_people(
    shop: Shop, error: Exception, code: str
) -> None:
    conversation_id = await shop.write(QUESTION)

    await shop.work(shop.tasks(error, attempts=2))

    (record,) = await shop.records(conversation_id)
    dialogue = await shop.dialogue(conversation_id)
    assert (record.outcome, record.reason) == (OutcomeKind.ERROR, Reason.FAILED)
    assert record.error_code == code
    assert "went wrong" in (dialogue.messages[-1].text or "")
    assert (dialogue.conversation.status, dialogue.conversation.handler) == (Status.WAITING, Handler.PEOPLE)
    assert [(job.task, job.error_code, job.attempts) for job in await parked(shop)] == [
        ("answer_message", code, 2)
    ]


async def test_a_job_that_takes_too_long_hands_over_to_people(shop: Shop) -> None:
    conversation_id = await shop.write(QUESTION)
    tasks = dict(shop.tasks())
    tasks["answer_message"] = replace(tasks["answer_message"], time_limit=timedelta(0))

    await shop.work(tasks)

    (record,) = await shop.records(conversation_id)
    assert (record.outcome, record.error_code) == (OutcomeKind.ERROR, "jobs.timed_out")


async def test_a_parked_job_tried_again_after_the_handover_says_nothing_more(shop: Shop) -> None:
    conversation_id = await shop.write(QUESTION)
    await shop.work(shop.tasks(RuntimeError()))
    (job,) = await parked(shop)

    async with jobs.connect(shop.queue.conninfo) as connection:
        await jobs.retry_parked(connection, job.id)
    await shop.work(shop.tasks())

    dialogue = await shop.dialogue(conversation_id)
    assert [message.author for message in dialogue.messages] == [Author.CONTACT, Author.ASSISTANT]
    assert await parked(shop) == []


async def test_a_message_answered_meanwhile_is_not_handed_over(shop: Shop) -> None:
    conversation_id = await shop.write(QUESTION)
    tasks = dict(shop.tasks())
    answer_message = tasks["answer_message"].run

    async def answer_and_fail(context: JobContext) -> None:
        await answer_message(context)
        raise RuntimeError

    tasks["answer_message"] = replace(tasks["answer_message"], run=answer_and_fail)
    await shop.work(tasks)

    (record,) = await shop.records(conversation_id)
    assert record.outcome is not OutcomeKind.ERROR


async def begin_upload(shop: Shop, *, send: bool = True) -> ImportDetail:
    async with shop.database.tenant_session(shop.actor) as db:
        begun = await knowledge.begin_import(db, [NewFile(name="returns.md")])
        if send:
            await knowledge.add_content(db, begun.items[0].id, b"You have 30 days to send something back.")
    return begun


async def see(shop: Shop, begun: ImportDetail) -> ImportItem:
    async with shop.database.tenant_session(shop.actor) as db:
        (item,) = (await knowledge.get_import(db, begun.batch.id)).items
    return item


async def is_over(shop: Shop, begun: ImportDetail) -> bool:
    return (await see(shop, begun)).ended_at is not None


async def test_an_upload_is_read_by_the_worker(shop: Shop) -> None:
    begun = await begin_upload(shop)

    async with shop.queue.working(shop.tasks(), pace=QUICK):
        await until(lambda: is_over(shop, begun))

    assert (await see(shop, begun)).state is ItemState.ADDED


async def test_an_upload_that_cannot_be_read_for_now_is_tried_again_and_then_ends_as_failed(
    shop: Shop,
) -> None:
    begun = await begin_upload(shop)

    class Broken(FailingEmbedder):
        async def embed_passages(self, texts: Sequence[str]) -> Vectors:  # noqa: ARG002 - as the protocol has it
            raise self.error

    tasks = build_tasks(Desk(database=shop.database, embedder=Broken(EmbeddingUnavailable())), shop.keys)
    async with shop.queue.working(tasks, pace=QUICK):
        await until(lambda: is_over(shop, begun))

    item = await see(shop, begun)
    assert (item.state, item.error_code) == (ItemState.FAILED, "embedding.unavailable")
    assert [(job.task, job.attempts) for job in await parked(shop)] == [("read_import", 3)]
    async with shop.database.tenant_session(shop.actor) as db:
        assert await db.scalar(text("SELECT count(*) FROM import_content")) == 0


async def test_an_upload_whose_bytes_never_came_ends_by_a_job(shop: Shop) -> None:
    begun = await begin_upload(shop, send=False)

    context = JobContext(
        tenant_id=shop.actor.tenant_id,
        payload={"batch_id": str(begun.batch.id)},
        job_id=1,
        attempt=1,
        is_last_attempt=False,
    )
    await shop.tasks()["expire_import"].run(context)

    assert (await see(shop, begun)).error_code == "knowledge.upload_abandoned"


async def test_the_nightly_rotation_ends_the_key_of_what_was_erased(shop: Shop) -> None:
    conversation_id = await shop.write("Hello")
    dialogue = await shop.dialogue(conversation_id)
    contact = vault.Subject(kind=vault.SubjectKind.CONTACT, id=dialogue.conversation.contact_id)
    async with shop.database.tenant_session(shop.actor) as db:
        db.unaudited(Unaudited.PROGRESS)
        await vault.destroy(db, contact)
    before = shop.keys.newest_generation(shop.actor.tenant_id)

    nightly = JobContext(tenant_id=None, payload={}, job_id=1, attempt=1, is_last_attempt=False)
    await shop.tasks()["rotate_keys"].run(nightly)

    async with shop.database.tenant_session(shop.actor) as db:
        rotations = await db.scalar(
            text("SELECT count(*) FROM audit_event WHERE type = 'keys.rotated' AND actor_kind = 'system'")
        )
    assert (before, shop.keys.newest_generation(shop.actor.tenant_id)) == (1, 2)
    assert rotations == 1
    assert (await shop.dialogue(conversation_id)).messages[0].text is None
