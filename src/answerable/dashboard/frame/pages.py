"""Rendering: a template with the frame around it, under a policy that lets nothing in from outside."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from answerable.dashboard.frame import drawing
from answerable.dashboard.frame.assets import STYLE_SHEET, assets
from answerable.dashboard.frame.signing_in import Member, language_of
from answerable.dashboard.frame.texts import find_text, say
from answerable.infra.clock import utc_now

TEMPLATES: Final = Path(__file__).parents[1] / "templates"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The content security policy of every page: nothing inline, nothing evaluated, nothing from elsewhere."""

_HTMX: Final = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "allowScriptTags": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "scrollBehavior": "auto",
        # Errors are parts as well: they say where they go.
        "responseHandling": [{"code": "204", "swap": False}, {"code": "...", "swap": True}],
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry of the navigation."""

    name: str
    """The text's key in `frame`, and the icon's text."""
    icon: str
    path: str
    permission: str
    key: str
    """Pressed after G, it leads there."""


PLACES: Final = (
    Place(
        name="conversations", icon="inbox", path="/conversations", permission="view_conversations", key="i"
    ),
    Place(name="knowledge", icon="knowledge", path="/knowledge", permission="view_knowledge", key="k"),
    Place(
        name="questions", icon="flag", path="/knowledge/questions", permission="view_conversations", key="q"
    ),
    Place(name="playground", icon="assistant", path="/playground", permission="ask", key="p"),
    Place(name="audit", icon="record", path="/audit", permission="view_log", key="l"),
    Place(name="jobs", icon="clock", path="/jobs", permission="view_tenant", key="j"),
    Place(name="settings", icon="policy", path="/settings", permission="view_tenant", key="s"),
)


@cache
def environment() -> Environment:
    """The templates: everything escaped, and a name that nobody gave is an error and not an empty place."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ours: dict[str, Any] = {  # functions and words of ours, called by the templates with their own types
        "icon": drawing.icon,
        "tint": drawing.tint,
        "static": assets().address,
        "has_static": assets().has,
        "style_sheet": STYLE_SHEET,
        "htmx_config": _HTMX,
    }
    made.globals.update(ours)
    return made


def page(
    request: Request,
    member: Member,
    template: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,  # what the template names; it is escaped there
) -> HTMLResponse:
    """A page, or a part of one, for a signed-in member.

    Errors:  those of the template: a name that was not given, a text or an icon that does not exist.
    """
    context = _context(request, language=member.language)
    context |= {
        "member": member,
        "tenant": member.tenant,
        "theme": member.session.preferences.theme,
        "places": [place for place in PLACES if member.may(place.permission)],
    }
    return _render(template, context | values, status=status, headers=headers)


def open_page(request: Request, template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for whoever asks, signed in or not."""
    context = _context(request, language=language_of(request)) | {"member": None, "theme": None}
    return _render(template, context | values, status=status, headers=None)


def _context(request: Request, *, language: str) -> dict[str, Any]:
    now = utc_now()
    return {
        "language": language,
        "path": request.url.path,
        "t": partial(_text, language),
        "find_text": partial(find_text, language=language),
        "now": now,
        "when": partial(drawing.when, now=now, language=language),
        "absolute": partial(drawing.absolute, language=language),
        "day": partial(drawing.day, language=language),
        "number": partial(drawing.number, language=language),
        "is_htmx": request.headers.get("hx-request") == "true",
    }


def _text(language: str, key: str, /, **values: object) -> str:
    return say(key, language, **values)


def _render(
    template: str, context: dict[str, Any], *, status: int, headers: Mapping[str, str] | None
) -> HTMLResponse:
    body = environment().get_template(template).render(context)
    return HTMLResponse(
        body,
        status_code=status,
        headers={
            "Content-Security-Policy": POLICY,
            # Only our own pages learn where somebody comes from, to lead them back there.
            "Referrer-Policy": "same-origin",
            "Vary": "HX-Request, Accept-Language, Cookie",
            **(headers or {}),
        },
    )
