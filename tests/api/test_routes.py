"""What holds for every route of every surface: a permission, and an OpenAPI document that tells the truth."""

import json
import re
from typing import Any

import pytest
from fastapi import FastAPI

from answerable.api import Web, create_api, routers
from answerable.infra.web.problems import MEDIA_TYPE
from answerable.tenancy import Permission
from answerable.widget import router

_PERMISSIONS = {"public", *(permission.value for permission in Permission)}


@pytest.fixture
def app(web: Web) -> FastAPI:
    return create_api(web, routers=[*routers, router])


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method} {path}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def test_every_route_names_a_permission_that_exists(document: dict[str, Any]) -> None:
    named = {route: operation.get("x-permission") for route, operation in operations(document).items()}

    assert named == {
        "get /healthz": "public",
        "get /readyz": "public",
        "get /metrics": "public",
        "get /v1/audit/events": "view_log",
        "get /v1/audit/events/{event_id}": "view_log",
        "get /v1/audit/events/{event_id}/proof": "view_log",
        "post /v1/audit/events/{event_id}/open": "view_conversations",
        "get /v1/audit/conversations/{conversation_id}/dossier": "view_conversations",
        "post /v1/audit/sample": "view_log",
        "get /v1/audit/tlog/checkpoint": "watch_log",
        "get /v1/audit/tlog/tile/{path}": "watch_log",
        "get /v1/audit/consistency": "watch_log",
        "get /v1/audit/assurance": "view_log",
        "get /v1/audit/heads": "watch_log",
        "get /v1/audit/policy": "watch_log",
        "get /v1/audit/witnesses": "watch_log",
        "post /v1/audit/cosignatures": "watch_log",
        "get /v1/audit/root/label": "watch_log",
        "get /v1/audit/root/policy": "watch_log",
        "get /v1/audit/root/checkpoint": "watch_log",
        "get /v1/audit/root/timestamp": "watch_log",
        "get /v1/audit/root/tile/{path}": "watch_log",
        "get /verifier/{name}": "public",
        "post /widget/v1/messages": "ask",
        "get /widget/v1/messages": "ask",
        "get /widget/v1/stream": "ask",
        "post /widget/v1/typing": "ask",
        "post /widget/v1/ratings": "ask",
        "get /widget/v1/passages/{citation_id}": "ask",
        "get /widget/v1/receipt": "ask",
        "get /widget/v1/config": "ask",
        "get /widget/chat.js": "public",
        "get /widget/{build}/{name}": "public",
        "get /try/{public_key}": "public",
    }
    assert set(named.values()) <= _PERMISSIONS


def test_nothing_is_served_that_the_document_does_not_name(app: FastAPI) -> None:
    assert (app.docs_url, app.redoc_url, app.openapi_url) == (None, None, None)


def test_every_failure_in_the_document_is_a_problem(document: dict[str, Any]) -> None:
    failures = {
        f"{route} {status}": answer["content"]
        for route, operation in operations(document).items()
        for status, answer in operation["responses"].items()
        if int(status) >= 400
    }

    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    assert len(failures) >= 10
    assert all(content == {MEDIA_TYPE: reference} for content in failures.values())


def test_every_reference_in_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))

    assert {"Problem", "FieldProblem", "PostedMessage"} <= names
    assert names <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_the_document_tells_how_long_a_message_may_be(document: dict[str, Any]) -> None:
    posted = document["components"]["schemas"]["PostedMessage"]

    assert posted["properties"]["text"]["maxLength"] == 8_000
    assert posted["additionalProperties"] is False
