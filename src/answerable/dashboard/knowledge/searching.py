"""Trying a question: what it finds, with scores, and where the threshold lies. Nothing is sent or stored."""

import time
from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from answerable import answering
from answerable.answering import Desk
from answerable.dashboard.frame import pages_router
from answerable.dashboard.knowledge import views
from answerable.dashboard.knowledge.visiting import TheVisit
from answerable.infra.web import permission

router = pages_router()

_LONGEST = 8_000


@router.get("/knowledge/search", openapi_extra=permission("view_knowledge"))
async def get_search(visit: TheVisit) -> Response:
    """Show the empty form; a question comes by POST, since addresses stand in histories and logs."""
    return visit.show("knowledge/search.html", {"question": "", "trial": None, "found": [], "took_ms": 0})


@router.post("/knowledge/search", openapi_extra=permission("view_knowledge"))
async def post_search(visit: TheVisit, question: Annotated[str, Form(max_length=_LONGEST)] = "") -> Response:
    """Show what a question finds."""
    if not question.strip():
        return await get_search(visit)
    began = time.perf_counter()
    desk = Desk(database=visit.web.database, embedder=visit.web.embedder)
    trial = await answering.weigh_question(desk, visit.member.actor, question)
    values = {
        "question": question,
        "trial": trial,
        "found": views.view_found(trial),
        "took_ms": round((time.perf_counter() - began) * 1000),
    }
    return visit.show("knowledge/search.html", values)
