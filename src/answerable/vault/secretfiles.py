"""Files that only this program's user may read: made whole or not at all, refused when exposed, destroyed.

What is in them is decided by `keyfiles`.
"""

import binascii
import fcntl
import os
import secrets
import shlex
import stat
from base64 import b64decode, b64encode
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from answerable.vault.errors import KeyFileMalformed, KeyFolderUnusable, KeysExposed

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_OTHERS = 0o077
_MOST_GIVEN_BYTES = 4_096


def make_folder(folder: Path) -> None:
    """Make a folder that only this user may enter, or accept the one that is there.

    Errors:  KeysExposed, KeyFolderUnusable.
    """
    with _failures_named(folder):
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    refuse_exposed_folder(folder)


def refuse_exposed_folder(folder: Path) -> None:
    """Refuse a folder that others may enter or that belongs to somebody else.

    Errors:  KeysExposed, KeyFolderUnusable.
    """
    with _failures_named(folder):
        _refuse_exposed(folder.stat(), folder, mode=_FOLDER_MODE)


def list_names(folder: Path) -> list[str]:
    """The names in a folder, sorted; none when the folder does not exist.

    Errors:  KeysExposed, KeyFolderUnusable.
    """
    with _failures_named(folder):
        if not folder.exists():
            return []
        refuse_exposed_folder(folder)
        return sorted(path.name for path in folder.iterdir())


def read_file(path: Path, *, label: str) -> bytes | None:
    """The bytes that a file of this label holds; None when there is no such file.

    Errors:  KeysExposed, KeyFileMalformed, KeyFolderUnusable.
    """
    text = _read_text(path)
    if text is None:
        return None
    first, _, rest = text.partition("\n")
    if first != label or not rest.endswith("\n"):
        raise KeyFileMalformed(str(path))
    try:
        return b64decode(rest.removesuffix("\n"), validate=True)
    except binascii.Error as error:
        raise KeyFileMalformed(str(path)) from error


def read_or_make(path: Path, fresh: bytes, *, label: str) -> bytes:
    """The bytes that a file of this label holds; where there is none, it is made of the fresh ones.

    Of several that make it at once all get what the first one wrote.

    Errors:  as `read_file` and `create_file`.
    """
    found = read_file(path, label=label)
    if found is not None:
        return found
    create_file(path, fresh, label=label)
    return read_or_make(path, fresh, label=label)


def read_given(path: Path) -> str:
    """What a person wrote into a file that nobody else may read, such as a token, without white space around it.

    Errors:  KeysExposed, KeyFileMalformed, KeyFolderUnusable when it cannot be read.
    """
    with _failures_named(path), path.open("rb") as file:
        _refuse_exposed(os.fstat(file.fileno()), path, mode=_FILE_MODE)
        content = file.read(_MOST_GIVEN_BYTES)
    try:
        return content.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise KeyFileMalformed(str(path)) from error


def create_file(path: Path, content: bytes, *, label: str) -> bool:
    """Make a file, whole and on disk when this returns; False, and nothing done, when it exists.

    Errors:  KeysExposed when its folder is, KeyFolderUnusable.
    """
    refuse_exposed_folder(path.parent)
    draft = path.with_name(f"{path.name}.new")
    # The lock makes "look, then rename" one step for every process; a hard link would as well, but a crash
    # after it leaves a second name on a key that is later to be destroyed.
    with _failures_named(path), _locked(path.parent) as folder:
        if path.is_symlink() or path.exists():
            return False
        draft.unlink(missing_ok=True)
        _write_new(draft, f"{label}\n{b64encode(content).decode()}\n".encode())
        draft.rename(path)
        os.fsync(folder)
    return True


def destroy_file(path: Path) -> None:
    """Overwrite a file, as far as the file system lets us, and remove it for good.

    Errors:  KeyFolderUnusable.
    """
    with _failures_named(path):
        try:
            _overwrite(path)
        except FileNotFoundError:
            return
        path.unlink(missing_ok=True)
        with _locked(path.parent) as folder:
            os.fsync(folder)


def _overwrite(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        # Copy-on-write file systems and flash keep the old blocks; the file is also encrypted under the
        # installation's key, so they alone open nothing.
        file.write(secrets.token_bytes(os.fstat(descriptor).st_size))
        file.flush()
        os.fsync(descriptor)


def _read_text(path: Path) -> str | None:
    with _failures_named(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            refuse_exposed_folder(path.parent)
            _refuse_exposed(os.fstat(descriptor), path, mode=_FILE_MODE)
            content = file.read()
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        raise KeyFileMalformed(str(path)) from error


def _write_new(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _refuse_exposed(status: os.stat_result, path: Path, *, mode: int) -> None:
    name = shlex.quote(str(path))
    if status.st_uid != os.geteuid():
        raise KeysExposed(
            f"It belongs to another user: `chown {os.geteuid()} {name} && chmod {mode:o} {name}`."
        )
    if stat.S_IMODE(status.st_mode) & _OTHERS:
        raise KeysExposed(f"`chmod {mode:o} {name}`")


@contextmanager
def _locked(folder: Path) -> Generator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _failures_named(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise KeyFolderUnusable(f"{path}: {error.strerror}.") from error
