"""What holds for every page: sign-in, cross-site requests, the policy, texts, errors as pages."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from answerable.dashboard.frame.assets import FOLDER, assets
from answerable.dashboard.frame.pages import TEMPLATES, environment
from answerable.dashboard.frame.texts import LANGUAGES, catalogue, choose_language
from answerable.infra.web import SAFE_METHODS
from answerable.tenancy import Permission
from factories.http import ADDRESS, Client
from factories.members import Browser
from factories.routes import walk

GAP = re.compile(r"\{(\w+)[^}]*\}")
USED = re.compile(r"""\bt\(\s*["']([a-z_]+\.[a-z0-9_]+)["']\s*[,)]""")


def routes(app: FastAPI) -> list[tuple[str, APIRoute]]:
    return [(method, route) for route in walk(app.routes) for method in sorted(route.methods or ())]


def address_of(route: APIRoute) -> str:
    return re.sub(r"\{[^}]*\}", "00000000-0000-7000-8000-000000000000", route.path)


def test_every_route_names_a_permission_that_exists(app: FastAPI) -> None:
    known = {"public", *(permission.value for permission in Permission)}

    named = {
        f"{method} {route.path}": (route.openapi_extra or {}).get("x-permission")
        for method, route in routes(app)
    }

    assert len(named) > 10
    assert {route: name for route, name in named.items() if name not in known} == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ADDRESS, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ADDRESS, "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://care.test.evil.example"},
        {"Origin": "file://care.test"},
        {"Origin": ""},
    ],
)
async def test_no_other_site_can_change_anything(
    app: FastAPI, owner: Browser, headers: dict[str, str]
) -> None:
    unsafe = [
        (method, address_of(route))
        for method, route in routes(app)
        if method not in SAFE_METHODS and not route.path.startswith("/widget/v1/")
    ]

    answers = {
        f"{method} {path}": (await owner.client.request(method, path, headers=owner.cookie | headers)).json()[
            "code"
        ]
        for method, path in unsafe
    }

    assert len(answers) >= 3
    assert set(answers.values()) == {"web.foreign_origin"}


async def test_a_request_that_says_nothing_of_where_it_comes_from_changes_nothing(owner: Browser) -> None:
    del owner.client.headers["Origin"]

    refused = await owner.client.post("/sign-out", headers=owner.cookie)
    taken = await owner.client.post("/sign-out", headers=owner.cookie | {"Sec-Fetch-Site": "same-origin"})

    assert refused.status_code == 403
    assert taken.status_code == 303


async def test_the_public_address_counts_as_ours(owner: Browser) -> None:
    answer = await owner.client.post("/sign-out", headers=owner.cookie | {"Origin": "https://care.example"})

    assert answer.status_code == 303


async def test_without_a_sign_in_every_page_leads_to_the_door(app: FastAPI, client: Client) -> None:
    closed = [
        address_of(route)
        for method, route in routes(app)
        if method == "GET"
        and not route.include_in_schema
        and (route.openapi_extra or {}).get("x-permission") != "public"
    ]

    answers = {path: await client.get(path) for path in closed}

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 303} == {}
    assert {answer.headers["location"] for answer in answers.values()} <= {"/sign-in"}


async def test_a_part_without_a_sign_in_has_the_browser_go_to_the_door(client: Client) -> None:
    answer = await client.post("/preferences", headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"


async def test_pages_let_nothing_in_from_outside(client: Client) -> None:
    answer = await client.get("/sign-in")

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]* src=)", answer.text)
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", answer.text)


async def test_files_keep_for_ever_under_their_digest(client: Client) -> None:
    sheet = assets().address("app.css")

    kept = await client.get(sheet)
    old = await client.get("/static/0000000000000000/app.css")
    unknown = [
        await client.get(f"/static/{assets().digest}/{name}") for name in ("x.js", "../frame/pages.py")
    ]

    assert "immutable" in kept.headers["cache-control"]
    assert kept.text.count("@layer components") > 15
    assert old.headers["cache-control"] == "no-cache"
    assert {answer.status_code for answer in unknown} == {404}


async def test_what_does_not_exist_is_a_page_that_says_so(client: Client) -> None:
    german = await client.get("/sign-in/none", headers={"Accept-Language": "de"})

    assert german.status_code == 401
    assert "Dieser Anmeldelink gilt nicht" in german.text


async def test_an_address_that_leads_nowhere_is_a_page_for_people_and_a_problem_for_programs(
    client: Client,
) -> None:
    person = await client.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "de"})
    program = await client.get("/nowhere", headers={"Accept": "*/*"})

    assert (person.status_code, program.status_code) == (404, 404)
    assert person.headers["content-type"].startswith("text/html")
    assert program.json()["code"] == "web.route_unknown"


def test_every_text_exists_in_both_languages_with_the_same_gaps() -> None:
    wrong = {
        key: texts
        for key, texts in catalogue().items()
        if set(texts) != set(LANGUAGES)
        or len({tuple(sorted(GAP.findall(text))) for text in texts.values()}) != 1
        or not all(text.strip() for text in texts.values())
    }

    assert wrong == {}


def test_every_text_that_a_template_names_exists() -> None:
    used = {
        (str(path.relative_to(TEMPLATES)), key)
        for path in TEMPLATES.rglob("*.html")
        for key in USED.findall(path.read_text(encoding="utf-8"))
    }

    assert len(used) > 20
    assert {(path, key) for path, key in used if key not in catalogue()} == set()


def test_every_template_compiles_and_marks_nothing_as_safe() -> None:
    for path in TEMPLATES.rglob("*.html"):
        environment().get_template(str(path.relative_to(TEMPLATES)))

        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape false", text), path
        assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on", text), path


def test_no_script_evaluates_or_writes_markup() -> None:
    for path in [*FOLDER.glob("js/**/*.js"), *Path(FOLDER.parents[1] / "widget").rglob("*.js")]:
        text = path.read_text(encoding="utf-8")

        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        ), path


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"),
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("fr;q=0.9, en;q=0.2, de;q=0.5", "de"),
        ("en-GB, de;q=0.9", "en"),
        ("fr", "en"),
        ("", "en"),
        ("de;q=0", "en"),
        ("de;q=nonsense, ;;,=;q", "en"),
    ],
)
def test_the_browsers_best_language_is_taken(accepted: str, language: str) -> None:
    assert choose_language(accepted) == language
