"""The chat, measured: `python -m benchmarks widget`.

From the post of a question to its answer on the stream, through web process, queue and worker in this one
process and over real sockets; the bytes of the loader; what open streams cost.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

import httpx
import psutil
import uvicorn

from answerable import knowledge, tenancy, worker
from answerable.answering import Desk
from answerable.api import Web, create_api, server_config
from answerable.demo.loading import workspaces
from answerable.infra import schema, signals
from answerable.infra.ids import Actor, ActorKind
from answerable.infra.installation import Installation
from answerable.infra.jobs import JobRunner
from answerable.infra.rates import Rate
from answerable.infra.web.surface import Limits
from answerable.vault import Keys
from answerable.widget import CrossOrigin, router
from answerable.widget.assets import ASSETS, LOADER
from benchmarks.tables import percentile, print_conditions, print_table
from benchmarks.throwaway import add_tenant, open_throwaway
from benchmarks.turn import QUESTIONS

AT_ONCE = (1, 32)
ROUNDS = 4
STREAMS = 500
SETTLE_S = 5.0
PORT = 8_917
PATIENCE_S = 120.0
ORIGIN = f"http://127.0.0.1:{PORT}"
FIRST = (LOADER, "element.js", "session.js", "store.js", "wire.js", "dom.js", "style.js", "texts.js")
_MANY = 1_000_000

Client = httpx.AsyncClient  # noqa: TID251 - it reaches nothing but this process


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The running product, and the workspace that is asked."""

    web: Web
    key: str


async def main() -> None:
    """Measure and print."""
    async with open_throwaway() as installation, serve(installation) as site:
        print_conditions(
            "The chat: from the post to the reply on the stream",
            {"worker": "4 jobs at once, same process", "database": "durable", "embedder": "hashing"},
        )
        await ask_once(site, QUESTIONS[0])
        rows = [await measure_replies(site, at_once) for at_once in AT_ONCE]
        print_table("Post to reply", ["conversations at once", "replies", "p50 ms", "p95 ms"], rows)
        print_loader()
        await measure_streams(site)


@asynccontextmanager
async def serve(installation: Installation) -> AsyncGenerator[Site]:
    """Web and worker in this process, with a workspace that has the demo's documents."""
    key = await make_shop(installation)
    web = Web(
        database=installation.database, expected_revision=schema.EXPECTED_REVISION, limits=without_limits()
    )
    app = create_api(web, routers=[router], wrappers=[CrossOrigin])
    server = uvicorn.Server(server_config(app, host="127.0.0.1", port=PORT))
    desk = Desk(database=installation.database, embedder=installation.embedder, threshold=0.0)
    tasks = worker.build_tasks(desk, Keys(folder=installation.settings.keys))
    runner = JobRunner(installation.jobs_conninfo, tasks, concurrency=4)
    async with signals.listening(web.hub, installation.signals_conninfo) as listener:
        running = [asyncio.create_task(server._serve()), asyncio.create_task(runner.run())]  # noqa: SLF001
        await listener.listening.wait()
        while not server.started:  # noqa: ASYNC110 - the server tells nobody that it has started
            await asyncio.sleep(0.01)
        try:
            yield Site(web=web, key=key)
        finally:
            web.hub.drain()
            server.should_exit = True
            runner.stop()
            await asyncio.gather(*running)


async def make_shop(installation: Installation) -> str:
    """A workspace with the demo's documents; its public key."""
    tenant = Actor(tenant_id=await add_tenant(installation), kind=ActorKind.PLATFORM)
    intake = knowledge.Intake(database=installation.database, embedder=installation.embedder)
    await knowledge.import_paths(intake, tenant, workspaces()[0].paths)
    async with installation.database.tenant_session(tenant) as db:
        return (await tenancy.get_tenant(db)).public_key


def without_limits() -> Limits:
    """Limits that a single machine's benchmark does not meet."""
    usual = Limits()
    many = {
        name: replace(getattr(usual, name), per_minute=_MANY)
        for name in ("messages", "posts", "reads", "unknown_keys")
    }
    assert all(isinstance(rate, Rate) for rate in many.values())
    return replace(usual, **many, streams_of_address=_MANY)


async def measure_replies(site: Site, at_once: int) -> Sequence[object]:
    """One row: so many conversations at once, each asked again when the others are done."""
    taken: list[float] = []
    for turn in range(ROUNDS if at_once > 1 else ROUNDS * 8):
        asked = (ask_once(site, QUESTIONS[(turn + place) % len(QUESTIONS)]) for place in range(at_once))
        taken += await asyncio.gather(*asked)
    return (at_once, len(taken), percentile(taken, 50), percentile(taken, 95))


async def ask_once(site: Site, question: str) -> float:
    """Seconds from the post of a new conversation's question to its answer on the stream."""
    async with open_client() as client, asyncio.timeout(PATIENCE_S):
        began = time.perf_counter()
        conversation = await begin(client, site, question)
        while not await is_answered(client, site, conversation):  # noqa: ASYNC110 - it comes again, as browsers do
            await asyncio.sleep(0.2)
        return time.perf_counter() - began


async def is_answered(client: Client, site: Site, conversation: dict[str, str]) -> bool:
    """Read the stream until the answer comes; False when it ends before, and the client comes again."""
    async with follow(client, site, conversation) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: ") and json.loads(line[6:]).get("author") == "assistant":
                return True
    return False


def open_client() -> Client:
    """A client of its own for each conversation, as each contact has a browser."""
    limits = httpx.Limits(max_connections=None)
    return Client(base_url=ORIGIN, headers={"Accept-Encoding": "identity"}, timeout=PATIENCE_S, limits=limits)


async def begin(client: Client, site: Site, question: str) -> dict[str, str]:
    """Post the first message of a conversation."""
    body = {"text": question, "client_id": str(uuid4())}
    accepted = await client.post("/widget/v1/messages", json=body, headers={"Answerable-Key": site.key})
    accepted.raise_for_status()
    return accepted.json()


@asynccontextmanager
async def follow(client: Client, site: Site, conversation: dict[str, str]) -> AsyncGenerator[httpx.Response]:
    """Open a conversation's stream."""
    headers = {"Answerable-Key": site.key, "Answerable-Conversation": conversation["conversation_token"]}
    wanted = {"conversation_id": conversation["conversation_id"]}
    async with client.stream("GET", "/widget/v1/stream", params=wanted, headers=headers) as answer:
        yield answer


def print_loader() -> None:
    """Print what a page loads before the chat is opened, and after."""
    later = [name for name in ASSETS if name not in FIRST and name.endswith(".js")]
    rows = [
        (what, len(names), sum(len(ASSETS[name].packed) for name in names))
        for what, names in (("before the chat is opened", FIRST), ("when it is opened", later))
    ]
    print_table("Bytes of the chat, packed by gzip", ["", "files", "bytes"], rows)


async def measure_streams(site: Site) -> None:
    """Print what open streams cost while nothing happens; clients and server share this process."""
    process = psutil.Process(os.getpid())
    async with AsyncExitStack() as open_now:
        client = await open_now.enter_async_context(open_client())
        conversations = [await begin(client, site, "Hello") for _ in range(STREAMS // 5)]
        await asyncio.sleep(SETTLE_S)
        before = process.memory_info().rss
        kept = [
            await open_now.enter_async_context(
                follow(client, site, conversations[place % len(conversations)])
            )
            for place in range(STREAMS)
        ]
        await asyncio.sleep(SETTLE_S)
        after, cpu = process.memory_info().rss, process.cpu_times()
        await asyncio.sleep(SETTLE_S)
        spent = sum(process.cpu_times()[:2]) - sum(cpu[:2])
        held = site.web.hub.subscribers
        assert len(kept) == STREAMS
    rows = [
        ("streams held", held),
        ("memory before, MB", before / 1e6),
        ("memory with them, MB", after / 1e6),
        ("kB a stream, both ends", (after - before) / STREAMS / 1e3),
        ("share of a core while idle", spent / SETTLE_S),
    ]
    print_table("Open streams", ["", "value"], rows)
