"""What somebody would store to have it run, load or turn round elsewhere; and a workspace full of it."""

from typing import Any, Final
from uuid import UUID

from answerable import conversations, handoff, knowledge, tenancy
from answerable.conversations import ConversationId
from answerable.infra.ids import Actor
from answerable.knowledge.imports import BatchId, ItemState
from factories.contacts import make_contact
from factories.http import open_socket_client
from factories.imports import look, upload
from factories.inbox import make_member, reply
from factories.jobs import Chore
from factories.lived import Lived, key_of, said_last, set_up, until_answered
from factories.patience import until
from factories.running import Running

SCRIPT: Final = "<script>alert('ran')</script><img src=x onerror=alert('ran')>"
MARKDOWN: Final = "![seen](https://evil.example/seen.png) [go](javascript:alert('ran'))"
FORMULA: Final = "=cmd|'/C calc'!A0"
TURNED: Final = "left \u202egnp.exe\u202c right \x00 null"
NESTED: Final = "[" * 3_900 + "]" * 3_900
DEEPER: Final = "[" * 10_000 + "]" * 10_000
MESSAGES: Final = (SCRIPT, MARKDOWN, FORMULA, TURNED, NESTED)
TITLE: Final = "Refunds <img src=x onerror=alert('ran')> {{ 7*7 }}"
TEXT: Final = f"Refunds take nine days {SCRIPT} {MARKDOWN} to arrive.\n\n{FORMULA}\n\n{TURNED}\n\n{DEEPER}\n"
ASKED: Final = f"How many days do refunds take {SCRIPT}?"


async def make_hostile(running: Running) -> Lived:
    """A workspace in which everything that somebody else may write is a payload."""
    tenant = await running.make_tenant("<b onclick=alert('ran')>Shop</b>")
    await set_up(running, tenant, name="<script>alert('ran')</script>")
    owner = await make_member(running.database, tenant, "mira@example.com", role=tenancy.Role.ADMIN)
    batch = await _import(running, owner)
    written = await _write(running, tenant)
    conversation_id = ConversationId(UUID(written["conversation_id"]))
    turn_id = await until_answered(running, tenant, conversation_id)
    await _answer(running, tenant, conversation_id)
    async with running.database.tenant_session(tenant) as db:
        documents = await knowledge.list_documents(db)
    return Lived(
        tenant=tenant,
        conversations=_Same(conversation_id),
        turns=_Same(turn_id),
        document=next(one for one in documents if one.title.startswith("Refunds")),
        batch=batch,
        trial=conversation_id,
        job_id=await running.lot.defer(tenant, Chore()),
        public_key=await key_of(running, tenant),
        event=await said_last(running, tenant),
    )


class _Same(dict[str, Any]):
    """The same thing under every name, as a mapping of whatever it is."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self._value = value

    def __missing__(self, _key: str) -> object:
        return self._value


async def _import(running: Running, owner: Actor) -> BatchId:
    async with running.database.tenant_session(owner) as db:
        for text in (TEXT, TEXT.replace("nine", "ten")):
            pasted = await knowledge.add_paste(db, TITLE, text)
    await _until_read(running, owner, pasted.batch.id)
    files = {
        f"{SCRIPT.replace('/', '')}.md": TEXT.encode(),
        f"{FORMULA.replace('/', '')}.pdf": b"%PDF-broken",
    }
    begun = await upload(running.database, owner, files)
    await _until_read(running, owner, begun.batch.id)
    return begun.batch.id


async def _until_read(running: Running, owner: Actor, batch_id: BatchId) -> None:
    async def is_read() -> bool:
        items = (await look(running.database, owner, batch_id)).items
        return all(item.state not in {ItemState.WAITING, ItemState.READING} for item in items)

    await until(is_read)


async def _write(running: Running, tenant: Actor) -> dict[str, str]:
    said = {"name": SCRIPT, "page_url": f"https://shop.example/{SCRIPT}"}
    async with open_socket_client(running.origin) as client:
        contact = await make_contact(client, running.database, tenant)
        begun: dict[str, str] = (await contact.write(ASKED, **said)).json()
        await until_answered(running, tenant, ConversationId(UUID(begun["conversation_id"])))
        for message in MESSAGES:
            own = {"token": begun["conversation_token"], "conversation_id": begun["conversation_id"]}
            assert (await contact.write(message, **own)).status_code == 202
    return begun


async def _answer(running: Running, tenant: Actor, conversation_id: ConversationId) -> None:
    ben = await make_member(running.database, tenant, "ben@example.com")
    async with running.database.tenant_session(ben) as db:
        await handoff.take_over(db, conversation_id)
    for message in MESSAGES:
        async with running.database.tenant_session(ben) as db:
            seen = await conversations.get(db, conversation_id)
        await reply(running.database, ben, seen, message)
