"""What shows that the root log holds a head of a tenant's log: for whoever takes the log away with them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from answerable.audit import reading, signed, witnesses
from answerable.audit.models import AuditCheckpointRow
from answerable.audit.rooting import find_in_root, find_label_key, render_entry
from answerable.audit.signed import Head
from answerable.audit.timestamps import find_stamped
from answerable.infra.db import Db

MOST_LOOKED_AT: Final = 100
"""Heads of the tenant, from the newest that is not younger than the root log's; the first is nearly always it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooted:
    """A head of a tenant's log in the root log, with all that it takes to check it."""

    label_key: bytes
    head: Head
    entry: bytes
    proof: bytes
    """That the entry stands in a head of the root log, which is part of it (c2sp.org/tlog-proof)."""

    policy: bytes
    """The root log's own."""

    stamped: bytes | None
    """The text of the root log's head, if a timestamp of it is kept."""

    token: bytes | None
    """The authority's whole answer, DER."""


async def find_rooted(db: Db, root: Db, newest: Head) -> Rooted | None:
    """The newest head of the session's tenant that a timestamp covers, or else that the root log holds.

    None is newer than `newest`, whatever was signed meanwhile; `root` is a session of the root log. None at all
    while the root log holds none, or has lost what proves it.
    """
    key = await find_label_key(db)
    if key is None:
        return None
    for above, token in await _list_candidates(root):
        async for head in _walk_heads(db, newest, above):
            if (index := await find_in_root(root, key, head)) is not None and index < above.size:
                return await _prove(root, key, head, above, index, token)
    return None


async def _list_candidates(root: Db) -> list[tuple[Head, bytes | None]]:
    stamped, witnessed = await find_stamped(root), await signed.find_head(root, covering=0)
    candidates: list[tuple[Head, bytes | None]] = [(stamped.head, stamped.token)] if stamped else []
    return candidates + ([(witnessed, None)] if witnessed else [])


async def _walk_heads(db: Db, newest: Head, above: Head) -> AsyncIterator[Head]:
    """Heads of a log up to one of them, from before a head of the root log was signed, newest first."""
    row = AuditCheckpointRow
    before = (row.generation == newest.generation) & (row.signed_at <= above.signed_at)
    sizes = (
        select(row.size)
        .where(before, row.size <= newest.size)
        .order_by(row.size.desc())
        .limit(MOST_LOOKED_AT)
    )
    for size in (await db.scalars(sizes)).all():
        yield await signed.get_head(db, size=size)


async def _prove(
    root: Db, key: bytes, head: Head, above: Head, index: int, token: bytes | None
) -> Rooted | None:
    proof = await reading.find_proof(root, index, above)
    if proof is None:
        return None
    return Rooted(
        label_key=key,
        head=head,
        entry=render_entry(key, head.text),
        proof=proof,
        policy=await witnesses.render_policy(root),
        stamped=above.text if token else None,
        token=token,
    )
