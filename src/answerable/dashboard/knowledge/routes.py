"""One router of all pages of knowledge; addresses with a name of their own come before those with any id."""

from fastapi import APIRouter

from answerable.dashboard.knowledge import adding, documents, imports, questions, searching, uploads

router = APIRouter()
for part in (uploads, searching, questions, adding, imports, documents):
    router.include_router(part.router)
