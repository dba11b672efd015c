"""The table from job to function: the one page that shows every reaction of the product."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from answerable import answering, knowledge, tenancy
from answerable.answering import AnswerMessage, Desk
from answerable.audit.posting import Post, poster
from answerable.handoff import AnswerReturned
from answerable.infra.db import Database
from answerable.infra.errors import AnswerableError
from answerable.infra.ids import Actor, ActorKind, TenantId
from answerable.infra.jobs import JobContext, Task, unpack
from answerable.knowledge import ExpireImport, ReadImport
from answerable.vault import Keys

_READING_TIME = timedelta(minutes=30)
"""A handbook of a thousand pages is embedded on two slow cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """How heads of logs reach those who vouch for them."""

    post: Post
    stamp: Callable[[], Awaitable[object]] | None = None
    """Has the root log timestamped, where an authority is configured."""


def build_tasks(
    desk: Desk, keys: Keys, *, web: knowledge.Web | None = None, outward: Outward | None = None
) -> Mapping[str, Task]:
    """Every job that a worker knows, with what it does."""
    # One for as long as the worker lives: it remembers which sites it has just asked.
    intake = knowledge.Intake(database=desk.database, embedder=desk.embedder, web=web or knowledge.Web())

    async def answer_message(context: JobContext) -> None:
        job = unpack(AnswerMessage, context.payload)
        await answering.answer(desk, _assistant(context), job.conversation_id)

    async def hand_over(context: JobContext) -> None:
        # Whatever ended the job, a time limit and a killed worker included: the contact is told, people take over.
        job = unpack(AnswerMessage, context.payload)
        code = context.parked_code or AnswerableError.code
        await answering.give_up(desk, _assistant(context), job.conversation_id, error_code=code)

    async def read_import(context: JobContext) -> None:
        job = unpack(ReadImport, context.payload)
        await knowledge.read_item(intake, _system(context), job.item_id)

    async def give_up_import(context: JobContext) -> None:
        job = unpack(ReadImport, context.payload)
        code = context.parked_code or AnswerableError.code
        await knowledge.give_up_item(intake, _system(context), job.item_id, error_code=code)

    async def expire_import(context: JobContext) -> None:
        job = unpack(ExpireImport, context.payload)
        async with desk.database.tenant_session(_system(context)) as db:
            await knowledge.expire_uploads(db, job.batch_id)

    return {
        AnswerMessage.task: Task(run=answer_message, when_parked="hand_over"),
        AnswerReturned.task: Task(run=answer_message, when_parked="hand_over"),
        "hand_over": Task(run=hand_over),
        ReadImport.task: Task(
            run=read_import, attempts=3, time_limit=_READING_TIME, when_parked="give_up_import"
        ),
        "give_up_import": Task(run=give_up_import),
        ExpireImport.task: Task(run=expire_import),
        **_build_rounds(desk.database, keys, outward or Outward(post=poster())),
    }


def _build_rounds(database: Database, keys: Keys, outward: Outward) -> dict[str, Task]:
    """What is done for every tenant at its time."""

    async def rotate_keys(_context: JobContext) -> None:
        await tenancy.rotate_keys(database, keys)

    async def recover_writers(_context: JobContext) -> None:
        await tenancy.recover_writers(database)

    async def push_heads(_context: JobContext) -> None:
        await tenancy.push_heads(database, outward.post)

    async def stamp_root(_context: JobContext) -> None:
        if outward.stamp is not None:
            await outward.stamp()

    return {
        "rotate_keys": Task(run=rotate_keys, cron="0 3 * * *"),
        "recover_writers": Task(run=recover_writers, cron="*/5 * * * *"),
        "push_heads": Task(run=push_heads, cron="* * * * *"),
        "stamp_root": Task(run=stamp_root, cron="17 * * * *"),
    }


def _assistant(context: JobContext) -> Actor:
    return _actor(context, ActorKind.ASSISTANT)


def _system(context: JobContext) -> Actor:
    return _actor(context, ActorKind.SYSTEM)


def _actor(context: JobContext, kind: ActorKind) -> Actor:
    assert context.tenant_id is not None
    return Actor(tenant_id=TenantId(context.tenant_id), kind=kind)
