"""Asking as a contact would; what it came to, with every step; what was asked lately."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from answerable import answering, knowledge, tenancy
from answerable.answering.cases import WhatIf, what_ifs
from answerable.answering.values import Step, TurnHead
from answerable.dashboard.frame import Member, TheMember, page, pages_router
from answerable.dashboard.playground.waiting import await_news, find_turn
from answerable.dashboard.records.views import RecordView, view_of
from answerable.infra.rates import scoped_key
from answerable.infra.web import TheWeb, Web, permission
from answerable.knowledge.values import Language

router = pages_router()

_PATIENCE_S: Final = 10.0
"""So long a page waits for news before it asks again."""


@router.get("/playground", openapi_extra=permission("ask"))
async def get_playground(request: Request, member: TheMember, web: TheWeb) -> Response:
    """A field for a question, and what was asked lately."""
    async with web.database.tenant_session(member.actor) as db:
        tried = await answering.list_tried(db)
        is_empty = not await knowledge.list_documents(db, limit=1)
    return page(request, member, "playground/playground.html", tried=tried, is_empty=is_empty, at=None)


@router.post("/playground", openapi_extra=permission("ask"))
async def post_question(
    member: TheMember,
    web: TheWeb,
    question: Annotated[str, Form()] = "",
    language: Annotated[Literal["de", "en", ""], Form()] = "",
) -> Response:
    """Ask, and lead to where the answer will be."""
    await web.rates.spend(
        web.limits.trials, scoped_key(member.actor.tenant_id, "trials", str(member.actor.id))
    )
    async with web.database.tenant_session(member.actor) as db:
        conversation = await answering.try_out(
            db, question, language=Language(language) if language else None
        )
    return RedirectResponse(f"/playground/{conversation.id}", status_code=303)


@router.get("/playground/{conversation_id}", openapi_extra=permission("ask"))
async def get_trial(request: Request, conversation_id: UUID, member: TheMember, web: TheWeb) -> Response:
    """What a question came to, or that it is being answered."""
    turn = await find_turn(web, member.actor, conversation_id)
    if turn is None:
        return _waiting(request, member, conversation_id, done=(), template="playground/waiting.html")
    view, tried = await _open(member, web, turn)
    return page(
        request,
        member,
        "playground/trial.html",
        view=view,
        tried=tried,
        is_empty=False,
        at=conversation_id,
        what_ifs=_what_ifs(view),
    )


@router.get("/playground/{conversation_id}/progress", openapi_extra=permission("ask"))
async def get_progress(
    request: Request,
    conversation_id: UUID,
    member: TheMember,
    web: TheWeb,
    done: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The finished steps, as soon as there is one more; leads to the answer when it is there."""
    turn, steps = await await_news(
        web, member.actor, conversation_id, done=done.split(","), within_s=_PATIENCE_S
    )
    if turn is not None:
        return Response(status_code=200, headers={"HX-Redirect": f"/playground/{conversation_id}"})
    return _waiting(request, member, conversation_id, done=steps, template="playground/_waiting.html")


def _waiting(
    request: Request, member: Member, conversation_id: UUID, *, done: tuple[str, ...], template: str
) -> Response:
    return page(request, member, template, conversation_id=conversation_id, done=done, steps=tuple(Step))


async def _open(
    member: Member, web: Web, turn: TurnHead
) -> tuple[RecordView, tuple[answering.TriedQuestion, ...]]:
    async with web.database.tenant_session(member.actor) as db:
        seen = await answering.inspect(db, turn.id)
        tried = await answering.list_tried(db)
        names = {one.id: one.name for one in await tenancy.list_members(db)} if seen.looks else {}
    return view_of(seen, names=names, reader=member.actor.id, language=member.language), tried


def _what_ifs(view: RecordView) -> tuple[WhatIf, ...]:
    case = view.seen.case
    return what_ifs(case) if case is not None and case.evidence.considered else ()
