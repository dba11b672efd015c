"""Sending requests and following redirects, each hop checked like the first."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import dataclass, field

import httpcore
import httpx
import structlog

from answerable.infra.egress import checks
from answerable.infra.egress.body import ACCEPTED_ENCODING, read_body
from answerable.infra.egress.dial import CheckedBackend, Resolve, make_tls, system_resolve
from answerable.infra.egress.errors import ConnectionFailed, RedirectRefused, TimedOut, TlsRefused
from answerable.infra.egress.values import EgressPolicy, Response, Target

log = structlog.get_logger()

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})
# A list of what may cross to another origin, since nobody can list the names of all secrets.
_CROSSES_ORIGINS = frozenset({"accept", "accept-language", "content-type", "user-agent"})
_OURS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "upgrade", "te"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request on its way: what the next hop sends."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes = b""


class Client:
    """Calls the hosts of one policy; made by `open_client`."""

    def __init__(self, policy: EgressPolicy, pool: httpcore.AsyncConnectionPool) -> None:
        self._policy = policy
        self._pool = pool

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, follow: bool = True
    ) -> Response:
        """What the server answers to a GET, whatever its status; without `follow`, a redirect itself.

        Errors:  those of `answerable.infra.egress`.
        """
        return await self.send("GET", url, headers=headers, follow=follow)

    async def post(self, url: str, *, content: bytes, headers: Mapping[str, str] | None = None) -> Response:
        """What the server answers to a POST, whatever its status.

        Errors:  those of `answerable.infra.egress`.
        """
        return await self.send("POST", url, headers=headers, content=content)

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        follow: bool = True,
    ) -> Response:
        """What the server answers, redirects followed unless the caller wants to judge them itself.

        Errors:  those of `answerable.infra.egress`; ValueError for a header that only the client may set.
        """
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        if not _OURS.isdisjoint(lowered):
            raise ValueError(f"set by the client itself: {sorted(_OURS & lowered.keys())}")
        call = _Call(method=method.upper(), url=url, headers=lowered, content=content)
        checked, first = checks.check_url(self._policy, url)
        try:
            async with asyncio.timeout(self._policy.total_timeout_s):
                return await (self._follow(call) if follow else self._send_once(call, checked, first))
        except TimeoutError as error:
            raise TimedOut(str(first)) from error

    async def _follow(self, call: _Call) -> Response:
        url, target = checks.check_url(self._policy, call.url)
        for _ in range(self._policy.max_redirects + 1):
            response = await self._send_once(call, url, target)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or location is None:
                return response
            call = _redirected(call, url, response.status, location)
            old = target
            url, target = checks.check_url(self._policy, call.url)
            checks.check_redirect(old, target)
            if target != old:
                call = _without_secrets(call)
        raise RedirectRefused(f"{target} after {self._policy.max_redirects} redirects.")

    async def _send_once(self, call: _Call, url: httpx.URL, target: Target) -> Response:
        request = httpx.Request(
            call.method,
            url,
            headers={"user-agent": "answerable", "accept": "*/*"}
            | dict(call.headers)
            | {"accept-encoding": ACCEPTED_ENCODING},
            content=call.content or None,
        )
        with _translated(target):
            async with self._pool.stream(
                request.method,
                # The parts as httpx took them apart: a second parser could see another host.
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=call.content or None,
                extensions={"timeout": self._timeouts()},
            ) as answer:
                headers = {
                    name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers
                }
                body = await read_body(
                    answer.aiter_stream(), headers, max_bytes=self._policy.max_body_bytes, source=str(target)
                )
        log.info(
            "egress.answered", host=target.host, port=target.port, status=answer.status, body_bytes=len(body)
        )
        return Response(status=answer.status, headers=headers, body=body)

    def _timeouts(self) -> dict[str, float]:
        policy = self._policy
        return {
            "connect": policy.connect_timeout_s,
            "read": policy.read_timeout_s,
            "write": policy.read_timeout_s,
            "pool": policy.total_timeout_s,
        }


@contextlib.asynccontextmanager
async def open_client(policy: EgressPolicy, *, resolve: Resolve = system_resolve) -> AsyncGenerator[Client]:
    """A client that calls what the policy allows and closes its connections at the end.

    Effects: proxies and certificates named in the environment are ignored.
    """
    async with httpcore.AsyncConnectionPool(
        ssl_context=make_tls(policy), network_backend=CheckedBackend(policy, resolve), keepalive_expiry=15.0
    ) as pool:
        yield Client(policy, pool)


def _redirected(call: _Call, url: httpx.URL, status: int, location: str) -> _Call:
    try:
        following = str(url.join(location))
    except httpx.InvalidURL:
        raise RedirectRefused("Its target is not an address.") from None
    if status in _KEEPS_METHOD or call.method in {"GET", "HEAD"}:
        return _Call(method=call.method, url=following, headers=call.headers, content=call.content)
    headers = {name: value for name, value in call.headers.items() if name != "content-type"}
    return _Call(method="GET", url=following, headers=headers)


def _without_secrets(call: _Call) -> _Call:
    headers = {name: value for name, value in call.headers.items() if name in _CROSSES_ORIGINS}
    return _Call(method=call.method, url=call.url, headers=headers, content=call.content)


def _is_tls(error: BaseException | None) -> bool:
    """Whether TLS is at the bottom of an error; the libraries between wrap it differently per version."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextlib.contextmanager
def _translated(target: Target) -> Generator[None]:
    """Errors of the HTTP library as ours."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise TimedOut(str(target)) from error
    except httpcore.NetworkError as error:
        refused = TlsRefused if _is_tls(error) else ConnectionFailed
        raise refused(str(target)) from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        # Not chained: the library's message quotes header values.
        raise ConnectionFailed(str(target)) from None
