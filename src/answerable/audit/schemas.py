"""What each type of entry may hold, written down for whoever reads the log without the program.

A schema is a few closed words in canonical bytes. The log holds their digests in `log.schemas_declared`, before
the first entry that they describe, so that nobody has to ask which version of the program wrote an entry.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from answerable.audit.rules import canonical, conversation_of, fields_of
from answerable.audit.values import Event

VERSION: Final = 1


def render_schema(event: type[Event]) -> bytes:
    """The canonical bytes of the schema of an event type.

    Errors:  EventUnregistered when a field has a type that could carry free text.
    """
    fields: dict[str, Any] = {name: field.rule for name, field in fields_of(event).items()}
    return canonical(
        {
            "v": VERSION,
            "type": event.type,
            "about": event.about.value,
            "ret": event.retention.value,
            "conv": conversation_of(event),
            "fields": fields,
        }
    )


@cache
def render_schemas(events: frozenset[type[Event]]) -> Mapping[bytes, bytes]:
    """The schemas of event types by their SHA-256, in the order of their types."""
    rendered = [render_schema(event) for event in sorted(events, key=lambda one: one.type)]
    return {hashlib.sha256(schema).digest(): schema for schema in rendered}
