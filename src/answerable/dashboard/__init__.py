"""The pages for members. One router of all areas; each area has a folder with its routes."""

from fastapi import APIRouter

from answerable.dashboard.audit import routes as audit
from answerable.dashboard.conversations import routes as conversations
from answerable.dashboard.frame import assets
from answerable.dashboard.frame.routing import show_what_is_nowhere
from answerable.dashboard.jobs import routes as jobs
from answerable.dashboard.knowledge import routes as knowledge
from answerable.dashboard.live import routes as live
from answerable.dashboard.playground import routes as playground
from answerable.dashboard.records import routes as records
from answerable.dashboard.settings import changes
from answerable.dashboard.settings import routes as settings
from answerable.dashboard.sign_in import routes as sign_in

router = APIRouter()
for area in (
    assets.router,
    sign_in.router,
    conversations.router,
    live.router,
    records.router,
    audit.router,
    playground.router,
    settings.router,
    changes.router,
    jobs.router,
    knowledge.router,
):
    router.include_router(area)

__all__ = ["router", "show_what_is_nowhere"]
