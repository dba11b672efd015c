"""The members' event stream, and the signs that a member has a conversation before them.

The stream tells that something happened and to what, never what was said: pages then ask for what they show.
"""

import json
import time
from collections.abc import AsyncGenerator
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from answerable import conversations, identity
from answerable.conversations import ConversationId
from answerable.dashboard.frame import Member, TheMember
from answerable.dashboard.frame.signing_in import COOKIE
from answerable.identity.errors import NotSignedIn
from answerable.infra.db import DatabaseUnavailable
from answerable.infra.signals import Signal, Topic, Wakes
from answerable.infra.web import TheWeb, Web, permission, problem_responses

HEARTBEAT_S: Final = 15.0
"""After so long without a word the sign-in session is looked at again, and the browser told that all is well."""

_RETRY_MS: Final = 2_000
_HEADERS: Final = {"X-Accel-Buffering": "no"}
_OF_CONVERSATIONS: Final = frozenset(
    {Topic.MESSAGE, Topic.STATE, Topic.PROGRESS, Topic.TYPING, Topic.PRESENCE}
)

router = APIRouter(prefix="/dashboard/v1", tags=["dashboard"])


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


class Presence(BaseModel):
    """That a member has a conversation before them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: bool = Field(default=False, description="Whether they write a reply.")


@router.get(
    "/events",
    response_class=EventStream,
    responses=problem_responses(401, 403, 503),
    openapi_extra=permission("view_tenant"),
)
async def stream_events(request: Request, member: TheMember, web: TheWeb) -> EventStream:
    """What happens in the workspace, until the browser goes, its sign-in ends or the server stops."""
    events = _tell(web, member, token=request.cookies.get(COOKIE, ""))
    return EventStream(events, headers=_HEADERS)


@router.put(
    "/conversations/{conversation_id}/presence",
    status_code=204,
    responses=problem_responses(400, 401, 403, 404, 413, 415, 422, 503),
    openapi_extra=permission("view_conversations"),
)
async def put_presence(conversation_id: UUID, presence: Presence, member: TheMember, web: TheWeb) -> Response:
    """Say that the member has a conversation before them; holds for half a minute."""
    async with web.database.tenant_session(member.actor) as db:
        await conversations.be_present(db, ConversationId(conversation_id), types=presence.types)
    return Response(status_code=204)


@router.delete(
    "/conversations/{conversation_id}/presence",
    status_code=204,
    responses=problem_responses(401, 403, 404, 422, 503),
    openapi_extra=permission("view_conversations"),
)
async def delete_presence(conversation_id: UUID, member: TheMember, web: TheWeb) -> Response:
    """Say that the member has put a conversation away."""
    async with web.database.tenant_session(member.actor) as db:
        await conversations.be_absent(db, ConversationId(conversation_id))
    return Response(status_code=204)


async def _tell(web: Web, member: Member, *, token: str) -> AsyncGenerator[str]:
    async with web.hub.subscribe(member.actor.tenant_id) as wakes:
        yield f"retry: {_RETRY_MS}\n\n"
        # Whatever happened before anybody listened.
        yield _event(Signal(tenant_id=member.actor.tenant_id, topic=Topic.MISSED))
        looked = time.monotonic()
        while True:
            signal = await wakes.next(within_s=HEARTBEAT_S)
            # Where something happens all the time, no heartbeat comes, and a sign-in may have ended all the same.
            if signal is None or time.monotonic() - looked >= HEARTBEAT_S:
                if not await _goes_on(web, wakes, token):
                    return
                looked = time.monotonic()
                # Spoken, not a comment: the browser's script has to hear it to know that all is well.
                yield "event: alive\ndata: {}\n\n"
            if signal is not None and _may_hear(member, signal):
                yield _event(signal)


async def _goes_on(web: Web, wakes: Wakes, token: str) -> bool:
    """Whether there is anything to come, and anybody who may hear it."""
    if wakes.ended:
        return False
    try:
        await identity.get_session(web.database, token)
    except (NotSignedIn, DatabaseUnavailable):
        return False
    return True


def _may_hear(member: Member, signal: Signal) -> bool:
    if signal.topic in _OF_CONVERSATIONS:
        return member.may("view_conversations")
    return True


def _event(signal: Signal) -> str:
    told = {
        "topic": signal.topic.value,
        "conversation_id": str(signal.conversation_id) if signal.conversation_id else None,
        "subject_id": str(signal.subject_id) if signal.subject_id else None,
        "word": signal.word,
        "count": signal.count,
    }
    return f"event: signal\ndata: {json.dumps(told)}\n\n"
