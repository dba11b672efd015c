"""The provable log in Postgres: what happened, appended in the transaction in which it happened."""

from answerable.audit.archive import export
from answerable.audit.cosigning import push_heads
from answerable.audit.erasing import destroy_keys, recover_writers
from answerable.audit.guards import require_guards
from answerable.audit.happenings import EVENTS
from answerable.audit.rooting import ROOT_READER
from answerable.audit.sequencing import drain, run_sequencer
from answerable.audit.service import (
    REGISTRY,
    append,
    has_member_acted,
    history,
    list_leaves,
    list_looks,
    tail,
)
from answerable.audit.settling import advance, settle
from answerable.audit.signing import open_signer, run_signer, sign_heads, sign_receipts
from answerable.audit.values import (
    MAX_NUMBER,
    About,
    Commitment,
    Digest,
    ErrorCode,
    Event,
    EventId,
    Leaf,
    LogQueried,
    RetentionClass,
    StoredEvent,
    SubjectKind,
)
from answerable.audit.verifying import verify, verify_and_record
from answerable.audit.writers import WRITERS, Writers

__all__ = [
    "EVENTS",
    "MAX_NUMBER",
    "REGISTRY",
    "ROOT_READER",
    "WRITERS",
    "About",
    "Commitment",
    "Digest",
    "ErrorCode",
    "Event",
    "EventId",
    "Leaf",
    "LogQueried",
    "RetentionClass",
    "StoredEvent",
    "SubjectKind",
    "Writers",
    "advance",
    "append",
    "destroy_keys",
    "drain",
    "export",
    "has_member_acted",
    "history",
    "list_leaves",
    "list_looks",
    "open_signer",
    "push_heads",
    "recover_writers",
    "require_guards",
    "run_sequencer",
    "run_signer",
    "settle",
    "sign_heads",
    "sign_receipts",
    "tail",
    "verify",
    "verify_and_record",
]
