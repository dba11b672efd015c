"""Making the connection: the name is looked up once, and only an address that was checked is dialled."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore
import httpx

from answerable.infra.egress import checks
from answerable.infra.egress.errors import ConnectionFailed
from answerable.infra.egress.values import EgressPolicy

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Looks up a host for a port; returns addresses as text, best first."""

_ADDRESSES_TRIED = 4


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """The addresses that the system's resolver knows for a host.

    Errors:  OSError.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def make_tls(policy: EgressPolicy) -> ssl.SSLContext:
    """How servers must prove themselves: public or named authorities, the host's name, TLS 1.2 or later."""
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if policy.authorities is not None:
        context.load_verify_locations(policy.authorities)
    return context


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects like httpcore's own backend, but to checked addresses instead of names.

    httpcore still verifies the certificate against the name, since it wraps what this returns. A local
    socket is no way out: the method for it stays without a body.
    """

    def __init__(self, policy: EgressPolicy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve
        # httpcore declares a second, empty class of this name for when anyio is missing.
        self._dial: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()  # pyright: ignore[reportAttributeAccessIssue]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore calls it so.
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to one of the host's addresses, tried in order.

        Errors:  AddressRefused, ConnectionFailed; httpcore's when no address answers.
        """
        addresses = await self._look_up(host, port, timeout_s=timeout)
        # One refused address refuses the name: an answer that mixes public with private is an attack or a
        # mistake, and neither should depend on which address answers first.
        for address in addresses:
            checks.check_address(self._policy, host, port, address)
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses[:_ADDRESSES_TRIED]:
            try:
                return await self._dial.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or ConnectionFailed(f"{host}:{port} has no address.")

    async def _look_up(self, host: str, port: int, *, timeout_s: float | None) -> Sequence[str]:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except OSError as error:
            raise ConnectionFailed(f"{host}:{port} has no address.") from error
