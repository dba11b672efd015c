"""Entries of a log as other systems read them: JSON Lines, CSV, OCSF. Pure: entries in, lines out.

An entry's exact bytes go along where the format has room for them, so that a copy can be checked against the log.
"""

import csv
import io
import json
from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from answerable.audit.rules import timestamp
from answerable.audit.values import ExportFormat, StoredEvent

OCSF_VERSION: Final = "1.3.0"

COLUMNS: Final = (
    "index",
    "at",
    "type",
    "actor_kind",
    "actor_id",
    "subject_kind",
    "subject_id",
    "conversation_id",
    "event_id",
    "leaf_hash",
)

_AUTHENTICATION: Final = 3002
_API_ACTIVITY: Final = 6003
_DATASTORE_ACTIVITY: Final = 6005
_CLASSES: Final[Mapping[int, tuple[int, str, str]]] = MappingProxyType(
    {
        _AUTHENTICATION: (3, "Identity & Access Management", "Authentication"),
        _API_ACTIVITY: (6, "Application Activity", "API Activity"),
        _DATASTORE_ACTIVITY: (6, "Application Activity", "Datastore Activity"),
    }
)

# The last word of a type says what was done; each class numbers its activities in its own way.
_SIGN_INS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {"signed_in": (1, "Logon"), "signed_out": (2, "Logoff")}
)
_LOOKS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {"viewed": (1, "Read"), "exported": (1, "Read")}
)
_CHANGES: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "created": (1, "Create"),
        "added": (1, "Create"),
        "opened": (1, "Create"),
        "published": (1, "Create"),
        "received": (1, "Create"),
        "replied": (1, "Create"),
        "sent": (1, "Create"),
        "amended": (3, "Update"),
        "changed": (3, "Update"),
        "rotated": (3, "Update"),
        "recovered": (3, "Update"),
        "deleted": (4, "Delete"),
        "destroyed": (4, "Delete"),
        "discarded": (4, "Delete"),
    }
)


def head_line(wanted: ExportFormat) -> str:
    """What stands before the first entry."""
    return _csv_line(COLUMNS) if wanted is ExportFormat.CSV else ""


def line_of(wanted: ExportFormat, event: StoredEvent, body: bytes, *, index: int, origin: str | None) -> str:
    """An entry as one line."""
    if wanted is ExportFormat.CSV:
        return _csv_line(_cells(event, index=index))
    return _json_line(event_of(wanted, event, body, index=index, origin=origin))


def event_of(
    wanted: ExportFormat, event: StoredEvent, body: bytes, *, index: int, origin: str | None
) -> dict[str, Any]:
    """An entry as JSON; of the formats that are none, plain."""
    match wanted:
        case ExportFormat.OCSF:
            return ocsf_of(event, body, index=index, origin=origin)
        case ExportFormat.CLOUDEVENTS:
            return cloudevent_of(event, body, index=index, origin=origin)
        case ExportFormat.JSONL | ExportFormat.CSV:
            return _plain(event, body, index=index)


def cloudevent_of(event: StoredEvent, body: bytes, *, index: int, origin: str | None) -> dict[str, Any]:
    """An entry as a CloudEvent whose data are the exact bytes.

    Source:  CloudEvents 1.0, JSON event format, section 3.1.
    """
    return {
        "specversion": "1.0",
        "id": str(event.id),
        "source": origin or "answerable",
        "type": f"answerable.{event.type}",
        "subject": f"{event.subject_kind}/{event.subject_id}",
        "time": timestamp(event.at),
        "datacontenttype": "application/json",
        "data_base64": b64encode(body).decode(),
        "logindex": str(index),
        "leafhash": _spell(event.leaf_hash),
    }


def ocsf_of(event: StoredEvent, body: bytes, *, index: int, origin: str | None) -> dict[str, Any]:
    """An entry as an event of the Open Cybersecurity Schema Framework.

    Source:  schema.ocsf.io, 1.3.0: Authentication (3002), API Activity (6003), Datastore Activity (6005).
    """
    class_uid, activity_id, activity = _classify(event.type)
    category_uid, category, name = _CLASSES[class_uid]
    user = {"type": event.actor_kind, "type_id": 99, "uid": str(event.actor_id or event.actor_kind)}
    return {
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": category_uid,
        "category_name": category,
        "class_uid": class_uid,
        "class_name": name,
        "type_uid": class_uid * 100 + activity_id,
        "type_name": f"{name}: {activity}",
        "severity_id": 1,
        "severity": "Informational",
        "status_id": 1,
        "time": round(event.at.timestamp() * 1000),
        "actor": {"user": user},
        "user": user,
        "api": {"operation": event.type, "service": {"name": "answerable"}},
        "src_endpoint": {"name": "answerable"},
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": "Answerable", "vendor_name": "Answerable"},
            "uid": str(event.id),
            "log_name": origin or "",
            "sequence": index,
            "correlation_uid": str(event.conversation_id or event.subject_id),
        },
        "resources": [{"type": event.subject_kind, "uid": str(event.subject_id)}],
        "unmapped": {"entry": b64encode(body).decode(), "leaf_hash": _spell(event.leaf_hash)},
    }


def _classify(event_type: str) -> tuple[int, int, str]:
    last = event_type.rpartition(".")[2]
    verb = last.rpartition("_")[2]
    if last in _SIGN_INS:
        return (_AUTHENTICATION, *_SIGN_INS[last])
    if event_type.startswith("access."):
        return (_DATASTORE_ACTIVITY, *_LOOKS.get(verb, (4, "Query")))
    return (_API_ACTIVITY, *_CHANGES.get(verb, (99, "Other")))


def _plain(event: StoredEvent, body: bytes, *, index: int) -> dict[str, Any]:
    return {
        "index": index,
        "event": dict(event.body),
        "entry": b64encode(body).decode(),
        "leaf_hash": _spell(event.leaf_hash),
    }


def _cells(event: StoredEvent, *, index: int) -> tuple[object, ...]:
    return (
        index,
        timestamp(event.at),
        event.type,
        event.actor_kind,
        event.actor_id or "",
        event.subject_kind,
        event.subject_id,
        event.conversation_id or "",
        event.id,
        _spell(event.leaf_hash),
    )


def _spell(leaf_hash: bytes) -> str:
    return b64encode(leaf_hash).decode()


def _json_line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"


def _csv_line(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
