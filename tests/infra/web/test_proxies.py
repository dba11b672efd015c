"""When a proxy is needed, and that its lines are those that the guide shows."""

from pathlib import Path

import pytest

from answerable.infra.settings import Settings
from answerable.infra.web.proxies import STREAMS, is_this_machine, needs_proxy, proxy_lines

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "run-behind-a-proxy.md"


@pytest.mark.parametrize(
    "host", ["localhost", "shop.localhost", "LOCALHOST", "127.0.0.1", "127.8.0.1", "::1", "[::1]"]
)
def test_addresses_that_never_leave_this_machine_are_known(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "10.0.0.1", "care.example.com", "localhost.example", "127.0.0.1.example"]
)
def test_every_other_address_may_be_another_machine_s(host: str) -> None:
    assert not is_this_machine(host)


@pytest.mark.parametrize(
    ("public_url", "host"),
    [
        (None, "0.0.0.0"),
        (None, "192.168.1.4"),
        ("http://care.example.com", "127.0.0.1"),
        ("http://192.168.1.4:8800", "0.0.0.0"),
    ],
)
def test_a_proxy_is_needed_where_people_come_by_plain_http_from_elsewhere(
    public_url: str | None, host: str
) -> None:
    assert needs_proxy(public_url, host=host)


@pytest.mark.parametrize(
    ("public_url", "host"),
    [
        (None, "127.0.0.1"),
        ("http://localhost:8800", "0.0.0.0"),
        ("http://[::1]:8800", "::1"),
        ("https://care.example.com", "0.0.0.0"),
    ],
)
def test_no_proxy_is_needed_on_this_machine_and_where_there_is_tls(public_url: str | None, host: str) -> None:
    assert not needs_proxy(public_url, host=host)


def test_the_lines_name_the_host_and_the_port_that_are_set() -> None:
    lines = proxy_lines("http://hilfe.example.org:8800", port=8801)

    for text in (lines.caddy, lines.nginx):
        assert "hilfe.example.org" in text
        assert "127.0.0.1:8801" in text
    assert "ANSWERABLE_PUBLIC_URL=https://hilfe.example.org\n" in lines.environment


def test_streams_are_passed_on_as_they_come() -> None:
    lines = proxy_lines(None, port=8800)

    held_back = lines.nginx.partition("location ~ ")[2]
    assert all(stream in held_back.splitlines()[0] for stream in STREAMS)
    assert "proxy_buffering off;" in held_back
    assert "flush_interval -1" in lines.caddy


def test_the_settings_of_the_lines_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for line in proxy_lines(None, port=8800).environment.splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)

    settings = Settings.load()

    assert settings.public_url == "https://care.example.com"
    assert not needs_proxy(settings.public_url, host=settings.host)
    assert [str(network) for network in settings.trusted_proxies] == ["127.0.0.1/32"]


def test_the_guide_shows_the_same_lines() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    lines = proxy_lines(None, port=8800)

    assert lines.caddy in guide
    assert lines.nginx in guide
    assert lines.environment in guide
