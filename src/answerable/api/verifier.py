"""The stand-alone verifier, handed out to whoever has something to verify; it runs on their side alone."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from answerable.audit.archive import VERIFIER, read_verifier
from answerable.infra.web import permission, problem_responses
from answerable.infra.web.errors import RouteUnknown

router = APIRouter(tags=["audit"])

_TYPES: Final = {"py": "text/x-python; charset=utf-8", "html": "text/html; charset=utf-8"}

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The page is one file with its script inside; it may load nothing and send nothing anywhere."""


@router.get(
    "/verifier/{name}",
    response_class=Response,
    responses=problem_responses(404, 422),
    openapi_extra=permission("public"),
)
async def get_verifier(name: Annotated[str, Path(pattern=r"^[a-z_]{1,40}\.(py|html)$")]) -> Response:
    """A file of the verifier: `answerable_verify.py`, or `verify.html`, which works without a network.

    Errors:  RouteUnknown.
    """
    content = read_verifier(name) if name in VERIFIER else None
    if content is None:
        raise RouteUnknown
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=headers)
