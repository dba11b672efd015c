"""Opening what an event commits to: the content with what proves it, an event of its own, and whoever may not."""

import hmac
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from answerable import audit, vault
from answerable.infra.ids import ActorKind
from answerable.tenancy import Role
from factories.http import Response
from factories.inbox import hear
from factories.members import sign_in
from factories.readers import ROOT, Reader


async def event_of(reader: Reader, said: str = "Where is my tent?") -> dict[str, Any]:
    """The event of a message that a contact has written."""
    await hear(reader.book.database, reader.tenant, said)
    await reader.book.publish()
    (*_, event) = await reader.list_all(type="message.received")
    return event


async def open_event(reader: Reader, event_id: object, asked: dict[str, Any] | None = None) -> Response:
    return await reader.client.post(
        f"{ROOT}/events/{event_id}/open",
        headers=reader.browser.cookie,
        json={"purpose": "complaint"} if asked is None else asked,
    )


def commit(tenant: str, one: dict[str, Any]) -> str:
    """The commitment as the reference describes it."""
    place, content = one["place"].encode(), one["content"].encode()
    message = b"answerable/slot/v1\x00" + UUID(tenant).bytes + UUID(one["record"]).bytes
    message += bytes([len(place)]) + place + len(content).to_bytes(8, "big") + content
    return b64encode(hmac.digest(b64decode(one["blind"]), message, "sha256")).decode()


async def test_a_value_comes_with_what_proves_it_and_the_log_says_who_asked_and_why(reader: Reader) -> None:
    event = await event_of(reader)

    answer = (await open_event(reader, event["event_id"])).json()

    (opened,) = [one for one in answer["items"] if one["slot"] == "text"]
    assert (opened["state"], opened["content"]) == ("sealed", "Where is my tent?")
    assert commit(answer["tenant"], opened) == event["event"]["slots"]["text"]["c"]
    await reader.book.publish()
    (told,) = await reader.list_all(type="access.slots_opened")
    said: dict[str, Any] = told["event"]  # pyright: ignore[reportAssignmentType]
    assert said["actor"] == {"kind": "member", "id": str(reader.browser.actor.id)}
    assert said["ctx"]["conv"] == event["event"]["ctx"]["conv"]
    assert said["d"] == {"entry": event["event_id"], "slots": ["text"], "purpose": "complaint"}
    assert "tent" not in str(said)


async def test_every_opening_is_an_event_also_the_same_one_within_a_minute(reader: Reader) -> None:
    event = await event_of(reader)

    for _ in range(3):
        await open_event(reader, event["event_id"])
    await reader.book.publish()

    assert len(await reader.list_all(type="access.slots_opened")) == 3


async def test_what_was_erased_has_a_state_and_no_content(reader: Reader) -> None:
    event = await event_of(reader)
    system = replace(reader.tenant, kind=ActorKind.SYSTEM)
    async with reader.book.database.tenant_session(system) as db:
        contact_id = (await db.scalars(text("SELECT contact_id FROM conversation"))).one()
        await audit.destroy_keys(db, vault.Subject(kind=vault.SubjectKind.CONTACT, id=contact_id))

    answer = (await open_event(reader, event["event_id"])).json()

    assert {(one["state"], one["content"], one["blind"]) for one in answer["items"]} == {
        ("erased", None, None)
    }


async def test_an_event_without_sealed_values_opens_to_nothing(reader: Reader) -> None:
    await reader.book.publish()
    (created,) = await reader.list_all(type="tenant.created")

    assert (await open_event(reader, created["event_id"])).json()["items"] == []


async def test_members_addresses_are_for_who_manages_members(reader: Reader) -> None:
    await reader.book.publish()
    added = (await reader.list_all(type="member.added"))[-1]["event_id"]
    named = {"purpose": "audit", "slots": ["email"]}

    unasked = (await open_event(reader, added)).json()["items"]
    asked = (await open_event(reader, added, named)).json()["items"]
    officer = await sign_in(reader.book.database, reader.client, reader.tenant, Role.PRIVACY_OFFICER)
    refused = await open_event(replace(reader, browser=officer), added, named)

    assert unasked == []
    assert [one["content"] for one in asked] == ["owner@example.com"]
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("role", "status"), [(Role.PRIVACY_OFFICER, 200), (Role.AUDITOR, 403), (Role.RESPONDER, 403)]
)
async def test_it_takes_the_log_and_the_conversations(reader: Reader, role: Role, status: int) -> None:
    event = await event_of(reader)
    browser = await sign_in(reader.book.database, reader.client, reader.tenant, role)

    assert (await open_event(replace(reader, browser=browser), event["event_id"])).status_code == status


@pytest.mark.parametrize("asked", [{}, {"purpose": "curiosity"}, {"purpose": "audit", "slots": ["soul"]}])
async def test_what_is_not_asked_for_rightly_is_refused(reader: Reader, asked: dict[str, Any]) -> None:
    event = await event_of(reader)

    assert (await open_event(reader, event["event_id"], asked)).status_code == 422


async def test_another_workspaces_event_is_nowhere(reader: Reader) -> None:
    other = await reader.book.make_tenant()
    (theirs,) = await reader.book.record(other)

    answer = await open_event(reader, theirs)

    assert (answer.status_code, answer.json()["code"]) == (404, "audit.event_not_found")
