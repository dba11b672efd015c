"""The contact's surface: the chat on a company's page, and the endpoints behind it."""

from fastapi import APIRouter

from answerable.widget import assets, routes, stream, trying
from answerable.widget.origins import CrossOrigin

router = APIRouter()
for _each in (routes.router, stream.router, assets.router, trying.router):
    router.include_router(_each)

__all__ = ["CrossOrigin", "router"]
