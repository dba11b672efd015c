"""The log's pages: what is listed, what is proved, what is taken away, and who may."""

import csv
import io
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from answerable import tlog
from answerable.api import Web
from answerable.app import create_application, event_registry
from answerable.audit.values import SubjectKind
from answerable.conversations import ConversationId
from answerable.dashboard.frame.texts import catalogue
from answerable.infra.ids import Actor, ActorKind
from answerable.infra.postgres import Server
from answerable.infra.schema import EXPECTED_REVISION
from answerable.infra.settings import Settings
from answerable.tenancy import Role
from factories.http import Client, open_client
from factories.inbox import hear
from factories.logbook import Logbook, opened_logbook
from factories.members import Browser, sign_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A workspace in which somebody wrote, and its owner's browser."""

    book: Logbook
    client: Client
    tenant: Actor
    owner: Browser
    conversation_id: ConversationId

    async def event_of(self, event_type: str) -> str:
        lines = (await self.owner.get(f"/audit/export?format=jsonl&type={event_type}")).text.splitlines()
        return json.loads(lines[-1])["event"]["event_id"]


@pytest.fixture
async def desk(
    server: Server, settings: Settings, database_name: str, tmp_path: Path
) -> AsyncGenerator[Desk]:
    assert database_name  # migrated
    async with opened_logbook(server, settings, tmp_path / "signer") as book:
        web = Web(database=book.database, expected_revision=EXPECTED_REVISION)
        async with open_client(create_application(web)) as client:
            tenant = await book.make_tenant()
            owner = await sign_in(book.database, client, tenant)
            conversation_id = await hear(
                book.database, replace(tenant, kind=ActorKind.CONTACT), "Secret words"
            )
            yield Desk(book=book, client=client, tenant=tenant, owner=owner, conversation_id=conversation_id)


def change(desk: Desk, statement: str) -> None:
    with psycopg.connect(desk.book.server.conninfo(database=desk.book.name), autocommit=True) as connection:
        connection.execute("ALTER TABLE message DISABLE TRIGGER ALL")
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "key",
    [
        *(f"did_{name.replace('.', '_')}" for name in sorted(one.type for one in event_registry())),
        *(f"actor_{kind.value}" for kind in ActorKind),
        *(f"subject_{kind.value}" for kind in SubjectKind),
    ],
)
def test_the_pages_have_words_for_everything_that_the_log_can_hold(key: str) -> None:
    assert set(catalogue().get(f"audit.{key}", {})) == {"en", "de"}


async def test_a_log_without_entries_says_so_and_one_with_some_lists_them(desk: Desk) -> None:
    before = await desk.owner.get("/audit")
    await desk.book.publish()
    after = await desk.owner.get("/audit")

    assert "Nothing has a place yet" in before.text
    assert "Wrote a message" in after.text
    assert 'data-proof="checkpoint"' in after.text
    assert "Secret words" not in after.text


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("type=message.received", True),
        ("type=keys.rotated", False),
        ("who=contact", True),
        ("who=assistant", False),
        ("who=nobody-at-all", False),
        ("until=2001-01-01", False),
        ("since=2001-01-01&until=9999-12-31", True),
        ("conversation=00000000-0000-7000-8000-000000000000", False),
        ("type=&who=&conversation=&contact=&since=&until=", True),
    ],
)
async def test_filters_show_what_they_ask_for(desk: Desk, query: str, *, is_found: bool) -> None:
    await desk.book.publish()

    page = await desk.owner.get(f"/audit?{query}")

    assert page.status == 200
    assert ("<b>Wrote a message</b>" in page.text) is is_found


async def test_the_checkpoint_in_the_list_says_who_vouches_for_it(desk: Desk) -> None:
    await desk.book.publish()

    assert "Who vouches: signed" in (await desk.owner.get("/audit")).text


async def test_an_entry_in_a_checkpoint_is_proved_and_its_files_verify(desk: Desk) -> None:
    await desk.book.publish()
    event_id = await desk.event_of("message.received")

    page = await desk.owner.get(f"/audit/{event_id}")
    proof = await desk.owner.get(f"/audit/{event_id}/proof")
    entry = await desk.owner.get(f"/audit/{event_id}/bytes")

    key = page.text.partition("echo 'log ")[2].partition("'")[0]
    policy = tlog.parse_policy(f"log {key}\nquorum none\n".encode())
    tlog.verify_proof(tlog.parse_proof(proof.text.encode()), tlog.hash_leaf(entry.text.encode()), policy)
    assert "In a checkpoint" in page.text
    assert "The log itself" in page.text
    assert "does not fit" not in page.text
    assert "text: sealed, can be opened" in page.text


async def test_the_whole_conversation_is_there_for_who_may_view_it(desk: Desk) -> None:
    await desk.book.publish()
    event_id = await desk.event_of("message.received")
    dossier = f"/v1/audit/conversations/{desk.conversation_id}/dossier?language=en"
    auditor = await sign_in(desk.book.database, desk.client, desk.tenant, Role.AUDITOR)

    assert dossier in (await desk.owner.get(f"/audit/{event_id}")).text
    assert (await desk.owner.get(dossier)).status == 200
    assert "/dossier" not in (await auditor.get(f"/audit/{event_id}")).text


async def test_an_entry_that_waits_says_so_and_has_no_proof_to_take(desk: Desk) -> None:
    await desk.book.publish()
    (event_id,) = await desk.book.record(desk.tenant)

    page = await desk.owner.get(f"/audit/{event_id}")
    proof = await desk.owner.get(f"/audit/{event_id}/proof")

    assert "Committed, waiting" in page.text
    assert proof.status == 409


async def test_a_message_that_was_exchanged_is_a_violation_wherever_it_is_shown(desk: Desk) -> None:
    await desk.book.publish()
    event_id = await desk.event_of("message.received")
    before = await desk.owner.get(f"/conversations/{desk.conversation_id}")
    # Each commitment is exchanged, so the text cannot be opened any more: the log's page still tells.
    change(desk, "UPDATE message SET text_sealed = set_byte(text_sealed, 20, get_byte(text_sealed, 20) # 1)")

    page = await desk.owner.get(f"/audit/{event_id}")

    assert "In a signed checkpoint" in before.text
    assert "This is not what was recorded." in page.text
    assert "something else is stored" in page.text


async def test_an_entry_whose_bytes_were_changed_leads_elsewhere(desk: Desk) -> None:
    await desk.book.publish()
    event_id = await desk.event_of("message.received")
    desk.book.run_as_superuser(
        "ALTER TABLE audit_event DROP CONSTRAINT ck_audit_event_leaf_hash_is_of_body",
        "UPDATE audit_event SET body = set_byte(body, 20, 65) WHERE type = 'message.received'",
    )

    page = await desk.owner.get(f"/audit/{event_id}")

    assert "This is not what was recorded." in page.text


async def test_exports_hold_each_entry_once_in_the_logs_order(desk: Desk) -> None:
    await desk.book.record(desk.tenant, 600)
    await desk.book.publish()

    plain = [
        json.loads(line) for line in (await desk.owner.get("/audit/export?format=jsonl")).text.splitlines()
    ]
    cells = list(csv.DictReader(io.StringIO((await desk.owner.get("/audit/export?format=csv")).text)))
    ocsf = [
        json.loads(line) for line in (await desk.owner.get("/audit/export?format=ocsf")).text.splitlines()
    ]

    assert [one["index"] for one in plain] == list(range(len(plain)))
    assert len(plain) > 600
    assert [int(one["index"]) for one in cells][: len(plain)] == list(range(len(plain)))
    assert {one["class_uid"] for one in ocsf} == {3002, 6003}
    assert all(one["type_uid"] == one["class_uid"] * 100 + one["activity_id"] for one in ocsf)


async def test_taking_the_log_away_is_recorded(desk: Desk) -> None:
    await desk.owner.get("/audit/export?format=csv&type=tenant.created")
    await desk.book.publish()

    page = await desk.owner.get("/audit?type=access.entries_exported")

    assert "<b>Took entries away as a file</b>" in page.text


async def test_only_who_may_view_the_log_sees_it_or_a_way_to_it(desk: Desk) -> None:
    await desk.book.publish()
    responder = await sign_in(desk.book.database, desk.client, desk.tenant, Role.RESPONDER)
    event_id = await desk.event_of("message.received")

    refused = [
        (await responder.get(path)).status
        for path in (
            "/audit",
            "/audit/rows",
            "/audit/export?format=csv",
            f"/audit/{event_id}",
            f"/audit/{event_id}/proof",
        )
    ]
    talk = await responder.get(f"/conversations/{desk.conversation_id}")

    assert refused == [403] * 5
    assert "In a signed checkpoint" in talk.text
    assert "/audit" not in talk.text


async def test_another_workspaces_entry_is_nowhere(desk: Desk) -> None:
    other = await desk.book.make_tenant()
    (theirs,) = await desk.book.record(other)
    await desk.book.publish()

    assert [(await desk.owner.get(f"/audit/{theirs}{rest}")).status for rest in ("", "/proof", "/bytes")] == [
        404
    ] * 3
