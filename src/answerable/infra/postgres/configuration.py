"""What the embedded server is told: text made from machine, address and tuning. Writing it is not here."""

import os
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import psutil

MEGABYTE = 1024 * 1024
SOCKET_PORT = 5432
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103
LOOPBACK = "127.0.0.1"


class Tuning(StrEnum):
    """What the data is worth."""

    DURABLE = "durable"
    """What is committed survives a loss of power."""

    THROWAWAY = "throwaway"
    """For tests: survives a killed server but no loss of power, and is faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the server may use."""

    memory_bytes: int
    cores: int
    shared_memory_bytes: int
    """Room for memory that parallel workers share; 64 MB in many containers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server listens."""

    socket_folder: Path | None
    """The folder of the unix socket, or None for loopback TCP."""

    port: int

    @property
    def host(self) -> str:
        """What clients call the host."""
        return LOOPBACK if self.socket_folder is None else str(self.socket_folder)

    @classmethod
    def of(cls, host: str, port: int) -> Self:
        """The address that clients know by a host and a port."""
        return cls(socket_folder=None if host == LOOPBACK else Path(host), port=port)


def measure_machine() -> Machine:
    """The memory and cores of this machine, or of the container this runs in."""
    memory = psutil.virtual_memory().total
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file() and (text := limit.read_text(encoding="ascii").strip()).isdigit():
        memory = min(memory, int(text))
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    shared = Path("/dev/shm")  # noqa: S108 - measured, nothing is written there.
    return Machine(
        memory_bytes=memory,
        cores=cores,
        shared_memory_bytes=shutil.disk_usage(shared).total if shared.is_dir() else memory,
    )


def fits_a_socket(folder: Path) -> bool:
    """Whether the path of a unix socket in the folder is short enough for the system."""
    return len(os.fsencode(folder / f".s.PGSQL.{SOCKET_PORT}")) <= LONGEST_SOCKET_PATH


def render_sign_in_rules() -> str:
    """Passwords for everyone, superuser included: whoever may enter the folder is not yet someone."""
    rules = ("local all all scram-sha-256", f"host all all {LOOPBACK}/32 scram-sha-256")
    return "\n".join(rules) + "\n"


def render_configuration(
    *, machine: Machine, address: Address, tuning: Tuning, log_folder: Path, sign_in_rules: Path
) -> str:
    """Our part of the server's configuration."""
    settings: dict[str, str | int] = {
        "listen_addresses": "" if address.socket_folder else address.host,
        "port": address.port,
        "unix_socket_directories": str(address.socket_folder or ""),
        "hba_file": str(sign_in_rules),
        "log_directory": str(log_folder),
        **GENERAL,
        **SILENT,
        **_fit(machine),
    }
    if tuning is Tuning.THROWAWAY:
        settings |= FORGETFUL
    return "".join(f"{name} = {_quote(value)}\n" for name, value in settings.items())


def _quote(value: str | int) -> str:
    text = str(value).replace("\\", "\\\\").replace("'", "''")
    return f"'{text}'"


def _fit(machine: Machine) -> dict[str, str | int]:
    # An eighth, not the customary quarter: application and embedding model live on the same machine.
    memory = machine.memory_bytes // MEGABYTE
    maintenance = _clamp(memory // 16, 64, 1024)
    crowded = machine.shared_memory_bytes < 2 * maintenance * MEGABYTE
    return {
        "shared_buffers": f"{_clamp(memory // 8, 64, 2048)}MB",
        "effective_cache_size": f"{_clamp(memory // 2, 256, 65536)}MB",
        "work_mem": f"{_clamp(memory // 1000, 4, 64)}MB",
        "maintenance_work_mem": f"{maintenance}MB",
        "max_parallel_workers_per_gather": _clamp(machine.cores // 2, 0, 2),
        # A parallel build of a vector index shares maintenance_work_mem and fails where that does not fit.
        "max_parallel_maintenance_workers": 0 if crowded else _clamp(machine.cores // 2, 0, 4),
        "max_worker_processes": _clamp(machine.cores * 2, 8, 64),
    }


def _clamp(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))


GENERAL: dict[str, str | int] = {
    "cluster_name": "answerable",
    "max_connections": 100,
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "lc_messages": "C",
    "random_page_cost": "1.1",  # Solid-state disks, which random reads hardly slow down.
    "jit": "off",  # Compiling costs more than our short queries take.
    "wal_compression": "on",
    "max_wal_size": "1GB",
}

# No content may reach the log. A statement holds content, and so do most messages of errors ("invalid input
# syntax for type uuid: …") and all details ("Key (…)=(…)"), so errors are not written at all: the client has
# them. `log` ranks above `error` here; what is left is what the server does, and refused sign-ins.
SILENT: dict[str, str | int] = {
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_duration": "off",
    "log_min_duration_statement": -1,
    "log_min_duration_sample": -1,
    "log_parameter_max_length": 0,
    "log_parameter_max_length_on_error": 0,
    "log_lock_waits": "off",
    "log_temp_files": -1,
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": 0,
    "log_truncate_on_rotation": "on",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}

# `synchronous_commit` stays on: tests kill the server, and what it has confirmed must survive that too.
FORGETFUL: dict[str, str | int] = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
    "shared_buffers": "128MB",
}
