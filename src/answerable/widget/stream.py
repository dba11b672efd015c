"""The contact's stream: new messages, the conversation's state, progress and typing, as they happen.

No token of an answer is ever streamed: what is told before an answer is checked is that a step is finished.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from answerable import conversations
from answerable.conversations import ConversationId
from answerable.infra.db import DatabaseUnavailable
from answerable.infra.ids import Actor, ActorKind
from answerable.infra.rates import scoped_key
from answerable.infra.signals import Signal, Topic, Wakes
from answerable.infra.web import TheWeb, Web, permission, problem_responses, sender_of
from answerable.widget.contacts import TheContact, Token, require_token
from answerable.widget.messages import LARGEST_POSITION, MessagesAfter, ShownConversation, ShownState
from answerable.widget.reading import read_conversation

HEARTBEAT_S: Final = 15.0
"""After so long without a word a comment is sent, and the conversation is read in case a signal was lost."""

_HEADERS: Final = {"X-Accel-Buffering": "no"}
_RETRY_MS: Final = 2_000
_PASSING: Final = frozenset({Topic.PROGRESS, Topic.TYPING})
"""What is told as it is, and stored nowhere."""

_STORED: Final = frozenset(Topic) - _PASSING

router = APIRouter(prefix="/widget/v1", tags=["widget"])

LastEvent = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=LARGEST_POSITION,
        description="The last event that was read; counts like `after`.",
    ),
]


class EventStream(StreamingResponse):
    """Server-sent events that give their place up however they end."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[str], *, places: ExitStack) -> None:
        super().__init__(events, headers=_HEADERS)
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until they end or nobody reads them."""
        with self._places:
            await super().__call__(scope, receive, send)


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={
        200: {"content": {EventStream.media_type: {}}},
        **problem_responses(401, 403, 404, 422, 429, 503),
    },
    openapi_extra=permission("ask"),
)
async def stream_events(
    wanted: Annotated[MessagesAfter, Query()],
    request: Request,
    web: TheWeb,
    contact: TheContact,
    token: Token = None,
    last_event_id: LastEvent = None,
) -> EventStream:
    """Messages behind a position and whatever happens from now on, until the client goes or the server stops."""
    conversation_id = ConversationId(wanted.conversation_id)
    async with web.database.tenant_session(contact) as db:
        require_token(db, conversation_id, token)
        await conversations.get(db, conversation_id)
    places = ExitStack()
    sender = scoped_key(contact.tenant_id, "sender", sender_of(request, proxies=web.proxies))
    conversation = scoped_key(contact.tenant_id, "conversation", conversation_id)
    with places:
        places.enter_context(web.occupancy.take(conversation, most=web.limits.streams_of_conversation))
        places.enter_context(web.occupancy.take(sender, most=web.limits.streams_of_address))
        kept = places.pop_all()
    after = max(wanted.after, last_event_id or 0)
    following = _Following(web=web, contact=contact, conversation_id=conversation_id, after=after)
    return EventStream(following.events(), places=kept)


class _Following:
    """One contact who follows one conversation; holds no connection to the database while nothing happens."""

    def __init__(self, *, web: Web, contact: Actor, conversation_id: ConversationId, after: int) -> None:
        self._web = web
        self._contact = contact
        self._conversation_id = conversation_id
        self._after = after
        self._state: ShownState | None = None

    async def events(self) -> AsyncGenerator[str]:
        hub = self._web.hub
        async with hub.subscribe(self._contact.tenant_id, conversation_id=self._conversation_id) as wakes:
            yield f"retry: {_RETRY_MS}\n\n"
            # Subscribed before the first look, so that nothing can happen in between.
            told = await self._look()
            while told is not None:
                for event in told:
                    yield event
                told = await self._await(wakes)

    async def _await(self, wakes: Wakes) -> list[str] | None:
        signal = await wakes.next(within_s=HEARTBEAT_S)
        if signal is None:
            seen = None if wakes.ended else await self._look()
            return None if seen is None else [": still here\n\n", *seen]
        if signal.topic in _PASSING:
            return _tell(signal)
        # A transaction sends several, and one look sees all that they are about.
        wakes.drop(_STORED)
        return await self._look()

    async def _look(self) -> list[str] | None:
        """What is new; None when the stream is better ended, and its client comes again."""
        # A contact who leaves in the middle of it would cost the connection, which can only be closed then.
        reading = asyncio.create_task(self._read())
        try:
            seen = await asyncio.shield(reading)
        except DatabaseUnavailable:
            return None
        return [*self._tell_messages(seen), *self._tell_state(seen)]

    async def _read(self) -> ShownConversation:
        async with self._web.database.tenant_session(self._contact) as db:
            return await read_conversation(db, self._conversation_id, after=self._after)

    def _tell_messages(self, seen: ShownConversation) -> list[str]:
        if seen.messages:
            self._after = seen.messages[-1].position
        return [_event("message", message, event_id=message.position) for message in seen.messages]

    def _tell_state(self, seen: ShownConversation) -> list[str]:
        state = ShownState(**seen.model_dump(exclude={"messages"}))
        if state == self._state:
            return []
        self._state = state
        return [_event("state", state)]


def _tell(signal: Signal) -> list[str]:
    if signal.topic is Topic.PROGRESS:
        return [_event("progress", {"step": signal.word, "count": signal.count})]
    # A contact's own typing comes back to every window; only that of others is told.
    return [] if signal.word == ActorKind.CONTACT.value else [_event("typing", {"author": signal.word})]


def _event(name: str, data: BaseModel | dict[str, Any], *, event_id: int | None = None) -> str:
    body = data.model_dump_json() if isinstance(data, BaseModel) else json.dumps(data)
    # JSON has no line breaks of its own, so one line of data holds it whole.
    number = "" if event_id is None else f"id: {event_id}\n"
    return f"{number}event: {name}\ndata: {body}\n\n"
