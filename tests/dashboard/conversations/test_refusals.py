"""What must not happen on pages of conversations: data that acts, another tenant's eyes, more than a role may."""

import re
from html import unescape

import pytest

from answerable.infra.db import Database
from answerable.infra.ids import Actor, uuid7
from answerable.tenancy import Role
from dashboard.conftest import SignIn
from factories.inbox import hear, settle
from factories.members import Browser

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "![x](https://evil.example/x.png)",
    "=HYPERLINK(0)",
    "\u202eevil\u202c",
)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_a_contact_writes_and_is_called_is_data_on_every_page(
    database: Database, acme: Actor, owner: Browser, payload: str
) -> None:
    asked = await hear(database, acme, payload)
    draft = await settle(database, acme, asked, said=payload)

    pages = [
        await owner.get("/conversations"),
        await owner.get(f"/conversations/{asked}"),
        await owner.get(f"/conversations?q={payload}"),
        await owner.post(f"/conversations/{asked}/drafts/{draft}/send", text=payload),
    ]

    for answer in pages:
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "49 {%" not in answer.text
    shown = payload.replace("\u202e", "").replace("\u202c", "")
    assert shown in unescape(pages[1].text)


async def test_another_tenants_conversation_is_not_found_in_any_way(
    database: Database, acme: Actor, globex: Actor, sign_in_as: SignIn
) -> None:
    asked = await hear(database, acme, "our secret")
    draft = await settle(database, acme, asked)
    gus = await sign_in_as(tenant=globex)
    form = {"client_id": str(uuid7()), "position": "1", "epoch": "0", "text": "x"}

    answers = [
        await gus.get(f"/conversations/{asked}"),
        await gus.get(f"/conversations/{asked}/talk", part=True),
        *[
            await gus.post(f"/conversations/{asked}/{act}")
            for act in ("take-over", "hand-back", "close", "reopen")
        ],
        await gus.post(f"/conversations/{asked}/assign", assignee=str(gus.actor.id)),
        await gus.post(f"/conversations/{asked}/reply", form),
        await gus.post(f"/conversations/{asked}/drafts/{draft}/send", form),
        await gus.post(f"/conversations/{asked}/drafts/{draft}/discard"),
        await gus.post(f"/conversations/{asked}/drafts/{draft}/restore"),
    ]
    listed = await gus.get(f"/conversations/rows?open_id={asked}&status=all")

    assert {answer.status for answer in answers} == {404}
    assert not any("our secret" in answer.text for answer in [*answers, listed])


async def test_a_viewer_reads_and_is_offered_nothing_to_do(
    database: Database, acme: Actor, sign_in_as: SignIn
) -> None:
    asked = await hear(database, acme, "Hello")
    await settle(database, acme, asked)
    viewer = await sign_in_as(Role.VIEWER)

    answer = await viewer.get(f"/conversations/{asked}")
    refused = await viewer.post(f"/conversations/{asked}/take-over")

    assert "Your role reads conversations" in answer.text
    assert re.findall(r'<form[^>]*method="post"[^>]*action="(/conversations[^"]*)"', answer.text) == []
    assert refused.status == 403


async def test_an_auditor_sees_no_conversation(database: Database, acme: Actor, sign_in_as: SignIn) -> None:
    asked = await hear(database, acme, "Hello")
    auditor = await sign_in_as(Role.AUDITOR)

    answers = [await auditor.get("/conversations"), await auditor.get(f"/conversations/{asked}")]

    assert {answer.status for answer in answers} == {403}
