"""What the embedded server is told, by machine, address and tuning."""

from pathlib import Path

import pytest

from answerable.infra.postgres import Tuning
from answerable.infra.postgres.configuration import (
    MEGABYTE,
    Address,
    Machine,
    fits_a_socket,
    render_configuration,
    render_sign_in_rules,
)

GIGABYTE = 1024 * MEGABYTE
SOCKET = Address(socket_folder=Path("/home/o'neil/run"), port=5432)
SMALL = Machine(memory_bytes=GIGABYTE, cores=1, shared_memory_bytes=64 * MEGABYTE)
LARGE = Machine(memory_bytes=64 * GIGABYTE, cores=16, shared_memory_bytes=32 * GIGABYTE)


def render(
    *, machine: Machine = SMALL, address: Address = SOCKET, tuning: Tuning = Tuning.DURABLE
) -> dict[str, str]:
    text = render_configuration(
        machine=machine,
        address=address,
        tuning=tuning,
        log_folder=Path("/log"),
        sign_in_rules=Path("/pg_hba.conf"),
    )
    return dict(line.split(" = ", maxsplit=1) for line in text.splitlines())


def test_memory_follows_the_machine() -> None:
    small, large = render(machine=SMALL), render(machine=LARGE)

    assert (small["shared_buffers"], large["shared_buffers"]) == ("'128MB'", "'2048MB'")
    assert (small["max_parallel_workers_per_gather"], large["max_parallel_workers_per_gather"]) == (
        "'0'",
        "'2'",
    )


def test_index_builds_share_no_memory_where_there_is_none_to_share() -> None:
    crowded = Machine(memory_bytes=64 * GIGABYTE, cores=16, shared_memory_bytes=64 * MEGABYTE)

    assert render(machine=crowded)["max_parallel_maintenance_workers"] == "'0'"
    assert render(machine=LARGE)["max_parallel_maintenance_workers"] == "'4'"


def test_a_socket_keeps_the_server_off_the_network() -> None:
    settings = render(address=SOCKET)

    assert settings["listen_addresses"] == "''"
    assert settings["unix_socket_directories"] == "'/home/o''neil/run'"


def test_a_port_is_on_the_loopback_alone() -> None:
    settings = render(address=Address(socket_folder=None, port=6543))

    assert settings["listen_addresses"] == "'127.0.0.1'"
    assert settings["unix_socket_directories"] == "''"
    assert settings["port"] == "'6543'"


def test_only_tests_may_lose_data() -> None:
    assert "fsync" not in render(tuning=Tuning.DURABLE)
    assert render(tuning=Tuning.THROWAWAY)["fsync"] == "'off'"


def test_statements_and_errors_stay_out_of_the_log() -> None:
    settings = render()

    assert settings["log_min_error_statement"] == "'panic'"
    assert settings["log_error_verbosity"] == "'terse'"
    assert settings["log_parameter_max_length_on_error"] == "'0'"


def test_everyone_needs_a_password() -> None:
    methods = {line.split()[-1] for line in render_sign_in_rules().splitlines()}

    assert methods == {"scram-sha-256"}


@pytest.mark.parametrize(("length", "fits"), [(90, True), (93, True), (94, False)])
def test_a_socket_needs_a_short_path(monkeypatch: pytest.MonkeyPatch, length: int, fits: bool) -> None:  # noqa: FBT001 - a row of the table.
    monkeypatch.setattr("answerable.infra.postgres.configuration.LONGEST_SOCKET_PATH", 107)

    assert fits_a_socket(Path("/" + "f" * (length - 1))) is fits
