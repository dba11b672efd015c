"""Everything that was accepted is answered, once, whatever is killed meanwhile."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import httpx
import psutil
import psycopg
import pytest
from sqlalchemy import text

from answerable import answering, tenancy
from answerable.conversations import Channel, NewMessage
from answerable.infra.db import DatabaseUnavailable
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.installation import Installation
from factories.product import Product

MESSAGES = 50
PATIENCE_S = 90
OUTCOMES = text(
    "SELECT m.id, count(a.turn_id) AS turns,"
    " (SELECT count(*) FROM message r WHERE r.conversation_id = m.conversation_id AND r.author = 'assistant')"
    " AS replies"
    " FROM message m LEFT JOIN answered_message a ON a.message_id = m.id"
    " WHERE m.author = 'contact' GROUP BY m.id, m.conversation_id"
)

WORKERS = "SELECT count(*) FROM jobs.procrastinate_workers"


async def make_shop(installation: Installation) -> tuple[Actor, tenancy.Tenant]:
    actor = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM)
    new = tenancy.NewTenant(slug="shop", name="Shop", owner_email="owner@example.com")
    async with installation.database.tenant_session(actor) as db:
        return actor, await tenancy.create_tenant(db, new)


async def outcomes(installation: Installation, actor: Actor) -> Counter[tuple[int, int]]:
    """How many messages have so many answering turns and so many replies."""
    try:
        async with installation.database.tenant_session(actor) as db:
            found = (await db.execute(OUTCOMES)).all()
    except DatabaseUnavailable:
        return Counter()
    return Counter((row.turns, row.replies) for row in found)


async def await_outcomes(installation: Installation, actor: Actor, product: Product) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (seen := await outcomes(installation, actor)) != Counter({(1, 1): MESSAGES}):
        assert time.monotonic() < deadline, f"{seen}\n{product.output.read_text()[-4000:]}"
        await asyncio.sleep(0.2)


async def accept(installation: Installation, actor: Actor, count: int) -> None:
    contact = replace(actor, kind=ActorKind.CONTACT)
    for _number in range(count):
        new = NewMessage(text="Hello, is this answered?", client_id=str(uuid7()), channel=Channel.WEB)
        async with installation.database.tenant_session(contact) as db:
            await answering.accept(db, new)


async def test_a_killed_worker_beside_the_web_server_loses_and_doubles_nothing(
    product: Product, installation: Installation
) -> None:
    actor, tenant = await make_shop(installation)
    product.start("serve")
    worker = product.start("worker")
    await asyncio.to_thread(product.await_ready)

    async with httpx.AsyncClient(base_url=product.address, timeout=30) as client:  # noqa: TID251 - plays a contact
        for number in range(MESSAGES):
            answer = await client.post(
                "/widget/v1/messages",
                headers={"Answerable-Key": tenant.public_key},
                json={"text": f"Hello, question {number}?", "client_id": str(uuid7())},
            )
            assert answer.status_code == 202, answer.text
            if number == MESSAGES // 2:
                worker.kill()
                product.start("worker")

    await await_outcomes(installation, actor, product)


async def await_first_outcomes(installation: Installation, actor: Actor, product: Product) -> None:
    """Wait until a worker is in the middle of it, however long that takes to start."""
    deadline = time.monotonic() + PATIENCE_S
    while not (await outcomes(installation, actor))[1, 1]:
        assert time.monotonic() < deadline, product.output.read_text()[-4000:]
        await asyncio.sleep(0.02)


async def kill_database(product: Product) -> None:
    for process in product.postmasters():
        family = [process, *process.children()]
        for one in family:
            # Some end by themselves, or are reaped, while others are being killed.
            with suppress(psutil.NoSuchProcess):
                one.kill()


async def test_a_killed_database_loses_and_doubles_nothing(
    product: Product, installation: Installation
) -> None:
    actor, _tenant = await make_shop(installation)
    product.start("worker")
    await accept(installation, actor, MESSAGES)

    await await_first_outcomes(installation, actor, product)
    await kill_database(product)

    await await_outcomes(installation, actor, product)


async def test_a_database_killed_under_a_worker_that_starts_is_waited_for(
    product: Product, installation: Installation
) -> None:
    actor, _tenant = await make_shop(installation)
    await accept(installation, actor, MESSAGES)

    # Wherever in its start each of them is just then.
    for _number in range(4):
        product.start("worker")
        await asyncio.sleep(0.4)
    await kill_database(product)

    await await_outcomes(installation, actor, product)
    assert [process.poll() for process in product.processes] == [None] * 4, product.output.read_text()


async def test_worker_and_database_killed_together_lose_and_double_nothing(
    product: Product, installation: Installation
) -> None:
    actor, _tenant = await make_shop(installation)
    worker = product.start("worker")
    await accept(installation, actor, MESSAGES)

    await await_first_outcomes(installation, actor, product)
    worker.kill()
    await kill_database(product)
    product.start("worker")

    await await_outcomes(installation, actor, product)


async def await_worker(installation: Installation, product: Product) -> None:
    deadline = time.monotonic() + PATIENCE_S
    async with await psycopg.AsyncConnection.connect(installation.jobs_conninfo) as connection:
        while (await (await connection.execute(WORKERS)).fetchone()) != (1,):
            assert time.monotonic() < deadline, product.output.read_text()[-4000:]
            await connection.rollback()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("part", ["worker", "serve"])
async def test_a_part_told_to_stop_ends_cleanly(
    product: Product, installation: Installation, part: str
) -> None:
    process = product.start(part)
    if part == "serve":
        await asyncio.to_thread(product.await_ready)
    else:
        await await_worker(installation, product)

    process.terminate()

    ended = await asyncio.to_thread(process.wait, 40)
    assert ended == 0, product.output.read_text()[-3000:]
