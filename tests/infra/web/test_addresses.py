from ipaddress import ip_network

import pytest
from starlette.requests import Request

from answerable.infra.web import sender_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def request(client: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return Request(
        {"type": "http", "client": (client, 5555) if client is not None else None, "headers": headers}
    )


def test_a_sender_is_known_by_its_address() -> None:
    assert sender_of(request("203.0.113.7"), proxies=()) == "203.0.113.7"


def test_what_a_sender_says_of_itself_is_not_believed() -> None:
    assert sender_of(request("203.0.113.7", "198.51.100.1"), proxies=PROXIES) == "203.0.113.7"


def test_a_named_proxy_is_believed_about_its_sender() -> None:
    assert sender_of(request("10.0.0.1", "198.51.100.1"), proxies=PROXIES) == "198.51.100.1"


@pytest.mark.parametrize(
    "forwarded", [("198.51.100.1, 203.0.113.7, 10.0.0.2",), ("198.51.100.1", "203.0.113.7")]
)
def test_only_what_named_proxies_have_added_is_believed(forwarded: tuple[str, ...]) -> None:
    assert sender_of(request("10.0.0.1", *forwarded), proxies=PROXIES) == "203.0.113.7"


@pytest.mark.parametrize("forwarded", ["", "unknown", "198.51.100.1, x", "\x00"])
def test_a_proxy_that_talks_nonsense_is_the_sender_itself(forwarded: str) -> None:
    assert sender_of(request("10.0.0.1", forwarded), proxies=PROXIES) == "10.0.0.1"


def test_all_addresses_of_one_network_are_one_sender() -> None:
    first = sender_of(request("2001:db8:1:2::1"), proxies=())
    second = sender_of(request("2001:db8:1:2:ffff::9"), proxies=())

    assert first == second == "2001:db8:1:2::/64"


def test_an_address_written_in_the_other_way_is_the_same_sender() -> None:
    assert sender_of(request("::ffff:203.0.113.7"), proxies=()) == "203.0.113.7"


@pytest.mark.parametrize("client", [None, "", "a-socket"])
def test_whoever_has_no_address_is_local(client: str | None) -> None:
    assert sender_of(request(client, "198.51.100.1"), proxies=PROXIES) == "local"
