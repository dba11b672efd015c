"""Whether an address needs a reverse proxy in front, and the lines that make one. Pure text."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

STREAMS: Final = ("/widget/v1/stream", "/dashboard/v1/events")
"""Answers that go on for as long as somebody listens: a proxy that collects them first shows nothing."""

EXAMPLE_HOST: Final = "care.example.com"

_CADDY = """\
{host} {{
    reverse_proxy {upstream} {{
        flush_interval -1
    }}
}}
"""

_NGINX = """\
server {{
    listen 443 ssl;
    server_name {host};
    ssl_certificate     /etc/ssl/{host}/fullchain.pem;
    ssl_certificate_key /etc/ssl/{host}/privkey.pem;
    client_max_body_size 60m;

    location / {{
        proxy_pass http://{upstream};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
    }}

    location ~ ^({streams})$ {{
        proxy_pass http://{upstream};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_buffering off;
        proxy_read_timeout 1h;
    }}
}}
server {{
    listen 80;
    server_name {host};
    return 301 https://$host$request_uri;
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyLines:
    """What to write where, so that people reach the product by TLS."""

    caddy: str
    nginx: str
    environment: str
    """Settings of the product that belong to it."""


def is_this_machine(host: str) -> bool:
    """Whether only programs on this machine reach that address, which browsers then trust without TLS.

    Source:  Secure Contexts, section 3.1.
    """
    bare = host.strip("[]").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def needs_proxy(public_url: str | None, *, host: str) -> bool:
    """Whether people would reach the product by plain HTTP from another machine, where sign-in cannot work."""
    if public_url is None:
        return not is_this_machine(host)
    parts = urlsplit(public_url)
    return parts.scheme != "https" and not is_this_machine(parts.hostname or "")


def proxy_lines(public_url: str | None, *, port: int) -> ProxyLines:
    """The lines of a proxy on this machine, for the host that the product is to be reached under."""
    host = (urlsplit(public_url).hostname if public_url else None) or EXAMPLE_HOST
    upstream = f"127.0.0.1:{port}"
    streams = "|".join(STREAMS)
    return ProxyLines(
        caddy=_CADDY.format(host=host, upstream=upstream),
        nginx=_NGINX.format(host=host, upstream=upstream, streams=streams),
        environment=(
            "ANSWERABLE_HOST=127.0.0.1\n"
            f"ANSWERABLE_PUBLIC_URL=https://{host}\n"
            'ANSWERABLE_TRUSTED_PROXIES=["127.0.0.1/32"]\n'
        ),
    )
