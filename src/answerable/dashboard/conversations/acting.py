"""What members do with a conversation; every form leads back to the page it stands on, with all its choices."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from answerable import handoff
from answerable.conversations import ConversationId, MessageId
from answerable.dashboard.conversations.chosen import Chosen
from answerable.dashboard.conversations.showing import Unsent, show_page
from answerable.dashboard.frame import Member, TheMember, pages_router
from answerable.handoff import Seen, Sending
from answerable.infra.db import Db
from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.ids import MemberId, uuid7
from answerable.infra.web import TheWeb, Web, permission
from answerable.infra.web.problems import status_of

router = pages_router()

_LARGEST: Final = 2**31 - 1
_MOST_POSTED: Final = 40_000
"""So many characters of a form's text are read; how many a message may have, the domain says."""

_SAID_ON_THE_PAGE: Final = frozenset({Kind.CONFLICT, Kind.INVALID})
"""Errors after which the member goes on where they were; others are pages of their own."""

Act = Callable[[Db], Awaitable[object]]


class Posted(BaseModel):
    """What the forms of replies and drafts post."""

    model_config = ConfigDict(frozen=True)

    client_id: str = Field(max_length=64)
    position: int = Field(ge=0, le=_LARGEST)
    epoch: int = Field(ge=0, le=_LARGEST)
    text: str | None = Field(default=None, max_length=_MOST_POSTED)
    """None sends a draft as it is."""
    anyway: bool = False

    @property
    def sending(self) -> Sending:
        """How the member sends it."""
        seen = Seen(position=self.position, epoch=self.epoch)
        return Sending(client_id=self.client_id, seen=seen, anyway=self.anyway)


ThePosted = Annotated[Posted, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for something to be done, and with which conversation."""

    request: Request
    member: Member
    web: Web
    id: ConversationId


async def find_asked(request: Request, conversation_id: UUID, member: TheMember, web: TheWeb) -> Asked:
    """What every act needs."""
    return Asked(request=request, member=member, web=web, id=ConversationId(conversation_id))


TheAsked = Annotated[Asked, Depends(find_asked)]


@router.post("/conversations/{conversation_id}/reply", openapi_extra=permission("respond"))
async def post_reply(asked: TheAsked, posted: ThePosted) -> Response:
    """Write to the contact."""
    text = posted.text or ""
    return await _act(asked, lambda db: handoff.reply(db, asked.id, text, posted.sending), posted=posted)


@router.post("/conversations/{conversation_id}/drafts/{draft_id}/send", openapi_extra=permission("respond"))
async def post_draft(asked: TheAsked, draft_id: UUID, posted: ThePosted) -> Response:
    """Say a draft, as it is or changed."""
    draft = MessageId(draft_id)

    async def send(db: Db) -> None:
        if posted.text is None:
            await handoff.send_draft(db, asked.id, draft, posted.sending)
        else:
            await handoff.edit_and_send_draft(db, asked.id, draft, posted.text, posted.sending)

    return await _act(asked, send, posted=posted, draft_id=draft)


@router.post(
    "/conversations/{conversation_id}/drafts/{draft_id}/discard", openapi_extra=permission("respond")
)
async def post_discard(asked: TheAsked, draft_id: UUID) -> Response:
    """Decide against a draft."""
    return await _act(asked, lambda db: handoff.discard_draft(db, asked.id, MessageId(draft_id)))


@router.post(
    "/conversations/{conversation_id}/drafts/{draft_id}/restore", openapi_extra=permission("respond")
)
async def post_restore(asked: TheAsked, draft_id: UUID) -> Response:
    """Take the discarding of a draft back."""
    return await _act(asked, lambda db: handoff.restore_draft(db, asked.id, MessageId(draft_id)))


@router.post("/conversations/{conversation_id}/take-over", openapi_extra=permission("take_over"))
async def post_take_over(asked: TheAsked) -> Response:
    """Take the conversation over."""
    return await _act(asked, lambda db: handoff.take_over(db, asked.id))


@router.post("/conversations/{conversation_id}/hand-back", openapi_extra=permission("take_over"))
async def post_hand_back(asked: TheAsked) -> Response:
    """Give the conversation back to the assistant."""
    return await _act(asked, lambda db: handoff.hand_back(db, asked.id))


@router.post("/conversations/{conversation_id}/assign", openapi_extra=permission("take_over"))
async def post_assign(asked: TheAsked, assignee: Annotated[UUID | None, Form()] = None) -> Response:
    """Give the conversation to a member, or to nobody."""
    to = MemberId(assignee) if assignee else None
    return await _act(asked, lambda db: handoff.assign(db, asked.id, to))


@router.post("/conversations/{conversation_id}/close", openapi_extra=permission("close_conversation"))
async def post_close(asked: TheAsked) -> Response:
    """Close the conversation."""
    return await _act(asked, lambda db: handoff.close_conversation(db, asked.id))


@router.post("/conversations/{conversation_id}/reopen", openapi_extra=permission("close_conversation"))
async def post_reopen(asked: TheAsked) -> Response:
    """Open the closed conversation again."""
    return await _act(asked, lambda db: handoff.reopen_conversation(db, asked.id))


async def _act(
    asked: Asked, act: Act, *, posted: Posted | None = None, draft_id: MessageId | None = None
) -> Response:
    """Do it and lead back to the page; what cannot be done is said on that page, with what was written."""
    try:
        async with asked.web.database.tenant_session(asked.member.actor) as db:
            await act(db)
    except AnswerableError as error:
        if error.kind not in _SAID_ON_THE_PAGE:
            raise
        unsent = Unsent(
            error=error,
            client_id=posted.client_id if posted else str(uuid7()),
            text=(posted.text or "") if posted else "",
            draft_id=draft_id,
        )
        status = status_of(error)
        return await show_page(asked.request, asked.member, asked.web, asked.id, refused=(unsent, status))
    chosen = Chosen.of(asked.request.query_params)
    return RedirectResponse(chosen.address(asked.id), status_code=303)
