"""What every page of the dashboard shares: sign-in, rendering, texts, files, errors as pages."""

from answerable.dashboard.frame.pages import open_page, page
from answerable.dashboard.frame.routing import pages_router
from answerable.dashboard.frame.signing_in import Member, TheMember

__all__ = ["Member", "TheMember", "open_page", "page", "pages_router"]
