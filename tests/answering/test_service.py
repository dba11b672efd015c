"""Turns against a real Postgres: what is stored, what is refused, what a second application changes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from answerable import answering, conversations, handoff, knowledge
from answerable.answering import Desk
from answerable.answering.values import OutcomeKind, Reason, Step
from answerable.conversations.values import Handler, Status
from answerable.infra.db import Unaudited
from answerable.infra.embedding import Embedder, Vectors
from answerable.infra.ids import Actor, uuid7
from factories.desks import QUESTION, ask, assistant_of, greet, record_of, write


async def test_a_question_gets_a_quote_with_its_exact_source(desk: Desk, shop: Actor) -> None:
    record = await ask(desk, shop, QUESTION)

    (quote,) = record.citations
    async with desk.database.tenant_session(shop) as db:
        shown = await knowledge.show_span(
            db, quote.document_id, version=quote.version, start=quote.start, end=quote.end
        )
    assert record.outcome is OutcomeKind.REPLY
    assert quote.text == shown == "You have 30 days from receipt of the goods to send something back."


async def test_the_record_holds_every_step_in_order(desk: Desk, shop: Actor) -> None:
    record = await ask(desk, shop, QUESTION)

    assert [decision.step for decision in record.decisions] == [
        Step.UNDERSTAND,
        Step.RETRIEVE,
        Step.COMPOSE,
        Step.CHECK,
        Step.DISCLOSE,
        Step.DECIDE,
    ]
    assert record.decisions[0].inputs == {"messages": [{"position": 1, "text": QUESTION}]}
    assert record.considered[0].dropped is None


async def test_the_first_message_says_that_an_ai_answers_and_the_second_does_not(
    desk: Desk, shop: Actor
) -> None:
    first = await ask(desk, shop, QUESTION)
    await write(desk, shop, QUESTION, conversation_id=first.conversation_id)
    turn_id = await answering.answer(desk, assistant_of(shop), first.conversation_id)
    assert turn_id is not None

    second = await record_of(desk, shop, turn_id)

    assert "AI assistant" in (first.text or "")
    assert "AI assistant" not in (second.text or "")
    assert first.disclosure == second.disclosure


async def test_a_question_without_an_answer_goes_to_people_who_are_told_how_to_reply(
    desk: Desk, strict: Desk, shop: Actor
) -> None:
    record = await ask(strict, shop, "Do you ship pianos to Switzerland?")
    await write(desk, shop, "my mail is anna@example.com", conversation_id=record.conversation_id)
    turn_id = await answering.answer(desk, assistant_of(shop), record.conversation_id)
    assert turn_id is not None

    noted = await record_of(desk, shop, turn_id)

    async with desk.database.tenant_session(shop) as db:
        conversation = await conversations.get(db, record.conversation_id)
        known = await conversations.has_address(db, conversation.contact_id)
    assert record.outcome is OutcomeKind.HANDOFF
    assert (conversation.status, conversation.handler) == (Status.WAITING, Handler.PEOPLE)
    assert known
    assert (noted.outcome, noted.reason) == (OutcomeKind.REPLY, Reason.ADDRESS_NOTED)


async def test_applying_a_turn_twice_changes_nothing(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, "Hello")
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    outcome = await greet(turn)

    async with desk.database.tenant_session(assistant_of(shop)) as db:
        first = await answering.apply(db, turn, outcome)
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        second = await answering.apply(db, replace(turn, id=answering.TurnId(uuid7())), outcome)

    async with desk.database.tenant_session(shop) as db:
        dialogue = await conversations.view(db, conversation_id)
    assert first == second
    assert len(dialogue.messages) == 2


async def test_a_takeover_in_mid_turn_withdraws_the_turn_and_is_recorded(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, "Hello")
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    async with desk.database.tenant_session(shop) as db:
        await handoff.take_over(db, conversation_id)

    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn_id = await answering.apply(db, turn, await greet(turn))

    record = await record_of(desk, shop, turn_id)
    assert (record.outcome, record.reason) == (OutcomeKind.SUPERSEDED, Reason.TAKEN_OVER)
    assert record.text is None
    assert record.decisions


async def test_a_newer_message_supersedes_the_turn_and_one_answer_covers_both(
    desk: Desk, shop: Actor
) -> None:
    conversation_id = await write(desk, shop, "How long do I have")
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    await write(desk, shop, "to send something back?", conversation_id=conversation_id)

    async with desk.database.tenant_session(assistant_of(shop)) as db:
        superseded = await answering.apply(db, turn, await greet(turn))
    answered = await answering.answer(desk, assistant_of(shop), conversation_id)
    again = await answering.answer(desk, assistant_of(shop), conversation_id)

    assert answered is not None
    assert (await record_of(desk, shop, superseded)).reason is Reason.NEWER_MESSAGE
    assert (await record_of(desk, shop, answered)).outcome is OutcomeKind.REPLY
    assert again is None


async def test_giving_up_tells_the_contact_and_leaves_a_record(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, QUESTION)

    turn_id = await answering.give_up(
        desk, assistant_of(shop), conversation_id, error_code="embedding.unavailable"
    )

    assert turn_id is not None
    record = await record_of(desk, shop, turn_id)
    async with desk.database.tenant_session(shop) as db:
        conversation = await conversations.get(db, conversation_id)
    assert (record.outcome, record.error_code) == (OutcomeKind.ERROR, "embedding.unavailable")
    assert "went wrong" in (record.text or "")
    assert conversation.status is Status.WAITING


class BrokenEmbedder:
    """An embedder that never answers with a vector."""

    model = "broken"
    dimensions = 384

    async def embed_query(self, text: str) -> Vectors:
        raise ConnectionError(text)

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        raise ConnectionError(texts)

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise ConnectionError(texts)

    async def close(self) -> None:
        return


async def test_a_failing_step_stores_nothing_and_can_be_tried_again(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, QUESTION)
    broken: Embedder = BrokenEmbedder()

    with pytest.raises(ConnectionError):
        await answering.answer(replace(desk, embedder=broken), assistant_of(shop), conversation_id)

    turn_id = await answering.answer(desk, assistant_of(shop), conversation_id)
    assert turn_id is not None


INSERT_MESSAGE = (
    "INSERT INTO message (id, conversation_id, position, author, text_sealed, delivery, created_at)"
    " VALUES (:id, :conversation, 900, 'assistant', '', 'delivered', now())"
)


async def test_postgres_refuses_a_word_of_the_assistant_without_its_record(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, QUESTION)

    with pytest.raises(DBAPIError, match="has no turn with decisions"):
        async with desk.database.tenant_session(shop) as db:
            db.unaudited(Unaudited.PROGRESS)
            await db.execute(text(INSERT_MESSAGE), {"id": uuid7(), "conversation": conversation_id})


async def test_postgres_refuses_a_word_before_the_disclosure(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, "Hello")
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    silent = replace(await greet(turn), discloses=False)

    with pytest.raises(DBAPIError, match="before it is disclosed"):
        async with desk.database.tenant_session(assistant_of(shop)) as db:
            await answering.apply(db, turn, silent)


async def test_a_sealed_text_cannot_be_written_a_second_time(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, "Hello")

    with pytest.raises(DBAPIError, match="sealed and written once"):
        async with desk.database.tenant_session(shop) as db:
            db.unaudited(Unaudited.PROGRESS)
            await db.execute(
                text("UPDATE message SET text_sealed = 'x' WHERE conversation_id = :id"),
                {"id": conversation_id},
            )


async def test_deleting_the_document_leaves_the_quote_in_the_record(desk: Desk, shop: Actor) -> None:
    record = await ask(desk, shop, QUESTION)
    (quote,) = record.citations

    async with desk.database.tenant_session(shop) as db:
        await knowledge.delete_document(db, quote.document_id)

    after = await record_of(desk, shop, record.turn_id)
    again = await ask(desk, shop, QUESTION)
    assert after.citations == record.citations
    assert again.outcome is OutcomeKind.HANDOFF
