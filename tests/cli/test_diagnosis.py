"""What `doctor` says of the address under which people reach the product."""

from pathlib import Path

import pytest

from answerable.cli.diagnosis import diagnose_all
from answerable.infra.postgres import Finding, Status
from answerable.infra.settings import Settings
from factories.product import free_port


def address_of(folder: Path, **values: object) -> Finding:
    settings = Settings(home=folder / "home", port=free_port()).model_copy(update=values)
    return next(one for one in diagnose_all(settings) if one.name == "address for people")


def test_this_machine_needs_no_proxy(tmp_path: Path) -> None:
    assert address_of(tmp_path).status is Status.OK


def test_an_address_with_tls_needs_no_more(tmp_path: Path) -> None:
    assert address_of(tmp_path, public_url="https://care.example.com").status is Status.OK


@pytest.mark.parametrize("values", [{"host": "0.0.0.0"}, {"public_url": "http://care.example.com"}])
def test_plain_http_for_others_is_told_with_the_lines_of_a_proxy(
    tmp_path: Path, values: dict[str, object]
) -> None:
    finding = address_of(tmp_path, **values)

    assert finding.status is Status.WARNING
    assert "reverse_proxy 127.0.0.1:" in finding.remedy
    assert "proxy_buffering off;" in finding.remedy
    assert "ANSWERABLE_PUBLIC_URL=https://care.example.com" in finding.remedy
