"""Signing in: a link works once, in its time; the cookie is a hard one; plain HTTP is told why it cannot be."""

import asyncio
from datetime import timedelta

import pytest

from answerable import audit, dashboard, identity
from answerable.api import Web, create_api
from answerable.dashboard.frame.signing_in import COOKIE
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind
from answerable.infra.schema import EXPECTED_REVISION
from factories.http import Client, open_client
from factories.members import Browser


async def make_token(database: Database, tenant: Actor, **options: timedelta) -> str:
    platform = Actor(tenant_id=tenant.tenant_id, kind=ActorKind.PLATFORM)
    async with database.tenant_session(platform) as db:
        link = await identity.make_sign_in_link(db, "owner@example.com", **options)
    return link.token


async def test_looking_at_a_link_does_not_use_it_up(client: Client, database: Database, acme: Actor) -> None:
    token = await make_token(database, acme)

    looks = [await client.get(f"/sign-in/{token}") for _ in range(3)]
    signed_in = await client.post(f"/sign-in/{token}")

    assert {look.status_code for look in looks} == {200}
    assert signed_in.status_code == 303
    assert signed_in.headers["location"] == "/conversations"


async def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(
    client: Client, database: Database, acme: Actor
) -> None:
    answer = await client.post(f"/sign-in/{await make_token(database, acme)}")

    cookie = answer.headers["set-cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("__Host-answerable=")
    assert {"secure", "httponly", "path=/", "samesite=lax"} <= parts
    assert not any(part.startswith("domain") for part in parts)


async def test_a_link_signs_in_once_even_when_two_press_at_once(
    client: Client, database: Database, acme: Actor
) -> None:
    token = await make_token(database, acme)

    answers = await asyncio.gather(*(client.post(f"/sign-in/{token}") for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [303, 401, 401, 401, 401]


async def test_a_link_that_expired_signs_nobody_in(client: Client, database: Database, acme: Actor) -> None:
    token = await make_token(database, acme, lifetime=timedelta(seconds=0))

    looked, pressed = await client.get(f"/sign-in/{token}"), await client.post(f"/sign-in/{token}")

    assert (looked.status_code, pressed.status_code) == (401, 401)


@pytest.mark.parametrize("token", ["x", "A" * 64, "é" * 64, "%00" * 20, "A" * 5000])
async def test_what_is_no_link_is_told_so(client: Client, token: str) -> None:
    answer = await client.post(f"/sign-in/{token}")

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_a_link_of_one_workspace_opens_no_other(
    client: Client, database: Database, acme: Actor, globex: Actor
) -> None:
    token = await make_token(database, acme)
    elsewhere = await make_token(database, globex)
    # The tenant of one and the secret of the other.
    mixed = elsewhere[:20] + token[20:]

    answer = await client.post(f"/sign-in/{mixed}")

    assert answer.status_code == 401


async def test_guessing_is_slowed_down(client: Client) -> None:
    answers = [await client.post("/sign-in/none") for _ in range(12)]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_after_signing_out_the_token_opens_nothing(owner: Browser) -> None:
    before = await owner.post("/preferences", theme="dark")
    out = await owner.post("/sign-out")
    after = await owner.post("/preferences", theme="dark")

    assert before.headers["location"] == "/conversations"
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert after.headers["location"] == "/sign-in"


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "B" * 63, "\x7f" * 64])
async def test_a_forged_cookie_opens_nothing(client: Client, token: str) -> None:
    answer = await client.post("/sign-out", headers={"Cookie": f"{COOKIE}={token}"})

    assert answer.headers["location"] == "/sign-in"


async def test_a_sign_in_ends_with_time(later: "Times", owner: Browser) -> None:
    unused = await later.status_after(timedelta(days=3, minutes=1), owner)
    used = [await later.status_after(timedelta(days=days), owner) for days in range(2, 14, 2)]
    old = await later.status_after(timedelta(days=14, minutes=1), owner)

    assert unused == "/sign-in"
    assert set(used) == {"/conversations"}
    assert old == "/sign-in"


async def test_every_sign_in_stands_in_the_log(owner: Browser, database: Database, acme: Actor) -> None:
    await owner.post("/preferences", language="de")
    await owner.post("/sign-out")
    await owner.post("/sign-out")

    async with database.tenant_session(acme) as db:
        types = [event.type for event in await audit.tail(db, limit=50)]
    assert [name for name in reversed(types) if name.startswith("member.")] == [
        "member.added",
        "member.sign_in_link_made",
        "member.signed_in",
        "member.preferences_changed",
        "member.signed_out",
    ]


@pytest.mark.parametrize(
    ("address", "works"),
    [
        ("http://care.test", False),
        ("http://192.168.1.20:8800", False),
        ("http://127.0.0.1:8800", True),
        ("http://localhost:8800", True),
        ("http://[::1]:8800", True),
        ("https://care.test", True),
    ],
)
async def test_plain_http_is_told_why_signing_in_cannot_work(
    database: Database, acme: Actor, address: str, *, works: bool
) -> None:
    web = Web(database=database, expected_revision=EXPECTED_REVISION)
    token = await make_token(database, acme)

    async with open_client(create_api(web, routers=[dashboard.router])) as client:
        client.base_url = address
        client.headers["Origin"] = address
        shown = await client.get("/sign-in")
        pressed = await client.post(f"/sign-in/{token}")

    assert ("cannot work at this address" not in shown.text) is works
    assert ("set-cookie" in pressed.headers) is works


class Times:
    """Browsers of the same installation at another time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def status_after(self, later: timedelta, browser: Browser) -> str:
        clock = self._database.clock
        self._database.clock = lambda: clock() + later
        try:
            return (await browser.post("/preferences")).headers["location"]
        finally:
            self._database.clock = clock


@pytest.fixture
def later(database: Database) -> Times:
    return Times(database)
