"""A conversation taken away: what is in it verifies by itself, what was erased stays erased, and the log tells."""

import io
import json
import subprocess
import sys
import zipfile
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.async_api import expect
from sqlalchemy import text

from answerable import audit, vault
from answerable.answering.values import OutcomeKind
from answerable.conversations import ConversationId
from answerable.infra.ids import ActorKind
from answerable.tenancy import Role
from answerable.vault.rules import is_commitment_to
from answerable.vault.values import Place
from answerable.widget.receipts import Transcript
from factories.browser import OpenContext
from factories.http import Response
from factories.inbox import hear, settle
from factories.members import sign_in
from factories.readers import Reader

SAID = "Where is <b>my</b> tent?"


async def spoken(reader: Reader, *, kind: OutcomeKind = OutcomeKind.REPLY) -> ConversationId:
    """A conversation in which a contact asked and the assistant replied."""
    conversation_id = await hear(reader.book.database, reader.tenant, SAID)
    await settle(reader.book.database, reader.tenant, conversation_id, kind=kind)
    await reader.book.publish()
    return conversation_id


async def ask(reader: Reader, conversation_id: object, language: str = "en") -> Response:
    return await reader.get(f"/conversations/{conversation_id}/dossier", language=language)


async def take(reader: Reader, conversation_id: object, language: str = "en") -> dict[str, bytes]:
    answer = await ask(reader, conversation_id, language)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    return {name: packed.read(name) for name in packed.namelist()}


async def test_each_entry_of_it_verifies_by_what_is_in_it(reader: Reader, tmp_path: Path) -> None:
    files = await take(reader, await spoken(reader))
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)

    proofs = sorted(name for name in files if name.endswith(".tlog-proof"))
    types = {json.loads(files[name.replace(".tlog-proof", ".json")])["type"] for name in proofs}
    assert {"message.received", "message.sent", "turn.ended", "disclosure.shown"} <= types
    for name in proofs:
        entry = name.replace(".tlog-proof", ".json")
        command = [sys.executable, "-I", "answerable_verify.py", name, "--policy", "policy", "--entry", entry]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)  # noqa: ASYNC221
        assert done.returncode == 0, done.stdout


async def test_its_messages_are_a_transcript_that_the_page_takes(
    reader: Reader, open_context: OpenContext, tmp_path: Path
) -> None:
    files = await take(reader, await spoken(reader))
    transcript = Transcript.model_validate_json(files["conversation.json"])
    (tmp_path / "conversation.json").write_bytes(files["conversation.json"])

    assert [one.author.value for one in transcript.messages] == ["contact", "assistant"]
    assert transcript.messages[0].text == SAID
    async with open_context(locale="en-GB") as context:
        page = await context.new_page()
        await page.set_content(files["verify.html"].decode())
        await page.set_input_files("label.drop input", tmp_path / "conversation.json")
        await expect(page.locator("[data-verdict=proved]")).to_be_visible()


async def test_a_draft_that_nobody_sent_is_no_message(reader: Reader) -> None:
    files = await take(reader, await spoken(reader, kind=OutcomeKind.DRAFT))
    transcript = Transcript.model_validate_json(files["conversation.json"])

    assert [one.author.value for one in transcript.messages] == ["contact"]
    assert b"You have 30 days." in files["story.html"]


async def test_every_sealed_value_is_opened_with_what_proves_it(reader: Reader) -> None:
    files = await take(reader, await spoken(reader))
    openings: list[dict[str, Any]] = json.loads(files["openings.json"])

    assert {one["slot"] for one in openings} >= {"text", "inputs"}
    for one in openings:
        place = Place(tenant_id=reader.tenant.tenant_id, record_id=UUID(one["record"]), slot=one["place"])
        assert is_commitment_to(
            b64decode(one["commitment"]), b64decode(one["blind"]), place, one["content"].encode()
        )


@pytest.mark.parametrize(("language", "title"), [("en", "What the log holds"), ("de", "Was das Protokoll")])
async def test_its_story_is_one_page_without_scripts(reader: Reader, language: str, title: str) -> None:
    story = (await take(reader, await spoken(reader), language))["story.html"].decode()

    assert title in story
    assert "&lt;b&gt;my&lt;/b&gt; tent" in story
    assert "<b>my" not in story
    assert "<script" not in story


async def test_the_log_tells_who_took_it(reader: Reader) -> None:
    conversation_id = await spoken(reader)
    before = await take(reader, conversation_id)
    await reader.book.publish()
    after = await take(reader, conversation_id)

    (told,) = await reader.list_all(type="access.dossier_taken")
    said: dict[str, Any] = told["event"]  # pyright: ignore[reportAssignmentType]
    assert said["actor"] == {"kind": "member", "id": str(reader.browser.actor.id)}
    assert said["subject"] == {"kind": "conversation", "id": str(conversation_id)}
    assert len([one for one in after if one.endswith(".json")]) > len(
        [one for one in before if one.endswith(".json")]
    )
    assert b"access.dossier_taken" in after["story.html"]


async def test_what_was_erased_is_called_so_and_not_in_it(reader: Reader) -> None:
    conversation_id = await spoken(reader)
    async with reader.book.database.tenant_session(replace(reader.tenant, kind=ActorKind.SYSTEM)) as db:
        contact_id = (await db.scalars(text("SELECT contact_id FROM conversation"))).one()
        await audit.destroy_keys(db, vault.Subject(kind=vault.SubjectKind.CONTACT, id=contact_id))

    files = await take(reader, conversation_id)

    assert not any(b" tent" in content for content in files.values())
    assert b"erased" in files["story.html"]
    assert json.loads(files["conversation.json"])["messages"] == []
    assert {one["state"] for one in json.loads(files["openings.json"])} == {"erased"}


@pytest.mark.parametrize(
    ("role", "status"), [(Role.PRIVACY_OFFICER, 200), (Role.AUDITOR, 403), (Role.RESPONDER, 403)]
)
async def test_it_takes_the_log_and_the_conversations(reader: Reader, role: Role, status: int) -> None:
    conversation_id = await spoken(reader)
    browser = await sign_in(reader.book.database, reader.client, reader.tenant, role)

    assert (await ask(replace(reader, browser=browser), conversation_id)).status_code == status


async def test_another_workspaces_conversation_and_none_are_nowhere(reader: Reader) -> None:
    other = await reader.book.make_tenant()
    theirs = await hear(reader.book.database, other, "Secret")
    await reader.book.publish()

    for one in (theirs, uuid4()):
        answer = await ask(reader, one)
        assert (answer.status_code, answer.json()["code"]) == (404, "audit.event_not_found")
    assert (await ask(reader, theirs, "fr")).status_code == 422
