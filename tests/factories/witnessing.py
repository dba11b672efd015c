"""Witnesses of the tests' own behind addresses, spoken to without a network."""

from collections.abc import Mapping
from pathlib import Path

from answerable.audit import signed, vouching, witnesses
from answerable.audit.rooting import ROOT_READER
from answerable.audit.verifying import Assurance
from answerable.audit.witnesses import Witness as Registered
from answerable.infra.egress import Response
from answerable.infra.ids import Actor
from answerable.witness import Witness, parse_request
from answerable.witness.protocol import read_logs
from factories.logbook import Logbook

NAME = "witness.example.com/w1"


def answer(status: int, body: bytes = b"", content_type: str = "text/plain") -> Response:
    return Response(status=status, headers={"content-type": content_type}, body=body)


class Wired:
    """Witnesses of our own behind addresses, spoken to without a network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.witnesses: dict[str, Witness] = {}
        self.requests: list[bytes] = []

    def add(self, url: str, name: str, logs: str) -> Witness:
        witness = Witness(
            self._folder / name.replace("/", "_"), name, read_logs(logs), now=lambda: 1_795_000_000
        )
        self.witnesses[url] = witness
        return witness

    async def post(self, url: str, body: bytes, _headers: Mapping[str, str]) -> Response:
        self.requests.append(body)
        request = parse_request(body)
        assert request is not None
        seen = self.witnesses[url.removesuffix("/add-checkpoint")].take(request)
        if seen.size is not None:
            return answer(409, f"{seen.size}\n".encode(), "text/x.tlog.size")
        return answer(int(seen.verdict), seen.lines)


async def keys_of(logbook: Logbook, actor: Actor) -> str:
    async with logbook.database.tenant_session(actor) as db:
        names = await signed.find_names(db)
    assert names is not None
    return f"log {names.log_key}\n"


async def register(
    logbook: Logbook, actor: Actor, key: str, url: str | None = "https://w1.example.com"
) -> str | None:
    async with logbook.database.tenant_session(actor) as db:
        return (await witnesses.add_witness(db, key, url=url))[1]


async def list_of(logbook: Logbook, actor: Actor) -> list[Registered]:
    async with logbook.database.tenant_session(actor) as db:
        return await witnesses.list_witnesses(db)


async def head_of(logbook: Logbook, actor: Actor) -> signed.Head:
    async with logbook.database.tenant_session(actor) as db:
        return await signed.get_head(db)


async def level_of(logbook: Logbook, actor: Actor) -> Assurance:
    sessions = logbook.database.tenant_session
    async with sessions(actor) as db, sessions(ROOT_READER) as root:
        head = await signed.get_head(db, covering=0)
        return (await vouching.assess(db, root, head)).level


async def grown(logbook: Logbook) -> Actor:
    actor = await logbook.make_tenant()
    await logbook.record(actor, 5)
    await logbook.publish()
    return actor


async def policy_of(logbook: Logbook, actor: Actor) -> bytes:
    async with logbook.database.tenant_session(actor) as db:
        return await witnesses.render_policy(db)
