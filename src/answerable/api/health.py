"""What machines ask about this process: does it live, may it get requests, how is it doing."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from answerable.infra.metrics import CONTENT_TYPE, render_metrics
from answerable.infra.web import TheReadiness, answer_error, permission, problem_responses

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """This process lives."""

    model_config = ConfigDict(frozen=True)

    alive: bool = True


class Ready(BaseModel):
    """This process may get requests."""

    model_config = ConfigDict(frozen=True)

    ready: bool = True


@router.get("/healthz", openapi_extra=permission("public"))
async def get_health() -> Alive:
    """Say that this process lives."""
    return Alive()


@router.get(
    "/readyz",
    response_model=Ready,
    responses=problem_responses(503),
    openapi_extra=permission("public"),
)
async def get_readiness(readiness: TheReadiness) -> Ready | Response:
    """Say whether this process may get requests; when not, the problem names the first reason."""
    troubles = await readiness.find_troubles()
    return (
        answer_error(troubles[0], codes=tuple(trouble.code for trouble in troubles)) if troubles else Ready()
    )


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Metrics in Prometheus' text format.", "content": {"text/plain": {}}}},
    openapi_extra=permission("public"),
)
async def get_metrics() -> Response:
    """Every metric of this process."""
    return Response(render_metrics(), media_type=CONTENT_TYPE)
