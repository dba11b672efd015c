"""Fetching pages: within the site, within limits, as its owner asks, and every refusal with its reason."""

from collections.abc import Sequence

import pytest

from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import AddressInvalid
from answerable.knowledge.fetching.manners import Manners, Pause
from answerable.knowledge.fetching.web import Web
from answerable.knowledge.page_errors import (
    AddressPrivate,
    EndlessRedirects,
    LeadsElsewhere,
    PageNotFound,
    PageRefused,
    PageTooLarge,
    RobotsDisallow,
    RobotsUnavailable,
    SignInNeeded,
    SiteBusy,
    SiteTooSlow,
    SiteUnreachable,
)
from factories.sites import Page, Site, html, leading_to, running_site

ROBOTS = "/robots.txt"


async def refusal(
    pages: dict[str, Page], path: str = "/", *, total_timeout_s: float = 20.0
) -> type[AnswerableError]:
    async with running_site(pages) as site:
        with pytest.raises(AnswerableError) as caught:
            await site.web(total_timeout_s=total_timeout_s).fetch(site.at(path))
    return type(caught.value)


async def test_a_page_is_fetched_by_name_and_says_who_asks() -> None:
    async with running_site({"/help?a=1": html("Hello.")}) as site:
        fetched = await site.web().fetch(site.at("/help?a=1"))

    assert b"Hello." in fetched.content
    assert fetched.content_type == "text/html"
    assert site.asked == [ROBOTS, "/help?a=1"]
    assert all("user-agent: Answerable/" in head for head in site.heads)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(status=401), SignInNeeded),
        (Page(status=403), SignInNeeded),
        (Page(status=404), PageNotFound),
        (Page(status=410), PageNotFound),
        (Page(status=500), PageRefused),
        (Page(status=204), PageRefused),
        (Page(status=429), SiteBusy),
        (Page(status=503), SiteBusy),
        (leading_to("/login?next=/"), SignInNeeded),
        (leading_to("/account/sign-in"), SignInNeeded),
        (leading_to("https://login.example.com/oauth2"), SignInNeeded),
        (leading_to("https://elsewhere.example/"), LeadsElsewhere),
        (leading_to("http://169.254.169.254/latest/meta-data"), LeadsElsewhere),
        (leading_to("file:///etc/passwd"), AddressInvalid),
        (leading_to("/"), EndlessRedirects),
        (Page(body=b"x" * 25_000_001), PageTooLarge),
    ],
)
async def test_what_is_no_page_says_why(page: Page, reason: type[AnswerableError]) -> None:
    assert await refusal({"/": page}) is reason


async def test_redirects_without_end_end() -> None:
    pages = {f"/{number}": leading_to(f"/{number + 1}") for number in range(100)}

    async with running_site(pages) as site:
        with pytest.raises(EndlessRedirects):
            await site.web().fetch(site.at("/0"))

    assert len(site.asked) == 7


async def test_a_redirect_within_the_site_is_followed_and_the_address_is_the_last_one() -> None:
    async with running_site({"/old": leading_to("/new", 301), "/new": html("Here.")}) as site:
        fetched = await site.web().fetch(site.at("/old"))

    assert fetched.address == site.at("/new")


async def test_a_slow_site_is_given_up() -> None:
    assert await refusal({"/": Page(delay_s=20)}, total_timeout_s=0.3) is SiteTooSlow


async def test_a_site_that_is_not_there_is_unreachable() -> None:
    async with running_site({}) as site:
        web, address = site.web(), site.at("/")

    with pytest.raises(SiteUnreachable):
        await web.fetch(address)


@pytest.mark.parametrize("address", ["http://127.0.0.1/", "http://169.254.169.254/", "http://[::1]/"])
async def test_a_private_address_is_refused_before_anything_is_asked(address: str) -> None:
    with pytest.raises(AddressPrivate):
        await Web().fetch(address)


async def test_a_name_that_leads_to_a_private_address_is_refused() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["10.0.0.1"]

    with pytest.raises(AddressPrivate):
        await Web(resolve=resolve).fetch("https://intern.example/")


async def test_a_port_that_no_site_has_is_refused() -> None:
    with pytest.raises(AddressInvalid, match="port"):
        await Web().fetch("https://www.example.com:6379/")


async def test_a_page_that_robots_may_not_fetch_is_not_fetched() -> None:
    robots = Page(body="User-agent: *\nDisallow: /private/\nAllow: /private/help\n")
    pages = {ROBOTS: robots, "/private/x": html("x"), "/private/help": html("y")}

    async with running_site(pages) as site:
        web = site.web()
        with pytest.raises(RobotsDisallow):
            await web.fetch(site.at("/private/x"))
        await web.fetch(site.at("/private/help"))

    # Asked for once for both, and the forbidden page not at all.
    assert site.asked == [ROBOTS, "/private/help"]


async def test_rules_for_us_by_name_count_before_those_for_everybody() -> None:
    robots = Page(body="User-agent: *\nDisallow: /\n\nUser-agent: answerable\nDisallow: /old\n")

    async with running_site({ROBOTS: robots, "/new": html("x")}) as site:
        await site.web().fetch(site.at("/new"))


async def test_a_redirect_does_not_lead_around_the_rules() -> None:
    pages = {
        ROBOTS: Page(body="User-agent: *\nDisallow: /hidden"),
        "/": leading_to("/hidden"),
        "/hidden": html("x"),
    }

    assert await refusal(pages) is RobotsDisallow


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_without_rules_everything_may_be_fetched(status: int) -> None:
    async with running_site({ROBOTS: Page(status=status), "/": html("x")}) as site:
        await site.web().fetch(site.at("/"))


@pytest.mark.parametrize("robots", [Page(status=500), Page(status=503), Page(body=b"#" * 1_000_001)])
async def test_where_the_rules_cannot_be_fetched_nothing_is(robots: Page) -> None:
    assert await refusal({ROBOTS: robots, "/": html("x")}) is RobotsUnavailable


async def test_a_site_whose_rules_failed_is_left_alone_for_a_while() -> None:
    async with running_site({ROBOTS: Page(status=500), "/": html("x")}) as site:
        web = site.web()
        for _ in range(3):
            with pytest.raises(RobotsUnavailable):
                await web.fetch(site.at("/"))
        asked = list(site.asked)
        site.watch.now += 301
        site.pages[ROBOTS] = Page(status=404)
        await web.fetch(site.at("/"))

    assert asked == [ROBOTS]


async def test_between_two_requests_of_a_site_there_is_a_pause() -> None:
    async with running_site({"/a": html("x"), "/b": html("y")}) as site:
        web = site.web()
        await web.fetch(site.at("/a"))
        await web.fetch(site.at("/b"))

    assert site.watch.slept == [1.0, 1.0]


@pytest.mark.parametrize(("asked", "kept"), [("3", 3.0), ("0.1", 1.0), ("3600", 10.0), ("soon", 1.0)])
async def test_a_longer_pause_is_kept_up_to_a_limit(asked: str, kept: float) -> None:
    robots = Page(body=f"User-agent: *\nCrawl-delay: {asked}\nDisallow:\n")

    async with running_site({ROBOTS: robots, "/a": html("x"), "/b": html("y")}) as site:
        web = site.web()
        await web.fetch(site.at("/a"))
        await web.fetch(site.at("/b"))

    assert site.watch.slept[-1] == kept


async def test_a_busy_site_is_asked_once_more_after_the_time_that_it_names() -> None:
    async with running_site({"/": Page(status=503, headers={"retry-after": "7"})}) as site:
        with pytest.raises(SiteBusy):
            await site.web(manners=Manners(pause=Pause(usual_s=0))).fetch(site.at("/"))

    assert site.watch.slept == [7.0]
    assert site.asked == [ROBOTS, "/", "/"]


async def test_a_page_that_did_not_change_is_not_sent_again() -> None:
    async with running_site({"/": Page(body="x", etag='"v1"')}) as site:
        web = site.web()
        first = await web.fetch(site.at("/"))
        second = await web.fetch(site.at("/"), condition={"if-none-match": str(first.etag)})

    assert first.etag == '"v1"'
    assert second.is_unchanged


def test_sites_beyond_a_number_are_forgotten() -> None:
    manners = Manners()

    for number in range(1_000):
        manners._site(f"https://{number}.example")

    assert len(manners._sites) == 500


async def test_a_site_is_not_asked_by_two_at_once() -> None:
    site = Site(pages={})
    manners = Manners(clock=site.watch.read, sleep=site.watch.sleep)

    for _ in range(3):
        async with manners.turn("https://a.example"):
            pass
    async with manners.turn("https://b.example"):
        pass

    assert site.watch.slept == [1.0, 1.0]
