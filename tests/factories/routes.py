"""Routes that do what a surface's routes may do, failing in every way."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from uuid import UUID

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from starlette.responses import StreamingResponse
from structlog.contextvars import bind_contextvars

from answerable.infra.db import SystemReason
from answerable.infra.web import TheWeb, permission
from answerable.tenancy.errors import SlugTaken
from factories.log import SECRET

router = APIRouter(prefix="/test")


class Posted(BaseModel):
    """What can be posted."""

    model_config = ConfigDict(extra="forbid")

    text: str
    count: int = 0


@router.get("/things/{thing}", openapi_extra=permission("public"))
async def get_thing(thing: str) -> str:
    """Answer with the sender's own text."""
    bind_contextvars(tenant_id=UUID(int=7))
    return thing


@router.post("/things", openapi_extra=permission("public"))
async def post_thing(posted: Posted) -> int:
    """Answer how long a text is."""
    return len(posted.text)


@router.get("/declared", openapi_extra=permission("public"))
async def fail_declared() -> None:
    """Raise a declared error."""
    raise SlugTaken


@router.get("/undeclared", openapi_extra=permission("public"))
async def fail_undeclared() -> None:
    """Raise an exception that carries what must not be told."""
    raise ValueError(SECRET)


@router.get("/database", openapi_extra=permission("public"))
async def fail_in_the_database(web: TheWeb) -> None:
    """Have the database refuse a value that must not be told."""
    async with web.database.system_session(SystemReason.RESOLVE_TENANT) as session:
        await session.execute(text("SELECT CAST(:it AS integer)"), {"it": SECRET})


@router.get("/half", openapi_extra=permission("public"))
async def fail_half_way() -> StreamingResponse:
    """Send half an answer."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError(SECRET)

    return StreamingResponse(pieces())


@router.get("/forever", openapi_extra=permission("public"))
async def wait_forever() -> None:
    """Never answer."""
    await asyncio.Event().wait()


def walk(routes: Iterable[object]) -> Iterator[APIRoute]:
    """Every route of an application, in the order in which they are asked."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            # A router that was included keeps its routes to itself.
            yield from walk(getattr(getattr(route, "original_router", None), "routes", ()))
