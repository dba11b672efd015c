import ssl
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytest

from answerable.infra.egress import EgressPolicy, RedirectRefused, Response, TlsRefused, open_client
from infra.egress.servers import Authority, Server, make_authority, reply, serve


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


async def resolve(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def fetch(server: Server, authorities: Path | None, *others: Server) -> Response:
    endpoints = frozenset(("erp.test", one.port) for one in (server, *others))
    policy = EgressPolicy(private_endpoints=endpoints, authorities=authorities)
    async with open_client(policy, resolve=resolve) as client:
        return await client.get(f"https://erp.test:{server.port}/")


async def test_a_certificate_is_checked_against_the_name_and_not_the_address(authority: Authority) -> None:
    async with serve(reply(b"ok"), tls=authority.server_tls("erp.test")) as server:
        response = await fetch(server, authority.pem)

    assert response.body == b"ok"


async def test_an_authority_that_nobody_named_is_refused(authority: Authority) -> None:
    async with serve(reply(), tls=authority.server_tls("erp.test")) as server:
        with pytest.raises(TlsRefused):
            await fetch(server, None)

    assert server.requests == []


@pytest.mark.parametrize(
    ("host", "days", "own_signature"),
    [("other.test", 1, False), ("127.0.0.1", 1, False), ("erp.test", -1, False), ("erp.test", 1, True)],
)
async def test_a_certificate_for_another_host_expired_or_self_signed_is_refused(
    authority: Authority, host: str, days: int, *, own_signature: bool
) -> None:
    tls = authority.server_tls(host, days=days, own_signature=own_signature)
    async with serve(reply(), tls=tls) as server:
        with pytest.raises(TlsRefused):
            await fetch(server, authority.pem)

    assert server.requests == []


async def test_tls_below_its_version_two_is_refused(authority: Authority) -> None:
    tls = authority.server_tls("erp.test")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tls.minimum_version = ssl.TLSVersion.TLSv1
        tls.maximum_version = ssl.TLSVersion.TLSv1_1
    tls.set_ciphers("ALL:@SECLEVEL=0")
    async with serve(reply(), tls=tls) as server:
        with pytest.raises(TlsRefused):
            await fetch(server, authority.pem)

    assert server.requests == []


async def test_a_redirect_out_of_tls_is_refused(authority: Authority) -> None:
    async with serve(reply()) as plain:
        away = reply(status=302, headers=f"Location: http://erp.test:{plain.port}/\r\n")
        async with serve(away, tls=authority.server_tls("erp.test")) as server:
            with pytest.raises(RedirectRefused):
                await fetch(server, authority.pem, plain)

    assert plain.requests == []
