"""Turns that somebody or something overtakes: a person, a newer message, a deletion, a second application."""

import pytest

from answerable import answering, conversations, handoff, knowledge
from answerable.answering import Desk, pipeline
from answerable.answering.errors import QuoteWithdrawn
from answerable.answering.service import _tools
from answerable.answering.values import OutcomeKind, Reason
from answerable.infra.ids import Actor
from factories.desks import QUESTION, ask, assistant_of, greet, record_of, write


async def test_giving_up_says_nothing_after_a_person_took_over(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, QUESTION)
    async with desk.database.tenant_session(shop) as db:
        await handoff.take_over(db, conversation_id)

    turn_id = await answering.give_up(
        desk, assistant_of(shop), conversation_id, error_code="embedding.unavailable"
    )

    assert turn_id is not None
    record = await record_of(desk, shop, turn_id)
    assert (record.outcome, record.reason, record.text) == (OutcomeKind.SUPERSEDED, Reason.TAKEN_OVER, None)


async def test_an_address_in_a_message_to_a_person_is_not_the_assistants_business(
    desk: Desk, strict: Desk, shop: Actor
) -> None:
    record = await ask(strict, shop, "Do you ship pianos?")
    async with desk.database.tenant_session(shop) as db:
        await handoff.take_over(db, record.conversation_id)
    await write(
        desk, shop, "The order was placed with anna@example.com", conversation_id=record.conversation_id
    )

    turn_id = await answering.answer(desk, assistant_of(shop), record.conversation_id)

    assert turn_id is not None
    assert (await record_of(desk, shop, turn_id)).text is None


async def test_an_address_followed_by_thanks_is_kept(desk: Desk, strict: Desk, shop: Actor) -> None:
    record = await ask(strict, shop, "Do you ship pianos?")
    conversation_id = record.conversation_id
    await write(desk, shop, "anna@example.com", conversation_id=conversation_id)
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    await write(desk, shop, "thank you!", conversation_id=conversation_id)
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        await answering.apply(db, turn, await greet(turn))

    await answering.answer(desk, assistant_of(shop), conversation_id)

    async with desk.database.tenant_session(shop) as db:
        conversation = await conversations.get(db, conversation_id)
        assert await conversations.has_address(db, conversation.contact_id)


async def test_a_document_deleted_in_mid_turn_is_not_quoted(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, QUESTION)
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn = await answering.load_turn(db, conversation_id)
        (document, *_others) = await knowledge.list_documents(db)
    assert turn is not None
    outcome = await pipeline.run(turn, _tools(desk, assistant_of(shop), turn))
    async with desk.database.tenant_session(shop) as db:
        await knowledge.delete_document(db, document.id)

    with pytest.raises(QuoteWithdrawn):
        async with desk.database.tenant_session(assistant_of(shop)) as db:
            await answering.apply(db, turn, outcome)


async def test_applying_a_superseded_turn_twice_changes_nothing(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, "Hello")
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    async with desk.database.tenant_session(shop) as db:
        await handoff.take_over(db, conversation_id)
    outcome = await greet(turn)

    for _repetition in range(2):
        async with desk.database.tenant_session(assistant_of(shop)) as db:
            await answering.apply(db, turn, outcome)

    record = await record_of(desk, shop, turn.id)
    assert record.decisions[-1].verdict == "superseded"
    assert record.disclosure is None


async def test_of_a_long_burst_the_newest_message_is_answered(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, "Hello")
    for number in range(55):
        await write(desk, shop, f"message {number}", conversation_id=conversation_id)
    await write(desk, shop, QUESTION, conversation_id=conversation_id)

    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn = await answering.load_turn(db, conversation_id)

    assert turn is not None
    assert turn.incoming[-1].text == QUESTION
