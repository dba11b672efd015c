"""Members who write to contacts: who may, what follows, what happens when two do it at once."""

import asyncio
from dataclasses import replace

import pytest

from answerable import answering, conversations, handoff
from answerable.answering import Desk
from answerable.answering.values import OutcomeKind, Reason
from answerable.conversations import ConversationId
from answerable.conversations.errors import ClientIdInvalid, ConversationNotFound, MessageTooLong
from answerable.conversations.values import Author, Delivery, Handler, Status
from answerable.handoff.errors import AlreadyClosed, NotAMember, ReplyEmpty, ReplyOvertaken
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind
from answerable.tenancy import Role
from answerable.tenancy.errors import PermissionDenied
from factories.desks import greet
from factories.inbox import hear, make_member, reply, sending, settle
from handoff.conftest import ListEvents, Look, Read


async def test_a_contact_reads_what_a_member_wrote(
    database: Database, anna: Actor, question: ConversationId, look: Look, told: Read
) -> None:
    await reply(database, anna, await look(question), "Thirty days.\x00")

    said = (await told(question))[-1]
    assert (said.author, said.text, said.delivery) == (Author.MEMBER, "Thirty days.", Delivery.DELIVERED)
    assert said.member_id == anna.id


async def test_a_reply_takes_the_conversation_over_if_nobody_has(
    database: Database, anna: Actor, question: ConversationId, look: Look, list_events: ListEvents
) -> None:
    before = await look(question)

    await reply(database, anna, before)

    after = await look(question)
    assert (after.status, after.handler, after.assignee_id) == (Status.OPEN, Handler.PEOPLE, anna.id)
    assert after.turn_epoch == before.turn_epoch + 1
    assert after.last_position == before.last_position + 1
    assert (await list_events(question))[-1] == "message.replied"


async def test_a_reply_leaves_the_conversation_with_the_member_who_has_it(
    database: Database, anna: Actor, ben: Actor, question: ConversationId, look: Look
) -> None:
    async with database.tenant_session(ben) as db:
        await handoff.take_over(db, question)

    await reply(database, anna, await look(question))

    assert (await look(question)).assignee_id == ben.id


async def test_no_assistant_word_follows_a_reply_that_came_in_mid_turn(
    database: Database, acme: Actor, anna: Actor, question: ConversationId, look: Look, told: Read
) -> None:
    assistant = replace(acme, kind=ActorKind.ASSISTANT)
    async with database.tenant_session(assistant) as db:
        turn = await answering.load_turn(db, question)
    assert turn is not None

    await reply(database, anna, await look(question))
    async with database.tenant_session(assistant) as db:
        turn_id = await answering.apply(db, turn, await greet(turn))

    async with database.tenant_session(acme) as db:
        record = await answering.view_record(db, turn_id)
    assert (record.outcome, record.reason) == (OutcomeKind.SUPERSEDED, Reason.TAKEN_OVER)
    assert [one.author for one in await told(question)] == [Author.CONTACT, Author.MEMBER]


async def test_a_failed_turn_says_nothing_after_a_reply_and_a_further_question(
    database: Database, acme: Actor, anna: Actor, question: ConversationId, look: Look, told: Read
) -> None:
    await reply(database, anna, await look(question))
    await hear(database, acme, "And then?", within=question)
    desk = Desk(database=database, embedder=None)

    await answering.give_up(
        desk, replace(acme, kind=ActorKind.ASSISTANT), question, error_code="embedding.unavailable"
    )

    assert (await look(question)).status is Status.WAITING
    assert Author.ASSISTANT not in {one.author for one in await told(question)}


async def test_what_a_contact_answers_to_a_member_waits_for_a_person_again(
    database: Database, acme: Actor, anna: Actor, question: ConversationId, look: Look
) -> None:
    await reply(database, anna, await look(question))

    await hear(database, acme, "Thank you. And the boots?", within=question)

    after = await look(question)
    assert (after.status, after.handler, after.assignee_id) == (Status.WAITING, Handler.PEOPLE, anna.id)
    assert after.waiting_since is not None


async def test_the_same_reply_twice_is_one_message(
    database: Database, anna: Actor, question: ConversationId, look: Look, told: Read, list_events: ListEvents
) -> None:
    once = sending(await look(question))

    async def send() -> object:
        async with database.tenant_session(anna) as db:
            return await handoff.reply(db, question, "Hello", once)

    first, second = await asyncio.gather(send(), send())

    assert first == second
    assert len(await told(question)) == 2
    assert (await list_events(question)).count("message.replied") == 1


async def test_another_members_client_id_is_another_message(
    database: Database, anna: Actor, ben: Actor, question: ConversationId, look: Look
) -> None:
    # Ids are made at random; the unique index refuses what is none, and nobody gets another's message.
    once = sending(await look(question))
    async with database.tenant_session(anna) as db:
        mine = await handoff.reply(db, question, "Hello", once)
    async with database.tenant_session(ben) as db:
        found = await conversations.drafts.find_reply(db, question, once.client_id, member_id=ben.id)  # pyright: ignore[reportArgumentType]

    assert found != mine


async def test_a_reply_written_while_another_member_wrote_is_refused_and_can_be_sent_anyway(
    database: Database, anna: Actor, ben: Actor, question: ConversationId, look: Look, told: Read
) -> None:
    before = await look(question)
    await reply(database, ben, before, "I have an answer.")

    with pytest.raises(ReplyOvertaken):
        await reply(database, anna, before, "So have I.")
    async with database.tenant_session(anna) as db:
        await handoff.reply(db, question, "So have I.", sending(before, anyway=True))

    assert [one.text for one in await told(question)][1:] == ["I have an answer.", "So have I."]


async def test_of_two_replies_at_once_one_is_refused(
    database: Database, anna: Actor, ben: Actor, question: ConversationId, look: Look, told: Read
) -> None:
    before = await look(question)

    results = await asyncio.gather(
        reply(database, anna, before, "From Anna."),
        reply(database, ben, before, "From Ben."),
        return_exceptions=True,
    )

    assert [type(one) for one in results].count(ReplyOvertaken) == 1
    assert len(await told(question)) == 2


async def test_a_reply_written_while_another_member_took_over_is_refused(
    database: Database, anna: Actor, ben: Actor, question: ConversationId, look: Look
) -> None:
    before = await look(question)
    async with database.tenant_session(ben) as db:
        await handoff.take_over(db, question)

    with pytest.raises(ReplyOvertaken):
        await reply(database, anna, before)


async def test_who_takes_over_in_one_window_may_write_in_another(
    database: Database, anna: Actor, question: ConversationId, look: Look
) -> None:
    before = await look(question)
    async with database.tenant_session(anna) as db:
        await handoff.take_over(db, question)

    await reply(database, anna, before)

    assert (await look(question)).last_position == 2


async def test_what_the_contact_wrote_meanwhile_stops_no_reply(
    database: Database, acme: Actor, anna: Actor, question: ConversationId, look: Look
) -> None:
    before = await look(question)
    await hear(database, acme, "Anybody?", within=question)

    await reply(database, anna, before)

    assert (await look(question)).status is Status.OPEN


@pytest.mark.parametrize(
    ("said", "refusal"),
    [(" \n\x00\u200b ", ReplyEmpty), ("x" * 8_001, MessageTooLong)],
    ids=["empty", "long"],
)
async def test_a_reply_has_words_and_at_most_8000_characters(
    database: Database,
    anna: Actor,
    question: ConversationId,
    look: Look,
    said: str,
    refusal: type[Exception],
) -> None:
    with pytest.raises(refusal):
        await reply(database, anna, await look(question), said)

    assert (await look(question)).last_position == 1


async def test_a_client_id_is_no_text(
    database: Database, anna: Actor, question: ConversationId, look: Look
) -> None:
    with pytest.raises(ClientIdInvalid):
        async with database.tenant_session(anna) as db:
            await handoff.reply(db, question, "Hello", sending(await look(question), client_id="a b"))


async def test_nobody_writes_in_a_closed_conversation(
    database: Database, anna: Actor, question: ConversationId, look: Look
) -> None:
    async with database.tenant_session(anna) as db:
        await handoff.close_conversation(db, question)

    with pytest.raises(AlreadyClosed):
        await reply(database, anna, await look(question))


async def test_another_tenants_member_finds_no_conversation(
    database: Database, globex: Actor, question: ConversationId, look: Look
) -> None:
    gus = await make_member(database, globex)

    with pytest.raises(ConversationNotFound):
        await reply(database, gus, await look(question))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.PRIVACY_OFFICER])
async def test_only_who_answers_contacts_may_write(
    database: Database, acme: Actor, question: ConversationId, look: Look, role: Role
) -> None:
    member = await make_member(database, acme, role=role)

    with pytest.raises(PermissionDenied):
        await reply(database, member, await look(question))


async def test_whoever_is_no_member_is_nobody_whom_a_contact_could_hear(
    database: Database, acme: Actor, question: ConversationId, look: Look
) -> None:
    with pytest.raises(NotAMember):
        await reply(database, acme, await look(question))


async def test_a_reply_answers_what_was_asked_so_a_hand_back_starts_from_there(
    database: Database, acme: Actor, anna: Actor, question: ConversationId, look: Look
) -> None:
    await reply(database, anna, await look(question))
    async with database.tenant_session(anna) as db:
        await handoff.hand_back(db, question)

    async with database.tenant_session(replace(acme, kind=ActorKind.ASSISTANT)) as db:
        assert await answering.load_turn(db, question) is None
    await hear(database, acme, "Hello again", within=question)
    await settle(database, acme, question, kind=OutcomeKind.REPLY, said="Hello!")

    assert (await look(question)).handler is Handler.ASSISTANT
