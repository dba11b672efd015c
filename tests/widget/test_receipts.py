"""A contact's receipt: everything in it verifies, nothing of it is anybody else's."""

import copy
import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from answerable import conversations, tlog, vault
from answerable.answering import OutcomeKind
from answerable.api import Web
from answerable.app import create_application
from answerable.conversations import ConversationId
from answerable.infra.db import Unaudited
from answerable.infra.ids import Actor
from answerable.infra.postgres import Server
from answerable.infra.schema import EXPECTED_REVISION
from answerable.infra.settings import Settings
from factories.contacts import Contact, make_contact
from factories.http import Response, open_client
from factories.inbox import settle
from factories.logbook import Logbook, opened_logbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A conversation of one question and one answer, in a database of its own."""

    book: Logbook
    tenant: Actor
    contact: Contact
    conversation_id: ConversationId
    token: str

    async def ask(self, *, token: str | None = None, conversation_id: object = None) -> Response:
        return await self.contact.client.get(
            "/widget/v1/receipt",
            params={"conversation_id": str(conversation_id or self.conversation_id)},
            headers={"Answerable-Key": self.contact.key, "Answerable-Conversation": token or self.token},
        )

    async def transcript(self) -> dict[str, Any]:
        return (await self.ask()).json()["transcript"]


@pytest.fixture
async def written(
    server: Server, settings: Settings, database_name: str, tmp_path: Path
) -> AsyncGenerator[Written]:
    assert database_name  # migrated
    async with opened_logbook(server, settings, tmp_path / "signer") as book:
        web = Web(database=book.database, expected_revision=EXPECTED_REVISION)
        async with open_client(create_application(web)) as client:
            tenant = await book.make_tenant()
            contact = await make_contact(client, book.database, tenant)
            begun = (await contact.write("May I send 2 boots back within 30 days?")).json()
            conversation_id = ConversationId(UUID(begun["conversation_id"]))
            await settle(book.database, tenant, conversation_id, kind=OutcomeKind.REPLY)
            yield Written(
                book=book,
                tenant=tenant,
                contact=contact,
                conversation_id=conversation_id,
                token=begun["conversation_token"],
            )


def faults(transcript: dict[str, Any]) -> list[int]:
    """Lines that do not hold, checked from the formats' descriptions alone."""
    policy = tlog.parse_policy(transcript["policy"].encode())
    receipt_key = tlog.parse_key(transcript["keys"]["receipt"])
    wrong: list[int] = []
    for number, message in enumerate(transcript["messages"], start=1):
        entry = b64decode(message["entry"])
        place, text = message["place"].encode(), message["text"].encode()
        committed = b"answerable/slot/v1\0" + UUID(message["tenant"]).bytes + UUID(message["record"]).bytes
        committed += bytes([len(place)]) + place + len(text).to_bytes(8, "big") + text
        commitment = hmac.digest(b64decode(message["blind"]), committed, "sha256")
        leaf = hashlib.sha256(b"\0" + entry).digest()
        note = tlog.parse_note(message["receipt"].encode())
        tlog.verify_note(note, [receipt_key])
        tlog.verify_proof(tlog.parse_proof(message["proof"].encode()), leaf, policy)
        holds = (
            b64decode(json.loads(entry)["slots"]["text"]["c"]) == commitment
            and b64decode(note.text.split(b"\n")[3]) == leaf
        )
        if not holds:
            wrong.append(number)
    return wrong


async def test_a_receipt_goes_from_pending_to_a_checkpoint_and_verifies(written: Written) -> None:
    pending = (await written.ask()).json()
    await written.book.publish()
    proved = (await written.ask()).json()

    assert (set(pending["states"].values()), pending["transcript"]) == ({"pending"}, None)
    assert (pending["assurance"], proved["assurance"]) == (None, "signed")
    assert set(proved["states"].values()) == {"checkpoint"}
    assert [one["author"] for one in proved["transcript"]["messages"]] == ["contact", "assistant"]
    assert faults(proved["transcript"]) == []


async def test_one_changed_digit_is_found_in_its_line(written: Written) -> None:
    await written.book.publish()
    transcript = await written.transcript()
    changed = copy.deepcopy(transcript)
    changed["messages"][0]["text"] = transcript["messages"][0]["text"].replace("30", "31")

    assert faults(changed) == [1]


async def test_what_was_erased_is_not_in_the_receipt(written: Written) -> None:
    await written.book.publish()
    async with written.book.database.tenant_session(written.tenant) as db:
        contact_id = (await conversations.get(db, written.conversation_id)).contact_id
        await vault.destroy(db, vault.Subject(kind=vault.SubjectKind.CONTACT, id=contact_id))
        db.unaudited(Unaudited.PROGRESS)

    assert (await written.transcript())["messages"] == []


async def test_only_the_conversations_own_token_opens_it(written: Written) -> None:
    other = (await written.contact.write("Somebody else")).json()

    answers = [
        await written.ask(token="00" * 32),
        await written.ask(token=other["conversation_token"]),
        await written.ask(conversation_id=other["conversation_id"]),
    ]

    assert [one.status_code for one in answers] == [404] * 3


async def test_a_draft_is_not_in_the_receipt(written: Written) -> None:
    second = (await written.contact.write("And tents?")).json()
    conversation_id = ConversationId(UUID(second["conversation_id"]))
    await settle(written.book.database, written.tenant, conversation_id, said="A draft of 7 words.")
    await written.book.publish()
    theirs = replace(written, conversation_id=conversation_id, token=second["conversation_token"])

    assert "A draft of 7 words." not in json.dumps(await theirs.transcript())


async def test_opening_it_is_recorded_with_the_contact_as_actor(written: Written) -> None:
    await written.ask()

    kinds = written.book.run_as_superuser(
        "SELECT actor_kind, actor_id FROM audit_event WHERE type = 'access.receipt_opened'"
    )

    assert kinds == [("contact", None)]
