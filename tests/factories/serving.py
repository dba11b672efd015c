"""The whole product in this process, behind a real socket: its web application and a worker."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from answerable import worker
from answerable.answering import Desk
from answerable.api import Limits, Web, drain, server_config
from answerable.app import create_application
from answerable.infra import roles, signals
from answerable.infra.db import Database
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.jobs import JobRunner
from answerable.infra.postgres import Server
from answerable.infra.schema import EXPECTED_REVISION
from answerable.infra.settings import Settings
from answerable.vault import Keys
from factories.product import free_port

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the product's database lies and what it was started with."""

    server: Server
    settings: Settings
    database: Database
    name: str

    def conninfo(self, role: roles.DatabaseRole) -> str:
        password = roles.password_of(role, keys=self.settings.keys)
        return self.server.conninfo(role=role.name, password=password, database=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running product."""

    origin: str
    web: Web
    desk: Desk


@asynccontextmanager
async def serve_web(
    place: Place, *, port: int | None = None, desk: Desk | None = None, limits: Limits | None = None
) -> AsyncGenerator[Served]:
    """The web application on a port of this machine, with its signals."""
    chosen = port or free_port()
    web = Web(
        database=place.database,
        embedder=HashingEmbedder(),
        expected_revision=EXPECTED_REVISION,
        limits=limits or Limits(),
    )
    application = create_application(web)
    server = uvicorn.Server(server_config(application, host=HOST, port=chosen))
    works = desk or Desk(database=place.database, embedder=HashingEmbedder())
    async with signals.listening(web.hub, place.conninfo(roles.APP)) as listener:
        task = asyncio.create_task(server._serve())
        try:
            while not (server.started and listener.listening.is_set()):
                assert not task.done(), "The server has stopped."
                await asyncio.sleep(0.01)
            yield Served(origin=f"http://{HOST}:{chosen}", web=web, desk=works)
        finally:
            drain(application)
            web.hub.drain()
            server.should_exit = True
            await task


class Began:
    """When the test that runs now began."""

    at: datetime = datetime.now(UTC)


def forget_jobs_of_other_tests(place: Place) -> None:
    """Delete jobs that tests before have left in the database they share: hundreds of turns would come first."""
    with psycopg.connect(place.conninfo(roles.JOBS), autocommit=True) as connection:
        connection.execute("SET search_path = jobs")
        connection.execute(
            "DELETE FROM jobs.procrastinate_jobs j WHERE status = 'todo' AND NOT EXISTS ("
            " SELECT FROM jobs.procrastinate_events e"
            " WHERE e.job_id = j.id AND e.type = 'deferred' AND e.at >= %s)"
            " AND NOT EXISTS (SELECT FROM jobs.procrastinate_periodic_defers p WHERE p.job_id = j.id)",
            [Began.at],
        )


@asynccontextmanager
async def run_worker(place: Place, desk: Desk) -> AsyncGenerator[None]:
    """A worker that takes jobs of this test until the block ends."""
    await asyncio.to_thread(forget_jobs_of_other_tests, place)
    tasks = worker.build_tasks(desk, Keys(folder=place.settings.keys))
    # What runs by the clock goes over all tenants, and a test's database holds those of every other test.
    tasks = {name: replace(task, cron=None) for name, task in tasks.items()}
    runner = JobRunner(place.conninfo(roles.JOBS), tasks, concurrency=2)
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        runner.stop()
        await task


@asynccontextmanager
async def serve_product(
    place: Place, *, desk: Desk | None = None, limits: Limits | None = None
) -> AsyncGenerator[Served]:
    """Web and worker together."""
    async with serve_web(place, desk=desk, limits=limits) as served, run_worker(place, served.desk):
        yield served


@asynccontextmanager
async def serve_page(html: str, *, policy: str = "") -> AsyncGenerator[str]:
    """A site of somebody else's, with one page; gives its origin."""

    async def answer(_request: Request) -> HTMLResponse:
        return HTMLResponse(html, headers={"Content-Security-Policy": policy} if policy else None)

    port = free_port()
    site = Starlette(routes=[Route("/", answer)])
    server = uvicorn.Server(uvicorn.Config(site, host=HOST, port=port, log_config=None, lifespan="off"))
    task = asyncio.create_task(server._serve())
    try:
        while not server.started:
            assert not task.done(), "The site has stopped."
            await asyncio.sleep(0.01)
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        await task
