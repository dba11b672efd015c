"""Adding documents: files, a text, a page, a sitemap."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Form
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from answerable import answering, knowledge, tenancy
from answerable.answering import QuestionState, TurnId
from answerable.dashboard.frame import pages_router
from answerable.dashboard.knowledge import views
from answerable.dashboard.knowledge.visiting import TheVisit, Visit
from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.web import permission
from answerable.infra.web.problems import status_of
from answerable.knowledge.errors import FileTooLarge
from answerable.knowledge.imports import MAX_FILE_BYTES, MAX_ITEMS, BatchId, NewFile
from answerable.knowledge.parsing import SUFFIXES
from answerable.knowledge.values import Language
from answerable.tenancy import Permission

router = pages_router()

Given = dict[str, Any]  # values of the forms, as the template names them

_NOTHING: Given = {
    "at": "",
    "problem": None,
    "question": None,
    "asked": "",
    "title": "",
    "text": "",
    "given_language": "",
    "url": "",
    "what": "page",
}


class Paste(BaseModel):
    """A text that somebody wrote."""

    model_config = ConfigDict(frozen=True)

    title: str = ""
    text: str = ""
    language: Language | Literal[""] = ""
    question: UUID | Literal[""] = ""
    """The turn whose question it answers."""

    answers: Literal["", "yes"] = ""
    """Whether that question is to be marked as done."""


class Address(BaseModel):
    """Where a page or a sitemap lies."""

    model_config = ConfigDict(frozen=True)

    url: str = ""
    what: Literal["page", "sitemap"] = "page"


@router.get("/knowledge/add", openapi_extra=permission("import_knowledge"))
async def get_add(visit: TheVisit, question: UUID | None = None) -> Response:
    """Show the ways to add documents; with a question, a text that answers it is begun."""
    tenancy.require(visit.member.actor, Permission.IMPORT_KNOWLEDGE)
    return await _form(visit, await _begin_answer(visit, question) if question else {})


@router.post("/knowledge/add/paste", openapi_extra=permission("import_knowledge"))
async def post_paste(visit: TheVisit, paste: Annotated[Paste, Form()]) -> Response:
    """Take a text that somebody wrote, and with it note that a question has its answer now."""
    try:
        async with visit.session() as db:
            detail = await knowledge.add_paste(db, paste.title, paste.text, paste.language or None)
            if paste.question and paste.answers:
                await answering.mark_question(db, TurnId(paste.question), QuestionState.DONE)
    except AnswerableError as error:
        given = {"title": paste.title, "text": paste.text, "given_language": paste.language}
        return await _refuse(visit, error, given | {"question": paste.question or None, "at": "paste"})
    return _to_import(detail.batch.id)


@router.post("/knowledge/add/address", openapi_extra=permission("import_knowledge"))
async def post_address(visit: TheVisit, address: Annotated[Address, Form()]) -> Response:
    """Have a page, or every page of a sitemap, fetched and read."""
    add = knowledge.add_sitemap if address.what == "sitemap" else knowledge.add_url
    try:
        async with visit.session() as db:
            detail = await add(db, address.url)
    except AnswerableError as error:
        return await _refuse(visit, error, {"url": address.url, "what": address.what, "at": "address"})
    return _to_import(detail.batch.id)


@router.post("/knowledge/add/files", openapi_extra=permission("import_knowledge"))
async def post_files(visit: TheVisit) -> Response:
    """Take files from a form, for browsers without scripts; scripts send them one by one."""
    tenancy.require(visit.member.actor, Permission.IMPORT_KNOWLEDGE)
    announced = visit.request.headers.get("content-length", "")
    try:
        # The form is read at once, so it must say how long it is; every browser does.
        if not announced.isdecimal() or int(announced) > MAX_FILE_BYTES:
            raise FileTooLarge
        async with visit.request.form(max_files=MAX_ITEMS, max_fields=10) as form:
            files = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
            return _to_import(await _take_files(visit, files))
    except AnswerableError as error:
        return await _refuse(visit, error, {"at": "files"})


async def _take_files(visit: Visit, files: list[UploadFile]) -> BatchId:
    announced = [NewFile(name=one.filename or "", size_bytes=one.size) for one in files]
    async with visit.session() as db:
        detail = await knowledge.begin_import(db, announced)
    for file, item in zip(files, detail.items, strict=True):
        if item.needs_content:
            data = await file.read()
            async with visit.session() as db:
                await knowledge.add_content(db, item.id, data)
    return detail.batch.id


async def _begin_answer(visit: Visit, question: UUID) -> Given:
    async with visit.session() as db:
        asked = await answering.get_question(db, TurnId(question))
    text = asked.text or ""
    return {
        "question": question,
        "asked": text,
        "title": text.strip().split("\n", maxsplit=1)[0][:120].rstrip(" ?.!"),
        "given_language": asked.turn.language,
    }


async def _refuse(visit: Visit, error: AnswerableError, given: Given) -> Response:
    """The form again, with what was given and what is wrong with it; nobody types a text twice."""
    if error.kind not in {Kind.INVALID, Kind.CONFLICT, Kind.LIMITED}:
        raise error
    return await _form(visit, given | {"problem": error}, status=status_of(error))


async def _form(visit: Visit, given: Given, *, status: int = 200) -> Response:
    async with visit.session() as db:
        imports = await knowledge.list_imports(db, limit=5)
    values = {
        "suffixes": sorted(SUFFIXES),
        "largest_bytes": MAX_FILE_BYTES,
        "most_files": MAX_ITEMS,
        "languages": list(Language),
        "imports": [views.view_batch(batch) for batch in imports],
    }
    return visit.show("knowledge/add.html", values | _NOTHING | given, status=status)


def _to_import(batch_id: BatchId) -> Response:
    return RedirectResponse(f"/knowledge/imports/{batch_id}", status_code=303)
