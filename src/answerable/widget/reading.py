"""What a contact is shown: a conversation's state and messages with their sources, a passage, the workspace."""

from datetime import timedelta
from uuid import UUID

from answerable import answering, audit, conversations, tenancy
from answerable.answering.citations import Cited
from answerable.answering.texts import Text, say
from answerable.conversations import Conversation, ConversationId, Message, Rating
from answerable.infra.db import Db
from answerable.knowledge.values import Language
from answerable.widget.messages import (
    ShownCitation,
    ShownConversation,
    ShownMessage,
    ShownPassage,
    ShownState,
    ShownWorkspace,
)

_LATELY = timedelta(minutes=5)
"""Whoever has done something in this time is there."""


async def read_conversation(db: Db, conversation_id: ConversationId, *, after: int) -> ShownConversation:
    """A conversation as its contact may see it, with the messages behind a position.

    Errors:  ConversationNotFound.
    """
    dialogue = await conversations.follow(db, conversation_id, after=after)
    cited = await answering.list_cited(db, conversation_id, dialogue.messages)
    ratings = await conversations.list_ratings(db, [message.id for message in dialogue.messages])
    state = await _state(db, dialogue.conversation)
    return ShownConversation(
        **state.model_dump(),
        messages=tuple(
            _message(message, cited.get(message.id, ()), ratings.get(message.id))
            for message in dialogue.messages
        ),
    )


async def read_passage(db: Db, conversation_id: ConversationId, citation_id: UUID) -> ShownPassage:
    """A quote that the contact got, where it stands; the quote alone once its document was deleted.

    Errors:  CitationNotFound.
    """
    opened = await answering.open_citation(db, conversation_id, citation_id)
    cited, around = opened.cited, opened.around
    return ShownPassage(
        title=cited.title,
        version=cited.version,
        language=cited.language,
        quote=cited.text,
        before=around.before if around else "",
        after=around.after if around else "",
        headings=around.headings if around else (),
        since=around.since if around else None,
        is_current=around.is_current if around else False,
        is_deleted=around is None,
    )


async def read_workspace(db: Db) -> ShownWorkspace:
    """What the chat shows before anybody writes."""
    tenant = await tenancy.get_front(db)
    return ShownWorkspace(
        name=tenant.name,
        language=Language(tenant.language),
        brand_colour=tenant.brand_colour,
        people_here=await audit.has_member_acted(db, within=_LATELY),
        answer_hours=tenant.answer_hours,
        disclosure={each: say(Text.DISCLOSURE, each, tenant=tenant.name) for each in Language},
    )


async def _state(db: Db, conversation: Conversation) -> ShownState:
    return ShownState(
        conversation_id=conversation.id,
        status=conversation.status,
        handler=conversation.handler,
        people_here=await audit.has_member_acted(db, within=_LATELY),
        address_asked=conversation.address_asked_at is not None,
    )


def _message(message: Message, cited: tuple[Cited, ...], rating: Rating | None) -> ShownMessage:
    return ShownMessage(
        message_id=message.id,
        position=message.position,
        author=message.author,
        text=message.text,
        delivery=message.delivery,
        created_at=message.created_at,
        client_id=message.client_id,
        citations=tuple(
            ShownCitation(
                citation_id=one.id,
                title=one.title,
                version=one.version,
                language=one.language,
                quote=one.text,
            )
            for one in cited
        ),
        rating=rating,
    )
