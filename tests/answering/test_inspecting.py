"""Looking into a turn: what a person sees of it, today and after documents and contacts are gone."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from answerable import answering, conversations, handoff, knowledge, vault
from answerable.answering import Desk, Inspection, Record, pipeline, service
from answerable.answering.cases import redecide
from answerable.answering.errors import TurnNotFound
from answerable.answering.flips import Factor
from answerable.answering.values import OutcomeKind, Reason, TurnId
from answerable.infra.db import Unaudited
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.tenancy.errors import PermissionDenied
from answerable.tenancy.values import Role
from factories.desks import QUESTION, RETURNS, ask, assistant_of, write

QUOTED = "You have 30 days from receipt of the goods to send something back."


def member_of(actor: Actor, role: Role = Role.OWNER) -> Actor:
    return replace(actor, kind=ActorKind.MEMBER, id=uuid7(), role=role.value)


async def inspect(desk: Desk, actor: Actor, turn_id: TurnId) -> Inspection:
    async with desk.database.tenant_session(actor) as db:
        return await answering.inspect(db, turn_id)


async def import_text(desk: Desk, actor: Actor, folder: Path, content: str) -> None:
    (folder / "returns.md").write_text(content)
    intake = knowledge.Intake(database=desk.database, embedder=desk.embedder)
    await knowledge.import_paths(intake, actor, [folder], base=folder)


async def forget(desk: Desk, actor: Actor, record: Record) -> None:
    async with desk.database.tenant_session(actor) as db:
        conversation = await conversations.get(db, record.conversation_id)
        subject = vault.Subject(kind=vault.SubjectKind.CONTACT, id=conversation.contact_id)
        await vault.destroy(db, subject)
        db.unaudited(Unaudited.PROGRESS)


async def test_a_reply_is_shown_with_its_question_and_the_sentence_in_its_passage(
    desk: Desk, shop: Actor
) -> None:
    record = await ask(desk, shop, QUESTION)

    seen = await inspect(desk, shop, record.turn_id)

    (quote,) = seen.quotes
    assert [message.text for message in seen.asked] == [QUESTION]
    assert quote.is_said
    assert quote.place is not None
    assert quote.place.text == quote.quote.text == QUOTED
    assert quote.place.heading_path == ("Returns",)
    assert "Sale items cannot be exchanged" in quote.place.after
    passage = next(one for one in seen.passages if one.considered.dropped is None)
    assert passage.place is not None
    assert QUOTED in (passage.place.text or "")


async def test_a_reply_says_what_would_have_changed_it(desk: Desk, shop: Actor) -> None:
    record = await ask(desk, shop, QUESTION)

    seen = await inspect(desk, shop, record.turn_id)

    assert seen.case is not None
    assert (redecide(seen.case).text or "?") in (record.text or "")
    without = [flip for flip in seen.flips if flip.factor is Factor.DOCUMENT]
    assert [(flip.kind, flip.reason) for flip in without] == [(OutcomeKind.HANDOFF, Reason.NOTHING_FOUND)]
    assert {Factor.CHECK, Factor.POSTURE, Factor.HANDLER} < {flip.factor for flip in seen.flips}


async def test_a_handoff_shows_the_sentences_that_it_did_not_quote(
    desk: Desk, strict: Desk, shop: Actor
) -> None:
    record = await ask(strict, shop, QUESTION)

    seen = await inspect(desk, shop, record.turn_id)

    assert record.outcome is OutcomeKind.HANDOFF
    assert [(one.quote.text, one.is_said) for one in seen.quotes] == [(QUOTED, False)]
    assert seen.case is not None
    assert seen.case.threshold == 1.1


async def test_a_superseded_turn_shows_what_it_had_come_to(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, QUESTION)
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    outcome = await pipeline.run(turn, service._tools(desk, assistant_of(shop), turn))
    async with desk.database.tenant_session(shop) as db:
        await handoff.take_over(db, conversation_id)
    async with desk.database.tenant_session(assistant_of(shop)) as db:
        turn_id = await answering.apply(db, turn, outcome)

    seen = await inspect(desk, shop, turn_id)

    assert (seen.record.outcome, seen.record.text) == (OutcomeKind.SUPERSEDED, None)
    assert seen.withheld is not None
    assert seen.withheld.kind is OutcomeKind.REPLY
    assert [message.text for message in seen.asked] == [QUESTION]
    assert "conversation.taken_over" in {leaf.event.type for leaf in seen.leaves}


async def test_a_turn_that_failed_has_nothing_that_could_be_decided_again(desk: Desk, shop: Actor) -> None:
    conversation_id = await write(desk, shop, QUESTION)
    turn_id = await answering.give_up(
        desk, assistant_of(shop), conversation_id, error_code="database.unavailable"
    )
    assert turn_id is not None

    seen = await inspect(desk, shop, turn_id)

    assert (seen.record.outcome, seen.case, seen.flips) == (OutcomeKind.ERROR, None, ())
    assert [message.text for message in seen.asked] == [QUESTION]


async def test_a_replaced_document_shows_what_was_quoted_and_which_version_replaced_it(
    desk: Desk, shop: Actor, tmp_path: Path
) -> None:
    record = await ask(desk, shop, QUESTION)
    await import_text(desk, shop, tmp_path, RETURNS.replace("30", "45"))

    seen = await inspect(desk, shop, record.turn_id)

    (quote,) = seen.quotes
    assert quote.place is not None
    assert quote.place.text == QUOTED
    assert (quote.place.version, quote.place.current_version) == (1, 2)
    assert quote.place.replaced_at is not None


async def test_of_a_deleted_document_the_quote_stays_in_the_record(desk: Desk, shop: Actor) -> None:
    record = await ask(desk, shop, QUESTION)
    async with desk.database.tenant_session(shop) as db:
        await knowledge.delete_document(db, record.citations[0].document_id)

    seen = await inspect(desk, shop, record.turn_id)

    (quote,) = seen.quotes
    assert quote.quote.text == QUOTED
    assert quote.quote.title == "Returns"
    assert quote.place is not None
    assert (quote.place.text, quote.place.title) == (None, None)
    assert quote.place.deleted_at is not None
    assert all(one.place is not None and one.place.text is None for one in seen.passages)
    assert seen.flips


async def test_of_an_erased_contact_the_steps_are_left_and_no_word(desk: Desk, shop: Actor) -> None:
    record = await ask(desk, shop, QUESTION)
    await forget(desk, shop, record)

    seen = await inspect(desk, shop, record.turn_id)

    assert seen.record.is_erased
    assert seen.record.text is None
    assert [message.text for message in seen.asked] == [None]
    assert [one.quote.text for one in seen.quotes] == [""]
    assert [decision.step for decision in seen.record.decisions] == [one.step for one in record.decisions]
    assert (seen.case, seen.flips, seen.contributions) == (None, (), ())


async def test_every_look_is_on_record_and_shown_to_whoever_may_read_the_log(desk: Desk, shop: Actor) -> None:
    record = await ask(desk, shop, QUESTION)
    owner, responder = member_of(shop), member_of(shop, Role.RESPONDER)
    await inspect(desk, responder, record.turn_id)
    async with desk.database.tenant_session(owner) as db:
        await answering.export_record(db, record.turn_id)

    seen = await inspect(desk, owner, record.turn_id)
    unseen = await inspect(desk, responder, record.turn_id)

    assert unseen.looks is None
    assert [(one.type, one.actor_id) for one in seen.looks or ()][:3] == [
        ("access.record_viewed", owner.id),
        ("access.record_exported", owner.id),
        ("access.record_viewed", responder.id),
    ]


async def test_the_log_of_a_turn_begins_with_the_message_and_ends_with_the_turn(
    desk: Desk, shop: Actor
) -> None:
    record = await ask(desk, shop, QUESTION)

    seen = await inspect(desk, shop, record.turn_id)

    types = [leaf.event.type for leaf in seen.leaves]
    assert set(types) == {"message.received", "turn.ended", "message.sent", "disclosure.shown"}
    async with desk.database.tenant_session(shop) as db:
        for leaf in seen.leaves:
            hashed = await db.scalar(text("SELECT sha256('\\x00'::bytea || :body)"), {"body": leaf.body})
            assert hashed == leaf.event.leaf_hash
            assert leaf.is_queued


async def test_turns_of_a_conversation_stand_in_their_order(desk: Desk, shop: Actor) -> None:
    first = await ask(desk, shop, QUESTION)
    await write(desk, shop, "Thanks!", conversation_id=first.conversation_id)
    second = await answering.answer(desk, assistant_of(shop), first.conversation_id)

    seen = await inspect(desk, shop, first.turn_id)

    assert [turn.id for turn in seen.turns] == [first.turn_id, second]


async def test_the_record_of_another_workspace_is_not_found(desk: Desk, shop: Actor, globex: Actor) -> None:
    record = await ask(desk, shop, QUESTION)

    with pytest.raises(TurnNotFound):
        await inspect(desk, member_of(globex), record.turn_id)


async def test_an_auditor_may_not_open_what_contacts_wrote(desk: Desk, shop: Actor) -> None:
    record = await ask(desk, shop, QUESTION)

    with pytest.raises(PermissionDenied):
        await inspect(desk, member_of(shop, Role.AUDITOR), record.turn_id)
