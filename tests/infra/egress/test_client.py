import asyncio
import contextlib
import gzip
import itertools
import zlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest

from answerable.infra.egress import (
    AddressRefused,
    Client,
    ConnectionFailed,
    EgressPolicy,
    HostNotAllowed,
    RedirectRefused,
    Response,
    ResponseTooLarge,
    TimedOut,
    UrlRefused,
    open_client,
)
from infra.egress.servers import Answer, Server, reply, serve

HOST = "127.0.0.1"
SECRET_HEADERS = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Api-Key": "k", "Accept": "text/plain"}


def policy_for(*servers: Server, host: str = HOST) -> EgressPolicy:
    return EgressPolicy(private_endpoints=frozenset((host, server.port) for server in servers))


async def fetch(server: Server, path: str = "/", policy: EgressPolicy | None = None) -> Response:
    async with open_client(policy or policy_for(server)) as client:
        return await client.get(f"http://{HOST}:{server.port}{path}")


@contextlib.asynccontextmanager
async def resolving(policy: EgressPolicy, *answers: Sequence[str]) -> AsyncGenerator[Client]:
    """A client whose names lead to each answer in turn, the last one for ever."""
    upcoming = itertools.chain(answers, itertools.repeat(answers[-1]))

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return next(upcoming)

    async with open_client(policy, resolve=resolve) as client:
        yield client


async def test_a_named_server_is_called_and_its_answer_comes_back_whole() -> None:
    async with serve(reply(b"hello", status=404, headers="X-Thing: 1\r\n")) as server:
        response = await fetch(server, "/path?q=1")

    assert (response.status, response.body, response.headers["x-thing"]) == (404, b"hello", "1")
    assert server.requests[0].startswith("GET /path?q=1 HTTP/1.1\r\n")


async def test_a_redirect_comes_back_itself_where_the_caller_judges_it() -> None:
    async with (
        serve(reply(status=302, headers="Location: http://169.254.169.254/\r\n")) as server,
        open_client(policy_for(server)) as client,
    ):
        response = await client.get(f"http://{HOST}:{server.port}/", follow=False)

    assert (response.status, response.headers["location"]) == (302, "http://169.254.169.254/")
    assert len(server.requests) == 1


async def test_a_body_is_posted() -> None:
    received: list[bytes] = []

    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        await reply(b"ok")("", writer)

    async with serve(answer) as server, open_client(policy_for(server)) as client:
        response = await client.post(f"http://{HOST}:{server.port}/", content=b"abc")
        received.append(response.body)

    assert received == [b"ok"]
    assert "content-length: 3" in server.requests[0].lower()


async def test_a_server_on_this_machine_is_not_called_unless_it_is_named() -> None:
    async with serve(reply()) as server:
        policy = EgressPolicy(hosts=frozenset({HOST, "localhost"}), ports=frozenset({server.port}))
        async with open_client(policy) as client:
            for host in (HOST, "localhost", "2130706433"):
                with pytest.raises((AddressRefused, HostNotAllowed)):
                    await client.get(f"http://{host}:{server.port}/")

    assert server.requests == []


@pytest.mark.parametrize("spelling", ["2130706433", "127.1", "0x7f000001", "017700000001"])
async def test_other_spellings_of_this_machine_are_refused_even_when_listed(spelling: str) -> None:
    async with serve(reply()) as server:
        policy = EgressPolicy(hosts=frozenset({spelling}), ports=frozenset({server.port}))
        async with open_client(policy) as client:
            with pytest.raises((AddressRefused, UrlRefused, ConnectionFailed)):
                await client.get(f"http://{spelling}:{server.port}/")

    assert server.requests == []


async def test_the_address_that_was_checked_is_the_one_that_is_dialled() -> None:
    async with serve(reply(b"rebound")) as server:
        policy = replace(policy_for(server, host="erp.test"), connect_timeout_s=0.2)
        async with resolving(policy, [HOST], ["169.254.169.254"]) as client:
            first = await client.get(f"http://erp.test:{server.port}/")
            with pytest.raises(AddressRefused):
                await client.get(f"http://erp.test:{server.port}/")

    assert first.body == b"rebound"
    assert f"host: erp.test:{server.port}" in server.requests[0].lower()


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    policy = EgressPolicy(hosts=frozenset({"shop.test"}))
    async with resolving(policy, ["93.184.216.34", "10.0.0.1"]) as client:
        with pytest.raises(AddressRefused) as refused:
            await client.get("https://shop.test/orders?token=secret")

    assert refused.value.detail == "shop.test:443"


async def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    async with serve(reply(b"second")) as server:
        policy = policy_for(server, host="erp.test")
        async with resolving(policy, ["127.0.0.2", HOST]) as client:
            response = await client.get(f"http://erp.test:{server.port}/")

    assert response.body == b"second"


async def test_a_name_without_an_address_is_a_clear_error() -> None:
    async with resolving(EgressPolicy(hosts=frozenset({"shop.test"})), []) as client:
        with pytest.raises(ConnectionFailed, match=r"shop\.test:443 has no address"):
            await client.get("https://shop.test/")


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "http://10.0.0.1/",
        "//evil/",
    ],
)
async def test_a_redirect_leads_nowhere_that_a_request_may_not_go(location: str) -> None:
    async with serve(reply(status=302, headers=f"Location: {location}\r\n")) as server:
        with pytest.raises((HostNotAllowed, AddressRefused)):
            await fetch(server)


async def test_a_redirect_loop_ends() -> None:
    async with serve(reply(status=307, headers="Location: /again\r\n")) as server:
        with pytest.raises(RedirectRefused):
            await fetch(server)

    assert len(server.requests) == 4


async def test_credentials_stay_with_the_host_they_were_meant_for() -> None:
    async with serve(reply(b"there")) as other:
        away = reply(status=302, headers=f"Location: http://{HOST}:{other.port}/\r\n")
        async with serve(away) as server, open_client(policy_for(server, other)) as client:
            response = await client.get(f"http://{HOST}:{server.port}/", headers=SECRET_HEADERS)

    assert response.body == b"there"
    assert "authorization: bearer x" in server.requests[0].lower()
    sent = other.requests[0].lower()
    assert [name for name in ("authorization", "cookie", "x-api-key") if name in sent] == []
    assert "accept: text/plain" in sent


@pytest.mark.parametrize(("status", "method"), [(303, "GET"), (302, "GET"), (307, "POST"), (308, "POST")])
async def test_a_redirected_post_follows_the_standard(status: int, method: str) -> None:
    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        is_first = head.split()[1] == "/"
        await (reply(status=status, headers="Location: /next\r\n") if is_first else reply())(head, writer)

    async with serve(answer) as server, open_client(policy_for(server)) as client:
        await client.post(f"http://{HOST}:{server.port}/", content=b"x")

    assert server.requests[1].split()[:2] == [method, "/next"]


async def hang(_head: str, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(_head: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def flood(_head: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def flood_compressed(_head: str, writer: asyncio.StreamWriter) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    writer.write(b"HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\n\r\n")
    while True:
        writer.write(packer.compress(bytes(100_000)))
        await writer.drain()
        await asyncio.sleep(0)  # Client and server share one loop, and so little is never worth waiting for.


@pytest.mark.parametrize("answer", [hang, drip])
async def test_a_server_that_never_ends_is_given_up(answer: Answer) -> None:
    async with serve(answer) as server:
        limits = replace(policy_for(server), read_timeout_s=0.3, total_timeout_s=0.6)
        with pytest.raises(TimedOut) as error:
            await fetch(server, "/?token=secret", limits)

    assert error.value.detail == f"{HOST}:{server.port}"


@pytest.mark.parametrize(
    "answer",
    [
        flood,
        flood_compressed,
        reply(bytes(20_001)),
        reply(gzip.compress(bytes(20_001)), headers="content-encoding: gzip\r\n"),
    ],
)
async def test_no_more_than_the_limit_is_read(answer: Answer) -> None:
    async with serve(answer) as server:
        with pytest.raises(ResponseTooLarge):
            await fetch(server, policy=replace(policy_for(server), max_body_bytes=20_000))


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    async with serve(reply(gzip.compress(b"a" * 20_000), headers="content-encoding: gzip\r\n")) as server:
        response = await fetch(server, policy=replace(policy_for(server), max_body_bytes=20_000))

    assert response.body == b"a" * 20_000


@pytest.mark.parametrize(
    "answer",
    [
        reply(gzip.compress(b"a" * 100)[:-4], headers="content-encoding: gzip\r\n"),
        reply(b"no gzip", headers="content-encoding: gzip\r\n"),
        reply(gzip.compress(gzip.compress(b"a")), headers="content-encoding: gzip, gzip\r\n"),
        reply(b"x", headers="content-encoding: br\r\n"),
    ],
)
async def test_a_compression_that_cannot_be_trusted_is_refused(answer: Answer) -> None:
    async with serve(answer) as server:
        with pytest.raises(ConnectionFailed):
            await fetch(server)


async def test_an_answer_that_is_not_http_is_a_clear_error() -> None:
    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")

    async with serve(answer) as server:
        with pytest.raises(ConnectionFailed):
            await fetch(server)


async def test_a_closed_port_is_a_clear_error() -> None:
    async with serve(reply()) as server:
        pass

    with pytest.raises(ConnectionFailed):
        await fetch(server)


async def test_proxies_in_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async with serve(reply(b"direct")) as server:
        assert (await fetch(server)).body == b"direct"


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding"])
async def test_headers_that_name_the_target_are_the_clients_own(name: str) -> None:
    async with open_client(EgressPolicy(hosts=frozenset({"a.test"}))) as client:
        with pytest.raises(ValueError, match="set by the client"):
            await client.get("https://a.test/", headers={name: "x"})


async def test_a_header_with_a_line_break_is_refused_without_being_quoted() -> None:
    async with serve(reply()) as server, open_client(policy_for(server)) as client:
        with pytest.raises(ConnectionFailed) as error:
            await client.get(f"http://{HOST}:{server.port}/", headers={"x-key": "secret\r\nHost: evil"})

    assert "secret" not in str(error.value)
    assert error.value.__suppress_context__
    assert server.requests == []
