"""Errors as answers: one form, RFC 9457, and one table from kind to status. No answer repeats what was sent."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from structlog.contextvars import bind_contextvars, get_contextvars

from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.rates import RateExceeded
from answerable.infra.web.errors import (
    BodyMalformed,
    BodyTooLarge,
    ContentTypeUnsupported,
    MethodNotAllowed,
    RequestInvalid,
    RequestRefused,
    RouteUnknown,
)

MEDIA_TYPE: Final = "application/problem+json"

STATUS_OF_KIND: Final[Mapping[Kind, int]] = MappingProxyType(
    {
        Kind.INVALID: 422,
        Kind.UNAUTHENTICATED: 401,
        Kind.FORBIDDEN: 403,
        Kind.NOT_FOUND: 404,
        Kind.CONFLICT: 409,
        Kind.LIMITED: 429,
        Kind.UNAVAILABLE: 503,
    }
)
"""Which status tells of which kind of error."""

# Where HTTP has a status of its own for what its kind would call invalid, and what the framework raises then.
_OF_STATUS: Final[Mapping[int, type[AnswerableError]]] = MappingProxyType(
    {
        400: BodyMalformed,
        404: RouteUnknown,
        405: MethodNotAllowed,
        413: BodyTooLarge,
        415: ContentTypeUnsupported,
    }
)
_STATUS_OF: Final[Mapping[type[AnswerableError], int]] = MappingProxyType(
    {error: status for status, error in _OF_STATUS.items()} | {RequestRefused: 400}
)


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Where it stands, such as `body.text`.")
    problem: str = Field(description="What is wrong, as one word.")


class Problem(BaseModel):
    """An error as an answer."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(default="about:blank", description="Always `about:blank`; `code` says which error.")
    title: str = Field(description="The status in words.")
    status: int
    code: str = Field(description="Which error, as one word that never changes.")
    detail: str = Field(description="What went wrong, in a sentence.")
    remedy: str = Field(description="What can be done about it.")
    request_id: str = Field(description="Names the request in the log.")
    fields: tuple[FieldProblem, ...] | None = Field(
        default=None, description="What is wrong with which field of the request."
    )
    codes: tuple[str, ...] | None = Field(
        default=None, description="Every error, where there may be several."
    )


def status_of(error: AnswerableError) -> int:
    """The status that tells of an error."""
    return _STATUS_OF.get(type(error)) or STATUS_OF_KIND[error.kind]


def answer_error(
    error: AnswerableError,
    *,
    fields: Sequence[FieldProblem] = (),
    codes: Sequence[str] = (),
    status: int | None = None,
) -> Response:
    """A declared error as an answer, with the status of its kind unless HTTP has a better one.

    Effects: the error's code stands in the request's log line.
    """
    status = status or status_of(error)
    answer = _render(_problem(error, status).model_copy(update=_extras(fields=fields, codes=codes)))
    if isinstance(error, RateExceeded):
        answer.headers["Retry-After"] = str(error.wait_s)
    if status == 413:
        # The rest of the body is on its way and nobody will read it.
        answer.headers["Connection"] = "close"
    return answer


def answer_failure() -> Response:
    """An undeclared exception as an answer: that it happened, and how to find it in the log."""
    problem = _problem(AnswerableError(), 500)
    return _render(problem.model_copy(update={"detail": "Something went wrong."}))


def answer_with_problems(app: FastAPI) -> None:
    """Have an application answer every declared error, and every refusal of the framework, in the one form."""
    app.add_exception_handler(AnswerableError, _answer_declared)
    app.add_exception_handler(HTTPException, _answer_refusal)
    app.add_exception_handler(RequestValidationError, _answer_validation)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a route in the OpenAPI document that are problems."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content} for status in sorted(statuses)
    }


async def _answer_declared(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AnswerableError)
    return answer_error(error)


async def _answer_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    declared = _OF_STATUS.get(error.status_code, RequestRefused)
    answer = answer_error(declared())
    answer.headers.update(error.headers or {})
    return answer


async def _answer_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = {each["type"]: each["loc"] for each in error.errors()}
    if "json_invalid" in problems:
        return answer_error(BodyMalformed())
    if problems.get("model_attributes_type") == ("body",) and not _is_json(request):
        return answer_error(ContentTypeUnsupported())
    return answer_error(RequestInvalid(), fields=[_field(each) for each in error.errors()])


def _is_json(request: Request) -> bool:
    essence = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return essence == "application/json" or (essence.startswith("application/") and essence.endswith("+json"))


def _field(problem: Mapping[str, Any]) -> FieldProblem:
    place = [str(part) for part in problem["loc"]]
    if problem["type"] == "extra_forbidden":
        # The name of a field that nobody knows is as much the sender's own text as its value.
        place = [*place[:-1], "*"]
    return FieldProblem(field=".".join(place), problem=problem["type"])


def _problem(error: AnswerableError, status: int) -> Problem:
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=error.code,
        detail=error.message,
        remedy=error.remedy,
        request_id=str(get_contextvars().get("request_id", "")),
    )


def _extras(*, fields: Sequence[FieldProblem], codes: Sequence[str]) -> dict[str, object]:
    return {"fields": tuple(fields) or None, "codes": tuple(codes) or None}


def _render(problem: Problem) -> Response:
    bind_contextvars(error_code=problem.code)
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE)
