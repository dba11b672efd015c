import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from fastapi import APIRouter
from sqlalchemy.exc import ProgrammingError

from answerable.api import Web, create_api, drain
from answerable.infra.db import Database, DatabaseUnavailable, SystemReason
from answerable.infra.errors import AnswerableError
from answerable.infra.schema import EXPECTED_REVISION, SchemaDiffers
from answerable.infra.web import Readiness, permission
from answerable.infra.web import readiness as readiness_module
from factories.http import Client, open_client


class Answer:
    """What the system session of a pretended database finds as its revision, or how it fails."""

    def __init__(self, revision: str = "r1") -> None:
        self.revision = revision
        self.error: Exception | None = None
        self.silent = False
        self.asked = 0

    @asynccontextmanager
    async def system_session(self, _reason: SystemReason) -> AsyncGenerator["Answer"]:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        yield self

    async def scalars(self, _statement: object) -> "Answer":
        return self

    def all(self) -> list[str]:
        return [self.revision]


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def answer() -> Answer:
    return Answer()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def readiness(answer: Answer, seconds: Seconds) -> Readiness:
    return Readiness(cast("Database", answer), expected_revision="r1", clock=seconds)


async def test_a_living_process_says_so(client: Client) -> None:
    answer = await client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"alive": True})


async def test_a_process_whose_schema_is_the_expected_one_is_ready(client: Client) -> None:
    answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"ready": True})


async def test_a_process_whose_schema_is_another_one_is_not_ready_and_serves_nothing(
    database: Database,
) -> None:
    router = APIRouter()

    @router.get("/thing", openapi_extra=permission("public"))
    async def get_thing() -> str:
        return "thing"

    app = create_api(Web(database=database, expected_revision="of-tomorrow"), routers=[router])
    async with open_client(app) as client:
        ready = await client.get("/readyz")
        thing = await client.get("/thing")
        alive = await client.get("/healthz")

    assert (ready.status_code, ready.json()["codes"]) == (503, ["schema.differs"])
    assert (thing.status_code, thing.json()["code"]) == (503, "schema.differs")
    assert alive.status_code == 200


async def test_a_draining_process_is_not_ready_but_still_answers(
    database: Database,
) -> None:
    router = APIRouter()

    @router.get("/thing", openapi_extra=permission("public"))
    async def get_thing() -> str:
        return "thing"

    app = create_api(Web(database=database, expected_revision=EXPECTED_REVISION), routers=[router])
    drain(app)

    async with open_client(app) as client:
        ready = await client.get("/readyz")
        thing = await client.get("/thing")

    assert (ready.status_code, ready.json()["code"]) == (503, "web.draining")
    assert thing.status_code == 200


async def test_a_schema_that_another_process_changes_is_noticed_within_a_second(
    readiness: Readiness, answer: Answer, seconds: Seconds
) -> None:
    before = await readiness.find_troubles()
    answer.revision = "r2"
    at_once = await readiness.find_troubles()
    seconds.now += 1.0

    later = await readiness.find_troubles()

    assert (before, at_once) == ((), ())
    assert [trouble.code for trouble in later] == ["schema.differs"]


async def test_a_database_that_comes_back_is_noticed_within_a_second(
    readiness: Readiness, answer: Answer, seconds: Seconds
) -> None:
    answer.error = DatabaseUnavailable()
    before = await readiness.find_troubles()
    answer.error = None
    seconds.now += 1.0

    later = await readiness.find_troubles()

    assert [trouble.code for trouble in before] == ["database.unavailable"]
    assert later == ()


async def test_probes_that_come_together_ask_the_database_once(readiness: Readiness, answer: Answer) -> None:
    await asyncio.gather(*(readiness.find_troubles() for _ in range(20)))

    assert answer.asked == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), DatabaseUnavailable),
        (ProgrammingError("SELECT", None, Exception()), SchemaDiffers),
    ],
)
async def test_a_database_that_cannot_say_its_schema_makes_the_process_unready(
    readiness: Readiness, answer: Answer, error: Exception, expected: type[AnswerableError]
) -> None:
    answer.error = error

    (trouble,) = await readiness.find_troubles()

    assert type(trouble) is expected


async def test_a_database_that_stays_silent_makes_the_process_unready(
    readiness: Readiness, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness_module, "PATIENCE_S", 0.01)
    answer.silent = True

    (trouble,) = await readiness.find_troubles()

    assert trouble.code == "database.unavailable"


async def test_metrics_count_requests_by_route_and_name_no_path(client: Client) -> None:
    await client.get("/canary-path")

    metrics = (await client.get("/metrics")).text

    assert 'answerable_http_requests_total{method="GET",route="unmatched",status="404"}' in metrics
    assert "canary-path" not in metrics
    assert "tenant" not in metrics
