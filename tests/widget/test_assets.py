"""The chat's own files: small, kept for ever under their digest, without anything that a strict page refuses."""

import gzip
import re
from pathlib import Path

import pytest

from answerable.widget import assets
from answerable.widget.assets import ASSETS, BUILD
from factories.contacts import Contact

SOURCES = Path(assets.__file__).parent / "static"
BEFORE_THE_PANEL = (
    "chat.js",
    "element.js",
    "session.js",
    "store.js",
    "wire.js",
    "dom.js",
    "style.js",
    "texts.js",
)
"""Everything that a page loads before anybody opens the chat."""
MOST_BYTES = 15_000


def test_what_a_page_loads_before_the_chat_is_opened_is_below_15_kb() -> None:
    sizes = {name: len(ASSETS[name].packed) for name in BEFORE_THE_PANEL}

    assert sum(sizes.values()) < MOST_BYTES, sizes


def test_the_list_of_what_is_loaded_first_is_complete() -> None:
    """Follows the static imports, so that no part can be forgotten above."""
    found, waiting = {"chat.js"}, ["element.js"]
    while waiting:
        name = waiting.pop()
        found.add(name)
        imported = re.findall(r'^import .* from "\./(\w+\.js)";$', (SOURCES / name).read_text(), re.MULTILINE)
        waiting += [one for one in imported if one not in found]

    assert found == set(BEFORE_THE_PANEL)


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.js")), ids=lambda path: path.name)
def test_no_script_writes_markup_styles_elements_or_evaluates_text(path: Path) -> None:
    source = path.read_text()

    forbidden = (
        r"innerHTML|outerHTML|insertAdj|document\.write|\beval\b|new Function|\.style\b|document\.cookie"
    )
    assert re.findall(forbidden, source) == []


def test_comments_are_left_out_and_everything_else_is_served() -> None:
    served = ASSETS["session.js"].body.decode()

    assert "@typedef" not in served
    assert "export class Session" in served
    assert "__BUILD__" not in ASSETS["chat.js"].body.decode()
    assert BUILD in ASSETS["chat.js"].body.decode()


async def test_the_loader_is_asked_for_again_and_its_parts_never(anna: Contact) -> None:
    loader = await anna.client.get("/widget/chat.js")
    again = await anna.client.get("/widget/chat.js", headers={"If-None-Match": loader.headers["ETag"]})
    part = await anna.client.get(f"/widget/{BUILD}/panel.js")
    of_before = await anna.client.get(f"/widget/{'0' * 16}/panel.js")
    plain = await anna.client.get("/widget/chat.js", headers={"Accept-Encoding": "identity"})

    assert "max-age=300" in loader.headers["Cache-Control"]
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in part.headers["Cache-Control"]
    assert (of_before.status_code, of_before.headers["Cache-Control"]) == (200, "no-store")
    for answer in (loader, part, plain):
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Encoding" not in plain.headers
    assert plain.content == gzip.decompress(ASSETS["chat.js"].packed) == loader.content


@pytest.mark.parametrize("name", ["nothing.js", "..%2fassets.py", "panel.js%00", "PANEL.js", "x" * 5_000])
async def test_nothing_else_is_served(anna: Contact, name: str) -> None:
    answer = await anna.client.get(f"/widget/{BUILD}/{name}")

    assert answer.status_code in {404, 422}
    assert answer.json()["code"] in {"web.route_unknown", "web.request_invalid"}


async def test_the_page_for_trying_carries_the_chat_under_a_strict_policy(anna: Contact) -> None:
    page = await anna.client.get(f"/try/{anna.key}")
    unknown = await anna.client.get("/try/nobodys-key")

    assert page.status_code == 200
    assert f'data-key="{anna.key}"' in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert (unknown.status_code, "No workspace has this key" in unknown.text) == (404, True)
