"""As whom the server runs. Root starts it as an unprivileged account, anyone else as themselves."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from answerable.infra.postgres.errors import NoAccount

CANDIDATES = ("postgres", "nobody")


class Switch(TypedDict, total=False):
    """Arguments of `subprocess` that make a child run as the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this machine."""

    uid: int
    gid: int

    @property
    def is_self(self) -> bool:
        """Whether this process already runs as the account."""
        return self.uid == os.geteuid()

    @property
    def switch(self) -> Switch:
        """What to pass to `subprocess`; nothing when this process is the account already."""
        if self.is_self:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make the account the owner of a path."""
        if not self.is_self:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def may_enter(self, folder: Path) -> bool:
        """Whether the account may pass through a folder and each one above it, links followed."""
        real = folder.resolve()
        return all(self._may(each, stat.S_IXOTH) for each in (real, *real.parents))

    def may_read(self, folder: Path) -> bool:
        """Whether the account may also list the folder."""
        return self.may_enter(folder) and self._may(folder.resolve(), stat.S_IROTH)

    def _may(self, path: Path, bit_of_others: int) -> bool:
        try:
            status = path.stat()
        except OSError:
            return False
        if status.st_uid == self.uid:
            return bool(status.st_mode & (bit_of_others << 6))
        if status.st_gid == self.gid:
            return bool(status.st_mode & (bit_of_others << 3))
        return bool(status.st_mode & bit_of_others)


def choose_account(*folders: Path) -> Account:
    """The account to run as: ourselves; for root the owner of a folder that exists, else an unprivileged one.

    The owner comes first because data made by one user can be opened by no other.

    Errors:  NoAccount.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    for folder in folders:
        if folder.exists() and (status := folder.stat()).st_uid != 0:
            return Account(uid=status.st_uid, gid=status.st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise NoAccount
