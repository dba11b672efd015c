"""Where a request comes from, as far as that can be believed."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

Network = IPv4Network | IPv6Network


def sender_of(request: Request, *, proxies: Sequence[Network]) -> str:
    """The address to which a request is counted; that of an IPv6 sender is its network's, a /64.

    A proxy's word about the sender is taken only from the networks named as proxies.
    """
    address = _parse(request.client.host if request.client else "")
    if address is None:
        return "local"
    # From the right: each proxy has added the address that it saw, and whatever stands before is hearsay.
    heard = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while heard and _is_within(address, proxies):
        before = _parse(heard.pop().strip())
        if before is None:
            break
        address = before
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if address.version == 6 else address


def _is_within(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
