"""Questions that found no answer, as a list to work from."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import RedirectResponse, Response

from answerable import answering
from answerable.answering import QuestionState, TurnId
from answerable.dashboard.frame import pages_router
from answerable.dashboard.knowledge.visiting import TheVisit
from answerable.infra.web import permission

router = pages_router()

_PAGE = 25


class Filter(BaseModel):
    """Which questions a person wants to see, and which one was marked just now."""

    model_config = ConfigDict(frozen=True)

    state: QuestionState | Literal["all"] = QuestionState.OPEN
    after: UUID | None = None
    marked: UUID | None = None
    was: QuestionState | None = None


class Mark(BaseModel):
    """What became of a question, and the list to go back to."""

    model_config = ConfigDict(frozen=True)

    becomes: QuestionState
    back_to: QuestionState | Literal["all"] = QuestionState.OPEN


@router.get("/knowledge/questions", openapi_extra=permission("view_conversations"))
async def get_questions(visit: TheVisit, wanted: Annotated[Filter, Query()]) -> Response:
    """Show the questions; whoever has just marked one is offered to take that back."""
    async with visit.session() as db:
        found = await answering.list_unanswered(
            db,
            state=None if wanted.state == "all" else wanted.state,
            after=TurnId(wanted.after) if wanted.after else None,
            limit=_PAGE,
        )
    values = {
        "state": wanted.state,
        "found": found,
        "total": sum(found.counts.values()),
        "marked": wanted.marked,
        "was": wanted.was,
        "states": list(QuestionState),
    }
    return visit.show("knowledge/questions.html", values)


@router.post("/knowledge/questions/{turn_id}", openapi_extra=permission("import_knowledge"))
async def post_question(visit: TheVisit, turn_id: UUID, mark: Annotated[Mark, Form()]) -> Response:
    """Say what became of a question, or take that back."""
    async with visit.session() as db:
        before = await answering.mark_question(db, TurnId(turn_id), mark.becomes)
    if visit.wants_part:
        values = {"turn_id": turn_id, "becomes": mark.becomes, "was": before, "state": mark.back_to}
        return visit.show("knowledge/_marked.html", values)
    back = f"/knowledge/questions?state={mark.back_to}"
    return RedirectResponse(f"{back}&marked={turn_id}&was={before}", status_code=303)
