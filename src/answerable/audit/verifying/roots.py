"""What the log over all logs holds of a log: each of its signed heads, and no other under its label."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography.x509 import Certificate
from sqlalchemy import RowMapping, text

from answerable import tlog
from answerable.audit.errors import TimestampRefused
from answerable.audit.rooting import find_label_key, label_of, render_entry
from answerable.audit.signer import MMD_S
from answerable.audit.timestamps import find_stamped, verify_timestamp
from answerable.audit.verifying.reading import list_heads
from answerable.audit.verifying.values import Fault, Finding
from answerable.infra.db import Db

MOST_TOLD: Final = 5
"""Sizes that a finding names."""

_ENTRIES = text(
    "SELECT e.digest FROM audit_root_entry e JOIN audit_leaf l ON l.event_id = e.event_id"
    " WHERE position(CAST(:label AS bytea) IN e.body) > 0 AND l.leaf_hash = sha256('\\x00'::bytea || e.body)"
)


async def check_heads(db: Db, root: Db, *, now: datetime) -> list[Finding]:
    """Compare the heads of the session's tenant with what the root log holds; `root` is a session of that.

    A head may take so long to enter it as an entry may take to be signed. Those from before the first that is in
    it are not missed: they may be older than the root log.
    """
    key = await find_label_key(db)
    if key is None:
        return []
    label = b64encode(label_of(key))
    held = {bytes(digest) for digest in await root.scalars(_ENTRIES, {"label": label})}
    # The log's own heads afterwards: what is signed meanwhile is stored together with its entry in the root log.
    heads = await list_heads(db)
    known = {digest: head for head in heads for digest in _digests(key, head)}
    first = min((_place(known[digest]) for digest in held & known.keys()), default=(0, 0))
    due = now - timedelta(seconds=MMD_S)
    missing = [
        head["size"]
        for digest, head in known.items()
        if digest not in held and _place(head) > first and head["signed_at"] <= due
    ]
    findings = [_missed(missing)] if missing else []
    if unknown := held - known.keys():
        detail = f"the root log holds {len(unknown)} heads of this log that are none of its own"
        findings.append(Finding(finding=Fault.ROOT_LOG_MISMATCH, detail=detail))
    return findings


async def check_timestamp(root: Db, certificates: Sequence[Certificate]) -> tuple[list[Finding], list[str]]:
    """What is wrong with the newest timestamp of the root log, and what was not looked at."""
    stamped = await find_stamped(root)
    if stamped is None:
        return [], []
    if not certificates:
        return [], ["timestamps: name the certificates that you believe in ANSWERABLE_TIMESTAMP_ROOTS"]
    try:
        verify_timestamp(stamped.token, stamped.text, certificates)
    except TimestampRefused as refused:
        detail = f"the newest timestamp of the root log is refused: {refused.detail}"
        return [Finding(finding=Fault.ROOT_LOG_MISMATCH, detail=detail)], []
    return [], ["timestamps from before the newest"]


def _digests(key: bytes, head: RowMapping) -> list[bytes]:
    try:
        return [hashlib.sha256(render_entry(key, tlog.parse_note(head["note"].encode()).text)).digest()]
    except tlog.Refused:
        # It is a finding of its own.
        return []


def _place(head: RowMapping) -> tuple[int, int]:
    return head["generation"], head["size"]


def _missed(sizes: Sequence[int]) -> Finding:
    some = ", ".join(map(str, sorted(sizes)[:MOST_TOLD]))
    detail = f"{len(sizes)} signed heads are not in the root log, first those of {some} entries"
    return Finding(finding=Fault.ROOT_LOG_MISMATCH, detail=detail)
