import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.egress import AddressRefused, EgressPolicy, HostNotAllowed, RedirectRefused, UrlRefused
from answerable.infra.egress.checks import check_address, check_redirect, check_url
from answerable.infra.egress.values import Target
from answerable.infra.errors import AnswerableError

POLICY = EgressPolicy(
    hosts=frozenset({"api.example.com", "*.example.org"}),
    private_endpoints=frozenset({("erp.internal", 8443), ("metadata.google.internal", 80), ("::1", 8080)}),
)

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "172.31.255.255",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2001:0:1::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "fe80::a9fe:a9fe",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", PRIVATE + METADATA)
def test_no_private_address_is_dialled_for_a_public_name(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(POLICY, "api.example.com", 443, address)


@pytest.mark.parametrize("address", METADATA)
def test_metadata_addresses_are_refused_even_when_host_and_port_are_named(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(POLICY, "erp.internal", 8443, address)


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "::1", "fd12::1"])
def test_a_named_endpoint_may_be_private_on_its_port_alone(address: str) -> None:
    check_address(POLICY, "erp.internal", 8443, address)

    with pytest.raises(AddressRefused):
        check_address(POLICY, "erp.internal", 8444, address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_dialled(address: str) -> None:
    check_address(POLICY, "api.example.com", 443, address)


@pytest.mark.parametrize("address", ["0177.0.0.1", "2130706433", "127.1", "0x7f.1", "localhost", ""])
def test_what_is_not_an_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(POLICY, "api.example.com", 443, address)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1?q=1",
        "https://API.example.com",
        "https://a.example.org",
        "https://a.b.example.org:443/",
        "http://erp.internal:8443/",
        "http://[::1]:8080/",
    ],
)
def test_listed_hosts_may_be_called(url: str) -> None:
    check_url(POLICY, url)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://example.org/", HostNotAllowed),
        ("https://badexample.org/", HostNotAllowed),
        ("https://api.example.com.evil.net/", HostNotAllowed),
        ("https://api.example.com./", HostNotAllowed),
        ("https://2130706433/", HostNotAllowed),
        ("https://0177.0.0.1/", UrlRefused),
        ("https://[::ffff:127.0.0.1]/", HostNotAllowed),
        ("https://erp.internal:8444/", HostNotAllowed),
        ("https://evil.net\\@api.example.com/", (UrlRefused, HostNotAllowed)),
        ("https://evil.net#@api.example.com/", HostNotAllowed),
        ("https://user:secret@api.example.com/", UrlRefused),
        ("https://api.example.com@evil.net/", UrlRefused),
        ("http://api.example.com/", UrlRefused),
        ("https://api.example.com:22/", UrlRefused),
        ("https://api.example.com:99999999/", UrlRefused),
        ("ftp://api.example.com/", UrlRefused),
        ("file:///etc/passwd", UrlRefused),
        ("//api.example.com/", UrlRefused),
        ("https:///x", UrlRefused),
        ("", UrlRefused),
        ("https://api.example.com/\n", UrlRefused),
        ("http://metadata.google.internal:80/", AddressRefused),
    ],
)
def test_nothing_else_may_be_called(url: str, error: type[AnswerableError]) -> None:
    with pytest.raises(error):
        check_url(POLICY, url)


@given(st.text(max_size=40), st.sampled_from(["", "https://", "https://api.example.com", "http://a@"]))
def test_any_text_is_either_a_target_on_the_list_or_refused(text: str, start: str) -> None:
    host = "api.example.com"
    with contextlib.suppress(UrlRefused, HostNotAllowed, AddressRefused):
        host = check_url(POLICY, start + text)[1].host

    assert host == "api.example.com" or host.endswith(".example.org")


def test_an_encrypted_request_is_never_continued_in_the_clear() -> None:
    with pytest.raises(RedirectRefused):
        check_redirect(
            Target(scheme="https", host="a.example.org", port=443), Target(scheme="http", host="b", port=80)
        )


@pytest.mark.parametrize("host", ["*", "", "Upper.example", "https://x", "a.*.example.com", "x/y"])
def test_a_policy_with_a_misspelt_host_is_a_mistake(host: str) -> None:
    with pytest.raises(ValueError, match="not a host"):
        EgressPolicy(hosts=frozenset({host}))
