import asyncio
import io
import json
from collections.abc import AsyncIterator, Generator
from typing import Any
from uuid import UUID

import pytest
import structlog
from fastapi import FastAPI
from structlog.contextvars import bind_contextvars, get_contextvars

from answerable.api import Web, create_api, server_config
from answerable.infra.errors import Kind
from answerable.infra.web import LARGEST_BODY, BodyLimit, Edge
from answerable.infra.web.problems import STATUS_OF_KIND
from factories.http import Client
from factories.log import captured_log, find_canaries, read_lines
from factories.routes import router


@pytest.fixture(autouse=True)
def stream() -> Generator[io.StringIO]:
    with captured_log() as opened:
        yield opened


@pytest.fixture
def app(web: Web) -> FastAPI:
    return create_api(web, routers=[router])


def finished(stream: io.StringIO) -> dict[str, Any]:
    (line,) = [line for line in read_lines(stream) if line["event"] == "request.finished"]
    return line


async def test_every_request_has_one_line_with_its_route_and_not_its_path(
    client: Client, stream: io.StringIO
) -> None:
    answer = await client.get("/test/things/canary?and=canary")

    line = finished(stream)
    assert line.pop("at")
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request.finished",
        "level": "info",
        "request_id": answer.headers["X-Request-Id"],
        "tenant_id": str(UUID(int=7)),
        "method": "GET",
        "route": "/test/things/{thing}",
        "status": 200,
        "bytes_in": 0,
        "bytes_out": len(b'"canary"'),
    }


async def test_a_request_gets_its_own_id_whatever_it_brings(client: Client) -> None:
    answers = [await client.get("/healthz", headers={"X-Request-Id": "mine"}) for _ in range(2)]

    ids = {UUID(answer.headers["X-Request-Id"]) for answer in answers}
    assert len(ids) == 2
    assert {each.version for each in ids} == {7}


async def test_what_a_request_binds_to_the_log_ends_with_it(client: Client) -> None:
    bind_contextvars(part="web")

    await client.get("/test/things/x")

    assert get_contextvars() == {"part": "web"}
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize("path", ["/healthz", "/test/undeclared", "/nowhere", "/test/declared"])
async def test_every_answer_carries_the_headers_that_keep_browsers_careful(client: Client, path: str) -> None:
    answer = await client.get(path)

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/test/declared", 409, "tenancy.slug_taken"),
        ("GET", "/test/undeclared", 500, "internal.error"),
        ("GET", "/test/database", 500, "internal.error"),
        ("GET", "/nowhere", 404, "web.route_unknown"),
        ("GET", "/test/things/", 404, "web.route_unknown"),
        ("DELETE", "/test/declared", 405, "web.method_not_allowed"),
        ("BREW", "/test/declared", 405, "web.method_not_allowed"),
    ],
)
async def test_every_failure_is_a_problem_with_its_code_and_remedy(
    client: Client, stream: io.StringIO, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)

    problem = answer.json()
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "code", "detail", "remedy", "request_id"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert finished(stream)["error_code"] == code


async def test_a_method_that_is_refused_is_told_which_are_not(client: Client) -> None:
    answer = await client.delete("/test/declared")

    assert answer.headers["Allow"] == "GET"


async def test_an_unknown_method_stands_nowhere_by_its_name(client: Client, stream: io.StringIO) -> None:
    await client.request("BREW", "/test/declared")

    metrics = (await client.get("/metrics")).text
    assert finished(stream)["method"] == "other"
    assert "BREW" not in metrics + stream.getvalue()


@pytest.mark.parametrize("path", ["/test/undeclared", "/test/database"])
async def test_an_undeclared_failure_says_nothing_of_its_text_anywhere(
    client: Client, stream: io.StringIO, path: str
) -> None:
    answer = await client.get(path)

    metrics = (await client.get("/metrics")).text
    assert find_canaries(stream.getvalue(), answer.text, str(answer.headers), metrics) == []
    assert '"event": "request.failed"' in stream.getvalue()
    assert "error_frames" in stream.getvalue()


async def test_what_a_sender_puts_anywhere_stands_in_no_log_and_no_answer(
    client: Client, stream: io.StringIO
) -> None:
    word = "canary-9137"
    headers = {"User-Agent": word, "Cookie": f"a={word}", "Authorization": word, "X-Forwarded-For": word}
    bodies = [{"text": 5, word: word}, {"text": [word]}, {"text": "x", "count": word}, [word], word]
    answers = [
        await client.post(f"/test/things?{word}={word}", json=body, headers=headers) for body in bodies
    ]
    answers.append(await client.get(f"/test/{word}", headers=headers))

    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 422, 404]
    assert word not in stream.getvalue() + "".join(answer.text for answer in answers)


async def test_a_failure_half_way_cuts_the_answer_off_and_is_reported_without_its_text(
    client: Client, stream: io.StringIO
) -> None:
    with pytest.raises(ValueError, match="Brunhilde"):
        await client.get("/test/half")

    assert '"event": "request.failed"' in stream.getvalue()
    assert find_canaries(stream.getvalue()) == []


async def test_an_invalid_request_is_told_which_fields_and_not_what_they_held(
    client: Client,
) -> None:
    answer = await client.post("/test/things", json={"count": "many", "extra": 1})

    assert answer.status_code == 422
    assert answer.json()["code"] == "web.request_invalid"
    assert answer.json()["fields"] == [
        {"field": "body.text", "problem": "missing"},
        {"field": "body.count", "problem": "int_parsing"},
        {"field": "body.*", "problem": "extra_forbidden"},
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"text": "\xff"}',
        b'{"text": "a\x00b"}',
        b"[" * 100_000,
        b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"count": ' + b"9" * 10_000 + b"}",
    ],
)
async def test_a_body_that_is_no_json_is_refused_as_such(client: Client, body: bytes) -> None:
    answer = await client.post("/test/things", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, "web.body_malformed")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "json", None]
)
async def test_a_body_of_another_type_is_refused_as_such(client: Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}

    answer = await client.post("/test/things", content=b'{"text": "x"}', headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "web.content_type_unsupported")


async def test_a_body_that_announces_too_much_is_refused_unread(client: Client, stream: io.StringIO) -> None:
    answer = await client.post("/test/things", content=b"x" * 10 * LARGEST_BODY)

    assert (answer.status_code, answer.json()["code"]) == (413, "web.body_too_large")
    assert answer.headers["Connection"] == "close"
    assert finished(stream)["bytes_in"] == 0


async def test_a_body_that_turns_out_too_large_is_not_read_on(client: Client, stream: io.StringIO) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b" " * 65_536

    answer = await client.post("/test/things", content=pieces(), headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (413, "web.body_too_large")
    assert finished(stream)["bytes_in"] == LARGEST_BODY + 65_536


async def test_a_body_of_just_the_limit_is_read(client: Client) -> None:
    body = json.dumps({"text": "x" * (LARGEST_BODY - len('{"text": ""}'))}).encode()

    answer = await client.post("/test/things", content=body, headers={"Content-Type": "application/json"})

    assert (len(body), answer.status_code) == (LARGEST_BODY, 200)


def test_every_kind_of_error_has_a_status() -> None:
    assert set(STATUS_OF_KIND) == set(Kind)


def test_the_server_trusts_no_proxy_and_says_nothing_of_itself(app: FastAPI) -> None:
    config = server_config(app, host="127.0.0.1", port=0)

    assert (config.proxy_headers, config.server_header, config.access_log) == (False, False, False)


async def test_what_is_no_request_passes_the_edge_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - ASGI's signature
        seen.append(scope["type"])

    async def nothing(*_given: Any) -> Any:
        raise AssertionError

    await Edge(BodyLimit(app))({"type": "lifespan"}, nothing, nothing)

    assert seen == ["lifespan"]


async def test_a_request_that_nobody_waits_for_any_more_has_its_line_too(
    client: Client, stream: io.StringIO
) -> None:
    asking = asyncio.create_task(client.get("/test/forever"))
    await asyncio.sleep(0.05)

    asking.cancel()

    await asyncio.wait([asking])
    assert finished(stream)["status"] == 499
