"""A workspace that has been worked in: something of everything that a page can show."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from answerable import answering, conversations, handoff, knowledge, tenancy
from answerable.answering import TurnId
from answerable.audit import EventId, reading
from answerable.conversations import ConversationId
from answerable.infra.ids import Actor, ActorKind
from answerable.knowledge.imports import BatchId, ItemState
from answerable.knowledge.values import Document
from answerable.tenancy import Channel, Configuration, Posture
from factories.desks import QUESTION
from factories.imports import look, upload
from factories.inbox import hear, make_member, reply
from factories.jobs import Chore
from factories.knowledge import SHOP
from factories.patience import until
from factories.pdf import make_encrypted, make_scan
from factories.running import Running

ANSWERED = "answered"
CONVERSATIONS: Mapping[str, str] = {
    ANSWERED: QUESTION,
    "unknown": "xyzzy plugh?",
    "person": "I want to speak to a person, please.",
    "replied": "Which boots are waterproof?",
    "closed": "Can I rent a tent for the weekend?",
    "long": "My parcel is damaged. " * 40,
    "unbroken": "Wärmedämmungsverbundsystem" * 30,
}
"""What contacts asked, by what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A workspace and the identifiers of what lies in it."""

    tenant: Actor
    conversations: Mapping[str, ConversationId]
    turns: Mapping[str, TurnId]
    document: Document
    """One with two versions, quoted in an answer."""
    batch: BatchId
    """An import of which some items failed."""
    trial: ConversationId
    """A question of the playground."""
    job_id: int
    """A job that gave up."""
    public_key: str
    event: EventId
    """What the assistant said last, in a signed checkpoint."""


async def until_answered(running: Running, tenant: Actor, conversation_id: ConversationId) -> TurnId:
    """Wait until the worker has answered, and give the conversation's newest turn."""

    async def look() -> list[TurnId]:
        async with running.database.tenant_session(tenant) as db:
            return await answering.list_turns(db, conversation_id)

    return (await until(look))[-1]


async def set_up(running: Running, tenant: Actor, **changes: object) -> None:
    """Change what is set of a workspace."""
    async with running.database.tenant_session(tenant) as db:
        versions = await tenancy.list_versions(db, limit=1)
        present = versions[0]
        # The names are those of the fields, and a wrong one raises.
        wanted: Configuration = replace(present.configuration, **changes)  # pyright: ignore[reportArgumentType]
        await tenancy.change_settings(db, wanted, based_on=present.version)


async def publish(running: Running, tenant: Actor, folder: Path) -> None:
    """Publish every document of a folder."""
    intake = knowledge.Intake(database=running.database, embedder=running.desk.embedder)
    await knowledge.import_paths(intake, tenant, [folder], base=folder)


async def ask(running: Running, tenant: Actor, said: str) -> tuple[ConversationId, TurnId]:
    """A contact writes and the worker answers."""
    conversation_id = await hear(running.database, tenant, said)
    return conversation_id, await until_answered(running, tenant, conversation_id)


async def make_lived(running: Running, folder: Path) -> Lived:
    """A workspace with documents, conversations in every state, imports that failed, and jobs that gave up."""
    tenant = await running.make_tenant()
    await set_up(running, tenant, widget_origins=("https://fernweg.example",))
    await publish(running, tenant, SHOP)
    document = await _publish_anew(running, tenant, folder)
    asked = {name: await ask(running, tenant, said) for name, said in CONVERSATIONS.items()}
    asked["draft"] = await _ask_for_draft(running, tenant)
    asked["failed"] = await _fail(running, tenant)
    conversation_of = {name: conversation_id for name, (conversation_id, _turn) in asked.items()}
    await _work(running, tenant, conversation_of)
    return Lived(
        tenant=tenant,
        conversations=conversation_of,
        turns={name: turn_id for name, (_conversation, turn_id) in asked.items()},
        document=document,
        batch=await _import_badly(running, tenant),
        trial=await _try_out(running, tenant),
        job_id=await _park(running, tenant),
        public_key=await key_of(running, tenant),
        event=await said_last(running, tenant),
    )


async def key_of(running: Running, tenant: Actor) -> str:
    """What names a workspace to the chat."""
    async with running.database.tenant_session(tenant) as db:
        return (await tenancy.get_tenant(db)).public_key


async def said_last(running: Running, tenant: Actor) -> EventId:
    """The event of what the assistant said last, with everything in a signed checkpoint."""
    await running.publish_log()
    async with running.database.tenant_session(tenant) as db:
        found = await reading.list_entries(db, reading.Wanted(types=("message.sent",)), limit=1)
    return found[0].event.id


async def _publish_anew(running: Running, tenant: Actor, folder: Path) -> Document:
    # In a folder named as the first one's was, so that it is the same document with another text.
    text = (SHOP / "returns.en.md").read_text(encoding="utf-8")
    (folder / "returns.en.md").write_text(text.replace("up to 31.5 kg", "up to 30 kg"), encoding="utf-8")
    await publish(running, tenant, folder)
    async with running.database.tenant_session(tenant) as db:
        documents = await knowledge.list_documents(db)
    return next(one for one in documents if one.title == "Returns")


async def _ask_for_draft(running: Running, tenant: Actor) -> tuple[ConversationId, TurnId]:
    await set_up(running, tenant, channel_postures={Channel.WEB: Posture.DRAFT})
    asked = await ask(running, tenant, "What does sending something back cost?")
    await set_up(running, tenant, channel_postures={})
    return asked


async def _fail(running: Running, tenant: Actor) -> tuple[ConversationId, TurnId]:
    assistant = replace(tenant, kind=ActorKind.ASSISTANT)
    async with running.embedder.hold() as asked:
        conversation_id = await hear(running.database, tenant, "How long does a repair take?")
        await asked.wait()
        turn_id = await answering.give_up(
            running.desk, assistant, conversation_id, error_code="jobs.timed_out"
        )
    assert turn_id is not None
    return conversation_id, turn_id


async def _import_badly(running: Running, tenant: Actor) -> BatchId:
    owner = await make_member(running.database, tenant, "mira@example.com", role=tenancy.Role.ADMIN)
    files = {
        "guides/knots.md": b"# Knots\n\nA bowline holds a tent in the wind.\n",
        "guides/scan.pdf": make_scan(),
        "guides/secret.pdf": make_encrypted(),
        "guides/broken.docx": b"PK\x03\x04 not a document",
    }
    begun = await upload(running.database, owner, files)

    async def is_read() -> bool:
        items = (await look(running.database, owner, begun.batch.id)).items
        return all(item.state not in {ItemState.WAITING, ItemState.READING} for item in items)

    await until(is_read)
    return begun.batch.id


async def _try_out(running: Running, tenant: Actor) -> ConversationId:
    async with running.database.tenant_session(tenant) as db:
        tried = await answering.try_out(db, QUESTION, language=None)
    await until_answered(running, tenant, tried.id)
    return tried.id


async def _park(running: Running, tenant: Actor) -> int:
    # Of a conversation that does not exist, so the worker gives it up at once.
    job_id = await running.lot.defer(tenant, Chore())

    async def is_parked() -> bool:
        return str(await running.lot.state(job_id)).startswith("failed")

    await until(is_parked)
    return job_id


async def _work(running: Running, tenant: Actor, asked: Mapping[str, ConversationId]) -> None:
    """What members did: one answered, and closed another conversation."""
    ben = await make_member(running.database, tenant, "ben@example.com")
    async with running.database.tenant_session(ben) as db:
        seen = await conversations.get(db, asked["replied"])
    await reply(running.database, ben, seen, "The Steinberg is; it has a membrane.\nShall I keep a pair?")
    async with running.database.tenant_session(ben) as db:
        await handoff.close_conversation(db, asked["closed"])
