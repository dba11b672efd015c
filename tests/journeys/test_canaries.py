"""A name, an e-mail address, a telephone number and a secret driven through the product, errors included:
they are found where they belong, and in no log, no job, no metric, no error and no file in clear.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from answerable import vault
from answerable.app import open_product
from answerable.infra.home import find_home
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.postgres import Server, Tuning, delete_database, running_server
from answerable.infra.postgres.binaries import find_binaries
from answerable.infra.postgres.errors import StillInUse
from answerable.infra.postgres.place import Place, find_place
from answerable.infra.settings import Embedder, Settings
from answerable.vault import Keys
from factories.log import CANARIES
from factories.product import Product, free_port, until

# All tests look at what one run of the product left behind.
pytestmark = pytest.mark.xdist_group("canaries")

NAME, EMAIL, PHONE, SECRET = CANARIES
TOLD = f"My name is {NAME}, call {PHONE} or write to {EMAIL}, my password is {SECRET}."
PUBLISHED = "Wanderfalke returns are free of charge within thirty days."
"""Stands in a document, so it lies in the database in clear: what a search that can find something finds."""

JSON = {"Content-Type": "application/json"}
MESSAGES = "/widget/v1/messages"

DRIVER = """\
import json
import sys
from sqlalchemy import text
from answerable import answering, app
from answerable.infra import installation
from answerable.infra.embedding import HashingEmbedder

class Failing(HashingEmbedder):
    async def embed_query(self, text):
        if "embed-and-fail" in text:
            raise ConnectionError(f"No vector for {text}") from ValueError(text)
        return await super().embed_query(text)

accept = answering.accept

async def failing_accept(db, new):
    if "accept-and-fail" in new.text:
        raise RuntimeError(new.text) from ValueError(new.text)
    if "query-and-fail" in new.text:
        await db.execute(text("SELECT CAST(:it AS integer)"), {"it": new.text})
    return await accept(db, new)

installation.choose_embedder = lambda settings: Failing()
answering.accept = failing_accept
if len(sys.argv) == 2:
    sys.exit(app.main())
for line in sys.stdin:
    sys.argv[1:] = json.loads(line)
    code = app.main()
    sys.stdout.flush()
    sys.stderr.flush()
    print(f"\\n\\x1e{code}", flush=True)
"""
"""The product with faults that carry what a contact wrote: one part of it, or the commands that are read."""

BROKEN = {
    "no-text.md": f"# Returns\n\n{TOLD}\x00".encode() + b"\xff\xfe\x00\x01",
    "front-matter.md": f"---\ntitle: {NAME}\nlanguage: {SECRET}\n---\n# A\n\n{TOLD}\n".encode(),
    "days.md": f"---\ntitle: A\nvalid_until: {PHONE}\n---\n# A\n\n{TOLD}\n".encode(),
    "table.csv": f"question,answer\nWho?,{NAME},{EMAIL},{SECRET},too many\n".encode(),
    "columns.csv": f"{NAME},{SECRET}\n{EMAIL},{PHONE}\n".encode(),
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, and the exit code it is to end with."""

    arguments: tuple[str, ...]
    code: int


@dataclass(slots=True)
class Traces:
    """What one run of the product told, and where it left something."""

    product: Product
    server: Server
    place: Place
    errors: dict[str, str] = field(default_factory=dict[str, str])
    """Bodies of errors over HTTP, by what was tried."""
    commands: dict[str, str] = field(default_factory=dict[str, str])
    """What commands wrote to both of their outputs, by what was tried."""
    metrics: str = ""
    conversation_id: str = ""
    """The conversation that people got, and in which the contact gave an address."""
    shown: str = ""
    """It, as its own contact sees it."""
    stuck_id: str = ""
    """The conversation whose job fails."""

    def start(self, part: str) -> None:
        with self.product.output.open("ab") as output:
            self.product.processes.append(
                subprocess.Popen(
                    [sys.executable, "-c", DRIVER, part],
                    env=self.product.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def run(self, *commands: Command) -> None:
        done = subprocess.run(
            [sys.executable, "-c", DRIVER],
            env=self.product.environment,
            input="\n".join(json.dumps(each.arguments) for each in commands),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=90,
            check=True,
        ).stdout
        *outputs, rest = done.split("\n\x1e")
        codes = [part.split("\n")[0] for part in [*outputs[1:], rest]]
        assert codes == [str(each.code) for each in commands], done
        for each, told in zip(commands, outputs, strict=True):
            self.commands[f"{len(self.commands)} {' '.join(each.arguments[:2])}"] = told

    def rows(self, statement: str) -> list[str]:
        with psycopg.connect(self.server.conninfo(), autocommit=True) as connection:
            return [str(row[0]) for row in connection.execute(statement.encode())]


def forms(canary: str) -> set[str]:
    """How a text can stand in a file: as it is, escaped for an address, in a dump's bytes."""
    return {canary.lower(), quote(canary, safe="").lower(), canary.encode().hex()}


def find_canaries(*told: str, within: Iterable[str] = CANARIES) -> list[str]:
    lowered = [each.lower() for each in told]
    return [canary for canary in within if any(form in each for form in forms(canary) for each in lowered)]


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Generator[Traces]:
    folder = tmp_path_factory.mktemp("canaries")
    settings = Settings(home=folder / "home", embedder=Embedder.HASHING, port=free_port())
    product = Product(settings=settings, folder=folder)
    try:
        with running_server(settings, tuning=Tuning.THROWAWAY) as server:
            place = find_place(find_home(settings))
            assert place is not None
            left = Traces(product=product, server=server, place=place)
            drive(left)
            yield left
    finally:
        product.stop_all()
        with suppress(StillInUse):
            delete_database(settings)


def drive(traces: Traces) -> None:
    drive_set_up(traces)
    for part in ("serve", "worker"):
        traces.start(part)
    traces.product.await_ready()
    (key,) = traces.rows("SELECT public_key FROM tenant WHERE slug = 'shop'")
    with httpx.Client(base_url=traces.product.address, timeout=30) as client:  # noqa: TID251 - our own server
        drive_contact(traces, client, {"Answerable-Key": key})
        drive_errors(traces, client, {"Answerable-Key": key})
        traces.metrics = client.get("/metrics").text
    drive_commands(traces)


def drive_set_up(traces: Traces) -> None:
    documents = traces.product.folder / "documents"
    documents.mkdir()
    (documents / "returns.md").write_text(f"# Returns\n\n{PUBLISHED}\n")
    for name, content in BROKEN.items():
        (documents / name).write_bytes(content)
    traces.run(
        Command(("tenant", "create", "shop", "--owner", EMAIL), 0),
        Command(("tenant", "create", "shop", "--owner", EMAIL), 1),
        Command(("tenant", "create", "other", "--owner", f"{NAME} {SECRET}"), 1),
        Command(("knowledge", "import", "shop", str(documents)), 1),
    )
    told = "\n".join(traces.commands.values())
    assert "1 added" in told, told
    assert f"{len(BROKEN)} failed" in told, told


def post(client: httpx.Client, headers: dict[str, str], said: str, **more: str) -> httpx.Response:  # noqa: TID251 - a type
    body = {"text": said, "client_id": str(uuid7()), **more}
    return client.post(MESSAGES, json=body, headers=headers)


def drive_contact(traces: Traces, client: httpx.Client, headers: dict[str, str]) -> None:  # noqa: TID251 - a type
    begun = post(client, headers, f"I would like to talk to a person. {TOLD}").json()
    traces.conversation_id = begun["conversation_id"]
    own = headers | {"Answerable-Conversation": begun["conversation_token"]}

    def read() -> httpx.Response:
        return client.get(MESSAGES, params={"conversation_id": traces.conversation_id}, headers=own)

    def count_messages() -> int:
        return len(read().json()["messages"])

    await_it(traces, lambda: count_messages() == 2)
    post(client, own, f"Reach me at {EMAIL}", conversation_id=traces.conversation_id).raise_for_status()
    await_it(traces, lambda: count_messages() == 4)
    traces.shown = read().text
    post(client, headers, f"Are Wanderfalke returns free? {TOLD}").raise_for_status()
    traces.stuck_id = post(client, headers, f"embed-and-fail {TOLD}").json()["conversation_id"]
    await_it(traces, lambda: bool(traces.rows("SELECT id FROM jobs.procrastinate_jobs WHERE attempts > 0")))


def drive_errors(traces: Traces, client: httpx.Client, headers: dict[str, str]) -> None:  # noqa: TID251 - a type
    answers = {
        "too long": (post(client, headers, TOLD * 200), 422),
        "not known": (post(client, headers, TOLD, secret=SECRET), 422),
        "no client id": (post(client, headers, TOLD, client_id=SECRET), 422),
        "no JSON": (client.post(MESSAGES, content=TOLD, headers=headers), 415),
        "broken JSON": (client.post(MESSAGES, content=TOLD, headers=headers | JSON), 400),
        "no key": (post(client, {"Answerable-Key": SECRET}, TOLD), 401),
        "no conversation": (
            post(
                client,
                headers | {"Answerable-Conversation": SECRET},
                TOLD,
                conversation_id=traces.conversation_id,
            ),
            404,
        ),
        "no page": (client.get(f"/{quote(TOLD)}", params={"email": EMAIL}), 404),
        "no position": (client.get(MESSAGES, params={"after": SECRET}, headers=headers), 422),
        "undeclared": (post(client, headers, f"accept-and-fail {TOLD}"), 500),
        "refused by the database": (post(client, headers, f"query-and-fail {TOLD}"), 500),
    }
    expected = {tried: status for tried, (_answer, status) in answers.items()}
    assert {tried: answer.status_code for tried, (answer, _status) in answers.items()} == expected
    traces.errors = {tried: answer.text + str(answer.headers) for tried, (answer, _status) in answers.items()}


def drive_commands(traces: Traces) -> None:
    traces.run(
        Command(("ask", "shop", f"I want to speak to a human. {TOLD}", "--json"), 0),
        # As a table: as JSON the result names the words that were searched for.
        Command(("knowledge", "search", "shop", TOLD), 0),
        Command(("ask", "shop", f"embed-and-fail {TOLD}"), 1),
        Command(("ask", "shop", f"accept-and-fail {TOLD}", "--json"), 1),
        Command(("ask", "shop", f"query-and-fail {TOLD}"), 1),
        Command(("ask", SECRET, TOLD), 1),
        Command(("audit", "tail", "shop", "--limit", "500", "--json"), 0),
    )


def await_it(traces: Traces, holds: Callable[[], bool]) -> None:
    until(holds, within_s=60, told=traces.product.output.read_text)
    # A line of the log is written a moment after the row that was waited for.
    time.sleep(0.2)


def test_the_contact_and_a_member_read_what_was_written(traces: Traces) -> None:
    told = traces.product.run("conversation", "show", "shop", traces.conversation_id, "--json")

    assert find_canaries(traces.shown) == list(CANARIES)
    assert find_canaries(told) == list(CANARIES)


async def test_the_vault_opens_the_addresses(traces: Traces) -> None:
    (tenant_id,) = traces.rows("SELECT tenant_id FROM tenant WHERE slug = 'shop'")
    actor = Actor(tenant_id=TenantId(UUID(tenant_id)), kind=ActorKind.SYSTEM)
    statement = text(
        "SELECT 'member.email' AS slot, id, email_sealed AS sealed FROM member"
        " UNION ALL SELECT 'contact_address.value', id, value_sealed FROM contact_address ORDER BY 1"
    )

    async with open_product(traces.product.settings) as product, product.database.tenant_session(actor) as db:
        stored = [
            vault.Stored(record_id=row.id, slot=row.slot, envelope=row.sealed)
            for row in await db.execute(statement)
        ]
        opened = await vault.open_many(db, Keys(folder=product.settings.keys), stored)

    assert opened == [EMAIL.encode(), EMAIL.encode()]


def test_the_output_of_the_processes_says_what_happened_and_not_to_whom(traces: Traces) -> None:
    told = traces.product.output.read_text()

    assert find_canaries(told) == []
    # Everything that failed was logged, by its type.
    assert "ConnectionError" in told
    assert "RuntimeError" in told
    assert "DataError" in told or "InvalidTextRepresentation" in told
    assert "answer_message" in told


def test_the_servers_own_log_holds_no_content(traces: Traces) -> None:
    told = "".join(path.read_text(errors="replace") for path in traces.place.log.iterdir())

    assert find_canaries(told) == []
    assert "database system is ready" in told


def test_the_job_tables_hold_no_content(traces: Traces) -> None:
    tables = traces.rows("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'jobs' ORDER BY 1")

    told = [row for table in tables for row in traces.rows(f"SELECT t::text FROM jobs.{table} t")]

    assert find_canaries(*told) == []
    assert any(traces.stuck_id in row for row in told)


def test_metrics_hold_no_content(traces: Traces) -> None:
    assert find_canaries(traces.metrics) == []
    assert "# TYPE" in traces.metrics


def test_errors_over_http_repeat_nothing_of_the_request(traces: Traces) -> None:
    assert {tried: find_canaries(told) for tried, told in traces.errors.items() if find_canaries(told)} == {}
    assert all('"code"' in told for told in traces.errors.values()), traces.errors


def test_commands_show_nothing_of_what_was_written(traces: Traces) -> None:
    assert {
        tried: find_canaries(told) for tried, told in traces.commands.items() if find_canaries(told)
    } == {}
    assert sum("internal.error" in told for told in traces.commands.values()) == 3
    assert any("message.received" in told for told in traces.commands.values())


def test_a_dump_of_the_database_holds_nothing_in_clear(traces: Traces) -> None:
    dumped = subprocess.run(
        [find_binaries(traces.product.settings).program("pg_dump"), "--dbname", traces.server.conninfo()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    assert find_canaries(dumped) == []
    assert find_canaries(dumped, within=[PUBLISHED, traces.conversation_id]) == [
        PUBLISHED,
        traces.conversation_id,
    ]
    # Bytes are dumped as digits, so what would stand in clear in such a column has to be looked for as such.
    assert find_canaries(dumped, within=['"type":"message.received"']) != []


def test_no_file_of_the_installation_holds_anything_in_clear(traces: Traces) -> None:
    with psycopg.connect(traces.server.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("CHECKPOINT"))
    folders = {traces.place.folder, traces.product.settings.home}
    found: dict[str, set[Path]] = {sought: set() for sought in (*CANARIES, PUBLISHED)}

    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        # The server deletes files of its own meanwhile.
        with suppress(FileNotFoundError):
            content = path.read_bytes()
            for sought, places in found.items():
                if sought.encode() in content:
                    places.add(path)

    assert {sought: found[sought] for sought in CANARIES} == {sought: set() for sought in CANARIES}
    assert found[PUBLISHED]
