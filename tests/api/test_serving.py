"""What only a real server on a real socket shows."""

import asyncio
import io
import signal
from collections.abc import AsyncGenerator, Generator

import pytest
import uvicorn
from fastapi import FastAPI

from answerable.api import Web, create_api, server_config
from answerable.infra.web import LARGEST_BODY
from factories.log import captured_log, find_canaries
from factories.routes import router


@pytest.fixture(autouse=True)
def stream() -> Generator[io.StringIO]:
    with captured_log() as opened:
        yield opened


@pytest.fixture
def app(web: Web) -> FastAPI:
    return create_api(web, routers=[router])


@pytest.fixture
async def web_server(app: FastAPI) -> AsyncGenerator[uvicorn.Server]:
    # Signals are the whole process's: the server's handlers must not outlive it.
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    opened = uvicorn.Server(server_config(app, host="127.0.0.1", port=0))
    serving = asyncio.create_task(opened.serve())
    while not opened.started:  # noqa: ASYNC110 - the server offers a flag and no event
        await asyncio.sleep(0.01)
    yield opened
    opened.should_exit = True
    await serving
    for each, handler in handlers.items():
        signal.signal(each, handler)


async def speak(web_server: uvicorn.Server, request: bytes, *, more: bytes = b"") -> bytes:
    port = web_server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        for _ in range(64 if more else 0):
            writer.write(more)
            await writer.drain()
        return await reader.read()
    except ConnectionError:
        # The server has stopped reading; what it said before may be lost with the connection.
        return b""
    finally:
        writer.close()


async def test_the_server_says_nothing_of_itself(web_server: uvicorn.Server) -> None:
    answer = await speak(web_server, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nserver:" not in answer.lower()


async def test_a_body_that_announces_too_much_is_answered_before_it_is_sent(
    web_server: uvicorn.Server,
) -> None:
    size = str(10 * LARGEST_BODY).encode()

    answer = await speak(
        web_server,
        b"POST /test/things HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Length: " + size + b"\r\n\r\n",
    )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"web.body_too_large" in answer


async def test_a_body_without_a_length_ends_the_connection_when_it_grows_too_large(
    web_server: uvicorn.Server, stream: io.StringIO
) -> None:
    head = (
        b"POST /test/things HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )

    await speak(web_server, head, more=b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    assert '"status": 413' in stream.getvalue()


async def test_half_an_answer_is_cut_off_and_its_failure_stays_without_text(
    web_server: uvicorn.Server, stream: io.StringIO
) -> None:
    answer = await speak(web_server, b"GET /test/half HTTP/1.1\r\nHost: x\r\n\r\n")

    assert b"half" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert find_canaries(stream.getvalue(), answer.decode()) == []
    assert '"library": "uvicorn.error"' in stream.getvalue()


@pytest.mark.parametrize(
    "request_line", [b"GARBAGE \x00\xff\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
async def test_what_is_no_request_is_refused_without_being_logged(
    web_server: uvicorn.Server, stream: io.StringIO, request_line: bytes
) -> None:
    answer = await speak(web_server, request_line)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "GARBAGE" not in stream.getvalue()


async def test_a_request_under_way_is_answered_when_the_server_is_asked_to_stop(
    web_server: uvicorn.Server,
) -> None:
    port = web_server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b'{"text": "x"}'
    head = (
        b"POST /test/things HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 13\r\n\r\n"
    )
    writer.write(head + body[:5])
    await writer.drain()
    while not web_server.server_state.tasks:  # noqa: ASYNC110 - the server offers a set and no event
        await asyncio.sleep(0.01)

    web_server.should_exit = True
    while web_server.servers[0].is_serving():  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.01)
    writer.write(body[5:])

    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
