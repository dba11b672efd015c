"""Style sheets, scripts and pictures of the pages, under an address that changes whenever one of them does."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

from answerable.infra.web import permission
from answerable.infra.web.errors import RouteUnknown

FOLDER: Final = Path(__file__).parents[1] / "static"

STYLE_SHEET: Final = "app.css"
"""All of `static/css` in one file: the order of layers decides, so the order of components does not."""

_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """Every file that pages load, read once."""

    files: Mapping[str, bytes]
    digest: str
    """Of all of them: part of every address, so that a browser may keep what it has for ever."""

    def address(self, name: str) -> str:
        """Where a file is served.

        Errors:  KeyError for a file that does not exist.
        """
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.digest}/{name}"

    def has(self, name: str) -> bool:
        """Whether there is such a file; packages from the registry may not have been fetched."""
        return name in self.files


@cache
def assets() -> Assets:
    """The files as they were when this process first asked."""
    files = {
        str(path.relative_to(FOLDER)): path.read_bytes()
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file() and path.suffix in _TYPES and path.suffix != ".css"
    }
    files[STYLE_SHEET] = _joined_styles()
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(name.encode() + b"\0" + content + b"\0")
    return Assets(files=files, digest=digest.hexdigest()[:16])


def _joined_styles() -> bytes:
    folder = FOLDER / "css"
    first = [folder / "reset.css", folder / "tokens.css", folder / "base.css"]
    rest = [*sorted((folder / "components").glob("*.css")), folder / "utilities.css"]
    return b"\n".join(path.read_bytes() for path in [*first, *rest])


@router.get("/static/{digest}/{name:path}", openapi_extra=permission("public"))
async def get_asset(digest: str, name: str) -> Response:
    """A file that pages load."""
    content = assets().files.get(name)
    if content is None:
        raise RouteUnknown
    # A page that is still open after an update asks under the old digest and gets what there is now, unkept.
    keep = "public, max-age=31536000, immutable" if digest == assets().digest else "no-cache"
    kind = _TYPES[Path(name).suffix]
    return Response(content, media_type=kind, headers={"Cache-Control": keep})
