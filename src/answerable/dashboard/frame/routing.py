"""Routes that answer with pages, errors included: a whole page, or a notice where a part was asked for."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, RedirectResponse, Response
from structlog.contextvars import bind_contextvars, get_contextvars

from answerable.dashboard.frame.pages import open_page
from answerable.identity.errors import NotSignedIn
from answerable.infra.errors import AnswerableError
from answerable.infra.rates import RateExceeded
from answerable.infra.web import answer_error
from answerable.infra.web.errors import RequestInvalid, RouteUnknown
from answerable.infra.web.problems import status_of

log = structlog.get_logger()


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler with its errors caught."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except AnswerableError as error:
                return answer_with_page(request, error)
            except RequestValidationError as error:
                return answer_with_page(request, _what_was_wrong(error))
            except Exception:
                log.exception("request.failed")
                return answer_with_page(request, None)

        return answer


def pages_router() -> APIRouter:
    """A router for pages; they are no part of the OpenAPI document."""
    return APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


def show_what_is_nowhere(app: FastAPI) -> None:
    """Have an address that leads nowhere answer a person with a page; a program gets its problem as JSON."""

    # Named by status: this goes before what answers every refusal of the framework.
    async def answer(request: Request, _error: Exception) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "")
        return answer_with_page(request, RouteUnknown()) if wants_page else answer_error(RouteUnknown())

    app.add_exception_handler(HTTPStatus.NOT_FOUND, answer)


def answer_with_page(request: Request, error: AnswerableError | None) -> Response:
    """What a person is shown of an error; None for one that nobody declared."""
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request)
    status = status_of(error) if error else HTTPStatus.INTERNAL_SERVER_ERROR.value
    shown = error or AnswerableError()
    bind_contextvars(error_code=shown.code)
    is_part = request.headers.get("hx-request") == "true"
    answer = open_page(
        request,
        "_problem.html" if is_part else "problem.html",
        status=status,
        error=shown,
        status_code=status,
        request_id=str(get_contextvars().get("request_id", "")),
    )
    if is_part:
        answer.headers["HX-Retarget"] = "#toasts"
        answer.headers["HX-Reswap"] = "beforeend"
        # Whatever the page wanted to select of the answer, it is not in this one.
        answer.headers["HX-Reselect"] = ".toast"
    if isinstance(error, RateExceeded):
        answer.headers["Retry-After"] = str(error.wait_s)
    return answer


def _to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    return RedirectResponse("/sign-in", status_code=303)


def _what_was_wrong(error: RequestValidationError) -> AnswerableError:
    # An address that cannot be one of ours is one that does not exist.
    in_path = any(each["loc"][:1] == ("path",) for each in error.errors())
    return RouteUnknown() if in_path else RequestInvalid()
