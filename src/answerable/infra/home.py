"""The home folder: where what lies, made private to its owner. What files hold is for whoever writes them."""

import errno
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.settings import Settings

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
NEEDED_BYTES = 200 * 1024 * 1024
"""Room for a new database and its first write-ahead log."""


class HomeNotUsable(AnswerableError):
    """The home folder cannot be made, entered or written to."""

    code = "home.not_usable"
    kind = Kind.UNAVAILABLE
    remedy = "Give the folder to the user who runs this command, or name another one with ANSWERABLE_HOME."


class NoDiskLeft(AnswerableError):
    """The disk has no room left."""

    code = "home.no_disk_left"
    kind = Kind.UNAVAILABLE
    remedy = "Free at least 200 MB on that disk, or name a home on another one with ANSWERABLE_HOME."


class KeysInsideDatabase(AnswerableError):
    """The key folder lies inside the database's folder, so a backup of one would hold the other."""

    code = "home.keys_inside_database"
    kind = Kind.INVALID
    remedy = "Name a folder outside of it with ANSWERABLE_KEYS, and move the key files there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The folders of one installation on this machine."""

    folder: Path
    keys: Path

    @property
    def postgres(self) -> Path:
        """All that belongs to the embedded database, unless it must lie elsewhere."""
        return self.folder / "postgres"

    @property
    def secrets(self) -> Path:
        """Passwords that only this machine needs; tenants' keys lie in `keys`."""
        return self.folder / "secrets"

    @property
    def locks(self) -> Path:
        """Files that processes lock to agree on who starts and stops what."""
        return self.folder / "locks"


def find_home(settings: Settings) -> Home:
    """The home's layout, without making or checking anything."""
    return Home(folder=settings.home, keys=settings.keys)


def open_home(settings: Settings) -> Home:
    """The home, its folders made where they were missing.

    Errors:  HomeNotUsable, NoDiskLeft, KeysInsideDatabase.
    Effects: makes folders with mode 0700; a folder that exists keeps its mode.
    """
    home = find_home(settings)
    refuse_keys_inside(home.keys, home.postgres)
    for folder in (home.folder, home.postgres, home.secrets, home.locks, home.keys):
        make_private_folder(folder)
    return home


def refuse_keys_inside(keys: Path, database: Path) -> None:
    """Refuse a key folder that lies in the database's folder, links followed.

    Errors:  KeysInsideDatabase.
    """
    if keys.resolve().is_relative_to(database.resolve()):
        raise KeysInsideDatabase(f"Keys: {keys}, database: {database}.")


def make_private_folder(folder: Path) -> None:
    """Make a folder, parents included, that only its owner may enter, or check that one can be written to.

    Errors:  HomeNotUsable, NoDiskLeft.
    """
    try:
        _make_private_folder(folder)
    except OSError as error:
        raise storage_error(error, folder) from error
    require_writable(folder)


def require_writable(folder: Path) -> None:
    """Refuse a folder that this process may not write to.

    Errors:  HomeNotUsable.
    """
    if not folder.is_dir():
        raise HomeNotUsable(f"{folder} is not a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise HomeNotUsable(f"{folder} is not writable for user {os.geteuid()}.")


def _make_private_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if not folder.parent.exists():
        _make_private_folder(folder.parent)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    give_to_owner_of(folder.parent, folder)


def write_private_file(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner may read, whole or not at all, and on disk when this returns.

    Errors:  HomeNotUsable, NoDiskLeft.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        give_to_owner_of(path.parent, unfinished)
        unfinished.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise storage_error(error, path) from error


def _sync_folder(folder: Path) -> None:
    """Otherwise a crash can bring back what was there before, or nothing."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_to_owner_of(folder: Path, path: Path) -> None:
    """Give a path made by root in a person's folder to that person, who could not use it otherwise."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0 and not owner.st_mode & stat.S_IWOTH:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def storage_error(error: OSError, path: Path) -> AnswerableError:
    """The error that tells a person what to do about a failed write."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NoDiskLeft(f"Path: {path}.")
    return HomeNotUsable(f"{path}: {os.strerror(error.errno or errno.EIO)}.")


def require_room(folder: Path, *, needed_bytes: int = NEEDED_BYTES) -> None:
    """Refuse to begin what would fill the disk.

    Errors:  NoDiskLeft.
    """
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        megabyte = 1024 * 1024
        raise NoDiskLeft(f"{folder} has {free_bytes // megabyte} MB of {needed_bytes // megabyte} MB needed.")
