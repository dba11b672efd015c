"""What may be called and within which limits, and what comes back. Nothing is sent here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """Who may be called, and how long and how large an answer may be."""

    hosts: frozenset[str] = frozenset()
    """Names in lower case; `*.example.com` stands for every name below example.com, not for itself."""

    ports: frozenset[int] = frozenset({443})
    """Ports of these hosts. Plain http needs its port named: by default there is only https."""

    private_endpoints: frozenset[tuple[str, int]] = frozenset()
    """Host and port pairs, named by platform staff, that may lie in a private network."""

    authorities: Path | None = None
    """Certificates (PEM) trusted besides the public ones."""

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 15.0
    """How long the server may be silent."""

    total_timeout_s: float = 30.0
    """From the first look-up to the last byte, redirects included."""

    max_body_bytes: int = 5_000_000
    """Of an answer after decompression."""

    max_redirects: int = 3

    def __post_init__(self) -> None:
        for host in [*self.hosts, *(host for host, _ in self.private_endpoints)]:
            if not _NAME.fullmatch(host):
                raise ValueError(f"not a host in lower case: {host!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one request goes."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; the last value wins."""

    body: bytes
