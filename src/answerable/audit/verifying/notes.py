"""Signed notes of a log, checked: its heads, a checkpoint that was kept, receipts. Pure: rows in, faults out."""

from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import RowMapping

from answerable import tlog
from answerable.audit.signer import MMD_S, receipt_text
from answerable.audit.verifying.values import Fault, Finding
from answerable.tlog import Checkpoint, VerifierKey


def find_fault(log: RowMapping, head: RowMapping) -> Finding | None:
    """What is wrong with a signed head, by itself."""
    name = f"the head of {head['size']} entries"
    keys = [tlog.parse_key(log["log_key"]), tlog.parse_key(log["clock_key"])]
    try:
        note = tlog.parse_note(head["note"].encode())
        signers = {one.key: one for one in tlog.verify_note(note, keys)}
        checkpoint = tlog.parse_checkpoint(note.text)
    except tlog.Refused as refused:
        return Finding(finding=Fault.CHECKPOINT_REFUSED, detail=f"{name}: {refused}")
    said = (checkpoint.origin, checkpoint.size, checkpoint.root)
    if keys[0] not in signers or said != (log["origin"], head["size"], bytes(head["root"])):
        return Finding(finding=Fault.CHECKPOINT_REFUSED, detail=f"{name} says something else")
    stated = signers[keys[1]].at if keys[1] in signers else None
    if stated != int(head["signed_at"].timestamp()):
        return Finding(finding=Fault.TIME_BRACKET, detail=f"{name} states another time")
    return None


def read_pinned(pinned: bytes, logs: Sequence[RowMapping]) -> Checkpoint:
    """A checkpoint that was kept from before, if it is one of this log.

    Errors:  tlog.Refused.
    """
    note = tlog.parse_note(pinned)
    checkpoint = tlog.parse_checkpoint(note.text)
    keys = [tlog.parse_key(log["log_key"]) for log in logs if log["origin"] == checkpoint.origin]
    if not keys:
        raise tlog.Refused(tlog.Finding.LOG_UNKNOWN, "of another log")
    tlog.verify_note(note, keys)
    return checkpoint


def find_broken(row: RowMapping, keys: Sequence[VerifierKey], *, now: datetime) -> str | None:
    """What is wrong with a receipt; it may wait for its entry as long as it says."""
    try:
        note = tlog.parse_note(row["note"].encode())
        tlog.verify_note(note, keys)
        _, origin, _event, leaf, at, *_ = note.text.decode().splitlines()
        stated = datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        promised = b64decode(leaf)
    except (tlog.Refused, ValueError):
        return "a receipt that is refused"
    if note.text != receipt_text(origin, event=row["event_id"], leaf=promised, at=stated):
        return "a receipt of another event"
    if row["leaf_hash"] is None:
        is_due = row["signed_at"] + timedelta(seconds=MMD_S) < now
        return "promised, and not in the log" if is_due else None
    return None if promised == bytes(row["leaf_hash"]) else "promised with another content"
