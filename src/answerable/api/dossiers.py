"""A conversation as its log holds it, as one file to take along."""

import asyncio
import io
import zipfile
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from answerable import tenancy
from answerable.api.authentication import TheMember
from answerable.audit.dossiers import Dossier, list_files, take_dossier
from answerable.infra.web import TheWeb, permission, problem_responses
from answerable.tenancy import Permission

router = APIRouter(prefix="/v1/audit", tags=["audit"])

_ZIP: Final = "application/zip"


@router.get(
    "/conversations/{conversation_id}/dossier",
    response_class=Response,
    responses=problem_responses(401, 403, 404, 422, 503)
    | {200: {"description": "A zip file that verifies by itself.", "content": {_ZIP: {}}}},
    openapi_extra=permission("view_conversations"),
)
async def get_dossier(
    conversation_id: UUID,
    web: TheWeb,
    member: TheMember,
    language: Annotated[Literal["en", "de"], Query()] = "en",
) -> Response:
    """Everything of a conversation that has its place in the log: entries, texts, proofs, and the verifier."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.VIEW_LOG)
        tenancy.require(member, Permission.VIEW_CONVERSATIONS)
        dossier = await take_dossier(db, conversation_id)
    content = await asyncio.to_thread(_pack, dossier, language)
    disposition = f'attachment; filename="conversation-{conversation_id}.zip"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(content, media_type=_ZIP, headers=headers)


def _pack(dossier: Dossier, language: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in list_files(dossier, language=language):
            file.writestr(name, content)
    return packed.getvalue()
