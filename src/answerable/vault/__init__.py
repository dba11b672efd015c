"""The vault: content sealed under keys that belong to one person each, and end with that person's erasure.

Errors are in `answerable.vault.errors`, further values in `answerable.vault.values`.
"""

from answerable.vault.keyfiles import Keys
from answerable.vault.rotation import recover, rotate, rotate_tenant
from answerable.vault.service import (
    destroy,
    find_token,
    open_many,
    open_one,
    open_tenant,
    open_with_blind,
    seal,
    seal_many,
)
from answerable.vault.values import DataClass, Erased, Opened, Plain, Sealed, Stored, Subject, SubjectKind

__all__ = [
    "DataClass",
    "Erased",
    "Keys",
    "Opened",
    "Plain",
    "Sealed",
    "Stored",
    "Subject",
    "SubjectKind",
    "destroy",
    "find_token",
    "open_many",
    "open_one",
    "open_tenant",
    "open_with_blind",
    "recover",
    "rotate",
    "rotate_tenant",
    "seal",
    "seal_many",
]
