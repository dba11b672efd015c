"""The root log: one tree over the heads of all logs of an installation, whose own heads witnesses cosign.

An entry names no tenant: it holds a label, by which a tenant that has the key finds its own entries, and a
commitment to one signed head. Whoever was shown another history than the tenant was shown one that is in the
root log as well, or one that no witness of the root log vouches for.
"""

import hashlib
import hmac
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, text

from answerable import tlog
from answerable.audit.errors import CheckpointNotFound
from answerable.audit.heads import Head
from answerable.audit.models import AuditLeafRow
from answerable.audit.rules import canonical
from answerable.audit.sequencing import grow_trees
from answerable.audit.signed import Head as SignedHead
from answerable.audit.tiles import Reads
from answerable.audit.values import ROOT
from answerable.audit.witness_models import AuditLabelRow, AuditRootEntryRow
from answerable.infra.db import Db
from answerable.infra.ids import Actor, ActorKind, uuid7

ROOT_READER: Final = Actor(tenant_id=ROOT, kind=ActorKind.SYSTEM)
"""Whose sessions see the root log, and nothing of any tenant."""

VERSION: Final = 1

_LABEL: Final = b"answerable/root-label/v1\x00"
_HEAD: Final = b"answerable/root-head/v1\x00"

_MAKE_KEYS = text(
    "INSERT INTO audit_label (tenant_id, key) SELECT * FROM unnest(CAST(:tenants AS uuid[]),"
    " CAST(:keys AS bytea[])) ON CONFLICT (tenant_id) DO NOTHING"
)
_KEYS = text("SELECT tenant_id, key FROM audit_label WHERE tenant_id = ANY(CAST(:tenants AS uuid[]))")
_ADD = text(
    "INSERT INTO audit_root_entry (tenant_id, event_id, body)"
    " SELECT :root, e.* FROM unnest(CAST(:events AS uuid[]), CAST(:bodies AS bytea[])) AS e"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootEntry:
    """A blinded head."""

    label: bytes
    head: bytes
    """What commits to the head's text: origin, size and root."""


def label_of(key: bytes) -> bytes:
    """By which the entries of one tenant are recognised, 32 bytes."""
    return hmac.digest(key, _LABEL, hashlib.sha256)


def commit(key: bytes, checkpoint: bytes) -> bytes:
    """What an entry says of a head, 32 bytes: nothing to whoever lacks the key, and one head to whoever has it.

    `checkpoint` is the text that was signed, without its signatures.
    """
    return hmac.digest(key, _HEAD + checkpoint, hashlib.sha256)


def render_entry(key: bytes, checkpoint: bytes) -> bytes:
    """The bytes of an entry, which its leaf is the hash of."""
    return canonical(
        {
            "v": VERSION,
            "label": b64encode(label_of(key)).decode(),
            "head": b64encode(commit(key, checkpoint)).decode(),
        }
    )


def parse_entry(body: bytes) -> RootEntry:
    """The entry that bytes spell.

    Errors:  tlog.Refused, TILE_MALFORMED.
    """
    try:
        value: Any = json.loads(body)
        entry = RootEntry(
            label=b64decode(value["label"], validate=True), head=b64decode(value["head"], validate=True)
        )
        is_one = value["v"] == VERSION and len(entry.label) == len(entry.head) == 32
        is_one = is_one and canonical(value) == body and len(value) == 3
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise tlog.Refused(tlog.Finding.TILE_MALFORMED, "no entry of a root log") from error
    if not is_one:
        raise tlog.Refused(tlog.Finding.TILE_MALFORMED, "another spelling")
    return entry


async def get_label_key(db: Db) -> bytes:
    """The key of the session's tenant, which finds and opens its entries.

    Errors:  CheckpointNotFound before anything of its log was signed.
    """
    key = await find_label_key(db)
    if key is None:
        raise CheckpointNotFound
    return key


async def find_label_key(db: Db) -> bytes | None:
    """As `get_label_key`, and None before anything was signed."""
    return await db.scalar(select(AuditLabelRow.key))


async def find_in_root(root: Db, key: bytes, head: SignedHead) -> int | None:
    """At which place the root log holds a head of the tenant with this key; None while it does not."""
    body = render_entry(key, head.text)
    row, leaf = AuditRootEntryRow, AuditLeafRow
    # Found by its digest, which has an index; it counts where its leaf is the hash of it.
    is_it = (row.digest == hashlib.sha256(body).digest()) & (leaf.leaf_hash == tlog.hash_leaf(body))
    return await root.scalar(
        select(leaf.index).join(row, row.event_id == leaf.event_id).where(is_it).limit(1)
    )


async def add_heads(db: Reads, heads: Sequence[Head]) -> None:
    """Enter heads into the root log, in the transaction that stores them.

    Effects: keys for tenants that have none; rows of audit_root_entry; the root log's tree grows.
    """
    tenants = sorted({head.tenant_id for head in heads})
    if not tenants:
        return
    fresh = [secrets.token_bytes(32) for _ in tenants]
    await db.execute(_MAKE_KEYS, {"tenants": tenants, "keys": fresh})
    found = await db.execute(_KEYS, {"tenants": tenants})
    keys = {row["tenant_id"]: bytes(row["key"]) for row in found.mappings()}
    bodies = [render_entry(keys[head.tenant_id], tlog.parse_note(head.note.encode()).text) for head in heads]
    events = [uuid7() for _ in heads]
    await db.execute(_ADD, {"root": ROOT, "events": events, "bodies": bodies})
    leaves = [(event, tlog.hash_leaf(body)) for event, body in zip(events, bodies, strict=True)]
    await grow_trees(db, {ROOT: leaves})
