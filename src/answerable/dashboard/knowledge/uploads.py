"""Uploads for scripts: announce files, send each by itself, try again, stop. JSON, in the OpenAPI document."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from answerable import knowledge, tenancy
from answerable.dashboard.frame import TheMember
from answerable.infra.web import TheWeb, answer_error, permission, problem_responses
from answerable.knowledge.errors import FileTooLarge
from answerable.knowledge.imports import (
    MAX_FILE_BYTES,
    MAX_ITEMS,
    BatchId,
    ImportBatch,
    ImportItem,
    ItemId,
    ItemState,
    NewFile,
)
from answerable.tenancy import Permission

router = APIRouter(prefix="/dashboard/v1/imports", tags=["imports"])

_LONGEST_NAME = 1_000


class AnnouncedFile(BaseModel):
    """A file that is about to be sent."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME)]
    size_bytes: Annotated[int, Field(ge=0, le=2**40)]


class Announcement(BaseModel):
    """Files that are about to be sent."""

    model_config = ConfigDict(extra="forbid")

    files: Annotated[list[AnnouncedFile], Field(min_length=1, max_length=MAX_ITEMS)]


class ItemAnswer(BaseModel):
    """One file of an import and what became of it."""

    id: UUID
    name: str
    state: ItemState
    needs_content: bool
    error_code: str | None
    message: str
    remedy: str


class ImportAnswer(BaseModel):
    """An import and how far it is."""

    id: UUID
    page: str
    total: int
    done: int
    items: list[ItemAnswer]


@router.post(
    "",
    status_code=201,
    openapi_extra=permission("import_knowledge"),
    responses=problem_responses(400, 401, 403, 413, 415, 422, 503),
)
async def begin_import(member: TheMember, web: TheWeb, announcement: Announcement) -> ImportAnswer:
    """Announce files; what cannot be read is over at once and need not be sent."""
    files = [NewFile(name=one.name, size_bytes=one.size_bytes) for one in announcement.files]
    async with web.database.tenant_session(member.actor) as db:
        detail = await knowledge.begin_import(db, files)
    return _answer(detail.batch, detail.items)


@router.get(
    "/{batch_id}",
    openapi_extra=permission("import_knowledge"),
    responses=problem_responses(401, 403, 404, 422, 503),
)
async def get_import(member: TheMember, web: TheWeb, batch_id: UUID) -> ImportAnswer:
    """How far an import is."""
    async with web.database.tenant_session(member.actor) as db:
        detail = await knowledge.get_import(db, BatchId(batch_id))
    return _answer(detail.batch, detail.items)


@router.put(
    "/content/{item_id}",
    response_model=ItemAnswer,
    openapi_extra=permission("import_knowledge")
    | {
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    responses=problem_responses(401, 403, 404, 409, 413, 422, 429, 503),
)
async def put_content(
    request: Request, member: TheMember, web: TheWeb, item_id: UUID
) -> ItemAnswer | Response:
    """Send the bytes of an announced file."""
    tenancy.require(member.actor, Permission.IMPORT_KNOWLEDGE)
    data = await _read(request)
    async with web.database.tenant_session(member.actor) as db:
        if data is None:
            await knowledge.refuse_content(db, ItemId(item_id))
        else:
            return _item(await knowledge.add_content(db, ItemId(item_id), data))
    # Behind the block: what became of the file is kept, although the answer is an error.
    return answer_error(FileTooLarge(), status=413)


@router.post(
    "/items/{item_id}/retry",
    openapi_extra=permission("import_knowledge"),
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
async def retry_item(member: TheMember, web: TheWeb, item_id: UUID) -> ItemAnswer:
    """Have a page that failed fetched once more."""
    async with web.database.tenant_session(member.actor) as db:
        return _item(await knowledge.retry_item(db, ItemId(item_id)))


@router.post(
    "/{batch_id}/cancel",
    openapi_extra=permission("import_knowledge"),
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
async def cancel_import(member: TheMember, web: TheWeb, batch_id: UUID) -> ImportAnswer:
    """Stop an import: what waits is skipped, what was read stays."""
    async with web.database.tenant_session(member.actor) as db:
        await knowledge.cancel_batch(db, BatchId(batch_id))
        detail = await knowledge.get_import(db, BatchId(batch_id))
    return _answer(detail.batch, detail.items)


async def _read(request: Request) -> bytes | None:
    """A body of at most the largest file; None when it is longer, as soon as that is known."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_FILE_BYTES:
        return None
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > MAX_FILE_BYTES:
            return None
    return bytes(data)


def _answer(batch: ImportBatch, items: Sequence[ImportItem]) -> ImportAnswer:
    return ImportAnswer(
        id=batch.id,
        page=f"/knowledge/imports/{batch.id}",
        total=batch.total,
        done=batch.done,
        items=[_item(item) for item in items],
    )


def _item(item: ImportItem) -> ItemAnswer:
    return ItemAnswer(
        id=item.id,
        name=item.source,
        state=item.state,
        needs_content=item.needs_content,
        error_code=item.error_code,
        message=item.message,
        remedy=item.remedy,
    )
