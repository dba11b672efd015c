"""How an operation comes by the key folder: every session carries it, put there once by the application."""

from typing import Final

from answerable.infra.db import Db
from answerable.vault.keyfiles import Keys

KEYS: Final = "vault.keys"
"""The name under which a session carries the key folder."""


def keys_of(db: Db) -> Keys:
    """The key folder that the session carries."""
    keys = db.info[KEYS]
    assert isinstance(keys, Keys)
    return keys
