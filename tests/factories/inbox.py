"""Members of a workspace and what they do with conversations."""

from dataclasses import replace

from answerable import answering, handoff, tenancy
from answerable.answering import pipeline
from answerable.answering.values import Outcome, OutcomeKind, Reason
from answerable.conversations import Conversation, ConversationId, MessageId, NewMessage
from answerable.conversations.values import Channel
from answerable.handoff import Seen, Sending
from answerable.infra.db import Database
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.knowledge.values import Language
from answerable.tenancy import Role


async def make_member(
    database: Database, tenant: Actor, email: str = "", *, role: Role = Role.RESPONDER
) -> Actor:
    address = email or f"{uuid7().hex}@example.com"
    async with database.tenant_session(replace(tenant, kind=ActorKind.PLATFORM, id=None)) as db:
        member_id = await tenancy.add_member(db, address, role=role)
    return replace(tenant, kind=ActorKind.MEMBER, id=member_id, role=role.value)


async def hear(
    database: Database,
    tenant: Actor,
    said: str = "Hello",
    *,
    within: ConversationId | None = None,
    channel: Channel = Channel.WEB,
) -> ConversationId:
    """A contact writes, and nobody answers yet."""
    new = NewMessage(text=said, client_id=str(uuid7()), channel=channel, conversation_id=within)
    contact = replace(tenant, kind=ActorKind.CONTACT, id=None, role=None)
    async with database.tenant_session(contact) as db:
        conversation, _message = await answering.accept(db, new)
    return conversation.id


async def settle(
    database: Database,
    tenant: Actor,
    conversation_id: ConversationId,
    *,
    kind: OutcomeKind = OutcomeKind.DRAFT,
    said: str = "You have 30 days.",
) -> MessageId:
    """The assistant ends its turn with a word: a draft, unless the test says otherwise."""
    assistant = replace(tenant, kind=ActorKind.ASSISTANT, id=None, role=None)
    async with database.tenant_session(assistant) as db:
        turn = await answering.load_turn(db, conversation_id)
    assert turn is not None
    reason = {OutcomeKind.DRAFT: Reason.NOT_AUTOMATIC, OutcomeKind.REPLY: Reason.ANSWERED}
    ended = Outcome(
        kind=kind, reason=reason.get(kind, Reason.UNSUPPORTED), language=Language.ENGLISH, text=said
    )
    async with database.tenant_session(assistant) as db:
        turn_id = await answering.apply(db, turn, pipeline.disclose_failure(turn, ended))
    async with database.tenant_session(replace(tenant, kind=ActorKind.PLATFORM, id=None)) as db:
        record = await answering.view_record(db, turn_id)
    assert record.outcome is kind
    assert record.message_id is not None
    return record.message_id


def sending(conversation: Conversation, *, anyway: bool = False, client_id: str = "") -> Sending:
    """What a page sends that shows the conversation as it stands."""
    seen = Seen(position=conversation.last_position, epoch=conversation.turn_epoch)
    return Sending(client_id=client_id or str(uuid7()), seen=seen, anyway=anyway)


async def reply(
    database: Database, member: Actor, conversation: Conversation, said: str = "I am on it."
) -> MessageId:
    async with database.tenant_session(member) as db:
        return await handoff.reply(db, conversation.id, said, sending(conversation))
