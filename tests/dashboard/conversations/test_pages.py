"""The pages of conversations over HTTP: what they show, what they do, what they refuse, without any script."""

import re
from html import unescape
from uuid import UUID

from sqlalchemy import text

from answerable import conversations, handoff
from answerable.answering.values import OutcomeKind
from answerable.conversations import ConversationId
from answerable.conversations.values import Author, Delivery, Handler, Rating, Status
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind
from factories.inbox import hear, make_member, reply, settle
from factories.members import Answer, Browser

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def fields(answer: Answer, form: str) -> dict[str, str]:
    """What the form whose address ends so would post."""
    found = re.search(rf'<form[^>]*action="[^"]*{form}[^"]*"[^>]*>(.*?)</form>', answer.text, re.DOTALL)
    assert found is not None, form
    return dict(FIELD.findall(found[1]))


async def look(database: Database, actor: Actor, conversation_id: ConversationId) -> conversations.Dialogue:
    async with database.tenant_session(actor) as db:
        return await conversations.view(db, conversation_id)


async def test_the_list_shows_who_writes_what_they_wrote_and_what_is_wanted(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme, "How long do I have?")
    await settle(database, acme, asked)

    answer = await owner.get("/conversations")

    assert answer.status == 200
    assert "How long do I have?" in answer.text
    assert 'data-outcome="draft"' in answer.text
    assert "Waiting for a person · 1" in answer.text
    assert f'href="/conversations/{asked}"' in answer.text


async def test_a_workspace_in_which_nobody_wrote_says_what_to_do(owner: Browser) -> None:
    answer = await owner.get("/conversations")

    assert "Nobody has written yet" in answer.text
    assert 'href="/settings"' in answer.text


async def test_filters_that_leave_nothing_can_be_taken_back(
    database: Database, acme: Actor, owner: Browser
) -> None:
    await hear(database, acme)

    answer = await owner.get("/conversations?status=waiting&unread=yes")

    assert "The filters leave nothing" in answer.text
    assert "Clear filters" in answer.text


async def test_an_address_that_says_nonsense_shows_the_usual_list(
    database: Database, acme: Actor, owner: Browser
) -> None:
    await hear(database, acme, "Hello there")

    answer = await owner.get(
        "/conversations?status=x&who=%00&after=1.2.3&channel=playground&language=<b>&side=x"
    )

    assert answer.status == 200
    assert "Hello there" in answer.text


async def test_filters_and_page_stand_in_every_address_that_leads_on(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme)

    answer = await owner.get(f"/conversations/{asked}?who=assistant&status=open")

    assert f'action="/conversations/{asked}/reply?status=open&amp;who=assistant"' in answer.text
    assert f'href="/conversations/{asked}?status=open&amp;who=assistant&amp;side=contact"' in answer.text


async def test_a_conversation_shows_who_said_what_and_where_it_comes_from(
    database: Database, acme: Actor, anna: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme, "Hello")
    await settle(database, acme, asked, kind=OutcomeKind.REPLY, said="Hello! What would you like to know?")
    conversation = (await look(database, acme, asked)).conversation
    await reply(database, anna, conversation, "I am a person.")

    answer = await owner.get(f"/conversations/{asked}")

    authors = re.findall(r'<article class="message"[^>]*data-from="(\w+)"', answer.text)
    assert authors == ["contact", "assistant", "member"]
    assert "Told that an AI answers" in answer.text
    assert 'href="/records/' in answer.text
    assert answer.text.index("Told that an AI answers") < answer.text.index("What would you like to know?")


async def test_a_reply_is_sent_by_a_form_and_takes_over(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme)
    page = await owner.get(f"/conversations/{asked}?status=all")

    sent = await owner.post(
        f"/conversations/{asked}/reply?status=all", fields(page, "/reply"), text="Gladly."
    )

    dialogue = await look(database, acme, asked)
    assert (sent.status, sent.headers["location"]) == (303, f"/conversations/{asked}?status=all")
    assert (dialogue.messages[-1].author, dialogue.messages[-1].text) == (Author.MEMBER, "Gladly.")
    assert dialogue.conversation.assignee_id == owner.actor.id


async def test_a_form_that_is_sent_twice_says_it_once(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme)
    once = fields(await owner.get(f"/conversations/{asked}"), "/reply")

    for _press in range(2):
        await owner.post(f"/conversations/{asked}/reply", once, text="Gladly.")

    assert len((await look(database, acme, asked)).messages) == 2


async def test_a_reply_that_was_overtaken_stands_in_its_field_and_can_be_sent_all_the_same(
    database: Database, acme: Actor, anna: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme)
    form = fields(await owner.get(f"/conversations/{asked}"), "/reply")
    await reply(database, anna, (await look(database, acme, asked)).conversation, "Anna was faster.")

    refused = await owner.post(f"/conversations/{asked}/reply", form, text="Mine <b>too</b>")
    again = fields(refused, "/reply")
    sent = await owner.post(f"/conversations/{asked}/reply", again, text="Mine too")

    assert refused.status == 409
    assert "Nothing was sent, and nothing is lost" in refused.text
    assert "Anna was faster." in refused.text
    assert "Mine &lt;b&gt;too&lt;/b&gt;</textarea>" in refused.text
    assert again["anyway"] == "true"
    assert sent.status == 303
    assert (await look(database, acme, asked)).messages[-1].text == "Mine too"


async def test_a_reply_without_words_is_refused_on_the_page(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme)
    form = fields(await owner.get(f"/conversations/{asked}"), "/reply")

    empty = await owner.post(f"/conversations/{asked}/reply", form, text="  ")
    long = await owner.post(f"/conversations/{asked}/reply", form, text="x" * 8_001)

    assert (empty.status, long.status) == (422, 422)
    assert "A reply needs words" in empty.text
    assert "at most 8,000 characters" in long.text
    assert "x" * 8_001 in long.text


async def test_a_draft_is_sent_as_it_is_or_changed_or_discarded_and_restored(
    database: Database, acme: Actor, owner: Browser
) -> None:
    told: list[Delivery] = []
    for act in ("send", "edit", "discard"):
        asked = await hear(database, acme, "How long?")
        draft = await settle(database, acme, asked)
        page = await owner.get(f"/conversations/{asked}")
        path = f"/conversations/{asked}/drafts/{draft}"
        if act == "discard":
            await owner.post(f"{path}/discard")
            told += [one.delivery for one in (await look(database, acme, asked)).messages if one.id == draft]
            assert "Undo: bring the draft back" in (await owner.get(f"/conversations/{asked}")).text
            await owner.post(f"{path}/restore")
        else:
            changed = {"text": "31 days."} if act == "edit" else {}
            await owner.post(f"{path}/send", fields(page, "/send") | changed)
        told += [one.delivery for one in (await look(database, acme, asked)).messages if one.id == draft]

    assert told == [Delivery.SENT, Delivery.REPLACED, Delivery.DISCARDED, Delivery.WITHHELD]


async def test_a_stale_draft_says_so_and_is_sent_by_the_press_that_says_all_the_same(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme, "How long?")
    draft = await settle(database, acme, asked)
    before = fields(await owner.get(f"/conversations/{asked}"), "/send")
    await hear(database, acme, "And the boots?", within=asked)

    refused = await owner.post(f"/conversations/{asked}/drafts/{draft}/send", before)
    sent = await owner.post(f"/conversations/{asked}/drafts/{draft}/send", fields(refused, "/send"))

    assert refused.status == 409
    assert "The contact has written since." in refused.text
    assert sent.status == 303


async def test_an_edited_draft_that_somebody_else_sent_meanwhile_is_not_lost(
    database: Database, acme: Actor, anna: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme, "How long?")
    draft = await settle(database, acme, asked)
    form = fields(await owner.get(f"/conversations/{asked}"), "/send")
    async with database.tenant_session(anna) as db:
        await handoff.discard_draft(db, asked, draft)

    refused = await owner.post(f"/conversations/{asked}/drafts/{draft}/send", form, text="Mine, much better")

    assert refused.status == 409
    assert "already" in refused.text
    assert "Mine, much better</textarea>" in refused.text


async def test_taking_over_handing_back_assigning_closing_and_reopening_are_forms(
    database: Database, acme: Actor, anna: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme)
    states: list[tuple[Status, Handler, UUID | None]] = []
    for act, posted in (
        ("take-over", {}),
        ("hand-back", {}),
        ("assign", {"assignee": str(anna.id)}),
        ("assign", {"assignee": ""}),
        ("close", {}),
        ("reopen", {}),
    ):
        answer = await owner.post(f"/conversations/{asked}/{act}", posted)
        assert answer.status == 303, (act, answer.text)
        now = (await look(database, acme, asked)).conversation
        states.append((now.status, now.handler, now.assignee_id))

    assert states == [
        (Status.OPEN, Handler.PEOPLE, owner.actor.id),
        (Status.OPEN, Handler.ASSISTANT, None),
        (Status.OPEN, Handler.PEOPLE, anna.id),
        (Status.WAITING, Handler.PEOPLE, None),
        (Status.CLOSED, Handler.PEOPLE, None),
        (Status.OPEN, Handler.PEOPLE, owner.actor.id),
    ]


async def test_what_cannot_be_done_any_more_is_said_on_the_page(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme)
    await owner.post(f"/conversations/{asked}/close")

    answer = await owner.post(f"/conversations/{asked}/close")

    assert answer.status == 409
    assert "This conversation is closed." in answer.text
    assert "Reopen" in answer.text


async def test_what_is_known_of_the_contact_is_opened_only_when_asked_for(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme)
    async with database.tenant_session(acme) as db:
        await conversations.keep_address(db, await conversations.get(db, asked), "jana@example.com")

    await owner.get(f"/conversations/{asked}")
    before = await count_looks(database, acme, "access.contact_viewed")
    answer = await owner.get(f"/conversations/{asked}?side=contact")

    assert before == 0
    assert await count_looks(database, acme, "access.contact_viewed") == 1
    assert "jana@example.com" in answer.text
    assert "Automatic deletion is not built yet" in answer.text


async def count_looks(database: Database, actor: Actor, kind: str) -> int:
    async with database.tenant_session(actor) as db:
        statement = text("SELECT count(*) FROM audit_event WHERE type = :type")
        return await db.scalar(statement, {"type": kind}) or 0


async def test_a_search_says_what_it_cannot_find(database: Database, acme: Actor, owner: Browser) -> None:
    asked = await hear(database, acme, "My tent has a broken pole")
    unseen = await owner.get("/conversations?q=broken+pole")
    await owner.get(f"/conversations/{asked}")

    seen = await owner.get("/conversations?q=broken+pole")

    assert "Nothing found" in unseen.text
    assert "nothing else can be searched" in unseen.text
    assert f'id="row-{asked}"' in seen.text
    assert "1 messages were opened for it" in seen.text


async def test_the_pages_speak_german_to_who_chose_it(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme, "Hallo")
    await settle(database, acme, asked)
    await owner.post("/preferences", language="de")

    answer = await owner.get(f"/conversations/{asked}")

    assert "Entwurf senden" in answer.text
    assert "Übernehmen" in answer.text
    assert "Send draft" not in answer.text


async def test_very_many_rows_are_shown_page_by_page(database: Database, acme: Actor, owner: Browser) -> None:
    for number in range(53):
        await hear(database, acme, f"Question {number}")

    first = await owner.get("/conversations")
    following = re.search(r'href="(/conversations\?after=[^"]+)"', first.text)
    assert following is not None
    second = await owner.get(unescape(following[1]))

    assert first.text.count('class="row"') == 50
    assert second.text.count('class="row"') == 3
    assert "Back to the first page" in second.text


async def test_who_else_has_it_before_them_is_shown(database: Database, acme: Actor, owner: Browser) -> None:
    asked = await hear(database, acme)
    anna = await make_member(database, acme, "anna@example.com")
    async with database.tenant_session(anna) as db:
        await conversations.be_present(db, asked, types=True)

    answer = await owner.get(f"/conversations/{asked}")

    assert "anna is writing" in answer.text


async def test_what_a_contact_thought_of_an_answer_stands_under_it_as_text(
    database: Database, acme: Actor, owner: Browser
) -> None:
    asked = await hear(database, acme)
    await reply(database, owner.actor, (await look(database, acme, asked)).conversation, "Thirty days.")
    contact = Actor(tenant_id=acme.tenant_id, kind=ActorKind.CONTACT)
    said = (await look(database, acme, asked)).messages[-1]
    async with database.tenant_session(contact) as db:
        conversation = await conversations.get(db, asked)
        await conversations.rate(db, conversation, said.id, rating=Rating.HELPED, reason=None)
        await conversations.rate(
            db, conversation, said.id, rating=Rating.DID_NOT_HELP, reason="<b>From when?</b>"
        )

    answer = await owner.get(f"/conversations/{asked}")

    assert 'data-rating="did_not_help"' in answer.text
    assert 'data-rating="helped"' not in answer.text
    assert "&lt;b&gt;From when?&lt;/b&gt;" in answer.text
