"""Which addresses may be called under a policy. Pure; the name is looked up elsewhere."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx

from answerable.infra.egress.errors import AddressRefused, HostNotAllowed, RedirectRefused, UrlRefused
from answerable.infra.egress.values import EgressPolicy, Target

# Written out instead of `is_global`, whose answer changed between patch releases of Python.
_NOT_PUBLIC_4 = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_PUBLIC_6 = ip_network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ip_network(network)
    for network in (
        "2001::/23",  # Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ip_network("::/96")

# Every link-local address is here: nothing that a person would name lies there, and metadata services do.
_NEVER = tuple(
    ip_network(network)
    for network in (
        "169.254.0.0/16",  # AWS, Google, Azure, Oracle, DigitalOcean, ECS, EKS
        "fe80::/10",  # OpenStack
        "fd00:ec2::/32",  # AWS
        "fd20:ce::254/128",  # Google
        "100.100.100.200/32",  # Alibaba
        "192.0.0.192/32",  # Oracle, classic
        "168.63.129.16/32",  # Azure's host
    )
)
_NEVER_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)


def take_apart(url: str) -> Target:
    """Where an address leads, of one that has the form of an address; whether it may be called is not asked.

    Errors:  UrlRefused.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        # Not chained: the parser's message quotes the address.
        raise UrlRefused from None
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.userinfo:
        raise UrlRefused
    port = parsed.port or {"http": 80, "https": 443}[parsed.scheme]
    return Target(scheme=parsed.scheme, host=parsed.raw_host.decode("ascii"), port=port)


def check_url(policy: EgressPolicy, url: str) -> tuple[httpx.URL, Target]:
    """The address taken apart, once, and found to be one that may be tried.

    Errors:  UrlRefused, HostNotAllowed, AddressRefused.
    """
    target, parsed = take_apart(url), httpx.URL(url)
    host, port = target.host, target.port
    if host in _NEVER_NAMES:
        raise AddressRefused(str(target))
    if (host, port) in policy.private_endpoints:
        return parsed, target
    if not _is_listed(policy, host):
        raise HostNotAllowed(str(target))
    if port not in policy.ports:
        raise UrlRefused(str(target))
    return parsed, target


def check_redirect(old: Target, new: Target) -> None:
    """Refuse to follow from an encrypted to a plain address.

    Errors:  RedirectRefused.
    """
    if old.scheme == "https" and new.scheme == "http":
        raise RedirectRefused(f"{old} leads to plain http.")


def check_address(policy: EgressPolicy, host: str, port: int, address: str) -> None:
    """Refuse an address that the host's name was found to lead to.

    Errors:  AddressRefused.
    Source:  IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890).
    """
    refused = AddressRefused(f"{host}:{port}")
    try:
        faces = list(_faces(ip_address(address)))
    except ValueError:
        raise refused from None
    if any(face in network for face in faces for network in _NEVER):
        raise refused
    if (host, port) in policy.private_endpoints:
        return
    if not all(_is_public(face) for face in faces):
        raise refused


def _is_listed(policy: EgressPolicy, host: str) -> bool:
    parents = host.split(".")[1:]
    wildcards = {"*." + ".".join(parents[start:]) for start in range(len(parents))}
    return host in policy.hosts or not policy.hosts.isdisjoint(wildcards)


def _faces(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """The address and every other that a translator on the way may make of it."""
    if isinstance(address, IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    if address in _NAT64[0]:
        # Judged by what it stands for, since behind DNS64 every public IPv4 host looks like this.
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
        return
    yield address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64[1] or address in _COMPATIBLE:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)
