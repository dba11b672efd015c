"""Locks on files of the home, which the system releases when their holder dies, however it dies."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from answerable.infra.home import PRIVATE_FILE, give_to_owner_of, storage_error


@contextmanager
def hold_exclusively(path: Path) -> Generator[None]:
    """Hold a lock that nobody shares for as long as the block runs, waiting for it if need be."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def share(path: Path) -> int:
    """Take a lock together with others, waiting for a holder that does not share; `leave` gives it back."""
    descriptor = _open(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def leave(descriptor: int) -> bool:
    """Give back a shared lock, and say whether nobody else has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def is_shared(path: Path) -> bool:
    """Whether any process shares the lock now."""
    return path.exists() and not leave(_open(path))


def _open(path: Path) -> int:
    # Not inherited by programs this process starts: the server would hold its own user's lock for ever.
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        give_to_owner_of(path.parent, path)
    except OSError as error:
        raise storage_error(error, path) from error
    return descriptor
