"""Every JSON operation keeps its contract: what its document allows never fails, what it forbids is refused."""
# schemathesis leaves the type variables of its classes open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

import hypothesis
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from answerable import tenancy
from answerable.app import create_application
from answerable.dashboard.frame.signing_in import COOKIE
from factories.desks import QUESTION
from factories.running import Running
from factories.visits import make_token

pytestmark = pytest.mark.xdist_group("browser")

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
JSON_PLACES: Final = ("/v1/audit/", "/widget/v1/", "/dashboard/v1/", "/healthz", "/readyz")
NOT_GENERATED: Final = frozenset({"/v1/audit/tlog/tile/{path}", "/v1/audit/root/tile/{path}"})
"""Their parameter needs slashes, which the generator puts into no path; they have tests of their own."""
STREAM: Final = "text/event-stream"
EXAMPLES: Final = 8
"""For each operation, each way of asking, and each of what is allowed and what is forbidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody who asks: what they show of themselves, and the things that exist for them."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    known: Mapping[str, str] = field(default_factory=dict[str, str])
    """An identifier that exists, by the name of the parameter that takes it."""


def document_of(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document without what shows who asks: that is the asker's, not the generator's."""
    document = app.openapi()
    for item in document["paths"].values():
        for operation in item.values():
            operation["parameters"] = [
                one for one in operation.get("parameters", ()) if one["in"] not in {"header", "cookie"}
            ]
    return document


def operations_of(running: Running, mode: GenerationMode) -> Iterator[APIOperation]:
    schema = schemathesis.openapi.from_dict(document_of(create_application(running.served.web)))
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        # Where nothing can be given, nothing is forbidden.
        has_sense = mode is GenerationMode.POSITIVE or takes_anything(operation)
        is_ours = operation.path.startswith(JSON_PLACES) and operation.path not in NOT_GENERATED
        if has_sense and is_ours:
            yield operation


def takes_anything(operation: APIOperation) -> bool:
    raw = operation.definition.raw
    return bool(raw.get("parameters") or raw.get("requestBody"))


def is_stream(operation: APIOperation) -> bool:
    return any(
        STREAM in answer.get("content", {}) for answer in operation.definition.raw["responses"].values()
    )


def sent(case: Case, asker: Asker, origin: str) -> dict[str, Any]:
    return case.as_transport_kwargs(base_url=origin, headers=dict(asker.headers))


def check_beginning(case: Case, mode: GenerationMode, answer: requests.Response) -> None:
    """Check how a stream begins, which never ends by itself."""
    with answer:
        assert str(answer.status_code) in case.operation.definition.raw["responses"], answer.status_code
        assert answer.ok is answer.headers["content-type"].startswith(STREAM)
        assert mode is GenerationMode.POSITIVE or not answer.ok, case.query


def put_known(place: dict[str, Any] | None, known: Mapping[str, str]) -> None:
    """Name what exists wherever a well-formed identifier stands; a malformed one stays as it is."""
    for name, value in known.items():
        with suppress(ValueError, TypeError, AttributeError):
            if place is not None and UUID(place.get(name)):
                place[name] = value


def ask(operation: APIOperation, mode: GenerationMode, asker: Asker, origin: str) -> None:
    """Ask an operation again and again, and check each answer against the document."""

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Case) -> None:
        for place in (case.path_parameters, case.query, case.body):
            put_known(place if isinstance(place, dict) else None, asker.known)
        if is_stream(operation):
            check_beginning(case, mode, session.request(**sent(case, asker, origin), stream=True, timeout=20))
        else:
            case.call_and_validate(
                base_url=origin, session=session, headers=dict(asker.headers), checks=CHECKS, timeout=20
            )

    with requests.Session() as session:
        one()


async def make_askers(running: Running) -> dict[str, Asker]:
    """Nobody; a contact with a conversation; a member."""
    tenant = await running.make_tenant()
    async with running.database.tenant_session(tenant) as db:
        key = (await tenancy.get_tenant(db)).public_key
    token = await make_token(running, tenant)
    written = await asyncio.to_thread(
        requests.post,
        f"{running.origin}/widget/v1/messages",
        json={"text": QUESTION, "client_id": str(uuid4())},
        headers={"Answerable-Key": key},
        timeout=20,
    )
    begun = written.json()
    known = {"conversation_id": begun["conversation_id"]}
    origin = {"Origin": running.origin}
    contact = {"Answerable-Key": key, "Answerable-Conversation": begun["conversation_token"]}
    return {
        "nobody": Asker(headers=origin),
        "a contact": Asker(headers=origin | contact, known=known),
        "a member": Asker(headers=origin | {"Cookie": f"{COOKIE}={token}"}, known=known),
    }


@pytest.mark.parametrize("mode", GenerationMode, ids=["allowed", "forbidden"])
async def test_every_operation_keeps_to_its_document(running: Running, mode: GenerationMode) -> None:
    askers = await make_askers(running)
    broken: dict[str, str] = {}

    def ask_all() -> int:
        asked = 0
        for operation in operations_of(running, mode):
            for name, asker in askers.items():
                asked += 1
                try:
                    ask(operation, mode, asker, running.origin)
                except (AssertionError, FailureGroup) as error:
                    broken[f"{name}: {operation.label}"] = str(error)
        return asked

    # In a thread of its own, since the product runs in this one.
    asked = await asyncio.to_thread(ask_all)

    assert asked >= 15
    assert broken == {}
