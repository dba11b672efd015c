"""Nothing but `infra.egress` dials elsewhere; what else may dial, dials this installation's own parts."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import answerable

SOURCE = Path(answerable.__file__).parent

FORBIDDEN_MODULES = (
    "aiohttp",
    "aiosmtplib",
    "asyncpg",
    "ftplib",
    "http.client",
    "httpcore",
    "httpx",
    "imaplib",
    "paramiko",
    "poplib",
    "procrastinate",
    "psycopg",
    "redis",
    "requests",
    "smtplib",
    "socket",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "uvicorn",
    "valkey",
    "websocket",
    "websockets",
    "xmlrpc.client",
)

FORBIDDEN_NAMES = frozenset(
    {
        "connect_tcp",
        "create_async_engine",
        "create_connection",
        "create_datagram_endpoint",
        "create_engine",
        "open_connection",
        "sock_connect",
    }
)
"""Calls that dial, whatever object they are called on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one place may use and why."""

    place: str
    """A file or folder under the package, without suffix."""

    uses: frozenset[str]
    reason: str


ALLOWED = (
    Allowance(
        place="infra/egress",
        uses=frozenset({"httpx", "httpcore", "socket", "connect_tcp"}),
        reason="It is the one way out and checks each address that it dials.",
    ),
    Allowance(
        place="infra/db",
        uses=frozenset({"psycopg", "create_async_engine", "create_engine"}),
        reason="The product's own database, at the address that the platform configured.",
    ),
    Allowance(
        place="infra/installation",
        uses=frozenset({"create_engine"}),
        reason="Asks the product's own database, as its owner, which schema it has.",
    ),
    Allowance(
        place="infra/roles",
        uses=frozenset({"psycopg"}),
        reason="Makes the roles of the product's own database.",
    ),
    Allowance(
        place="infra/schema",
        uses=frozenset({"create_engine"}),
        reason="Migrates the product's own database.",
    ),
    Allowance(
        place="infra/postgres",
        uses=frozenset({"psycopg", "socket", "create_async_engine", "create_engine"}),
        reason="Starts the embedded server, looks for a free port on this machine and asks whether it answers.",
    ),
    Allowance(
        place="infra/jobs",
        uses=frozenset({"psycopg", "procrastinate"}),
        reason="The queue lies in the product's own database.",
    ),
    Allowance(
        place="infra/signals",
        uses=frozenset({"psycopg"}),
        reason="Listens to the notifications of the product's own database.",
    ),
    Allowance(
        place="worker",
        uses=frozenset({"psycopg", "procrastinate"}),
        reason="Takes jobs from the queue in the product's own database.",
    ),
    Allowance(place="app", uses=frozenset({"uvicorn", "procrastinate"}), reason="Listens; it dials nobody."),
    Allowance(
        place="cli/running",
        uses=frozenset({"socket", "create_connection"}),
        reason="Looks whether the port is free; asks the web process that it started whether it is ready.",
    ),
    Allowance(place="api/application", uses=frozenset({"uvicorn"}), reason="Listens; it dials nobody."),
    Allowance(place="cli", uses=frozenset({"uvicorn"}), reason="Listens; it dials nobody."),
    Allowance(place="witness/serving", uses=frozenset({"uvicorn"}), reason="Listens; it dials nobody."),
)


def allowed_in(path: str) -> frozenset[str]:
    """What the file at a path under the package may use."""
    places = [one for one in ALLOWED if path == f"{one.place}.py" or path.startswith(f"{one.place}/")]
    return frozenset(name for one in places for name in one.uses)


def find_dials(source: str, allowed: frozenset[str] = frozenset()) -> list[str]:
    """Each way out that a source uses without leave, as `line: name`."""
    return [f"{line}: {name}" for line, name in sorted(_uses(ast.parse(source))) if name not in allowed]


def _uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, found) for alias in names for found in _forbidden(alias.name))
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    yield from ((node.lineno, found) for found in _forbidden(f"{module}.{alias.name}"))
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in FORBIDDEN_NAMES:
                yield node.lineno, name
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield from ((node.lineno, found) for found in _forbidden(module))
            case _:
                pass


def _forbidden(imported: str) -> Iterator[str]:
    for module in FORBIDDEN_MODULES:
        if imported == module or imported.startswith(f"{module}."):
            yield module
    if imported.rpartition(".")[2] in FORBIDDEN_NAMES:
        yield imported.rpartition(".")[2]


def test_only_the_egress_package_opens_connections_to_elsewhere() -> None:
    files = sorted(SOURCE.rglob("*.py"))

    found = {
        path: dials
        for file in files
        if (dials := find_dials(file.read_text(), allowed_in(path := file.relative_to(SOURCE).as_posix())))
    }

    assert len(files) > 20
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        "import socket",
        "import socket as s\ns.socket().connect(('a', 1))",
        "from socket import create_connection",
        "import httpx\nhttpx.AsyncClient()",
        "from httpx import Client as C",
        "import http.client",
        "from http import client",
        "import urllib.request as r",
        "from urllib import request",
        "from urllib.request import urlopen",
        "import smtplib, json",
        "import ftplib",
        "import telnetlib",
        "import requests.sessions",
        "def f():\n    import aiohttp",
        "from websockets.asyncio.client import connect",
        "import asyncio\nasyncio.open_connection('a', 1)",
        "from asyncio import open_connection as o",
        "async def f(loop):\n    await loop.create_connection(None, 'a', 1)",
        "async def f(loop, s):\n    await loop.sock_connect(s, ('a', 1))",
        "import anyio\nanyio.connect_tcp('a', 1)",
        "import importlib\nimportlib.import_module('socket')",
        "__import__('http.client')",
    ],
)
def test_a_planted_way_out_is_found(planted: str) -> None:
    assert find_dials(planted) != []


@pytest.mark.parametrize(
    "harmless",
    [
        "from http import HTTPStatus",
        "from urllib.parse import urlsplit",
        "import asyncio\nasyncio.open_file",
        "from answerable.infra.egress import open_client",
        "import socketless",
        "'import socket'",
    ],
)
def test_what_opens_nothing_is_left_alone(harmless: str) -> None:
    assert find_dials(harmless) == []


def test_leave_to_dial_covers_what_was_named_and_nothing_beside() -> None:
    assert find_dials("import socket\nimport smtplib", allowed_in("infra/egress/dial.py")) == ["2: smtplib"]
    assert allowed_in("infra/egress_of_another_kind.py") == frozenset()
    assert allowed_in("knowledge/service.py") == frozenset()
