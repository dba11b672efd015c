"""Where the embedded server's files lie: in the home, or below /var/lib when its account may not enter it."""

import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from answerable.infra.home import (
    Home,
    make_private_folder,
    refuse_keys_inside,
    storage_error,
    write_private_file,
)
from answerable.infra.postgres.account import Account
from answerable.infra.postgres.errors import DataNotReachable, PlaceOfAnotherHome

PLACES = Path("/var/lib/answerable")
ENTERABLE = 0o711
RECORD = "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The folder of one embedded server."""

    folder: Path

    @property
    def data(self) -> Path:
        """What initdb makes; nothing of ours lies in it but one line of its `postgresql.conf`."""
        return self.folder / "data"

    @property
    def unfinished_data(self) -> Path:
        """Where initdb works; renamed to `data` once it is whole."""
        return self.folder / "data.unfinished"

    @property
    def log(self) -> Path:
        """The server's own log files, one per weekday."""
        return self.folder / "log"

    @property
    def start_log(self) -> Path:
        """What the server said before it could write to its log."""
        return self.log / "start.log"

    @property
    def run(self) -> Path:
        """The folder of the unix socket."""
        return self.folder / "run"

    @property
    def configuration(self) -> Path:
        """Our part of the server's configuration, written anew at each start."""
        return self.folder / "answerable.conf"

    @property
    def sign_in_rules(self) -> Path:
        """Who may sign in and how, in the form of pg_hba.conf."""
        return self.folder / "pg_hba.conf"

    @property
    def port(self) -> Path:
        """Remembers the TCP port, where no unix socket is used."""
        return self.folder / "port"

    @property
    def home(self) -> Path:
        """Remembers the home that the place belongs to, where it does not lie in it."""
        return self.folder / "home"


def find_place(home: Home) -> Place | None:
    """The place that the home already has, or None.

    Errors:  PlaceOfAnotherHome.
    """
    try:
        recorded = _record(home).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        place = Place(folder=home.postgres)
        return place if place.data.exists() else None
    except OSError as error:
        raise storage_error(error, _record(home)) from error
    place = Place(folder=Path(recorded))
    if place.home.exists() and place.home.read_text(encoding="utf-8").strip() != str(home.folder.resolve()):
        raise PlaceOfAnotherHome(f"Database's folder: {place.folder}.")
    return place


def open_place(home: Home, account: Account, *, places: Path = PLACES) -> Place:
    """The home's place, its folders made where they were missing.

    Errors:  DataNotReachable, PlaceOfAnotherHome, HomeNotUsable, NoDiskLeft, KeysInsideDatabase.
    Effects: makes folders; the account owns those it writes to.
    """
    place = find_place(home) or _choose_place(home, account, places)
    refuse_keys_inside(home.keys, place.folder)
    try:
        _make_folders(place, account)
    except OSError as error:
        raise storage_error(error, place.folder) from error
    if not account.may_enter(place.folder):
        raise DataNotReachable(f"Folder: {place.folder}, user: {account.uid}.")
    return place


def delete_place(home: Home, place: Place) -> None:
    """Delete all that the server of a home has written.

    Errors:  HomeNotUsable.
    """
    try:
        shutil.rmtree(place.folder)
        shutil.rmtree(home.postgres, ignore_errors=True)
    except OSError as error:
        raise storage_error(error, place.folder) from error


def find_leftovers(places: Path = PLACES) -> list[Path]:
    """Folders of servers whose home is gone or no longer points to them."""
    leftovers: list[Path] = []
    for folder in sorted(places.glob("*")) if os.access(places, os.R_OK) else []:
        # A home of somebody else is none of this user's business.
        with suppress(PermissionError):
            if _is_left_over(folder):
                leftovers.append(folder)
    return leftovers


def _is_left_over(folder: Path) -> bool:
    place = Place(folder=folder)
    if not place.home.exists() or (place.data / "postmaster.pid").exists():
        return False
    record = Path(place.home.read_text(encoding="utf-8").strip()) / "postgres" / RECORD
    return not record.exists() or record.read_text(encoding="utf-8").strip() != str(folder)


def _choose_place(home: Home, account: Account, places: Path) -> Place:
    if account.is_self or account.may_enter(home.folder):
        return Place(folder=home.postgres)
    # The name holds a random part besides the path: a home that is deleted and made anew under the same path
    # begins with an empty database instead of finding one whose passwords and keys are gone.
    name = sha256(f"{home.folder.resolve()}|{secrets.token_hex(16)}".encode()).hexdigest()[:16]
    place = Place(folder=places / name)
    try:
        place.folder.mkdir(parents=True)
        for folder in (places, place.folder):
            folder.chmod(folder.stat().st_mode | ENTERABLE)
        place.home.write_text(f"{home.folder.resolve()}\n", encoding="utf-8")
    except OSError as error:
        raise storage_error(error, place.folder) from error
    write_private_file(_record(home), f"{place.folder}\n")
    return place


def _make_folders(place: Place, account: Account) -> None:
    make_private_folder(place.folder)
    if not account.is_self and place.folder.stat().st_uid == os.geteuid():
        place.folder.chmod(ENTERABLE)
    for folder in (place.log, place.run):
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            account.give(folder)


def _record(home: Home) -> Path:
    return home.postgres / RECORD
