"""The settings' pages: seen by all members, changed by owners and admins, with and without scripts."""

import re
from collections.abc import Awaitable, Callable
from html import unescape

import pytest

from answerable import tenancy
from answerable.infra.db import Database
from answerable.infra.ids import Actor
from answerable.tenancy import Channel, Posture, Role, Tenant
from factories.members import Browser

SignIn = Callable[..., Awaitable[Browser]]

PAGES = (
    "/settings",
    "/settings/widget",
    "/settings/answering",
    "/settings/retention",
    "/settings/members",
    "/settings/history",
)
WORKSPACE = {"based_on": "1", "name": "A shop", "languages": "de", "language": "de", "answer_hours": "24"}
ANSWERING = {"based_on": "1", "posture": "auto", "threshold_by": "calibrated"}
WIDGET = {"based_on": "1", "widget_origins": "", "brand_colour": "#1f4b3f"}
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def tenant_of(database: Database) -> Callable[[Browser], Awaitable[Tenant]]:
    async def read(browser: Browser) -> Tenant:
        async with database.tenant_session(browser.actor) as db:
            return await tenancy.get_tenant(db)

    return read


TenantOf = Callable[[Browser], Awaitable[Tenant]]


def inputs(text: str) -> list[tuple[str, str]]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', text)
    return [(name, unescape(value)) for name, value in found]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER, Role.AUDITOR])
async def test_every_member_sees_every_page(sign_in_as: SignIn, role: Role, path: str) -> None:
    browser = await sign_in_as(role)

    shown = await browser.get(path)

    assert shown.status == 200
    assert 'aria-current="page"' in shown.text
    assert not re.search(r"\sstyle=|\son[a-z]+=", shown.text)
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_speaks_german(owner: Browser, path: str) -> None:
    english = await owner.get(path)
    await owner.post("/preferences", language="de")

    german = await owner.get(path)

    assert '<html lang="de"' in german.text
    assert "Einstellungen" in german.text
    assert german.text != english.text


async def test_only_who_may_change_is_offered_to(sign_in_as: SignIn) -> None:
    viewer, owner = await sign_in_as(Role.VIEWER), await sign_in_as(Role.OWNER)

    looked, offered = await viewer.get("/settings"), await owner.get("/settings")

    assert "<fieldset" in looked.text
    assert "disabled" in looked.text
    assert "Save settings" not in looked.text
    assert "Owners and admins change this" in looked.text
    assert "Save settings" in offered.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/settings", WORKSPACE),
        ("/settings/answering", ANSWERING),
        ("/settings/widget", WIDGET),
        ("/settings/widget/key", {}),
        ("/settings/widget/key/undo", {}),
        ("/settings/history/1", {"based_on": "1"}),
    ],
)
async def test_who_may_only_look_is_refused(
    sign_in_as: SignIn, tenant_of: TenantOf, path: str, fields: dict[str, str]
) -> None:
    viewer = await sign_in_as(Role.RESPONDER)

    refused = await viewer.send(path, fields)

    assert refused.status == 403
    assert (await tenant_of(viewer)).settings_version == 1


async def test_a_name_is_set_told_and_undone(owner: Browser, tenant_of: TenantOf) -> None:
    saved = await owner.send("/settings", WORKSPACE | {"name": "Laden"})
    told = await owner.get(saved.headers["location"])
    undone = await owner.send("/settings/history/1", dict(inputs(told.text)) | {"based_on": "2"})

    assert saved.status == 303
    assert "Version 2 holds from now on." in told.text
    assert 'action="/settings/history/1"' in told.text
    assert undone.status == 303
    tenant = await tenant_of(owner)
    assert (tenant.name, tenant.languages, tenant.settings_version) == ("A shop", ("de", "en"), 3)


async def test_saving_what_is_set_already_changes_nothing(owner: Browser, tenant_of: TenantOf) -> None:
    await owner.send("/settings/widget", WIDGET)

    assert (await tenant_of(owner)).settings_version == 1


@pytest.mark.parametrize(
    ("path", "fields", "problem"),
    [
        ("/settings", WORKSPACE | {"name": " "}, "A name has 1 to 80 characters"),
        ("/settings", WORKSPACE | {"name": "a\x00b"}, "A name has 1 to 80 characters"),
        ("/settings", WORKSPACE | {"language": "en"}, "At least one language is needed"),
        ("/settings", WORKSPACE | {"languages": "fr"}, "At least one language is needed"),
        ("/settings", WORKSPACE | {"answer_hours": "soon"}, "no number of hours"),
        ("/settings", WORKSPACE | {"answer_hours": "٢٤"}, "no number of hours"),
        ("/settings/widget", WIDGET | {"brand_colour": "#eeeeee"}, "White text on this colour"),
        ("/settings/widget", WIDGET | {"brand_colour": "red;}"}, "A colour is written as"),
        ("/settings/widget", WIDGET | {"widget_origins": "http://shop.example"}, "no address of a page"),
        ("/settings/answering", ANSWERING | {"posture": "loud"}, "None of the three"),
        ("/settings/answering", ANSWERING | {"posture_web": "loud"}, "None of the three"),
        ("/settings/answering", ANSWERING | {"threshold_by": "own", "threshold": "0.5"}, "lies between 0.51"),
        ("/settings/answering", ANSWERING | {"threshold_by": "own", "threshold": "nan"}, "lies between 0.51"),
    ],
)
async def test_what_cannot_be_taken_stays_in_the_form_with_the_reason(
    owner: Browser, tenant_of: TenantOf, path: str, fields: dict[str, str], problem: str
) -> None:
    shown = await owner.send(path, fields)

    assert shown.status == 422
    assert "Nothing was saved." in shown.text
    assert problem in shown.text
    assert (await tenant_of(owner)).settings_version == 1


async def test_what_was_written_is_data_and_never_markup(owner: Browser) -> None:
    refused = await owner.send("/settings/widget", WIDGET | {"widget_origins": HOSTILE})
    named = await owner.send("/settings", WORKSPACE | {"name": HOSTILE})
    shown = [await owner.get(path) for path in PAGES]

    assert named.status == 303
    assert all(HOSTILE not in one.text for one in [refused, *shown])
    assert "&lt;img" in refused.text


async def test_a_form_that_is_no_form_is_an_error_page(owner: Browser) -> None:
    answers = [
        await owner.send("/settings", WORKSPACE | {"based_on": number}) for number in ("0", "x", str(2**31))
    ]
    missing = await owner.post("/settings", name="A shop")
    huge = await owner.send("/settings", WORKSPACE | {"name": "n" * 2_000})

    assert {one.status for one in [*answers, missing, huge]} == {422}


async def test_ten_megabytes_are_refused(owner: Browser, tenant_of: TenantOf) -> None:
    answer = await owner.send("/settings/widget", WIDGET | {"widget_origins": "a" * 10_000_000})

    assert answer.status in {413, 422}
    assert (await tenant_of(owner)).settings_version == 1


async def test_two_who_change_the_same_field_are_shown_both(
    owner: Browser, sign_in_as: SignIn, tenant_of: TenantOf
) -> None:
    admin = await sign_in_as(Role.ADMIN)
    await admin.send("/settings", WORKSPACE | {"name": "Theirs"})

    shown = await owner.send("/settings", WORKSPACE | {"name": "Mine"})
    again = dict(inputs(shown.text))
    settled = await owner.send("/settings", again)

    assert shown.status == 409
    assert "Theirs" in shown.text
    assert "Mine" in shown.text
    assert "admin" in shown.text
    assert again["based_on"] == "2"
    assert settled.status == 303
    assert (await tenant_of(owner)).name == "Mine"


async def test_two_who_change_different_fields_both_have_their_way(
    owner: Browser, sign_in_as: SignIn, tenant_of: TenantOf
) -> None:
    admin = await sign_in_as(Role.ADMIN)
    await admin.send("/settings/answering", ANSWERING | {"posture": "draft", "posture_web": "off"})

    saved = await owner.send("/settings", WORKSPACE | {"name": "Mine"})

    tenant = await tenant_of(owner)
    assert saved.status == 303
    assert (tenant.name, tenant.posture, tenant.channel_postures) == (
        "Mine",
        Posture.DRAFT,
        {Channel.WEB: Posture.OFF},
    )


async def test_an_undo_after_somebody_else_changed_more_is_refused(
    owner: Browser, sign_in_as: SignIn, tenant_of: TenantOf
) -> None:
    await owner.send("/settings", WORKSPACE | {"name": "Second"})
    admin = await sign_in_as(Role.ADMIN)
    await admin.send("/settings", WORKSPACE | {"name": "Third", "based_on": "2"})

    refused = await owner.post("/settings/history/1", based_on="2")

    assert refused.status == 409
    assert "Somebody else changed the settings meanwhile" in refused.text
    assert (await tenant_of(owner)).name == "Third"


async def test_a_threshold_is_set_with_a_comma_and_back_to_the_calibrated_one(
    owner: Browser, tenant_of: TenantOf
) -> None:
    await owner.send("/settings/answering", ANSWERING | {"threshold_by": "own", "threshold": "0,9"})
    own = (await tenant_of(owner)).threshold
    shown = await owner.get("/settings/answering")
    await owner.send("/settings/answering", ANSWERING | {"based_on": "2", "threshold": "0.900"})

    assert own == 0.9
    assert "Of 29 replies 29 were right" in shown.text
    assert (await tenant_of(owner)).threshold is None


async def test_a_threshold_is_explained_before_it_is_set(owner: Browser) -> None:
    path = "/settings/answering/meaning?threshold="

    explained = await owner.get(f"{path}0.747", part=True)
    nothing = await owner.get(f"{path}0.99", part=True)
    wrong = [await owner.get(f"{path}{value}", part=True) for value in ("", "x", "nan", "0.5", "1e9", "%00")]

    assert "Of 122 questions that the documents answer, 43 got their answer" in explained.text
    assert "Of 44 replies 43 were right (the true share lies between 88 and 100\u00a0%)" in explained.text
    assert "Of 26 replies 26 were right (the true share lies between 87 and 100\u00a0%)" in explained.text
    assert "everything was handed over" in nothing.text
    assert all("Write a number from 0.51 to 0.99" in one.text for one in wrong)


async def test_the_page_says_on_what_the_threshold_was_measured(owner: Browser) -> None:
    shown = await owner.get("/settings/answering")

    assert "250 and 240 questions about the outdoor shop of the demo" in shown.text
    assert "nobody has measured yours" in shown.text
    assert "43/44" in shown.text


async def test_the_line_for_pages_names_address_and_key(owner: Browser, tenant_of: TenantOf) -> None:
    key = (await tenant_of(owner)).public_key

    shown = await owner.get("/settings/widget")

    line = f'<script async src="https://care.example/widget/chat.js" data-key="{key}"></script>'
    assert line in unescape(shown.text)
    assert f'src="/try/{key}"' in shown.text
    assert "frame-src 'self'" in shown.headers["content-security-policy"]
    assert "own pages only" in shown.text
    assert "It does not stop scripts that run elsewhere" in shown.text


async def test_addresses_are_kept_as_browsers_send_them(owner: Browser, tenant_of: TenantOf) -> None:
    written = " https://Müller.example/ \r\n\r\nhttps://shop.example:443\r\n"

    await owner.send("/settings/widget", WIDGET | {"widget_origins": written})

    shown = await owner.get("/settings/widget")
    assert (await tenant_of(owner)).widget_origins == (
        "https://xn--mller-kva.example",
        "https://shop.example",
    )
    assert "own pages only" not in shown.text


async def test_a_key_is_renewed_after_a_question_and_brought_back(
    owner: Browser, tenant_of: TenantOf
) -> None:
    before = (await tenant_of(owner)).public_key
    asked = await owner.get("/settings/widget/key")

    renewed = await owner.post("/settings/widget/key")
    after = (await tenant_of(owner)).public_key
    shown = await owner.get(renewed.headers["location"])
    await owner.post("/settings/widget/key/undo")

    assert "The chat disappears from every page" in asked.text
    assert after != before
    assert "Bring the old key back" in shown.text
    assert (await tenant_of(owner)).public_key == before


async def test_who_may_not_renew_the_key_is_not_asked(sign_in_as: SignIn) -> None:
    viewer = await sign_in_as(Role.VIEWER)

    assert (await viewer.get("/settings/widget/key")).status == 403


async def test_the_history_names_who_changed_what_before_and_after(
    owner: Browser, sign_in_as: SignIn
) -> None:
    admin = await sign_in_as(Role.ADMIN)
    await admin.send("/settings", WORKSPACE | {"name": "Laden", "answer_hours": "8"})

    shown = await owner.get("/settings/history")

    assert "admin" in shown.text
    assert "<del>A shop</del>" in shown.text
    assert "<ins>Laden</ins>" in shown.text
    assert "<ins>8 hours</ins>" in shown.text
    assert "whoever runs this installation" in shown.text
    assert "As the workspace was created." in shown.text


async def test_a_long_history_has_pages(owner: Browser) -> None:
    for number in range(30):
        await owner.send("/settings", WORKSPACE | {"based_on": str(number + 1), "name": f"Name {number}"})

    newest = await owner.get("/settings/history")
    older = await owner.get("/settings/history?before=7")
    nothing = await owner.get("/settings/history?before=1")

    assert 'href="/settings/history?before=7"' in newest.text
    assert "<del>Name 4</del>" in newest.text
    assert "As the workspace was created." in older.text
    assert nothing.status == 422


async def test_no_member_sees_another_workspace(owner: Browser, sign_in_as: SignIn, globex: Actor) -> None:
    await owner.send("/settings", WORKSPACE | {"name": "Our secret"})
    other = await sign_in_as(Role.OWNER, globex)

    shown = [await other.get(path) for path in PAGES]
    refused = await other.post("/settings/history/2", based_on="1")

    assert all("Our secret" not in one.text for one in shown)
    assert refused.status == 404


async def test_every_class_of_data_says_how_long_it_is_kept(owner: Browser) -> None:
    shown = await owner.get("/settings/retention")

    assert "Nothing is deleted by itself yet" in shown.text
    assert "tenant_setting_version" in shown.text
    assert "contact_address" in shown.text
    for words in ("Conversations and their records", "Knowledge", "The log", "Members"):
        assert words in shown.text


async def test_members_are_listed_with_their_roles(owner: Browser, sign_in_as: SignIn) -> None:
    await sign_in_as(Role.AUDITOR)

    shown = await owner.get("/settings/members")

    assert "owner@example.com" in shown.text
    assert "auditor@example.com" in shown.text
    assert "reads knowledge and the log" in shown.text
