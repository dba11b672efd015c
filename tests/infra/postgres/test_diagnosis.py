"""What `answerable doctor` finds, without starting or changing anything."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from answerable.infra.postgres import Server, Status, diagnose
from answerable.infra.postgres.errors import (
    AnotherMajorVersion,
    BinariesNotFound,
    HalfWrittenData,
    ServerUnreachable,
)
from answerable.infra.postgres.place import Place
from answerable.infra.settings import Settings
from infra.postgres.children import StartChild


def statuses(settings: Settings) -> dict[str, Status]:
    # What other tests left behind on this machine is not this test's subject.
    return {found.name: found.status for found in diagnose(settings) if found.name != "leftovers"}


def remedy_of(settings: Settings, name: str) -> str:
    return next(found.remedy for found in diagnose(settings) if found.name == name)


def test_a_fresh_machine_is_sound_and_stays_untouched(new_home: Path) -> None:
    found = statuses(Settings(home=new_home))

    assert set(found.values()) == {Status.OK}
    assert not list(new_home.iterdir())


def test_a_home_that_does_not_exist_yet_is_sound(new_home: Path) -> None:
    found = statuses(Settings(home=new_home / "made" / "later"))

    assert set(found.values()) == {Status.OK}


def test_a_running_server_is_sound(home: Path, server: Server) -> None:
    assert server.is_embedded
    assert set(statuses(Settings(home=home)).values()) == {Status.OK}


def test_a_home_that_others_may_enter_is_worth_a_warning(new_home: Path) -> None:
    new_home.chmod(0o755)

    assert statuses(Settings(home=new_home))["home"] is Status.WARNING


def test_a_server_that_outlived_its_process_is_worth_a_warning(home: Path, start_child: StartChild) -> None:
    child = start_child(home, None)
    child.read_server()
    child.kill()

    assert statuses(Settings(home=home))["server"] is Status.WARNING


def test_missing_binaries_fail_with_their_remedy(new_home: Path, tmp_path: Path) -> None:
    assert remedy_of(Settings(home=new_home, pg_bin=tmp_path), "binaries") == BinariesNotFound.remedy


def test_data_of_another_version_fails_with_its_remedy(home: Path, place: Place) -> None:
    assert place.data.exists()
    assert remedy_of(Settings(home=home, pg_major="16"), "data") == AnotherMajorVersion.remedy


def test_half_written_data_fails_with_its_remedy(home: Path, place: Place) -> None:
    version = place.data / "PG_VERSION"
    kept = version.rename(place.data / "kept")

    try:
        remedy = remedy_of(Settings(home=home), "data")
    finally:
        kept.rename(version)

    assert remedy == HalfWrittenData.remedy


def test_an_unreachable_external_server_fails_with_its_remedy(new_home: Path) -> None:
    url = SecretStr("postgresql://somebody:secret@127.0.0.1:1/care")

    assert remedy_of(Settings(home=new_home, database_url=url), "external server") == ServerUnreachable.remedy


def test_a_misspelt_variable_is_worth_a_warning(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_PGPORT", "5432")

    assert statuses(Settings(home=new_home))["variables"] is Status.WARNING
