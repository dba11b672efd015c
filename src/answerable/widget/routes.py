"""The contact's endpoints: send a message, read what is new, type, rate, open a quoted passage."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from answerable import answering, conversations
from answerable.audit.rooting import ROOT_READER
from answerable.conversations import Channel, ConversationId, MessageId, NewMessage
from answerable.infra import signals
from answerable.infra.db import Db
from answerable.infra.rates import scoped_key
from answerable.infra.signals import Topic
from answerable.infra.web import TheWeb, Web, permission, problem_responses
from answerable.widget.contacts import TheContact, Token, require_token, token_of
from answerable.widget.messages import (
    AcceptedMessage,
    MessagesAfter,
    PostedMessage,
    PostedRating,
    PostedTyping,
    ShownConversation,
    ShownPassage,
    ShownWorkspace,
    WantedPassage,
)
from answerable.widget.reading import read_conversation, read_passage, read_workspace
from answerable.widget.receipts import ShownReceipt, WantedReceipt, read_receipt

router = APIRouter(prefix="/widget/v1", tags=["widget"])


@router.post(
    "/messages",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    openapi_extra=permission("ask"),
)
async def post_message(
    posted: PostedMessage, web: TheWeb, contact: TheContact, token: Token = None
) -> AcceptedMessage:
    """Store a contact's message and have it answered; the same one twice is one."""
    new = _new_message(posted)
    async with web.database.tenant_session(contact) as db:
        if new.conversation_id is not None:
            require_token(db, new.conversation_id, token)
            await _count_message(db, web, new.conversation_id)
        conversation, message_id = await answering.accept(db, new)
        return AcceptedMessage(
            conversation_id=conversation.id,
            message_id=message_id,
            conversation_token=token_of(db, conversation.id),
        )


@router.get(
    "/messages",
    responses=problem_responses(401, 403, 404, 422, 429, 503),
    openapi_extra=permission("ask"),
)
async def list_messages(
    wanted: Annotated[MessagesAfter, Query()], web: TheWeb, contact: TheContact, token: Token = None
) -> ShownConversation:
    """The conversation's state, and the messages that the contact does not know yet."""
    conversation_id = ConversationId(wanted.conversation_id)
    async with web.database.tenant_session(contact) as db:
        require_token(db, conversation_id, token)
        return await read_conversation(db, conversation_id, after=wanted.after)


@router.post(
    "/typing",
    status_code=204,
    responses=problem_responses(400, 401, 403, 404, 413, 415, 422, 429, 503),
    openapi_extra=permission("ask"),
)
async def post_typing(posted: PostedTyping, web: TheWeb, contact: TheContact, token: Token = None) -> None:
    """Let whoever looks at the conversation know that the contact types; it is stored nowhere."""
    conversation_id = ConversationId(posted.conversation_id)
    async with web.database.tenant_session(contact) as db:
        require_token(db, conversation_id, token)
        await signals.notify(db, Topic.TYPING, conversation_id=conversation_id, word=contact.kind.value)


@router.post(
    "/ratings",
    status_code=204,
    responses=problem_responses(400, 401, 403, 404, 413, 415, 422, 429, 503),
    openapi_extra=permission("ask"),
)
async def post_rating(posted: PostedRating, web: TheWeb, contact: TheContact, token: Token = None) -> None:
    """Keep whether a message helped; of several ratings of one message the newest counts."""
    conversation_id = ConversationId(posted.conversation_id)
    async with web.database.tenant_session(contact) as db:
        require_token(db, conversation_id, token)
        conversation = await conversations.get(db, conversation_id)
        await conversations.rate(
            db, conversation, MessageId(posted.message_id), rating=posted.rating, reason=posted.reason
        )


@router.get(
    "/passages/{citation_id}",
    responses=problem_responses(401, 403, 404, 422, 429, 503),
    openapi_extra=permission("ask"),
)
async def get_passage(
    citation_id: UUID,
    wanted: Annotated[WantedPassage, Query()],
    web: TheWeb,
    contact: TheContact,
    token: Token = None,
) -> ShownPassage:
    """A quote that the contact got, in the passage it stands in."""
    conversation_id = ConversationId(wanted.conversation_id)
    async with web.database.tenant_session(contact) as db:
        require_token(db, conversation_id, token)
        return await read_passage(db, conversation_id, citation_id)


@router.get(
    "/receipt",
    responses=problem_responses(401, 403, 404, 422, 429, 503),
    openapi_extra=permission("ask"),
)
async def get_receipt(
    wanted: Annotated[WantedReceipt, Query()], web: TheWeb, contact: TheContact, token: Token = None
) -> ShownReceipt:
    """What was said in the contact's conversation, with what proves it to anybody; the log tells of it."""
    conversation_id = ConversationId(wanted.conversation_id)
    sessions = web.database.tenant_session
    async with sessions(contact) as db, sessions(ROOT_READER) as root:
        require_token(db, conversation_id, token)
        return await read_receipt(db, root, conversation_id)


@router.get(
    "/config",
    responses=problem_responses(401, 403, 422, 429, 503),
    openapi_extra=permission("ask"),
)
async def get_config(web: TheWeb, contact: TheContact) -> ShownWorkspace:
    """What the chat shows of the workspace before anybody writes."""
    async with web.database.tenant_session(contact) as db:
        return await read_workspace(db)


def _new_message(posted: PostedMessage) -> NewMessage:
    return NewMessage(
        text=posted.text,
        client_id=str(posted.client_id),
        channel=Channel.WEB,
        conversation_id=ConversationId(posted.conversation_id) if posted.conversation_id else None,
        language=posted.language.value if posted.language else None,
        wants_person=posted.wants_person,
        email=posted.email,
        name=posted.name,
        page_url=posted.page_url,
    )


async def _count_message(db: Db, web: Web, conversation_id: ConversationId) -> None:
    # Behind the token: otherwise anybody could use up another contact's share.
    key = scoped_key(db.actor.tenant_id, "conversation", conversation_id)
    await web.rates.spend(web.limits.messages, key)
