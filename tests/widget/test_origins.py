"""Which pages may carry a workspace's chat, and what a browser is told about it."""

from collections.abc import Mapping

import pytest

from answerable.infra.db import Database
from factories.contacts import PATH, Contact, allow
from factories.http import ADDRESS, Client, Response

SHOP = "https://shop.example"


async def ask(client: Client, key: str, headers: Mapping[str, str]) -> Response:
    return await client.get("/widget/v1/config", headers={"Answerable-Key": key, **headers})


async def test_the_workspaces_own_pages_may_ask_and_no_others(
    anna: Contact, gus: Contact, database: Database
) -> None:
    await allow(database, anna.tenant, SHOP, "http://localhost:8080")

    for origin, contact, status in (
        (SHOP, anna, 200),
        ("http://localhost:8080", anna, 200),
        (ADDRESS, anna, 200),
        (ADDRESS, gus, 200),
        (SHOP, gus, 403),
        ("https://other.example", anna, 403),
        ("http://shop.example", anna, 403),
        ("https://shop.example:8443", anna, 403),
        ("https://shop.example.evil.example", anna, 403),
        ("null", anna, 403),
        ("", anna, 403),
        ("https://care.test@evil.example", anna, 403),
    ):
        answer = await ask(contact.client, contact.key, {"Origin": origin})

        assert answer.status_code == status, origin
        if status == 403:
            assert answer.json()["code"] == "widget.origin_refused"


async def test_what_is_no_browser_names_no_origin_and_passes(anna: Contact) -> None:
    del anna.client.headers["Origin"]

    answer = await ask(anna.client, anna.key, {})

    assert answer.status_code == 200


async def test_every_endpoint_refuses_a_foreign_page(anna: Contact) -> None:
    begun = (await anna.write("Hello")).json()
    conversation = {"conversation_id": begun["conversation_id"]}
    headers = {
        "Answerable-Key": anna.key,
        "Answerable-Conversation": begun["conversation_token"],
        "Origin": "https://evil.example",
    }

    answers = [
        await anna.client.post(PATH, json={"text": "x", "client_id": begun["message_id"]}, headers=headers),
        await anna.client.get(PATH, params=conversation, headers=headers),
        await anna.client.get("/widget/v1/stream", params=conversation, headers=headers),
        await anna.client.post("/widget/v1/typing", json=conversation, headers=headers),
        await anna.client.post(
            "/widget/v1/ratings",
            json={**conversation, "message_id": begun["message_id"], "rating": "helped"},
            headers=headers,
        ),
        await anna.client.get(
            f"/widget/v1/passages/{begun['message_id']}", params=conversation, headers=headers
        ),
        await anna.client.get("/widget/v1/config", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [403] * 7


@pytest.mark.parametrize("origin", [SHOP, "https://evil.example"])
async def test_a_preflight_is_answered_for_anybody_and_never_with_credentials(
    anna: Contact, origin: str
) -> None:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "answerable-key,content-type",
    }

    answer = await anna.client.options(PATH, headers=headers)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    for name in ("answerable-key", "answerable-conversation", "content-type", "last-event-id"):
        assert name in allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_page_may_read_answers_and_refusals_alike(anna: Contact) -> None:
    known = await ask(anna.client, anna.key, {})
    refused = await ask(anna.client, anna.key, {"Origin": "https://evil.example"})
    unknown = await ask(anna.client, "A" * 24, {})

    for answer in (known, refused, unknown):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers


async def test_nothing_but_the_chat_is_open_to_other_pages(anna: Contact) -> None:
    headers = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}

    for path in ("/healthz", "/sign-in", "/widget/v2/messages", "/dashboard/v1/theme"):
        answer = await anna.client.options(path, headers=headers)
        assert "Access-Control-Allow-Origin" not in answer.headers
