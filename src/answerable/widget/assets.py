"""The chat's own files: the script that a page names, and the modules and styles that it asks for.

They are read once, packed once, and served under a name that changes with their content.
"""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path
from starlette.responses import Response

from answerable.infra.web import permission, problem_responses
from answerable.infra.web.errors import RouteUnknown

router = APIRouter(tags=["widget"])

LOADER: Final = "chat.js"
_BUILD_MARK: Final = b"__BUILD__"
_TYPES: Final[Mapping[str, str]] = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
}
# Whole lines of comment stay here: they are a third of the bytes and of no use to a visitor.
_COMMENTS: Final = re.compile(rb"^[ \t]*(?://.*|/\*(?:(?!\*/)[\s\S])*\*/[ \t]*)\n", re.MULTILINE)
_FOR_EVER: Final = "public, max-age=31536000, immutable"
# A page names the loader without a version, so browsers ask for it again, and it is small.
_FOR_A_WHILE: Final = "public, max-age=300, stale-while-revalidate=86400"

Accepts = Annotated[str, Header(alias="Accept-Encoding")]
Known = Annotated[str, Header(alias="If-None-Match")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file as it is served."""

    body: bytes
    packed: bytes
    media_type: str
    etag: str


def read_assets() -> tuple[str, Mapping[str, Asset]]:
    """The digest of all files together, and each file by its name."""
    folder = files("answerable.widget") / "static"
    sources = {
        one.name: one.read_bytes()
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.rpartition(".")[2] in _TYPES
    }
    build = sha256(b"".join(name.encode() + body for name, body in sources.items())).hexdigest()[:16]
    return build, {name: _asset(name, body, build) for name, body in sources.items()}


def _asset(name: str, source: bytes, build: str) -> Asset:
    body = _COMMENTS.sub(b"", source).replace(_BUILD_MARK, build.encode())
    return Asset(
        body=body,
        packed=gzip.compress(body, mtime=0),
        media_type=_TYPES[name.rpartition(".")[2]],
        etag=f'"{sha256(body).hexdigest()[:32]}"',
    )


BUILD, ASSETS = read_assets()


@router.get(
    f"/widget/{LOADER}",
    response_class=Response,
    responses=problem_responses(404, 422),
    openapi_extra=permission("public"),
)
async def get_loader(accepts: Accepts = "", known: Known = "") -> Response:
    """The script that a page names to carry the chat."""
    return _answer(ASSETS[LOADER], accepts=accepts, known=known, kept=_FOR_A_WHILE)


@router.get(
    "/widget/{build}/{name}",
    response_class=Response,
    responses=problem_responses(404, 422),
    openapi_extra=permission("public"),
)
async def get_asset(
    build: Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")],
    name: Annotated[str, Path(pattern=r"^[a-z_]{1,40}\.(js|css)$")],
    accepts: Accepts = "",
    known: Known = "",
) -> Response:
    """A part of the chat, for ever under this name.

    Errors:  RouteUnknown.
    """
    asset = ASSETS.get(name)
    if asset is None:
        raise RouteUnknown
    # A page that was loaded before an update asks for the parts of before: it gets those of now, unkept.
    kept = _FOR_EVER if build == BUILD else "no-store"
    return _answer(asset, accepts=accepts, known=known, kept=kept)


def _answer(asset: Asset, *, accepts: str, known: str, kept: str) -> Response:
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": kept,
        "ETag": asset.etag,
        "Vary": "Accept-Encoding",
    }
    if asset.etag in known:
        return Response(status_code=304, headers=headers)
    if "gzip" in accepts:
        packed = headers | {"Content-Encoding": "gzip"}
        return Response(asset.packed, media_type=asset.media_type, headers=packed)
    return Response(asset.body, media_type=asset.media_type, headers=headers)
