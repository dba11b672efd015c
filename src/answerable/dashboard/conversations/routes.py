"""Pages of conversations: the list, one conversation beside it, and their parts for pages that keep up to date."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from answerable.dashboard.conversations import acting
from answerable.dashboard.conversations.showing import show_page, show_rows, show_talk
from answerable.dashboard.frame import TheMember, pages_router
from answerable.infra.web import TheWeb, permission

router = pages_router()


@router.get("/conversations", openapi_extra=permission("view_conversations"))
async def get_conversations(request: Request, member: TheMember, web: TheWeb) -> Response:
    """The list of conversations."""
    return await show_page(request, member, web)


@router.get("/conversations/rows", openapi_extra=permission("view_conversations"))
async def get_rows(request: Request, member: TheMember, web: TheWeb, open_id: UUID | None = None) -> Response:
    """The rows of the list alone."""
    return await show_rows(request, member, web, open_id)


@router.get("/conversations/{conversation_id}", openapi_extra=permission("view_conversations"))
async def get_conversation(
    request: Request, conversation_id: UUID, member: TheMember, web: TheWeb
) -> Response:
    """One conversation beside the list."""
    return await show_page(request, member, web, conversation_id)


@router.get("/conversations/{conversation_id}/talk", openapi_extra=permission("view_conversations"))
async def get_talk(request: Request, conversation_id: UUID, member: TheMember, web: TheWeb) -> Response:
    """The conversation alone."""
    return await show_talk(request, member, web, conversation_id)


router.include_router(acting.router)
