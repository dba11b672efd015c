"""The passage behind a quote: for the contact who got it, as it stands, and what is left when it is gone."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from answerable import answering, conversations, handoff, knowledge
from answerable.answering import Desk, pipeline, service
from answerable.conversations import ConversationId
from answerable.infra.db import Database
from answerable.infra.ids import uuid7
from answerable.knowledge.rules import trim_after, trim_before
from answerable.tenancy import Posture
from factories.contacts import Contact
from factories.desks import QUESTION, assistant_of
from factories.http import Response
from factories.inbox import make_member, sending

QUOTE = "You have 30 days from receipt of the goods to send something back."


async def open_passage(contact: Contact, begun: dict[str, str], citation_id: object) -> Response:
    headers = {"Answerable-Key": contact.key, "Answerable-Conversation": begun["conversation_token"]}
    return await contact.client.get(
        f"/widget/v1/passages/{citation_id}",
        params={"conversation_id": begun["conversation_id"]},
        headers=headers,
    )


async def ask(contact: Contact, desk: Desk) -> tuple[dict[str, str], dict[str, Any]]:
    """The answer to the first message, and the assistant's reply as the contact sees it."""
    begun = (await contact.write(QUESTION)).json()
    await answering.answer(desk, assistant_of(contact.tenant), ConversationId(UUID(begun["conversation_id"])))
    read = (await contact.read(begun["conversation_id"], token=begun["conversation_token"])).json()
    return begun, read["messages"][-1]


@pytest.fixture
async def asking(anna: Contact, shop: object) -> Contact:
    assert shop
    return anna


async def test_a_quote_opens_in_the_passage_it_stands_in(asking: Contact, desk: Desk) -> None:
    begun, message = await ask(asking, desk)
    (citation,) = message["citations"]

    passage = (await open_passage(asking, begun, citation["citation_id"])).json()

    assert passage.pop("since")
    assert passage == {
        "title": "Returns",
        "version": 1,
        "language": "en",
        "quote": QUOTE,
        "before": "Returns\n\n",
        "after": " Sale items cannot be exchanged at all.",
        "headings": ["Returns"],
        "is_current": True,
        "is_deleted": False,
    }


async def test_nobody_else_opens_it(asking: Contact, gus: Contact, desk: Desk) -> None:
    begun, message = await ask(asking, desk)
    citation_id = message["citations"][0]["citation_id"]
    other = (await asking.write("Another conversation")).json()
    his = (await gus.write("His")).json()

    answers = [
        await open_passage(asking, other, citation_id),
        await open_passage(gus, his, citation_id),
        await open_passage(gus, begun, citation_id),
        await open_passage(asking, {**begun, "conversation_token": "x"}, citation_id),
        await open_passage(asking, begun, uuid7()),
        await open_passage(asking, begun, "x"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 404, 404, 422]
    assert all(QUOTE not in answer.text for answer in answers)


async def test_of_a_deleted_document_the_quote_is_left(
    asking: Contact, desk: Desk, database: Database
) -> None:
    begun, message = await ask(asking, desk)
    async with database.tenant_session(asking.tenant) as db:
        (document,) = await knowledge.list_documents(db)
        await knowledge.delete_document(db, document.id)

    passage = (await open_passage(asking, begun, message["citations"][0]["citation_id"])).json()

    assert (passage["quote"], passage["title"]) == (QUOTE, "Returns")
    assert (passage["before"], passage["after"], passage["is_deleted"]) == ("", "", True)


async def test_of_a_changed_document_the_old_version_is_shown_and_said_to_be_old(
    asking: Contact, desk: Desk, tmp_path: Path
) -> None:
    begun, message = await ask(asking, desk)
    changed = (tmp_path / "returns.md").read_text().replace("30 days", "60 days")
    (tmp_path / "returns.md").write_text(changed)
    intake = knowledge.Intake(database=desk.database, embedder=desk.embedder)
    await knowledge.import_paths(intake, asking.tenant, [tmp_path / "returns.md"])

    passage = (await open_passage(asking, begun, message["citations"][0]["citation_id"])).json()

    assert (passage["quote"], passage["version"], passage["is_current"]) == (QUOTE, 1, False)


async def test_a_sent_draft_has_its_sources_as_far_as_its_text_still_quotes_them(
    asking: Contact, desk: Desk, database: Database
) -> None:
    member = await make_member(database, asking.tenant)
    shown: list[list[dict[str, Any]]] = []
    opened: list[int] = []
    for edited in (None, "Please ask my colleague."):
        begun = (await asking.write(QUESTION)).json()
        conversation_id = ConversationId(UUID(begun["conversation_id"]))
        draft_id, citation_id = await make_draft(desk, asking, conversation_id)
        before = await open_passage(asking, begun, citation_id)
        async with database.tenant_session(member) as db:
            conversation = await conversations.get(db, conversation_id)
            if edited is None:
                await handoff.send_draft(db, conversation_id, draft_id, sending(conversation))
            else:
                await handoff.edit_and_send_draft(
                    db, conversation_id, draft_id, edited, sending(conversation)
                )
        read = (await asking.read(begun["conversation_id"], token=begun["conversation_token"])).json()
        shown.append(read["messages"][-1]["citations"])
        opened += [before.status_code, (await open_passage(asking, begun, citation_id)).status_code]

    assert [len(citations) for citations in shown] == [1, 0]
    assert opened == [404, 200, 404, 404]


async def make_draft(desk: Desk, contact: Contact, conversation_id: ConversationId) -> tuple[Any, Any]:
    assistant = assistant_of(contact.tenant)
    async with desk.database.tenant_session(assistant) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    turn = replace(turn, tenant=replace(turn.tenant, posture=Posture.DRAFT))
    outcome = await pipeline.run(turn, service._tools(desk, assistant, turn))
    async with desk.database.tenant_session(assistant) as db:
        turn_id = await answering.apply(db, turn, outcome)
    async with desk.database.tenant_session(contact.tenant) as db:
        record = await answering.view_record(db, turn_id)
        rows = await service.queries.list_citations(db, turn_id)
    return record.message_id, rows[0]["id"]


def test_what_stands_around_a_quote_begins_and_ends_with_something_whole() -> None:
    assert trim_before("half a para\n\nA whole one. ") == "A whole one. "
    assert trim_before("half a line\nA whole one. ") == "A whole one. "
    assert trim_before("half a word. ") == "a word. "
    assert trim_before("nothing") == "nothing"
    assert trim_after(" A whole one.\n\nHalf of ano") == " A whole one."
    assert trim_after(" nothing") == " nothing"
