"""Sending to the addresses that a tenant or the platform has registered: witnesses, authorities, receivers."""

from collections.abc import Awaitable, Callable, Mapping

from answerable.infra.egress import (
    EgressPolicy,
    Resolve,
    Response,
    UrlRefused,
    open_client,
    system_resolve,
    take_apart,
)

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Response]]
"""Sends a body with headers to an address and gives the answer, whatever its status."""

MAX_ANSWER_BYTES = 64 * 1024
_TOTAL_S = 20.0


def poster(
    private_sites: frozenset[tuple[str, int]] = frozenset(),
    *,
    allows_plain: bool = False,
    resolve: Resolve = system_resolve,
) -> Post:
    """What sends to public servers over TLS, and to those in a private network that the platform has named.

    With `allows_plain` also without TLS, for what proves itself.
    """

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        policy = policy_for(url, private_sites, allows_plain=allows_plain)
        async with open_client(policy, resolve=resolve) as client:
            return await client.send("POST", url, headers=headers, content=body, follow=False)

    return post


def require_reachable(url: str, private_sites: frozenset[tuple[str, int]]) -> None:
    """Go on only if the address is one that would be called: over TLS, or named by the platform.

    Errors:  UrlRefused.
    """
    target = take_apart(url)
    if target.scheme != "https" and (target.host, target.port) not in private_sites:
        raise UrlRefused(f"Without TLS only what ANSWERABLE_PRIVATE_SITES names: {target}.")


def policy_for(
    url: str, private_sites: frozenset[tuple[str, int]], *, allows_plain: bool = False
) -> EgressPolicy:
    """What may be called: the one host that the address names.

    Errors:  UrlRefused.
    """
    target = take_apart(url)
    try:
        return EgressPolicy(
            hosts=frozenset({target.host}),
            # Otherwise plain http only into a private network, where the platform has named the server.
            ports=frozenset({target.port}) if allows_plain or target.scheme == "https" else frozenset[int](),
            private_endpoints=private_sites,
            total_timeout_s=_TOTAL_S,
            max_body_bytes=MAX_ANSWER_BYTES,
        )
    except ValueError:
        raise UrlRefused from None
