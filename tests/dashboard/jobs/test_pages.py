"""The page of jobs that gave up."""

from collections.abc import Awaitable, Callable

import pytest

from answerable.infra.db import Database
from answerable.infra.ids import Actor
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from answerable.tenancy import Role
from factories.jobs import Chore, ParkingLot, open_lot
from factories.members import Browser

SignIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
def lot(database: Database, server: Server, settings: Settings, database_name: str) -> ParkingLot:
    return open_lot(database, server, settings, database_name)


async def test_without_parked_jobs_the_page_says_what_would_stand_there(owner: Browser) -> None:
    shown = await owner.get("/jobs")

    assert shown.status == 200
    assert "No job has given up" in shown.text


async def test_a_job_stands_there_with_its_error_and_remedy(
    owner: Browser, lot: ParkingLot, acme: Actor
) -> None:
    chore = Chore()
    job_id = await lot.park(acme, chore=chore)

    shown = await owner.get("/jobs")

    assert "Answer a contact" in shown.text
    assert f"no. {job_id}" in shown.text
    assert "It took longer than it may." in shown.text
    assert "jobs.timed_out" in shown.text
    assert f"/conversations/{chore.conversation_id}" in shown.text
    assert "Gave up after 6 attempts" in shown.text


async def test_an_error_without_words_of_the_page_is_told_as_it_is_declared(
    owner: Browser, lot: ParkingLot, acme: Actor
) -> None:
    await lot.park(acme, code="vault.key_file_missing")
    await lot.park(acme, code="<future>.unknown")
    await owner.post("/preferences", language="de")

    shown = await owner.get("/jobs")

    assert '<p lang="en">' in shown.text
    assert "<future>" not in shown.text


async def test_a_job_is_tried_again(owner: Browser, lot: ParkingLot, acme: Actor) -> None:
    job_id = await lot.park(acme)

    answer = await owner.post(f"/jobs/{job_id}/retry")
    told = await owner.get(answer.headers["location"])

    assert answer.status == 303
    assert "The job waits for a worker." in told.text
    assert await lot.state(job_id) == "todo 0"


async def test_a_job_is_discarded_after_a_question(owner: Browser, lot: ParkingLot, acme: Actor) -> None:
    job_id = await lot.park(acme)

    asked = await owner.get(f"/jobs/{job_id}/discard")
    kept = await lot.state(job_id)
    answer = await owner.post(f"/jobs/{job_id}/discard")

    assert "Discard this job?" in asked.text
    assert kept == "failed 6"
    assert answer.status == 303
    assert await lot.state(job_id) is None


async def test_a_job_that_is_gone_is_an_error_that_says_so(
    owner: Browser, lot: ParkingLot, acme: Actor
) -> None:
    job_id = await lot.park(acme)
    await owner.post(f"/jobs/{job_id}/retry")

    answers = [
        await owner.post(f"/jobs/{job_id}/retry"),
        await owner.post(f"/jobs/{job_id}/discard"),
        await owner.get(f"/jobs/{job_id}/discard"),
        await owner.post(f"/jobs/{2**63 - 1}/retry"),
        await owner.post(f"/jobs/{10**30}/retry"),
        await owner.post("/jobs/x/retry"),
    ]

    assert {one.status for one in answers} == {404}


async def test_a_workspace_never_sees_or_touches_another_s_jobs(
    owner: Browser, lot: ParkingLot, globex: Actor
) -> None:
    job_id = await lot.park(globex)

    shown = await owner.get("/jobs")
    answers = [
        await owner.post(f"/jobs/{job_id}/retry"),
        await owner.get(f"/jobs/{job_id}/discard"),
        await owner.post(f"/jobs/{job_id}/discard"),
    ]

    assert "No job has given up" in shown.text
    assert {one.status for one in answers} == {404}
    assert await lot.state(job_id) == "failed 6"


async def test_who_may_only_look_is_offered_nothing_and_refused(
    sign_in_as: SignIn, lot: ParkingLot, acme: Actor
) -> None:
    job_id = await lot.park(acme)
    viewer = await sign_in_as(Role.VIEWER)

    shown = await viewer.get("/jobs")
    answers = [
        await viewer.post(f"/jobs/{job_id}/retry"),
        await viewer.get(f"/jobs/{job_id}/discard"),
        await viewer.post(f"/jobs/{job_id}/discard"),
    ]

    assert "Try again" not in shown.text
    assert {one.status for one in answers} == {403}
    assert await lot.state(job_id) == "failed 6"


async def test_an_auditor_is_not_led_to_conversations(
    sign_in_as: SignIn, lot: ParkingLot, acme: Actor
) -> None:
    await lot.park(acme)
    auditor = await sign_in_as(Role.AUDITOR)

    shown = await auditor.get("/jobs")

    assert "Answer a contact" in shown.text
    assert "To the conversation" not in shown.text


async def test_more_jobs_than_fit_are_told(owner: Browser, lot: ParkingLot, acme: Actor) -> None:
    await lot.park_many(acme, 201)

    shown = await owner.get("/jobs")

    assert "More than 200 jobs have given up" in shown.text
    assert shown.text.count('class="panel job"') == 200
