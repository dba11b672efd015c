"""The application as an ASGI callable: edge, problems, health routes, and whatever routers are given."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from answerable.api import health
from answerable.infra.logging import watch_loop
from answerable.infra.web import (
    BodyLimit,
    Edge,
    OriginGuard,
    Problem,
    Readiness,
    TheReadiness,
    Web,
    answer_with_problems,
    give_web,
)

OPEN_TO_OTHER_SITES = ("/widget/v1/",)
"""Addresses that pages of other sites ask; they take a key and a token from headers, never a cookie."""

TAKES_FILES = ("/dashboard/v1/imports/content/", "/knowledge/add/files")
"""Addresses that take files; their routes count the bytes, to say of each file what became of it."""

DRAIN_S = 20
"""How long requests under way may take after the process was asked to stop."""


def create_api(
    web: Web, *, routers: Sequence[APIRouter], wrappers: Sequence[Callable[[ASGIApp], ASGIApp]] = ()
) -> FastAPI:
    """The application; while schema and code differ, it answers for its health and refuses all else.

    `wrappers` see every request after the edge and before anything is read of it, the last one first.
    """
    app = FastAPI(
        title="Answerable",
        version=version("answerable"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # A redirect would be built from the Host header, which is anybody's.
        redirect_slashes=False,
        lifespan=_watch,
    )
    give_web(app, web)
    answer_with_problems(app)
    app.include_router(health.router)
    for router in routers:
        app.include_router(router, dependencies=[Depends(_require_schema)])
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, counted_by_routes=TAKES_FILES)
    app.add_middleware(OriginGuard, public_url=web.public_url, open_prefixes=OPEN_TO_OTHER_SITES)
    for wrapper in wrappers:
        app.add_middleware(wrapper)
    app.add_middleware(Edge)
    app.openapi = lambda: _describe(app)
    return app


def drain(app: FastAPI) -> None:
    """Have `/readyz` say no from now on, while requests are still answered; the server stops after it."""
    readiness = app.state.readiness
    assert isinstance(readiness, Readiness)
    readiness.drain()


def server_config(app: FastAPI, *, host: str, port: int) -> uvicorn.Config:
    """How the server runs: silent about itself, trusting no proxy, draining on SIGTERM."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        # The log is ours: one line for each request, written at the edge.
        log_config=None,
        access_log=False,
        server_header=False,
        # Senders are worked out in `infra.web.addresses`, from the proxies that were named.
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=15,
        timeout_graceful_shutdown=DRAIN_S,
        h11_max_incomplete_event_size=32_768,
    )


@asynccontextmanager
async def _watch(_app: FastAPI) -> AsyncGenerator[None]:
    watch_loop(asyncio.get_running_loop())
    yield


async def _require_schema(readiness: TheReadiness) -> None:
    await readiness.require_schema()


def _describe(app: FastAPI) -> dict[str, Any]:  # an OpenAPI document is any JSON object
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    return document
