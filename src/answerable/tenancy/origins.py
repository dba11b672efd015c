"""Which pages may show the widget: how an origin is written, in the spelling that browsers send. Pure."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

import idna

from answerable.tenancy.errors import OriginInvalid, TooManyOrigins

MAX_ORIGINS = 50

_MAX_LENGTH = 300
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})
_DEFAULT_PORT = {"https": 443, "http": 80}
_WRITTEN = re.compile(r"[^\s\\\x00-\x1f\x7f]+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def check_origins(written: Iterable[str]) -> tuple[str, ...]:
    """The origins in their one spelling, in order, each once; empty lines count for nothing.

    Errors:  OriginInvalid, TooManyOrigins.
    """
    origins = tuple(dict.fromkeys(check_origin(line) for line in written if line.strip()))
    if len(origins) > MAX_ORIGINS:
        raise TooManyOrigins(f"These are {len(origins)}.")
    return origins


def check_origin(written: str) -> str:
    """The origin as a browser sends it: lower case, punycode, without a port that goes without saying.

    Errors:  OriginInvalid.
    Source:  RFC 6454, section 6.2; WHATWG URL, section 3.5, for hosts.
    """
    parts = _split(written.strip())
    port = _port_of(parts)
    # A slash at the end is what an address bar gives, and says no more than its absence.
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        raise OriginInvalid("Leave out what follows the host.")
    host = _host_of(parts)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _THIS_MACHINE):
        raise OriginInvalid("It does not begin with `https://`.")
    suffix = "" if port is None or port == _DEFAULT_PORT[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{host}{suffix}"


def _split(written: str) -> SplitResult:
    if len(written) > _MAX_LENGTH or not _WRITTEN.fullmatch(written):
        raise OriginInvalid
    try:
        return urlsplit(written)
    except ValueError as error:
        raise OriginInvalid from error


def _port_of(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise OriginInvalid("The port is none.") from error
    if port == 0 or parts.netloc.endswith(":"):
        raise OriginInvalid("The port is none.")
    return port


def _host_of(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if "*" in host:
        # A subdomain that anybody can register would be let in with the rest; browsers send exact origins.
        raise OriginInvalid("Name each subdomain by itself.")
    if parts.netloc.startswith("["):
        return _ipv6(host)
    # A browser reads a host whose last label is a number as an address, in several spellings.
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return _ipv4(host)
    return _domain(host)


def _ipv6(host: str) -> str:
    try:
        address = IPv6Address(host)
    except ValueError as error:
        raise OriginInvalid from error
    if address.scope_id is not None:
        raise OriginInvalid
    # A browser writes an address that holds an IPv4 one in hexadecimal, Python since 3.13 with dots.
    mapped = address.ipv4_mapped
    if mapped is not None:
        return f"[::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}]"
    return f"[{address.compressed}]"


def _ipv4(host: str) -> str:
    try:
        return str(IPv4Address(host))
    except ValueError as error:
        raise OriginInvalid from error


def _domain(host: str) -> str:
    try:
        encoded = idna.encode(host, uts46=True, transitional=False, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise OriginInvalid from error
    # A name from one label is a machine of a private network or a mistake; only this machine's is let in.
    if "." not in encoded and encoded not in _THIS_MACHINE:
        raise OriginInvalid("The host has no dot.")
    if encoded.endswith("."):
        raise OriginInvalid
    return encoded
